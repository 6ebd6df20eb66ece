from __future__ import annotations

import re

import pytest

from basewise._internal import embedded
from basewise.errors import KnowledgeError
from basewise.fit import knowledge as module
from basewise.fit.facts import Evidence, EvidenceKind, NeedKind, RuntimeKnowledge, WheelFact
from basewise.fit.knowledge import Knowledge

DEBIAN = {"bullseye", "bookworm", "trixie"}
EVIDENCE = Evidence(kind=EvidenceKind.DOCUMENTATION, date="2026-11-23", source="a test")


def needs_of(name: str, version: str, *, libc: str = "glibc", file_kind: str = "platform") -> set[str]:
    entries = Knowledge.load().runtime_for(name, version, libc=libc, file_kind=file_kind)
    return {need.name for entry in entries for need in entry.needs}


@pytest.mark.parametrize(
    ("name", "version", "file_kind", "needs"),
    [
        ("lightgbm", "4.7.0", "platform", {"libgomp.so.1"}),
        ("lightgbm", "3.3.5", "platform", {"libgomp.so.1"}),
        (
            "opencv-python",
            "5.0.0.93",
            "platform",
            {"libxcb.so.1", "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libz.so.1"},
        ),
        ("pyodbc", "5.5.0", "platform", {"libodbc.so.2"}),
        ("psycopg", "3.3.9", "any", {"libpq.so.5"}),
        ("soundfile", "0.14.0", "any", {"libsndfile.so.1"}),
        ("soundfile", "0.14.0", "platform", set()),
        ("pytesseract", "0.3.13", "any", {"tesseract"}),
        ("pdf2image", "1.17.0", "any", {"pdfinfo", "pdftoppm"}),
        ("python-magic", "0.4.27", "any", {"libmagic.so.1"}),
        ("pydub", "0.25.1", "any", {"ffmpeg", "ffprobe"}),
        ("graphviz", "0.21", "any", {"dot"}),
        ("xgboost", "3.4.1", "platform", set()),
        ("unheard-of", "1", "any", set()),
    ],
)
def test_what_a_distribution_needs_is_known(name: str, version: str, file_kind: str, needs: set[str]) -> None:
    assert needs_of(name, version, file_kind=file_kind) == needs


def test_weasyprint_needs_pango() -> None:
    assert {"libpango-1.0.so.0", "libpangoft2-1.0.so.0"} <= needs_of("weasyprint", "70.0", file_kind="any")


def test_that_nothing_is_needed_is_an_entry_too() -> None:
    entries = Knowledge.load().runtime_for("xgboost", "3.4.1", libc="glibc")
    assert entries
    assert all(not entry.needs for entry in entries)
    assert Knowledge.load().runtime_for("xgboost", "0.1", libc="glibc") == ()


def test_the_version_libc_and_kind_of_file_decide() -> None:
    known = Knowledge(
        runtime=(
            RuntimeKnowledge(package="a", versions=">=2", libc="musl", file_kind="any", evidence=EVIDENCE),
        )
    )
    assert known.runtime_for("a", "2.0rc1", libc="musl", file_kind="any") == ()
    assert len(known.runtime_for("a", "2.1rc1", libc="musl", file_kind="any")) == 1
    assert known.runtime_for("a", "2.1", libc="glibc", file_kind="any") == ()
    assert known.runtime_for("a", "2.1", libc="musl", file_kind="platform") == ()
    assert known.runtime_for("b", "2.1", libc="musl", file_kind="any") == ()
    assert known.runtime_for("a", "not a version", libc="musl", file_kind="any") == ()


def test_there_is_enough_of_it_and_most_is_proved() -> None:
    entries = Knowledge.load().runtime
    proved = [entry for entry in entries if entry.evidence.kind is not EvidenceKind.DOCUMENTATION]
    assert len(entries) >= 60
    assert len(proved) >= 40


def test_every_entry_has_evidence_of_its_kind() -> None:
    for entry in Knowledge.load().runtime:
        evidence = entry.evidence
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", evidence.date), entry.package
        assert evidence.source, entry.package
        if evidence.kind is EvidenceKind.DOCUMENTATION:
            assert (evidence.wheel, evidence.sha256) == ("", ""), entry.package
        else:
            assert evidence.wheel.endswith(".whl"), entry.package
            assert re.fullmatch(r"[0-9a-f]{64}", evidence.sha256), entry.package
            assert entry.modules, entry.package


def test_every_need_that_adds_something_says_what_on_each_debian_release() -> None:
    for entry in Knowledge.load().runtime:
        for need in entry.needs:
            assert need.when in {"import", "call", "optional"}, entry.package
            assert set(need.packages) <= {*DEBIAN, "alpine"}, entry.package
            if (
                need.kind in {NeedKind.PROGRAM, NeedKind.JAVA, NeedKind.COMPILER}
                and "wkhtml" not in need.name
            ):
                assert set(need.packages) == {*DEBIAN, "alpine"}, entry.package


def test_packages_are_names_and_nothing_else() -> None:
    known = Knowledge.load()
    names = [
        name
        for entry in known.runtime
        for need in entry.needs
        for part in need.packages.values()
        for name in part
    ]
    names += [
        name
        for recipe in known.build
        for part in (recipe.build, recipe.run)
        for one in part.values()
        for name in one
    ]
    assert [name for name in names if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9+.-]+|R", name)] == []


@pytest.mark.parametrize("suite", sorted(DEBIAN))
def test_psycopg2_builds_with_libpq_and_runs_with_less(suite: str) -> None:
    recipe = Knowledge.load().recipe_for("psycopg2", "2.9.13", codename=suite)
    assert recipe is not None
    assert set(recipe.build[suite]) == {"gcc", "libc6-dev", "libpq-dev"}
    assert recipe.run[suite] == ("libpq5",)


@pytest.mark.parametrize("name", ["scikit-learn", "lightgbm", "torch", "unheard-of"])
def test_what_nobody_proved_has_no_recipe_for_alpine(name: str) -> None:
    assert Knowledge.load().recipe_for(name, "1.0", codename="alpine") is None


def test_gdal_is_built_only_where_the_library_has_its_version() -> None:
    known = Knowledge.load()
    assert known.recipe_for("gdal", "3.6.2", codename="bookworm") is not None
    assert known.recipe_for("gdal", "3.6.2", codename="trixie") is None
    assert known.recipe_for("gdal", "3.11.0") is None


def test_recipes_name_every_stage_for_the_same_releases() -> None:
    for recipe in Knowledge.load().build:
        assert set(recipe.build) == set(recipe.run), recipe.package
        assert set(recipe.build) <= {*DEBIAN, "alpine"}, recipe.package


def test_the_cheaper_swaps_say_what_they_cost() -> None:
    known = Knowledge.load()
    (headless,) = known.swaps_for("opencv-python")
    assert headless.with_ == "opencv-python-headless"
    assert (headless.replacement_disk_bytes or 0) > 100_000_000
    assert headless.evidence.sha256
    (torch,) = known.swaps_for("torch")
    assert (torch.index, torch.replacement_disk_bytes) == (True, 699_000_000)
    assert "nvidia-*" in torch.drops
    assert "cuda" not in torch.accelerators
    assert {rule.with_ for rule in known.swaps_for("psycopg2")} == {"psycopg2-binary", "psycopg[binary]"}
    assert known.swaps_for("numpy") == ()


def test_the_cuda_major_of_torch_and_its_driver_are_known() -> None:
    gpu = Knowledge.load().gpu
    assert [gpu.cuda_for("torch", version) for version in ("2.0.1", "2.6.0", "2.15.0")] == [11, 12, 13]
    assert gpu.cuda_for("torch", "1.13.0") is None
    assert gpu.cuda_for("numpy", "2.0") is None
    assert gpu.cuda_for("tensorflow", "2.19.0") is None
    assert gpu.cuda_for("tensorflow", "2.19.0", extra="and-cuda") == 12
    assert gpu.driver_for(12) == "525.60.13"
    assert gpu.driver_for(99) is None


@pytest.mark.parametrize(
    ("filename", "hard", "soft"),
    [
        ("numba-0.68.1-cp312-cp312-x.whl", ("libc.so.6",), ("libgomp.so.1.0.0", "libtbb.so.12")),
        ("lightgbm-4.7.0-py3-none-x.whl", ("libc.so.6", "libgomp.so.1.0.0", "libtbb.so.12"), ()),
    ],
)
def test_sonames_known_to_be_optional_are_moved_to_soft(
    filename: str, hard: tuple[str, ...], soft: tuple[str, ...]
) -> None:
    fact = WheelFact(
        filename=filename,
        sha256="a" * 64,
        size_bytes=1,
        hard=("libc.so.6", "libgomp.so.1.0.0", "libtbb.so.12"),
    )
    corrected = Knowledge.load().corrected(fact)
    assert (corrected.hard, corrected.soft) == (hard, soft)


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": "x", "entries": [{}]}', b"[]"])
def test_damaged_knowledge_is_an_error_with_advice(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "read_embedded", lambda _: content)
    module._load.cache_clear()
    try:
        with pytest.raises(KnowledgeError, match=r"runtime\.json") as caught:
            Knowledge.load()
    finally:
        module._load.cache_clear()
    assert caught.value.hint


def test_an_invalid_specifier_in_the_table_is_damage() -> None:
    known = Knowledge(runtime=(RuntimeKnowledge(package="a", versions="about 2", evidence=EVIDENCE),))
    with pytest.raises(KnowledgeError, match="about 2"):
        known.runtime_for("a", "2", libc="glibc")
