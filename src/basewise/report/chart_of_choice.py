"""The picture of an answer of `choose`."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.base_image import Surface
from basewise.model.choice import Candidate, Choice
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.report.chart import Chart, ChartPoint
from basewise.report.chart_points import base_size_of, family_of, finished_size_of, row_name
from basewise.report.coverage_words import counted_with
from basewise.report.support_words import distro_end
from basewise.report.words import shortened

__all__ = ["chart_of_choice"]

MAX_PACKAGES = 6
MAX_REASONS = 3
_VERDICTS = {
    Verdict.FITS: "fits",
    Verdict.FITS_WITH_PACKAGES: "fits with added packages",
    Verdict.BUILDS_FROM_SOURCE: "builds from source",
    Verdict.DOES_NOT_FIT: "does not fit",
    Verdict.UNKNOWN: "not known whether it fits",
}


def chart_of_choice(choice: Choice) -> Chart:
    """Return the picture of all candidates, ranked or not."""
    covered = bool(choice.coverage.sources)
    return Chart(
        title=f"Base images for {choice.app.path}",
        points=tuple(
            _point(candidate, index, counts_are_covered=covered)
            for index, candidate in enumerate(choice.candidates)
        ),
        finished=any(candidate.size.disk_bytes is not None for candidate in choice.candidates),
        counted=counted_with(
            choice.coverage,
            [candidate.vulnerabilities.as_of for candidate in choice.candidates],
            {candidate.distro.id for candidate in choice.candidates},
        ),
        complete=choice.coverage.complete,
        generated_at=choice.generated_at,
        version=choice.version,
    )


def _point(candidate: Candidate, index: int, *, counts_are_covered: bool) -> ChartPoint:
    return ChartPoint(
        image=candidate.image,
        row=row_name(index),
        family=family_of(candidate.distro),
        variant=candidate.variant,
        rank=candidate.rank,
        first=candidate.rank == 1,
        excluded=candidate.excluded[0].sentence if candidate.excluded else "",
        fits=candidate.verdict is not Verdict.DOES_NOT_FIT,
        base_size=base_size_of(candidate.size),
        finished_size=finished_size_of(candidate.size),
        base=candidate.base_vulnerabilities if counts_are_covered else Vulnerabilities(),
        finished=candidate.vulnerabilities if counts_are_covered else Vulnerabilities(),
        reasons=tuple(_reasons(candidate)),
    )


def _reasons(candidate: Candidate) -> Iterator[str]:
    yield from (exclusion.sentence for exclusion in candidate.excluded[:MAX_REASONS])
    verdict = _VERDICTS[candidate.verdict]
    names = [package.name for package in candidate.add_packages]
    yield f"{verdict}: adds {shortened(names, MAX_PACKAGES)}" if names else verdict
    blocking = [reason.sentence for reason in candidate.reasons if reason.blocking]
    yield from blocking[:MAX_REASONS]
    if len(blocking) > MAX_REASONS:
        yield f"{plural(len(blocking) - MAX_REASONS, 'further reason')} in the table"
    yield from _support(candidate)
    yield from _surface(candidate.surface)


def _support(candidate: Candidate) -> Iterator[str]:
    support = candidate.support
    ends = [
        f"{what} until {end}"
        for what, end in (("Python", support.python_eol), ("distribution", distro_end(support)))
        if end
    ]
    if ends:
        yield f"support: {', '.join(ends)} ({support.phase})"


def _surface(surface: Surface) -> Iterator[str]:
    if surface.packages is not None:
        yield f"{plural(surface.packages, 'OS package')}"
