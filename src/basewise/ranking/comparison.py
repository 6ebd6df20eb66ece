"""What decides between two candidates, as a part's name and as a sentence."""

from __future__ import annotations

from collections.abc import Callable

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Candidate
from basewise.model.evidence import SupportPhase
from basewise.model.verdict import ReasonKind
from basewise.ranking.cost import is_measured, needs_builder, remaining_findings
from basewise.ranking.order import key_of
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import join_names

__all__ = ["deciding_part", "distro_name", "why_behind"]

_COST_PARTS = ("risk", "disk", "download", "changes", "support")
_SMALL_POINTS = 0.05


def deciding_part(winner: Candidate, loser: Candidate, request: RankRequest) -> str:
    """Return the first part of the order key in which two admissible candidates differ.

    One of the fields of `OrderKey`; `name` where everything else is equal.
    """
    first, second = key_of(winner, request), key_of(loser, request)
    for part in first.__struct_fields__:
        if getattr(first, part) != getattr(second, part):
            return part
    return "name"


def why_behind(winner: Candidate, loser: Candidate, request: RankRequest) -> str:
    """Return why `loser` ranks behind `winner`, as the end of a sentence about the loser."""
    return _SENTENCES[deciding_part(winner, loser, request)](winner, loser, request)


def distro_name(candidate: Candidate) -> str:
    """Return `debian 13 (trixie)`, `alpine 3.24`."""
    distro = candidate.distro
    return f"{distro.id} {distro.version}" + (f" ({distro.codename})" if distro.codename else "")


def _evidence(_: Candidate, loser: Candidate, __: RankRequest) -> str:
    if not is_measured(loser):
        return (
            f"it is unmeasured: no trusted advisory source covers {distro_name(loser)} "
            "(with one, findings and size would decide)"
        )
    return "its counts rest on a source without a checked signature chain"


def _stated(_: Candidate, loser: Candidate, request: RankRequest) -> str:
    return (
        f"it has Python {loser.python_minor} where {request.stated_python} is stated, "
        "which changes the ABI and the wheels"
    )


def _unjudged(_: Candidate, __: Candidate, ___: RankRequest) -> str:
    return "whether the application fits there is not known"


def _builds(_: Candidate, loser: Candidate, __: RankRequest) -> str:
    return f"{join_names(_built(loser)) or 'something'} must be built from source there"


def _young(_: Candidate, loser: Candidate, request: RankRequest) -> str:
    months = plural(request.minimum_python_age_months, "month")
    return f"Python {loser.python_minor} is younger than {months}"


def _python(winner: Candidate, loser: Candidate, _: RankRequest) -> str:
    return f"Python {loser.python_minor} is older than {winner.python_minor}"


def _sizes(_: Candidate, __: Candidate, ___: RankRequest) -> str:
    return "its size is not known"


def _support(_: Candidate, __: Candidate, ___: RankRequest) -> str:
    return "its support ends earlier, all else being equal"


def _plain(_: Candidate, __: Candidate, ___: RankRequest) -> str:
    return "it keeps more findings or takes more room, at equal points"


def _name(_: Candidate, __: Candidate, ___: RankRequest) -> str:
    return "nothing but the name decides, all else being equal"


def _built(candidate: Candidate) -> list[str]:
    return sorted({reason.package for reason in candidate.reasons if reason.kind is ReasonKind.BUILDS})


def _phase(_: Candidate, loser: Candidate, __: RankRequest) -> str:
    support = loser.support
    if support.phase is SupportPhase.LTS:
        ended = f", regular support ended {support.distro_eol}" if support.distro_eol else ""
        return f"{distro_name(loser)} is in long-term support only{ended} (`--allow-lts` ranks it beside)"
    if support.phase is SupportPhase.EOL:
        return f"{distro_name(loser)} is end-of-life"
    return f"the support of {distro_name(loser)} is not known"


def _cost(winner: Candidate, loser: Candidate, _: RankRequest) -> str:
    gains = _differences(winner, loser)
    costs = [sentence for points, sentence in gains if points > _SMALL_POINTS]
    savings = [sentence for points, sentence in gains if points < -_SMALL_POINTS]
    more = join_names(costs) or "it costs more points"
    return more + (f", which outweighs {join_names(savings)}" if savings else "")


def _differences(winner: Candidate, loser: Candidate) -> list[tuple[float, str]]:
    """Return what the loser has more (positive points) or less (negative), heaviest first."""
    if winner.score is None or loser.score is None:
        return []
    found = []
    for part in _COST_PARTS:
        mine, theirs = getattr(winner.score, part), getattr(loser.score, part)
        if mine is not None and theirs is not None and abs(theirs - mine) > _SMALL_POINTS:
            found.append((theirs - mine, _phrase(part, winner, loser, theirs - mine)))
    return sorted(found, key=lambda item: (-abs(item[0]), item[1]))


def _phrase(part: str, winner: Candidate, loser: Candidate, points: float) -> str:
    more = "more" if points > 0 else "less"
    if part == "disk":
        return f"{_bytes_apart(winner.size.disk_bytes, loser.size.disk_bytes)}{more} on disk"
    if part == "download":
        return f"{_bytes_apart(winner.size.download_bytes, loser.size.download_bytes)}{more} to download"
    if part == "changes":
        return _changes(winner, loser, points)
    if part == "support":
        return f"{'less' if points > 0 else 'more'} support left"
    return _risk(winner, loser, points)


def _bytes_apart(first: int | None, second: int | None) -> str:
    return f"{format_bytes(abs(first - second))} " if first is not None and second is not None else ""


def _changes(winner: Candidate, loser: Candidate, points: float) -> str:
    apart = len(loser.add_packages) - len(winner.add_packages)
    more = "more" if points > 0 else "fewer"
    if needs_builder(winner) != needs_builder(loser):
        return "a builder stage" if points > 0 else "no builder stage"
    return f"{abs(apart)} {more} OS package{'' if abs(apart) == 1 else 's'} to add"


def _risk(winner: Candidate, loser: Candidate, points: float) -> str:
    first, second = remaining_findings(winner.vulnerabilities), remaining_findings(loser.vulnerabilities)
    if first is None or second is None or (second - first) * points <= 0:
        guess = "" if loser.packages_basis.startswith("exact") else f" (its package list is {_basis(loser)})"
        return f"a {'higher' if points > 0 else 'lower'} risk by severity and evidence{guess}"
    return f"{plural(abs(second - first), 'finding')} {'more' if points > 0 else 'fewer'} after a rebuild"


def _basis(candidate: Candidate) -> str:
    return candidate.packages_basis.partition("(")[0]


_SENTENCES: dict[str, Callable[[Candidate, Candidate, RankRequest], str]] = {
    "evidence": _evidence,
    "stated": _stated,
    "unjudged": _unjudged,
    "builds": _builds,
    "phase": _phase,
    "young": _young,
    "python": _python,
    "sizes": _sizes,
    "cost": _cost,
    "support": _support,
    "plain": _plain,
    "name": _name,
}
