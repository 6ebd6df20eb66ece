"""Why the first candidate is the first, and what choosing it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Candidate
from basewise.model.evidence import SupportPhase
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import AddedPackage, ReasonKind, Verdict
from basewise.ranking.comparison import distro_name, why_behind
from basewise.ranking.cost import needs_builder, remaining_findings
from basewise.ranking.order import old_enough
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import join_names

__all__ = ["price_sentences", "reason_sentences"]

_NAMED_SEVERITIES = ("critical", "high", "medium", "low", "negligible")


def reason_sentences(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[str]:
    """Yield why the first is first: its Python, its rival, its support, what it needs."""
    first = ranked[0]
    yield from _python(ranked, request)
    rivals = [candidate for candidate in ranked[1:] if candidate.rank is not None]
    if rivals:
        yield f"the runner-up is `{rivals[0].image}`: {why_behind(first, rivals[0], request)}"
    yield from _support(first)


def price_sentences(first: Candidate, request: RankRequest) -> Iterator[str]:
    """Yield what the choice costs: packages, a builder stage, findings that stay, a Python that was not stated."""
    for package in first.add_packages:
        yield _package(package)
    if needs_builder(first):
        built = join_names(
            {reason.package: None for reason in first.reasons if reason.kind is ReasonKind.BUILDS}
        )
        tools = join_names(package.name for package in first.build_packages)
        brings = f"installs {tools}" if tools else "has the compilers from the base"
        yield f"{built or 'something'} must be built from source: a builder stage {brings} and stays out of the image"
    yield from _findings(first)
    stated = request.stated_python
    if stated is not None and stated != first.python_minor:
        yield (
            f"going from Python {stated} to {first.python_minor} changes the ABI and the wheels; models and "
            "pickles may have to be made again"
        )
    if stated is None and request.python is None:
        yield (
            "no file states a Python minor; a model or pickle made on another one may not load on "
            f"{first.python_minor}, so compare with the alternatives"
        )


def _python(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[str]:
    first = ranked[0]
    minor, stated = first.python_minor, request.stated_python
    source = f" by {request.stated_source}" if request.stated_source else ""
    if stated == minor:
        yield f"Python {minor} is stated{source}; another minor would change the ABI and the wheels"
    elif request.python is not None:
        yield f"Python {minor} is what `--python` asks for"
    elif stated is not None:
        yield f"Python {stated} is stated{source} but has no candidate to put first: {_why_not(ranked, stated)}"
    else:
        yield _newest(first, request)
    yield from _newer(ranked, minor)


def _newest(first: Candidate, request: RankRequest) -> str:
    minor = first.python_minor
    release = request.python_releases.get(minor)
    released = f" (released {release.released})" if release is not None and release.released else ""
    age = plural(request.minimum_python_age_months, "month")
    if not old_enough(minor, request):
        return f"Python {minor}{released} is the first that fits, though not known to be {age} old"
    what = "that fits" if first.verdict is Verdict.BUILDS_FROM_SOURCE else "with a wheel for everything"
    return f"Python {minor}{released} is the newest admissible minor at least {age} old {what}"


def _why_not(ranked: Sequence[Candidate], minor: str) -> str:
    """Say what keeps a minor out: what excludes those of its candidates that are the most like the first."""
    own = [candidate for candidate in ranked if candidate.python_minor == minor]
    if not own:
        return "the catalogue has none"
    excluded = [candidate for candidate in own if candidate.excluded]
    if not excluded:
        return "its candidates are unmeasured"
    nearest = min(_unlikeness(candidate, ranked[0]) for candidate in excluded)
    sentences = Counter(
        exclusion.sentence
        for candidate in excluded
        for exclusion in candidate.excluded
        if _unlikeness(candidate, ranked[0]) == nearest
    )
    return min(sentences, key=lambda sentence: (-sentences[sentence], sentence))


def _unlikeness(one: Candidate, other: Candidate) -> tuple[bool, bool, bool]:
    """Order by what differs: the C library before the release of the distribution before the variant."""
    return (
        one.libc.family != other.libc.family,
        one.distro.codename != other.distro.codename,
        one.variant != other.variant,
    )


def _newer(ranked: Sequence[Candidate], minor: str) -> Iterator[str]:
    chosen = _number(minor)
    newer = {c.python_minor for c in ranked if _number(c.python_minor) > chosen and c.excluded}
    newer -= {c.python_minor for c in ranked if not c.excluded}
    for each in sorted(newer, key=_number):
        yield f"Python {each} is left out: {_why_not(ranked, each)}"


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split(".") if part.isdigit())


def _support(first: Candidate) -> Iterator[str]:
    support = first.support
    phase = {
        SupportPhase.REGULAR: "in regular support",
        SupportPhase.LTS: "in long-term support",
        SupportPhase.EOL: "end-of-life",
    }.get(support.phase, "of unknown support")
    end = support.distro_lts_eol if support.phase is SupportPhase.LTS else support.distro_eol
    until = f" until {end}" if end and support.phase is not SupportPhase.EOL else ""
    python = f"Python {first.python_minor} is supported until {support.python_eol or 'an unknown date'}"
    yield f"{distro_name(first)} is {phase}{until}, {python}"


def _package(package: AddedPackage) -> str:
    if package.installed_bytes == 0 and not package.closure:
        return f"it needs `{package.name}`, which another package brings{_why(package)}"
    count = 1 + len(package.closure)
    cost = f"{plural(count, 'package')}, {format_bytes(package.download_bytes)} to download, "
    cost += f"{format_bytes(package.installed_bytes)} on disk"
    return f"it needs `{package.name}` ({cost}){_why(package)}"


def _why(package: AddedPackage) -> str:
    return f": {'; '.join(package.why)}" if package.why else ""


def _findings(first: Candidate) -> Iterator[str]:
    counts = first.vulnerabilities
    remaining = remaining_findings(counts)
    if remaining is None:
        yield f"its vulnerabilities are unmeasured: no trusted advisory source covers {distro_name(first)}"
        return
    minor = f", {counts.by_state.minor} of them minor by its tracker" if counts.by_state.minor else ""
    beside = f"; {counts.undetermined} more are undetermined" if counts.undetermined else ""
    stay = "finding stays" if remaining == 1 else "findings stay"
    yield f"{remaining} {stay} after a rebuild{minor}{beside}"
    yield from _severe(counts)


def _severe(counts: Vulnerabilities) -> Iterator[str]:
    named = {name: getattr(counts.by_severity_after_rebuild, name) or 0 for name in _NAMED_SEVERITIES}
    if any(named.values()):
        listed = ", ".join(f"{count} {name}" for name, count in named.items())
        yield f"of those that stay and are not minor: {listed}, the rest of unknown severity"
    if counts.exploited:
        stay = counts.exploited_after_rebuild
        after = "" if stay is None else f", {stay} of them after a rebuild too"
        yield f"{plural(counts.exploited, 'finding')} of the digest as pulled: known to be exploited{after}"
