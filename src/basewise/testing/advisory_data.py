"""Small advisory data in the publishers' own forms, large enough to be believed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping

__all__ = ["ENOUGH", "gzipped", "kev_json", "osv_record", "osv_zip", "tracker_json"]

ENOUGH = 1200
"""More entries than any floor asks for."""


def tracker_json(count: int = ENOUGH, *, package: str = "openssl") -> bytes:
    """Return JSON as Debian's tracker publishes it: one package with `count` vulnerabilities."""
    state = {
        "status": "resolved",
        "fixed_version": "3.0.17-1~deb12u2",
        "repositories": {"bookworm": "3.0.17-1~deb12u2"},
        "urgency": "not yet assigned",
    }
    cves = {
        f"CVE-2026-{number:04}": {"description": "Made up.", "releases": {"bookworm": state}}
        for number in range(1, count + 1)
    }
    return json.dumps({package: cves}).encode()


def kev_json(count: int = ENOUGH, *, released: str = "2026-11-20T15:00:00.0000Z") -> bytes:
    """Return JSON as the list of exploited vulnerabilities is published."""
    entries = [{"cveID": f"CVE-2025-{number:04}", "vendorProject": "x"} for number in range(1, count + 1)]
    return json.dumps(
        {"title": "KEV", "dateReleased": released, "count": count, "vulnerabilities": entries}
    ).encode()


def osv_record(
    identifier: str,
    package: str,
    *,
    fixed: str = "2.0.0",
    ecosystem: str = "PyPI",
    modified: str = "2026-11-20T00:00:00Z",
) -> dict[str, object]:
    """Return a record of OSV: all versions before `fixed` are affected."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    return {
        "id": identifier,
        "modified": modified,
        "published": modified,
        "aliases": [identifier.replace("PYSEC", "CVE")] if identifier.startswith("PYSEC") else [],
        "affected": [
            {
                "package": {"name": package, "ecosystem": ecosystem},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }


def osv_zip(records: Iterable[Mapping[str, object]]) -> bytes:
    """Return a zip file as OSV's bucket has one for each ecosystem."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(zipfile.ZipInfo(f"{record['id']}.json"), json.dumps(record))
    return file.getvalue()


def gzipped(content: bytes) -> bytes:
    """Return compressed bytes; equal content gives equal bytes."""
    return gzip.compress(content, mtime=0)
