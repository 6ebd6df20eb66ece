"""Files that somebody carried here may hold anything: they are recognised, refused, or unknown, and nothing else."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basewise.advisories.bundle import open_bundle, read_bundle
from basewise.advisories.recognised import recognise
from basewise.advisories.write import write_store
from basewise.errors import InputError
from basewise.model.advisory import FactKind
from basewise.operations.db_export import db_export
from basewise.testing.advisory_data import (
    epss_gz,
    kev_json,
    nvd_gz,
    osv_record,
    osv_zip,
    secdb_json,
    tracker_json,
)
from basewise.testing.feeds import content_of, fact

GOOD: dict[str, bytes] = {
    "epss": epss_gz(5),
    "kev": kev_json(5),
    "nvd": nvd_gz(2026, 5),
    "osv": osv_zip(osv_record(f"PYSEC-2026-{number}", "x") for number in range(5)),
    "secdb": secdb_json(count=5),
    "tracker": tracker_json(5),
}
SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=10,
)
keys = st.sampled_from(
    [
        "packages",
        "distroversion",
        "urlprefix",
        "reponame",
        "vulnerabilities",
        "dateReleased",
        "cves",
        "releases",
        "coverage",
        "x",
    ]
)


def changed(content: bytes, places: list[tuple[float, bytes]]) -> bytes:
    """Return bytes with pieces of them replaced."""
    result = bytearray(content)
    for place, piece in places:
        start = int(place * len(result))
        result[start : start + len(piece)] = piece
    return bytes(result)


def try_all(path: Path) -> None:
    """Recognise a file, and open it as a bundle; no other error than the promised one comes."""
    attempts: list[Callable[[], object]] = [lambda: recognise(path), lambda: open_as_bundle(path)]
    for attempt in attempts:
        with suppress(InputError):
            attempt()


def open_as_bundle(path: Path) -> None:
    members = read_bundle(path)
    if members is not None:
        open_bundle(path, members)[0].close()


@SOME
@given(name=st.sampled_from(sorted(GOOD)), places=changes, cut=st.floats(0, 1))
def test_changed_files_of_publishers(
    tmp_path: Path, name: str, places: list[tuple[float, bytes]], cut: float
) -> None:
    content = changed(GOOD[name], places)
    (tmp_path / "file").write_bytes(content[: int(len(content) * cut)] if cut < 0.5 else content)
    try_all(tmp_path / "file")


@SOME
@given(document=st.dictionaries(keys, values, max_size=5))
def test_json_of_any_shape(tmp_path: Path, document: dict[str, object]) -> None:
    (tmp_path / "file").write_bytes(json.dumps(document).encode())
    try_all(tmp_path / "file")


@SOME
@given(manifest=st.dictionaries(st.sampled_from(["schema", "store_schema", "sources", "members"]), values))
def test_bundles_with_any_manifest(tmp_path: Path, manifest: dict[str, object]) -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("store.sqlite", b"SQLite format 3\x00")
    (tmp_path / "file").write_bytes(file.getvalue())
    try_all(tmp_path / "file")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("bundle")
    write_store(folder / "store.sqlite", content_of(fact("CVE-2026-0001", FactKind.FIXED, "1-1")))
    db_export(folder / "bundle.zip", store=folder / "store.sqlite")
    return (folder / "bundle.zip").read_bytes()


@SOME
@given(places=changes)
def test_changed_bundles(tmp_path: Path, bundle: bytes, places: list[tuple[float, bytes]]) -> None:
    (tmp_path / "file").write_bytes(changed(bundle, places))
    try_all(tmp_path / "file")


def test_the_good_ones_are_recognised(tmp_path: Path) -> None:
    found = {}
    for name, content in GOOD.items():
        (tmp_path / "file").write_bytes(content)
        what = recognise(tmp_path / "file")
        found[name] = None if what is None else what.name
    assert found == {
        "epss": "epss",
        "kev": "kev",
        "nvd": "nvd",
        "osv": "osv PyPI",
        "secdb": "alpine_secdb 3.22",
        "tracker": "debian_tracker",
    }
