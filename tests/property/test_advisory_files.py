"""Files of publishers with any damage: read for what they hold, or refused, and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basewise._internal.zip_members import ZipError, ZipLimits, read_members
from basewise.advisories.alpine_secdb import AlpineSecdb
from basewise.advisories.debian_tracker import DebianTracker
from basewise.advisories.epss import Epss
from basewise.advisories.feed import Feed
from basewise.advisories.kev import Kev
from basewise.advisories.nvd import Nvd
from basewise.advisories.osv import Osv
from basewise.advisories.osv_record import decode_record
from basewise.errors import StoreError
from basewise.progress import SilentProgress
from basewise.testing.advisory_data import gzipped, kev_json, osv_record, osv_zip, tracker_json

SMALL = ZipLimits(members=100, member_bytes=100_000, total_bytes=1_000_000, directory_bytes=100_000)
OSV = osv_zip(osv_record(f"PYSEC-2026-{number}", f"p{number}") for number in range(1, 8))
SECDB = json.dumps(
    {"distroversion": "v3.22", "packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2020-1234"]}}}]}
).encode()
EPSS = b"#model_version:v2026.06.15,score_date:2026-11-26T12:00:22Z\ncve,epss,percentile\nCVE-2020-1234,0.5,0.5\n"
NVD = json.dumps(
    {
        "timestamp": "2026-11-26",
        "vulnerabilities": [
            {"cve": {"id": "CVE-2026-0001", "metrics": {"cvssMetricV2": [{"source": "x", "cvssData": {}}]}}}
        ],
    }
).encode()

FILES: dict[str, tuple[bytes, Callable[[Path], Feed]]] = {
    "osv": (OSV, Osv),
    "secdb": (SECDB, lambda path: AlpineSecdb([path], "3.22", as_of="2026-11-20")),
    "tracker": (tracker_json(3), lambda path: DebianTracker(path, as_of="2026-11-20")),
    "kev": (kev_json(3), Kev),
    "epss": (EPSS, Epss),
    "epss, compressed": (gzipped(EPSS), Epss),
    "nvd": (NVD, lambda path: Nvd([path])),
    "nvd, compressed": (gzipped(NVD), lambda path: Nvd([path])),
}

damage = st.lists(
    st.tuples(
        st.integers(0, 2**16), st.sampled_from(["set", "cut", "insert", "repeat"]), st.binary(max_size=8)
    ),
    min_size=1,
    max_size=4,
)


def damaged(raw: bytes, steps: list[tuple[int, str, bytes]]) -> bytes:
    content = bytearray(raw)
    for place, how, new in steps:
        at = place % (len(content) + 1)
        if how == "set":
            content[at : at + len(new)] = new
        elif how == "cut":
            del content[at : at + max(1, len(new))]
        elif how == "insert":
            content[at:at] = new
        else:
            content[at:at] = content[at : at + 100]
    return bytes(content)


@pytest.mark.parametrize("kind", FILES)
@given(steps=damage)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused(
    kind: str, steps: list[tuple[int, str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw, feed = FILES[kind]
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged(raw, steps))
    try:
        result = feed(path).collect(SilentProgress())
    except StoreError:
        return
    assert result.sources
    assert list(result.advisories) == sorted(set(result.advisories))


@given(st.binary(max_size=300), damage)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_a_zip_file_or_none(text: bytes, steps: list[tuple[int, str, bytes]]) -> None:
    for raw in (text, damaged(OSV, steps)):
        try:
            for member in read_members(io.BytesIO(raw), SMALL):
                assert bool(member.problem) or len(member.content) <= SMALL.member_bytes
        except ZipError:
            continue


WORDS = [
    "id",
    "affected",
    "package",
    "name",
    "ecosystem",
    "ranges",
    "type",
    "events",
    "introduced",
    "fixed",
    "versions",
    "severity",
    "score",
    "aliases",
    "upstream",
    "withdrawn",
    "database_specific",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything)
@settings(deadline=None)
def test_any_document_is_a_record_or_none(document: object) -> None:
    try:
        record = decode_record(json.dumps(document).encode())
    except ValueError:
        return
    assert record.id


def test_the_undamaged_files_are_read(tmp_path: Path) -> None:
    for raw, feed in FILES.values():
        path = tmp_path / "file"
        path.write_bytes(raw)
        assert feed(path).collect(SilentProgress()).sources
