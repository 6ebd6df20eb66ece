"""Vectors and rejected ids of the NVD's yearly files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from basewise.advisories.feed import FeedResult
from basewise.advisories.nvd import Nvd
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.progress import SilentProgress
from basewise.testing.feeds import FactsFeed, fact, store_of

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"


def metric(vector: str | None, source: str = "nvd@nist.gov") -> dict[str, Any]:
    data = {} if vector is None else {"vectorString": vector, "baseScore": 9.8}
    return {"source": source, "type": "Primary", "cvssData": data}


def cve(name: str, status: str = "Analyzed", **metrics: object) -> dict[str, Any]:
    return {
        "cve": {
            "id": name,
            "vulnStatus": status,
            "lastModified": "2026-11-20T10:00:00.000",
            "descriptions": [{"lang": "en", "value": "Prose."}],
            "metrics": metrics,
        }
    }


def written(folder: Path, *items: object, name: str = "nvdcve-2.0-2026.json", **more: object) -> Path:
    path = folder / name
    raw = json.dumps(
        {"format": "NVD_CVE", "vulnerabilities": items, "timestamp": "2026-11-26T00:00:00"} | more
    )
    path.write_bytes(gzip.compress(raw.encode()) if name.endswith(".gz") else raw.encode())
    return path


def read(*paths: Path) -> FeedResult:
    return Nvd(paths).collect(SilentProgress())


def test_vectors_of_every_version_come_with_who_gave_them(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        cve(
            "CVE-2026-0002",
            cvssMetricV31=[metric(V31), metric(V31, "cna@example.org")],
            cvssMetricV2=[metric(V2)],
            ssvcV203=[{"source": "x"}],
        ),
        cve("CVE-2026-0001", cvssMetricV40=[metric(V40, "cna@example.org")], cvssMetricV30=[]),
        cve("CVE-2026-0003", "Awaiting Analysis"),
        {"cve": {"id": "CVE-2026-0004"}},
        name="nvdcve-2.0-2026.json.gz",
    )
    result = read(path)
    assert result.vectors == (
        ("CVE-2026-0001", "cna@example.org", V40),
        ("CVE-2026-0002", "cna@example.org", V31),
        ("CVE-2026-0002", "nvd@nist.gov", V2),
        ("CVE-2026-0002", "nvd@nist.gov", V31),
    )
    (source,) = result.sources
    assert (source.name, source.ecosystem, source.as_of, source.entries) == (
        "nvd",
        "vectors",
        "2026-11-26",
        4,
    )
    assert result.rejected == ()


def test_years_are_one_source_and_their_order_changes_nothing(tmp_path: Path) -> None:
    older = written(
        tmp_path, cve("CVE-2020-0001", cvssMetricV31=[metric(V31)]), name="2020.json", timestamp="2026-11-01"
    )
    newer = written(tmp_path, cve("CVE-2026-0001", cvssMetricV31=[metric(V31)]), name="2026.json")
    result = read(newer, older)
    assert [row[0] for row in result.vectors] == ["CVE-2020-0001", "CVE-2026-0001"]
    assert result.sources[0].as_of == "2026-11-26"
    assert read(older, newer).vectors == result.vectors


def test_a_file_without_a_time_is_of_its_last_change(tmp_path: Path) -> None:
    assert read(written(tmp_path, cve("CVE-2026-0001"), timestamp="")).sources[0].as_of == "2026-11-20"


def test_a_rejected_id_has_no_vector_and_is_never_a_finding(tmp_path: Path) -> None:
    path = written(
        tmp_path, cve("CVE-2026-0001", "Rejected", cvssMetricV31=[metric(V31)]), cve("CVE-2026-0002")
    )
    result = read(path)
    assert result.rejected == ("CVE-2026-0001",)
    assert result.vectors == ()
    facts = [
        fact("CVE-2026-0001", FactKind.OPEN, origin="debian_tracker"),
        fact("CVE-2026-0002", FactKind.OPEN, origin="debian_tracker"),
    ]
    with store_of(*facts, feeds=[FactsFeed("nvd", rejected=result.rejected)]) as store:
        assert [item.id for item in store.facts("debian", "bookworm", "openssl")] == ["CVE-2026-0002"]


@pytest.mark.parametrize(
    "item",
    [
        {"cve": {"id": "cve-2026-1111"}},
        {"cve": {"id": "CVE-2026-1"}},
        {"cve": {"id": 7}},
        {"cve": {}},
        {},
        "CVE-2026-1111",
        {"cve": {"id": "CVE-2026-1111", "metrics": []}},
        {"cve": {"id": "CVE-2026-1111", "metrics": {"cvssMetricV31": {}}}},
    ],
)
def test_a_bad_entry_is_left_out_and_counted(tmp_path: Path, item: object) -> None:
    good = [cve(f"CVE-2026-{number:04}", cvssMetricV31=[metric(V31)]) for number in range(1000)]
    result = read(written(tmp_path, *good, item))
    assert len(result.vectors) == 1000
    assert [skipped.what for skipped in result.skipped] == ["nvdcve-2.0-2026.json entry 1000"]
    with pytest.raises(StoreError, match="1 of 11 records cannot be read"):
        read(written(tmp_path, *good[:10], item))


@pytest.mark.parametrize(
    ("vector", "source"),
    [
        (None, "nvd@nist.gov"),
        ("", "nvd@nist.gov"),
        ("CVSS:9.9/AV:N/AC:L/PR:N/UI:N", "nvd@nist.gov"),
        ("\x1b[31mred", "nvd@nist.gov"),
        ("AV:N/" * 3000, "nvd@nist.gov"),
        ("a:" + "a" * 5000, "nvd@nist.gov"),
        (V31, "two words"),
        (V31, ""),
    ],
)
def test_a_score_without_a_vector_is_left_out(tmp_path: Path, vector: str | None, source: str) -> None:
    result = read(written(tmp_path, cve("CVE-2026-0001", cvssMetricV31=[metric(vector, source)])))
    assert result.vectors == ()
    assert [skipped.what for skipped in result.skipped] == ["CVE-2026-0001"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"<html>", b'{"vulnerabilities": 7}', b"\x1f\x8bxx"])
def test_a_file_of_another_shape_is_a_store_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "nvd.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot read"):
        read(path)


def test_a_file_without_entries_or_dates_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no records"):
        read(written(tmp_path))
    undated = cve("CVE-2026-0001")
    undated["cve"]["lastModified"] = ""
    with pytest.raises(StoreError, match="carries no date"):
        read(written(tmp_path, undated, timestamp=""))
    with pytest.raises(StoreError, match="no file of the NVD"):
        read()
    with pytest.raises(StoreError, match="No such file"):
        read(tmp_path / "missing.json")
