"""Security databases of apk distributions, in JSON and YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from basewise.advisories.alpine_secdb import AlpineSecdb, ChainguardSecdb, WolfiSecdb
from basewise.advisories.feed import FeedResult
from basewise.advisories.secdb import Fix, read_database
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.progress import SilentProgress


def package(name: str, secfixes: object) -> dict[str, Any]:
    return {"pkg": {"name": name, "secfixes": secfixes}}


def database(*packages: object, **more: object) -> dict[str, Any]:
    return {"reponame": "main", "archs": ["x86_64"], "packages": list(packages)} | more


def written(folder: Path, document: object, name: str = "main.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document) if name.endswith("json") else yaml.safe_dump(document))
    return path


def fixes(secfixes: object) -> list[tuple[str, str, tuple[str, ...]]]:
    raw = json.dumps(database(package("openssl", secfixes))).encode()
    return [(fix.version, fix.id, fix.aliases) for fix in read_database(raw, Path("main.json")).fixes]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("CVE-2020-1234", [("CVE-2020-1234", ())]),
        ("CVE-2020-1234 GHSA-aaaa-bbbb-cccc", [("CVE-2020-1234", ("GHSA-aaaa-bbbb-cccc",))]),
        ("XSA-201 CVE-2016-9815", [("CVE-2016-9815", ("XSA-201",))]),
        ("CVE-2020-1234 CVE-2020-1235", [("CVE-2020-1234", ()), ("CVE-2020-1235", ())]),
        ("GHSA-aaaa-bbbb-cccc", [("GHSA-aaaa-bbbb-cccc", ())]),
        ("ALPINE-13661", [("ALPINE-13661", ())]),
        ("CVE-2017-2616 (+ regression fix)", [("CVE-2017-2616", ())]),
        ("  CVE-2020-1234   ", [("CVE-2020-1234", ())]),
        ("CVE-2020-1234 # only with --foo, see CVE-2020-9999", [("CVE-2020-1234", ())]),
        ("CVE-2020-1234, CVE-2020-1235", [("CVE-2020-1234", ()), ("CVE-2020-1235", ())]),
        ("CVE-2020-1234 CVE-2020-1234", [("CVE-2020-1234", ())]),
        ("(CVE-2020-1234)", [("CVE-2020-1234", ())]),
        ("VSV00004", [("VSV00004", ())]),
        ("", []),
        ("to be announced", []),
        (7, []),
        (None, []),
    ],
)
def test_entries_name_vulnerabilities(entry: object, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert fixes({"1.0-r1": [entry]}) == [("1.0-r1", *item) for item in expected]


@pytest.mark.parametrize("version", ["0", "0:0"])
def test_version_zero_means_that_none_ever_was_affected(tmp_path: Path, version: str) -> None:
    path = written(
        tmp_path, database(package("openssl", {version: ["CVE-2020-1234"], "1-r0": ["CVE-2020-1235"]}))
    )
    result = AlpineSecdb([path], "3.22", as_of="2026-11-20").collect(SilentProgress())
    assert [(f.id, f.kind, f.version) for f in result.advisories] == [
        ("CVE-2020-1234", FactKind.NOT_AFFECTED, ""),
        ("CVE-2020-1235", FactKind.FIXED, "1-r0"),
    ]


@pytest.mark.parametrize("secfixes", [None, {}, [], {"1-r0": None}, {"1-r0": []}])
def test_a_package_without_fixes_was_looked_at(tmp_path: Path, secfixes: object) -> None:
    path = written(
        tmp_path, database(package("zlib", secfixes), package("openssl", {"1-r0": ["CVE-2020-1234"]}))
    )
    result = AlpineSecdb([path], "3.22", as_of="2026-11-20").collect(SilentProgress())
    assert ("alpine", "3.22", "zlib") in result.covered
    assert result.skipped == ()


def many(count: int = 2000) -> list[dict[str, Any]]:
    return [package(f"p{number}", {"1-r0": [f"CVE-2020-{number:04}"]}) for number in range(count)]


def read(path: Path) -> FeedResult:
    return AlpineSecdb([path], "3.22", as_of="2026-11-20").collect(SilentProgress())


@pytest.mark.parametrize(
    "bad",
    [
        package("x", "none"),
        package("x", {"1-r0": "CVE-2020-1234"}),
        package("x", {"1 r0": ["CVE-2020-1234"]}),
        package("x", {"1-r0": ["mystery"]}),
        package("two words", {}),
        {"pkg": {"secfixes": {}}},
        {"pkg": None},
        "text",
        [],
    ],
)
def test_what_cannot_be_read_is_left_out_and_counted(tmp_path: Path, bad: object) -> None:
    result = read(written(tmp_path, database(*many(), bad)))
    assert len(result.advisories) == 2000
    assert len(result.skipped) == 1
    with pytest.raises(StoreError, match="cannot be read"):
        read(written(tmp_path, database(*many(10), bad)))


def test_repositories_of_a_branch_are_one_source(tmp_path: Path) -> None:
    main = written(tmp_path, database(package("openssl", {"1-r0": ["CVE-2020-1234"]}), distroversion="v3.22"))
    community = written(
        tmp_path,
        database(package("tiff", {"1-r0": ["CVE-2020-1235"]}), distroversion="v3.22"),
        "community.json",
    )
    result = AlpineSecdb([main, community], "3.22", as_of="2026-11-20").collect(SilentProgress())
    (source,) = result.sources
    assert (source.name, source.ecosystem, source.as_of, source.entries) == (
        "alpine_secdb 3.22",
        "alpine",
        "2026-11-20",
        2,
    )
    assert {(f.release, f.package, f.origin) for f in result.advisories} == {
        ("3.22", "openssl", "alpine_secdb"),
        ("3.22", "tiff", "alpine_secdb"),
    }
    assert [item.name for item in result.inputs] == ["main.json", "community.json"]
    with pytest.raises(StoreError, match=r"is about branch `3.22`, not 3.21"):
        AlpineSecdb([main], "3.21", as_of="2026-11-20").collect(SilentProgress())


def test_edge_is_a_branch(tmp_path: Path) -> None:
    path = written(tmp_path, database(package("a", {"1-r0": ["CVE-2020-1234"]}), distroversion="edge"))
    result = AlpineSecdb([path], "edge", as_of="2026-11-20").collect(SilentProgress())
    assert result.advisories[0].release == "edge"


@pytest.mark.parametrize(("feed", "ecosystem"), [(WolfiSecdb, "wolfi"), (ChainguardSecdb, "chainguard")])
def test_wolfi_and_chainguard_have_no_releases(
    tmp_path: Path, feed: type[WolfiSecdb | ChainguardSecdb], ecosystem: str
) -> None:
    path = written(
        tmp_path, database(package("apko", {"0": ["CVE-2020-1234"], "0.2-r1": ["GHSA-aaaa-bbbb-cccc"]}))
    )
    result = feed([path], as_of="2026-11-20").collect(SilentProgress())
    assert [(f.ecosystem, f.release, f.id, f.origin) for f in result.advisories] == [
        (ecosystem, "", "CVE-2020-1234", f"{ecosystem}_secdb"),
        (ecosystem, "", "GHSA-aaaa-bbbb-cccc", f"{ecosystem}_secdb"),
    ]
    assert result.sources[0].name == f"{ecosystem}_secdb"


def test_a_date_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="carries no date"):
        AlpineSecdb([written(tmp_path, database(*many(3)))], "3.22", as_of="").collect(SilentProgress())


class TestYaml:
    def test_says_the_same_as_json(self, tmp_path: Path) -> None:
        document = database(
            package("openssl", {"0": ["CVE-2020-1234"], "3.10-r0": ["CVE-2020-1235 GHSA-aaaa-bbbb-cccc"]}),
            distroversion="v3.22",
        )
        one = read(written(tmp_path, document))
        other = read(written(tmp_path, document, "main.yaml"))
        assert one.advisories == other.advisories
        assert one.covered == other.covered

    def test_versions_stay_text(self) -> None:
        raw = b"packages:\n- pkg:\n    name: x\n    secfixes:\n      3.10:\n      - CVE-2020-1234 # comment\n"
        assert read_database(raw, Path("x.yaml")).fixes == (Fix("x", "3.10", "CVE-2020-1234"),)

    @pytest.mark.parametrize("value", ["null", "", "{}", "[]", "~"])
    def test_without_fixes_is_read(self, value: str) -> None:
        raw = f"packages:\n- pkg:\n    name: x\n    secfixes: {value}\n".encode()
        found = read_database(raw, Path("x.yaml"))
        assert (found.packages, found.fixes) == (("x",), ())

    def test_with_aliases_is_refused(self) -> None:
        bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\npackages: [*b, *b]\n"
        with pytest.raises(StoreError, match="alias at line 2"):
            read_database(bomb.encode(), Path("x.yaml"))

    def test_makes_no_objects(self, tmp_path: Path) -> None:
        target = tmp_path / "made"
        raw = f"packages: !!python/object/apply:os.mkdir ['{target}']\n".encode()
        found = read_database(raw, Path("x.yaml"))
        assert found.fixes == ()
        assert len(found.skipped) == 1
        assert not target.exists()

    def test_that_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("basewise.advisories.secdb.MAX_YAML_BYTES", 100)
        with pytest.raises(StoreError, match="YAML larger than 100 bytes"):
            read_database(b"packages: []" + b" " * 100, Path("x.yaml"))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"packages",
            b"packages: 7",
            b"- packages",
            b"packages: [",
            b"{",
            b'{"packages": 7}',
            b"[" * 5000,
            b'{"packages": ' + b"[" * 100_000,
            b"\xff\xfe",
            b"packages: " + b"[" * 60,
            b"packages: " + b"- " * 100_000,
            b"<html>404</html>",
        ],
    )
    def test_or_json_of_another_shape_is_a_store_error(self, content: bytes) -> None:
        with pytest.raises(StoreError, match="cannot read"):
            read_database(content, Path("x.yaml"))


def test_the_collection_of_real_fixes_is_read(shared_data: Path) -> None:
    path = shared_data / "alpine-secfixes" / "main.json"
    found = read_database(path.read_bytes(), path)
    assert found.skipped == ()
    stated = json.loads(path.read_text())["packages"]
    assert found.packages == tuple(sorted(item["pkg"]["name"] for item in stated))
    assert Fix("busybox", "1.35.0-r7", "ALPINE-13661") in found.fixes
    assert Fix("openssl", "3.3.7-r2", "CVE-2026-35189") in found.fixes
    assert any(fix.version == "" for fix in found.fixes)
