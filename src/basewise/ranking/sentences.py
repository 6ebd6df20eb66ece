"""Pieces of the sentences that the ranking writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from basewise.model.choice import Candidate
from basewise.model.verdict import Reason, ReasonKind

__all__ = ["blocking_sentences", "join_names", "parse_date", "unknown_sentence"]

MAX_NAMES = 12
SMALLEST_FAMILY = 3
_FILE_KINDS = (ReasonKind.NO_WHEEL, ReasonKind.NO_RECIPE, ReasonKind.NO_FILE)


def join_names(names: Iterable[str], *, limit: int = MAX_NAMES) -> str:
    """Return `a, b and c`, each once, in the order given; the rest beyond `limit` is counted."""
    unique = list(dict.fromkeys(names))
    if len(unique) > limit:
        unique = [*unique[:limit], f"{len(unique) - limit} more"]
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)


def parse_date(text: str | None) -> date | None:
    """Return the date of `YYYY-MM-DD…`, None when there is none or it does not parse."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def blocking_sentences(candidate: Candidate, *, brief: bool = False) -> tuple[str, ...]:
    """Return why the application does not fit, one sentence a cause, each naming every package it concerns.

    `brief` counts families of packages instead (`15 nvidia-* packages`).
    """
    blocking = [reason for reason in candidate.reasons if reason.blocking]
    packages = {kind: _packages(blocking, kind) for kind in _FILE_KINDS}
    sentences = list(_missing_files(candidate, packages, brief=brief))
    other = (reason.sentence for reason in blocking if reason.kind not in _FILE_KINDS)
    return tuple(dict.fromkeys([*sentences, *other]))


def unknown_sentence(candidate: Candidate) -> str:
    """Return why it is not known whether the application fits."""
    unknown = _packages(candidate.reasons, ReasonKind.NO_FILE)
    if unknown:
        return f"whether the application fits is not known: the files of {join_names(unknown)} are not"
    return "whether the application fits is not known"


def _packages(blocking: Sequence[Reason], kind: ReasonKind) -> list[str]:
    return sorted({reason.package for reason in blocking if reason.kind is kind})


def _missing_files(
    candidate: Candidate, packages: dict[ReasonKind, list[str]], *, brief: bool
) -> Iterable[str]:
    libc = candidate.libc
    flavour = "musl wheel"
    if libc.family != "musl":
        flavour = f"wheel for Python {candidate.python_minor} on {libc.family} {libc.version}"
    unbuildable = sorted({*packages[ReasonKind.NO_WHEEL], *packages[ReasonKind.NO_RECIPE]})
    if unbuildable:
        yield _have_no(unbuildable, f"{flavour} and no build recipe", brief=brief)
    if packages[ReasonKind.NO_FILE]:
        yield _have_no(packages[ReasonKind.NO_FILE], "file that could be installed", brief=brief)


def _have_no(names: list[str], what: str, *, brief: bool) -> str:
    verb = "has" if len(names) == 1 else "have"
    shown = _families(names) if brief else names
    return f"{join_names(shown, limit=len(shown))} {verb} no {what}"


def _families(names: list[str]) -> list[str]:
    """Return names on their own first, then families of three or more by their first word."""
    sizes = Counter(name.partition("-")[0] for name in names)
    alone = [name for name in names if sizes[name.partition("-")[0]] < SMALLEST_FAMILY]
    families = (
        f"{size} {first}-* packages" for first, size in sorted(sizes.items()) if size >= SMALLEST_FAMILY
    )
    return [*alone, *families]
