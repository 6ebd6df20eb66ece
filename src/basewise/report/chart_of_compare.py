"""The picture of a comparison."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.compare import Compare, ComparedImage, Provenance
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.report.chart import Chart, ChartPoint
from basewise.report.chart_names import shared_prefix
from basewise.report.chart_points import base_size_of, family_of, finished_size_of, past_support, row_name
from basewise.report.compare_sections import counted_sentence
from basewise.report.support_words import support_until
from basewise.report.words import shortened

__all__ = ["chart_of_compare"]

MAX_PACKAGES = 6
MAX_REASONS = 3


def chart_of_compare(compare: Compare) -> Chart:
    """Return the picture of all images; one past its support or with a pre-release is pale and on no front."""
    covered = bool(compare.coverage.sources)
    points = tuple(
        _point(image, index, counts_are_covered=covered) for index, image in enumerate(compare.images)
    )
    prefix = shared_prefix([point.image for point in points]).rstrip(":")
    what = f"{prefix} base images" if prefix else "Container images"
    return Chart(
        title=f"{what}: vulnerabilities against size" + (f", for {compare.app.path}" if compare.app else ""),
        points=points,
        finished=any(
            point.finished_size is not None and point.finished_size.disk is not None for point in points
        ),
        counted=counted_sentence(compare),
        complete=compare.coverage.complete,
        generated_at=compare.generated_at,
        subject="base image"
        if all(each.provenance is Provenance.CATALOGUE for each in compare.images)
        else "image",
        version=compare.version,
    )


def _point(image: ComparedImage, index: int, *, counts_are_covered: bool) -> ChartPoint:
    asked = image.verdict is not None
    unmeasured = Vulnerabilities()
    return ChartPoint(
        image=image.image,
        row=row_name(index),
        family=family_of(image.distro),
        variant=image.variant or "other",
        excluded=_excluded(image),
        fits=None if image.verdict is None else image.verdict is not Verdict.DOES_NOT_FIT,
        base_size=base_size_of(image.size),
        finished_size=finished_size_of(image.size) if asked else None,
        base=image.vulnerabilities if counts_are_covered else unmeasured,
        finished=image.finished_vulnerabilities if asked and counts_are_covered else None,
        reasons=tuple(_reasons(image)),
    )


def _excluded(image: ComparedImage) -> str:
    if ended := past_support(image.support):
        return ended
    if image.python is not None and not image.python.replace(".", "").isdigit():
        return "its Python is a pre-release"
    if image.verdict is Verdict.DOES_NOT_FIT:
        return "the application does not fit"
    return ""


def _reasons(image: ComparedImage) -> Iterator[str]:
    excluded = _excluded(image)
    if excluded:
        yield excluded
    if image.verdict is not None:
        names = [package.name for package in image.add_packages]
        yield f"{image.verdict}: adds {shortened(names, MAX_PACKAGES)}" if names else str(image.verdict)
        blocking = [reason.sentence for reason in image.reasons if reason.blocking]
        yield from blocking[:MAX_REASONS]
    yield f"supported until {support_until(image.support)}"
    if image.packages is not None:
        yield plural(image.packages, "package")
    if image.age_days is not None:
        yield f"built {plural(image.age_days, 'day')} ago"
