"""`compare`: images side by side, with their evidence, and what changes between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from basewise._internal.text import format_moment
from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.candidates.catalogue import Catalogue
from basewise.candidates.coverage import catalogue_source, catalogue_warnings
from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.errors import ImageError, UsageError
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.model.compare import Changes, Compare, ComparedImage, CompareGate, Provenance
from basewise.model.evidence import Coverage, CoverageSource, NotCovered
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.requirement import Accelerator, Application
from basewise.model.verdict import Fit
from basewise.operations.compare_changes import changes_between
from basewise.operations.compare_evidence import Evidence, EvidenceReader
from basewise.operations.compare_images import FailedImage, FoundImage, find_images
from basewise.operations.document_words import application_summary
from basewise.operations.read_image import ImageAccess
from basewise.policy.worse import judge_worse
from basewise.progress import Progress, SilentProgress

__all__ = ["CompareOptions", "compare"]

MAX_WITH_FINDINGS = 10
LEAST_IMAGES = 2


class CompareOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared, and how.

    Args:
        platform: Which image of several; None is linux/amd64 for the catalogue, and the only one of another image.
        access: How images may be had; the defaults when None.
        whole_catalogue: All images of the catalogue, before those that are named.
        app: An application folder whose finished size is shown.
        accelerator: What that application computes on.
        fail_on_worse: Judge all images but the baseline.
        baseline: What they are measured against: an image, or a saved report of `scan` or `compare` (JSON); None
            takes the first image.
    """

    platform: Platform | None = None
    access: ImageAccess | None = None
    whole_catalogue: bool = False
    app: Path | None = None
    accelerator: Accelerator = Accelerator.UNKNOWN
    fail_on_worse: bool = False
    baseline: str | None = None


def compare(
    images: Sequence[str],
    options: CompareOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Compare:
    """Put images side by side, with their evidence.

    Args:
        images: Names, patterns over the catalogue (`python:3.12-*`), or what `scan` takes.
        options: What is compared and how; the defaults when None.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; the one of `Store.open_default` when None.

    Returns:
        The comparison. `failed` names images that could not be had.

    Raises:
        UsageError: Fewer than two images, more than fifty, or a pattern that matches nothing.
        ImageError: The baseline, or every image but one, cannot be had.
        StoreError: The advisory store could not be read.
        ApplicationError: The application could not be read.
    """
    wishes = options or CompareOptions()
    moment = now or datetime.now(UTC)
    talk = progress or SilentProgress()
    if wishes.fail_on_worse and wishes.whole_catalogue and wishes.baseline is None:
        raise UsageError(
            "the whole catalogue has no first image to measure the others against",
            hint="name it with `--baseline IMAGE`",
        )
    catalogue = _catalogue(wishes)
    report = _saved_report(wishes.baseline)
    found = find_images(
        images,
        catalogue,
        baseline=wishes.baseline if report is None else None,
        whole_catalogue=wishes.whole_catalogue,
        platform=wishes.platform,
        access=wishes.access or ImageAccess(),
        now=moment,
        progress=talk,
    )
    had = [each for each in found if isinstance(each, FoundImage)]
    failed = [each for each in found if isinstance(each, FailedImage)]
    _check(had, failed, wishes, with_report=report is not None)
    application = _application(wishes, talk)
    fits = _judge(application, had, wishes, talk)
    with nullcontext(store) if store is not None else Store.open_default() as opened:
        talk.step("matching advisories")
        reader = EvidenceReader(opened, now=moment, listed=len(had) <= MAX_WITH_FINDINGS)
        evidence = [reader.of(each, _fit_of(each, fits)) for each in had]
    coverage = _coverage(evidence, reader, catalogue, fits, moment.date())
    return _document(evidence, failed, wishes, report, application, coverage, moment)


def _document(  # noqa: PLR0917 - the parts of the document
    evidence: Sequence[Evidence],
    failed: Sequence[FailedImage],
    wishes: CompareOptions,
    report: bytes | None,
    application: Application | None,
    coverage: Coverage,
    moment: datetime,
) -> Compare:
    from basewise import __version__  # noqa: PLC0415 - the package itself, which imports nothing

    rows = tuple(each.image for each in evidence)
    return Compare(
        generated_at=format_moment(moment),
        version=__version__,
        app=None if application is None else application_summary(application, str(wishes.accelerator)),
        images=rows,
        changes=_changes(evidence),
        gate=_gate(rows, wishes, report, complete=coverage.complete and not failed),
        failed=tuple(f"{each.name}: {each.why}" for each in failed),
        coverage=coverage,
    )


def _catalogue(wishes: CompareOptions) -> Catalogue | None:
    try:
        return load_whole_catalogue(wishes.platform or LINUX_AMD64)
    except ImageError:
        if wishes.whole_catalogue:
            raise
        return None


def _saved_report(baseline: str | None) -> bytes | None:
    from basewise.operations.compare_baseline import read_report  # noqa: PLC0415 - only with a baseline

    return None if baseline is None else read_report(baseline)


def _check(
    had: Sequence[FoundImage], failed: Sequence[FailedImage], wishes: CompareOptions, *, with_report: bool
) -> None:
    least = 1 if with_report else LEAST_IMAGES
    if len(had) + len(failed) < least:
        raise UsageError(
            "two images are the least that can be compared",
            hint="name another, write a pattern (`'python:3.12-*'`), or take `--catalogue`",
        )
    if wishes.baseline is not None and not with_report and failed and failed[0].name == wishes.baseline:
        raise ImageError(f"cannot read the baseline: {failed[0].why}")
    if len(had) < least:
        raise ImageError(
            "; ".join(f"{each.name}: {each.why}" for each in failed),
            hint="fewer images than two could be read, so there is nothing to compare",
        )


def _application(wishes: CompareOptions, talk: Progress) -> Application | None:
    if wishes.app is None:
        return None
    from basewise.app.read import ReadOptions, read_application  # noqa: PLC0415 - only with an application

    talk.step("reading the application")
    return read_application(wishes.app, ReadOptions(accelerator=wishes.accelerator))


def _judge(
    application: Application | None, had: Iterable[FoundImage], wishes: CompareOptions, talk: Progress
) -> FitReport | None:
    if application is None:
        return None
    offline = (wishes.access or ImageAccess()).offline
    bases = [each.base for each in had if each.base is not None]
    return judge_all(
        application, bases, FitOptions(accelerator=wishes.accelerator, offline=offline), progress=talk
    )


def _fit_of(found: FoundImage, fits: FitReport | None) -> Fit | None:
    return None if fits is None or found.base is None else fits.of(found.base)


def _changes(evidence: Sequence[Evidence]) -> Changes | None:
    if len(evidence) != LEAST_IMAGES:
        return None
    before, after = evidence
    return changes_between(before, after)


def _gate(
    rows: Sequence[ComparedImage], wishes: CompareOptions, report: bytes | None, *, complete: bool
) -> CompareGate | None:
    if not wishes.fail_on_worse:
        return None
    if report is None:
        return judge_worse(rows[0], rows[1:], complete=complete)
    from basewise.operations.compare_baseline import (  # noqa: PLC0415 - only with a saved report
        baseline_of_report,
    )

    old = baseline_of_report(report, wishes.baseline or "", [row.image for row in rows])
    return judge_worse(old.image, rows, complete=complete and old.complete)


def _coverage(
    evidence: Sequence[Evidence],
    reader: EvidenceReader,
    catalogue: Catalogue | None,
    fits: FitReport | None,
    today: date,
) -> Coverage:
    used = {source for result in reader.results for source in result.sources}
    sources: tuple[CoverageSource, ...]
    sources, of_sources = coverage_of(tuple(sorted(used)), today)
    missing = {*of_sources, *(fits.not_covered if fits is not None else ())}
    missing |= {said for result in reader.results for said in result.not_covered}
    missing |= {said for each in evidence for said in each.not_covered}
    known = [each.image.image for each in evidence if each.image.provenance is Provenance.CATALOGUE]
    if catalogue is not None and known:
        sources = tuple(sorted((*sources, catalogue_source(catalogue, today))))
        missing |= {*_catalogue_gaps(evidence), *catalogue.not_covered}
        missing |= {NotCovered("newer builds", warning) for warning in catalogue_warnings(catalogue, today)}
    return Coverage(complete=not missing, sources=sources, not_covered=tuple(sorted(missing)))


def _catalogue_gaps(evidence: Iterable[Evidence]) -> Iterable[NotCovered]:
    rows = [each.image for each in evidence if each.image.provenance is Provenance.CATALOGUE]
    unknown = [row.image for row in rows if row.packages is None]
    if unknown:
        yield NotCovered("OS packages of images", f"no package list was read of {', '.join(unknown)}")
    yield NotCovered(
        "Python packages inside images of the catalogue",
        "it lists OS packages and interpreters; an image that is read (`oci:`, `docker:` …) shows all",
    )
