"""The parts of a report below its table, as headed lists of sentences: the same for every text form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.choice import AppSummary, Choice
from basewise.model.verdict import ReasonKind
from basewise.report.application_section import application_section
from basewise.report.cells import excluded_groups, swap_sentence
from basewise.report.coverage_words import count_sources, counted_with, missing_sentences
from basewise.report.section import Section
from basewise.report.words import shortened

__all__ = ["Section", "app_lines", "from_line", "legend", "remarks", "sections_of"]

_COLUMNS_EXPLAINED = (
    "packages: fits once OS packages are added; builds: something is built from source; fixable: a fixed version is published, so a rebuild removes it; open: none is (won't fix included); "
    "minor: the tracker calls it minor; undet.: undetermined, beside the rest and weighing nothing"
)
_MARKS_EXPLAINED = (
    "?: not known, never zero; ~: an estimate; *: no other is both cleaner and smaller; !: one that stays is known to be "
    "exploited; sizes are of the finished application: base, OS packages and wheels"
)

_REMARKS = frozenset(
    {
        ReasonKind.NOTE,
        ReasonKind.CPU_LEVEL,
        ReasonKind.DRIVER,
        ReasonKind.ANY_FALLBACK,
        ReasonKind.NOT_INSPECTED,
        ReasonKind.SYMBOL_VERSION,
    }
)
MAX_NOT_COVERED = 12
MAX_GROUPS = 10
MAX_SWAPS = 8
MAX_REMARKS = 8
MAX_UNMEASURED = 4


def app_lines(app: AppSummary) -> tuple[str, ...]:
    """Return what was read of the application, a line each."""
    sources = ", ".join(app.sources) or "no file"
    guess = " (a guess from imports)" if app.guess else ""
    python = f"Python {app.stated_python} stated" if app.stated_python else "no Python minor stated"
    if app.requires_python:
        python += f", requires-python {app.requires_python}"
    return (
        f"{app.path}: {plural(len(app.requirements), 'requirement')} from {sources}{guess}",
        f"{python}; accelerator {app.accelerator}",
        *(f"warning: {warning}" for warning in app.warnings),
    )


def legend(choice: Choice) -> tuple[str, ...]:
    """Return the lines below the table: what its columns mean, from when its counts are, what is unmeasured."""
    return (_counted(choice), *_unmeasured(choice), _COLUMNS_EXPLAINED, _MARKS_EXPLAINED)


def _counted(choice: Choice) -> str:
    dates = [candidate.vulnerabilities.as_of for candidate in choice.candidates]
    return counted_with(choice.coverage, dates, {candidate.distro.id for candidate in choice.candidates})


def _unmeasured(choice: Choice) -> Iterator[str]:
    images = [
        candidate.image
        for candidate in choice.candidates
        if candidate.rank is not None
        and candidate.vulnerabilities.total is None
        and candidate.vulnerabilities.after_rebuild is None
    ]
    if images:
        yield f"unmeasured, below all that is measured: {shortened(images, MAX_UNMEASURED)}"


def from_line(choice: Choice) -> str | None:
    """Return the FROM line of the recommendation, None when nothing is recommended."""
    advice = choice.recommendation
    if advice is None:
        return None
    return f"FROM {advice.image}@{advice.digest}" if advice.digest else f"FROM {advice.image}"


def sections_of(choice: Choice) -> Iterator[Section]:
    """Yield the sections that have something to say, in reading order."""
    for section in (
        _excluded(choice),
        _blocking(choice),
        _why(choice),
        Section("Worth knowing", _limited(remarks(choice), MAX_REMARKS)),
        _swaps(choice),
        Section("Other Python minors", choice.alternatives),
        application_section(choice),
        _coverage(choice),
        _refresh(choice),
    ):
        if section.sentences:
            yield section


def _excluded(choice: Choice) -> Section:
    groups = excluded_groups(choice.candidates)
    count = sum(len(group.images) for group in groups)
    lines = [f"{len(group.images)}: {group.sentence} ({group.names})" for group in groups[:MAX_GROUPS]]
    rest = sum(len(group.images) for group in groups[MAX_GROUPS:])
    if rest:
        lines.append(f"{rest} more, each with its reasons in `--format json`")
    return Section(f"Left out ({count})", tuple(lines))


def _blocking(choice: Choice) -> Section:
    lines = (
        f"{cause.cause} ({plural(cause.candidates, 'candidate')}); {cause.hint}" for cause in choice.blocking
    )
    return Section("Nothing can be recommended", tuple(lines))


def _why(choice: Choice) -> Section:
    advice = choice.recommendation
    return Section(f"Why {advice.image}", advice.why) if advice else Section("Why", ())


def remarks(choice: Choice) -> tuple[str, ...]:
    """Return what the first candidate's user should know though it forbids nothing."""
    if choice.recommendation is None:
        return ()
    first = choice.candidates[0]
    return tuple(
        reason.sentence for reason in first.reasons if reason.kind in _REMARKS and not reason.blocking
    )


def _swaps(choice: Choice) -> Section:
    return Section("Cheaper swaps", _limited([swap_sentence(swap) for swap in choice.swaps], MAX_SWAPS))


def _coverage(choice: Choice) -> Section:
    coverage = choice.coverage
    sources = count_sources(coverage) or ("no advisory source was used, so no count is shown",)
    missing = _limited(missing_sentences(coverage), MAX_NOT_COVERED)
    state = "complete" if coverage.complete else "incomplete"
    return Section(f"Coverage: {state}", (*sources, *missing))


def _refresh(choice: Choice) -> Section:
    advice = choice.recommendation
    if advice is None:
        return Section("Refresh", ())
    lines = [advice.refresh_reason, f"today's digest: {advice.refresh}"]
    return Section("Keep it fresh", tuple(line for line in lines if line))


def _limited(lines: Sequence[str], limit: int) -> tuple[str, ...]:
    if len(lines) <= limit:
        return tuple(lines)
    return (*lines[:limit], f"{len(lines) - limit} more in `--format json`")
