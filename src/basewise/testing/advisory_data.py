"""Small advisory data in the publishers' own forms, large enough to be believed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping

__all__ = [
    "ENOUGH",
    "epss_gz",
    "every_address",
    "every_file",
    "gzipped",
    "kev_json",
    "nvd_gz",
    "osv_record",
    "osv_zip",
    "secdb_json",
    "tracker_json",
]

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


def secdb_json(branch: str = "3.22", repository: str = "main", count: int = ENOUGH) -> bytes:
    """Return JSON as the publishers of apk distributions have it; without a branch, as Wolfi has it."""
    packages = [
        {
            "pkg": {
                "name": f"{repository}-{number % 50}",
                "secfixes": {f"1.{number}-r0": [f"CVE-2026-{number:04}"]},
            }
        }
        for number in range(1, count + 1)
    ]
    said = {"distroversion": f"v{branch}" if branch[:1].isdigit() else branch} if branch else {}
    host = "https://packages.wolfi.dev" if not branch and repository == "os" else "https://packages.cgr.dev"
    prefix = "https://dl-cdn.example/alpine" if branch else host
    return json.dumps(
        {**said, "reponame": repository, "urlprefix": prefix, "archs": ["x86_64"], "packages": packages}
    ).encode()


def epss_gz(count: int = ENOUGH, *, scored: str = "2026-11-20") -> bytes:
    """Return the compressed CSV file of EPSS scores."""
    lines = [f"#model_version:v2025.03.14,score_date:{scored}T12:55:00Z", "cve,epss,percentile"]
    lines += [f"CVE-2026-{number:04},0.{number:05},0.5" for number in range(1, count + 1)]
    return gzipped("\n".join([*lines, ""]).encode())


def nvd_gz(year: int = 2026, count: int = ENOUGH, *, timestamp: str = "2026-11-20T03:00:00.000") -> bytes:
    """Return a compressed yearly file of the NVD."""
    data = {"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    metrics = {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": data}]}
    items = [
        {"cve": {"id": f"CVE-{year}-{number:04}", "vulnStatus": "Analyzed", "metrics": metrics}}
        for number in range(1, count + 1)
    ]
    return gzipped(
        json.dumps({"format": "NVD_CVE", "timestamp": timestamp, "vulnerabilities": items}).encode()
    )


_OSV = {
    "PyPI": "PyPI",
    "Ubuntu": "Ubuntu:24.04:LTS",
    "Red Hat": "Red Hat:enterprise_linux:9::baseos",
    "Rocky Linux": "Rocky Linux:9",
    "AlmaLinux": "AlmaLinux:9",
}


def every_file(
    branches: Iterable[str] = ("3.22", "edge"), years: Iterable[int] = (2026,)
) -> dict[str, bytes]:
    """Return what all publishers have, by paths below one server.

    Args:
        branches: Of Alpine.
        years: Of the NVD; the other years are small.
    """
    files = {
        f"osv/{name.replace(' ', '%20')}/all.zip": osv_zip(
            osv_record(
                f"CVE-2026-{number:04}", f"{name.split()[0].lower()}-{number % 50}", ecosystem=ecosystem
            )
            for number in range(1, ENOUGH + 1)
        )
        for name, ecosystem in _OSV.items()
    }
    branched = list(branches)
    files["alpine/"] = "".join(
        f'<a href="{name if name == "edge" else "v" + name}/">' for name in branched
    ).encode()
    for branch in branched:
        folder = branch if branch == "edge" else f"v{branch}"
        for repository in ("main", "community"):
            files[f"alpine/{folder}/{repository}.json"] = secdb_json(branch, repository)
    large = set(years)
    for year in range(2002, 2027):
        files[f"nvd/nvd-{year}.json.gz"] = nvd_gz(year, ENOUGH if year in large else 1)
    return files | {
        "tracker.json": tracker_json(),
        "kev.json": kev_json(),
        "epss.csv.gz": epss_gz(),
        "wolfi.json": secdb_json("", "os"),
        "chainguard.json": secdb_json("", "chainguard"),
    }


def every_address(url: str) -> tuple[str, ...]:
    """Return the flags that name a server with `every_file`."""
    places = {
        "osv": "osv",
        "alpine_secdb": "alpine",
        "nvd": "nvd/nvd-{year}.json.gz",
        "debian_tracker": "tracker.json",
        "kev": "kev.json",
        "epss": "epss.csv.gz",
        "wolfi_secdb": "wolfi.json",
        "chainguard_secdb": "chainguard.json",
    }
    return tuple(f"{name}={url}/{place}" for name, place in places.items())


def gzipped(content: bytes) -> bytes:
    """Return compressed bytes; equal content gives equal bytes."""
    return gzip.compress(content, mtime=0)
