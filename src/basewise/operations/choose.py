"""`choose`: rank base images for an application, with evidence."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from basewise._internal.text import format_moment
from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.app.read import ReadOptions, read_application
from basewise.candidates.catalogue import Catalogue
from basewise.candidates.coverage import catalogue_not_covered, catalogue_source, catalogue_warnings
from basewise.candidates.lifecycle import load_lifecycles
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.model.base_image import BaseImage
from basewise.model.choice import Candidate, Choice, Recommendation
from basewise.model.evidence import Coverage, NotCovered
from basewise.model.requirement import Application
from basewise.model.verdict import InstallKind
from basewise.operations.application_findings import ApplicationFindings, find_in_application
from basewise.operations.candidate_evidence import build_candidate
from basewise.operations.carry_over import carry_over, warn_of_left_lines
from basewise.operations.choose_images import images_to_rank
from basewise.operations.document_words import application_summary
from basewise.operations.findings import FindingsReader
from basewise.operations.options import ChooseOptions, check_options
from basewise.operations.recommendation import recommend, warn_of_left_out
from basewise.progress import Progress, SilentProgress
from basewise.ranking.explain import Explanation, explain
from basewise.ranking.rank import rank
from basewise.ranking.request import PythonRelease, RankRequest
from basewise.ranking.weights import weights_for

__all__ = ["ChooseOptions", "choose"]


def choose(
    app: Path | str,
    options: ChooseOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Choice:
    """Rank the base images of the catalogue for an application, with evidence.

    Nothing of the application or of any package is executed.

    Args:
        app: The application folder.
        options: What to choose among and by what; the defaults when None. Settings files are the command
            line's business: `options_from_settings` reads them.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; `BASEWISE_STORE` or the embedded one when None.

    Returns:
        The whole answer. `recommendation` is None when no candidate is admissible, and `blocking` says why.

    Raises:
        ApplicationError: The folder or a manifest could not be read.
        StoreError: The advisory store could not be read.
        ResolveError: uv failed, or the package index could not be asked for an application without a lock.
        UsageError: An option makes no sense.
        ImageError: `options.images` names an image that is unknown and cannot be read.
    """
    from basewise import __version__  # noqa: PLC0415 - the package itself, which imports nothing

    wishes = check_options(options or ChooseOptions())
    moment = now or datetime.now(UTC)
    talk = progress or SilentProgress()
    talk.step("reading the application")
    application = read_application(Path(app), _read_options(wishes))
    catalogue, restricted_to = images_to_rank(wishes, now=moment, progress=talk)
    with nullcontext(store) if store is not None else Store.open_default() as opened:
        fits = judge_all(application, catalogue.images, _fit_options(wishes), progress=talk)
        talk.step("matching advisories")
        reader = FindingsReader(opened)
        candidates = _candidates(catalogue.images, fits, reader, moment)
        versions = _versions(catalogue.images, fits)
        of_application = find_in_application(versions, opened, moment.date())
        request = _rank_request(
            application,
            wishes,
            restricted_to,
            moment,
            unverified=_unverified(catalogue.images, fits, reader),
            versions=versions,
        )
        ranked = rank(candidates, request)
        explanation = explain(ranked, request)
        recommendation = _recommend(application, catalogue, fits, reader, ranked, explanation)
        return Choice(
            generated_at=format_moment(moment),
            version=__version__,
            app=application_summary(
                application,
                str(wishes.accelerator),
                (
                    *warn_of_left_out(application),
                    *_left_lines(application, catalogue, fits, recommendation),
                    *catalogue_warnings(catalogue, moment.date()),
                    *fits.warnings,
                ),
            ),
            candidates=ranked,
            recommendation=recommendation,
            blocking=explanation.blocking,
            swaps=ranked[0].swaps if recommendation is not None else (),
            alternatives=explanation.alternatives,
            application_vulnerabilities=of_application.by_python,
            coverage=_coverage(application, catalogue, fits, reader, of_application, moment),
        )


def _read_options(wishes: ChooseOptions) -> ReadOptions:
    return ReadOptions(
        requirement_files=wishes.requirement_files,
        extras=wishes.extras,
        groups=wishes.groups,
        project_root=wishes.project_root,
        accelerator=wishes.accelerator,
    )


def _fit_options(wishes: ChooseOptions) -> FitOptions:
    return FitOptions(accelerator=wishes.accelerator, allow_index=wishes.allow_index, offline=wishes.offline)


def _candidates(
    images: Iterable[BaseImage], fits: FitReport, reader: FindingsReader, moment: datetime
) -> tuple[Candidate, ...]:
    return tuple(
        build_candidate(image, fit, reader.of(image, fit), now=moment)
        for image in images
        for fit in (fits.of(image),)
    )


def _rank_request(
    application: Application,
    wishes: ChooseOptions,
    restricted_to: tuple[str, ...],
    moment: datetime,
    *,
    unverified: frozenset[str],
    versions: dict[str, dict[str, str]],
) -> RankRequest:
    stated = application.stated_python
    return RankRequest(
        today=moment.date(),
        weights=weights_for(wishes.prefer, wishes.weights),
        python_releases={
            cycle.cycle: PythonRelease(cycle.released, cycle.eol)
            for cycle in load_lifecycles().products["python"]
        },
        stated_python=stated.minor if stated else None,
        stated_source=str(stated.location) if stated else "",
        requires_python=application.requires_python,
        python=wishes.python,
        platform=str(wishes.platform),
        distro=wishes.distro,
        libc=wishes.libc,
        max_size_bytes=wishes.max_size_bytes,
        images=restricted_to,
        include_prerelease=wishes.include_prerelease,
        include_eol=wishes.include_eol,
        allow_lts=wishes.allow_lts,
        accelerator=str(wishes.accelerator),
        unverified=unverified,
        versions=versions,
    )


def _unverified(images: Iterable[BaseImage], fits: FitReport, reader: FindingsReader) -> frozenset[str]:
    return frozenset(image.name for image in images if not reader.is_verified(image, fits.of(image)))


def _versions(images: Iterable[BaseImage], fits: FitReport) -> dict[str, dict[str, str]]:
    """Return the versions that are installed on each Python minor; they are the same on all of its images."""
    found: dict[str, dict[str, str]] = {}
    for image in images:
        for install in fits.of(image).installs:
            if install.kind is not InstallKind.NOT_WANTED:
                found.setdefault(image.python_minor, {})[install.name] = install.version
    return found


def _recommend(  # noqa: PLR0917
    application: Application,
    catalogue: Catalogue,
    fits: FitReport,
    reader: FindingsReader,
    ranked: tuple[Candidate, ...],
    explanation: Explanation,
) -> Recommendation | None:
    if not ranked or ranked[0].rank is None:
        return None
    first = ranked[0]
    image = next(image for image in catalogue.images if image.name == first.image)
    fit = fits.of(image)
    return recommend(
        application,
        image,
        first,
        fit,
        found=reader.of(image, fit),
        lock=fits.lock_text(image.python_minor),
        why=explanation.why,
    )


def _left_lines(
    application: Application, catalogue: Catalogue, fits: FitReport, recommendation: Recommendation | None
) -> tuple[str, ...]:
    """Warn of what the application's own Dockerfile has and the recommended one lacks."""
    if recommendation is None:
        return ()
    image = next(image for image in catalogue.images if image.name == recommendation.image)
    return warn_of_left_lines(application, carry_over(application, image, fits.of(image)).left)


def _coverage(  # noqa: PLR0917
    application: Application,
    catalogue: Catalogue,
    fits: FitReport,
    reader: FindingsReader,
    of_application: ApplicationFindings,
    moment: datetime,
) -> Coverage:
    today = moment.date()
    sources, of_sources = coverage_of(reader.sources, today)
    not_covered = {
        *of_sources,
        *reader.not_covered,
        *of_application.not_covered,
        *fits.not_covered,
        *catalogue_not_covered(catalogue, today),
        *(NotCovered(item.what, item.why) for item in application.not_read),
    }
    return Coverage(
        complete=not not_covered,
        sources=tuple(sorted({*sources, *of_application.sources, catalogue_source(catalogue, today)})),
        not_covered=tuple(sorted(not_covered)),
    )
