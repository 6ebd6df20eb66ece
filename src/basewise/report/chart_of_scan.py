"""The picture of scanned images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from basewise._internal.text import plural
from basewise.model.finding import Vulnerabilities
from basewise.model.scan import Scan, Scans
from basewise.report.chart import Chart, ChartPoint, PointSize
from basewise.report.chart_points import family_of, past_support, row_name
from basewise.report.coverage_words import counted_with
from basewise.report.support_words import support_until

__all__ = ["chart_of_scan"]

MAX_UPGRADES = 3
_ALPINE = "alpine"
_SLIM = "slim"


def chart_of_scan(result: Scan | Scans) -> Chart:
    """Return the picture of all scanned images; one past its support is pale and on no front."""
    scans = result.scans if isinstance(result, Scans) else (result,)
    what = scans[0].image.reference if len(scans) == 1 else "Scanned images"
    return Chart(
        title=f"{what}: vulnerabilities against size",
        points=tuple(_point(scan, index) for index, scan in enumerate(scans)),
        finished=False,
        counted=_counted(scans),
        complete=all(scan.coverage.complete for scan in scans),
        generated_at=result.generated_at,
        subject="image",
        version=result.version,
    )


def _counted(scans: Sequence[Scan]) -> str:
    if not scans:
        return "no image could be scanned, so no count is shown"
    sources = {source for scan in scans for source in scan.coverage.sources}
    coverage = msgspec.structs.replace(scans[0].coverage, sources=tuple(sorted(sources)))
    dates = [scan.summary.vulnerabilities.as_of for scan in scans]
    return counted_with(coverage, dates, {scan.distro.id for scan in scans if scan.distro is not None})


def _point(scan: Scan, index: int) -> ChartPoint:
    size = scan.image.size
    covered = bool(scan.coverage.sources)
    return ChartPoint(
        image=scan.image.reference,
        row=row_name(index),
        family=family_of(scan.distro),
        variant=_variant(scan),
        excluded=past_support(scan.support),
        base_size=PointSize(disk=size.disk_bytes, download=size.compressed_bytes),
        base=scan.summary.vulnerabilities if covered else Vulnerabilities(),
        reasons=tuple(_reasons(scan)),
    )


def _variant(scan: Scan) -> str:
    if scan.distro is not None and scan.distro.id == _ALPINE:
        return _ALPINE
    return _SLIM if _SLIM in scan.image.reference.rpartition(":")[2] else "other"


def _reasons(scan: Scan) -> Iterator[str]:
    if ended := past_support(scan.support):
        yield ended
    for upgrade in scan.upgrades[:MAX_UPGRADES]:
        yield f"{upgrade.package.name} {upgrade.to} removes {plural(len(upgrade.fixes), 'finding')}"
    yield f"supported until {support_until(scan.support)}"
    yield plural(scan.summary.packages, "package")
