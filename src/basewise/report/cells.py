"""What stands in the cells and lists of a report, as plain text: the same for terminal and Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from basewise._internal.text import format_bytes
from basewise.model.choice import Candidate
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import Swap, Verdict
from basewise.report.support_words import support_until
from basewise.report.words import UNKNOWN, number_text, shortened

__all__ = [
    "ExcludedGroup",
    "Row",
    "excluded_groups",
    "row_of",
    "swap_sentence",
]

MAX_ADDED_CHARACTERS = 11
MAX_IMAGES = 3
_ESTIMATED = "estimated"
_MONTH = len("2026-11")
_VERDICTS = {
    Verdict.FITS: "fits",
    Verdict.FITS_WITH_PACKAGES: "packages",
    Verdict.BUILDS_FROM_SOURCE: "builds",
    Verdict.DOES_NOT_FIT: "no",
    Verdict.UNKNOWN: UNKNOWN,
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The cells of one admissible candidate."""

    rank: str
    image: str
    verdict: str
    adds: str
    download: str
    disk: str
    fixable: str
    open: str
    minor: str
    undetermined: str
    support: str
    measured: bool


class ExcludedGroup(msgspec.Struct, frozen=True):
    """Candidates that share their first reason, with the reason's sentence."""

    images: tuple[str, ...]
    sentence: str

    @property
    def names(self) -> str:
        """Three names at most, the rest counted."""
        return shortened(self.images, MAX_IMAGES)


def row_of(candidate: Candidate, *, counts_are_covered: bool) -> Row:
    """Return the cells of a candidate.

    Args:
        candidate: An admissible one.
        counts_are_covered: The report names the sources of its counts; where it does not, none is shown.
    """
    counts = candidate.vulnerabilities
    states = counts.by_state
    stay = counts.after_rebuild if counts.after_rebuild is not None else counts.total
    measured = counts_are_covered and stay is not None
    return Row(
        rank=f"{candidate.rank}{'*' if candidate.pareto else ''}",
        image=candidate.image,
        verdict=_VERDICTS[candidate.verdict],
        adds=_adds(candidate),
        download=_size(candidate.size.download_bytes, candidate.size.base_compressed_bytes),
        disk=_marked(_size(candidate.size.disk_bytes, candidate.size.base_disk_bytes), candidate.size.basis),
        fixable=number_text(counts.fixable if measured else None),
        open=number_text(_open(stay, states.open, states.wont_fix, states.minor) if measured else None)
        + (_exploited(counts) if counts_are_covered else ""),
        minor=number_text(states.minor if measured else None),
        undetermined=number_text(counts.undetermined if measured else None),
        support=_support(candidate),
        measured=measured,
    )


def excluded_groups(candidates: Sequence[Candidate]) -> tuple[ExcludedGroup, ...]:
    """Return the excluded candidates by their first reason, the most numerous first."""
    groups: dict[str, list[str]] = {}
    for candidate in candidates:
        if candidate.excluded:
            groups.setdefault(candidate.excluded[0].sentence, []).append(candidate.image)
    made = (ExcludedGroup(tuple(images), sentence) for sentence, images in groups.items())
    return tuple(sorted(made, key=lambda group: (-len(group.images), group.sentence)))


def swap_sentence(swap: Swap) -> str:
    """Return what to write instead of what, and what it saves."""
    sizes = ((swap.saves_download_bytes, "to download"), (swap.saves_disk_bytes, "on disk"))
    saved = [f"{format_bytes(size)} {where}" for size, where in sizes if size is not None and size >= 0]
    cost = [f"{format_bytes(-size)} more {where}" for size, where in sizes if size is not None and size < 0]
    parts = [f"saves {' and '.join(saved)}"] if saved else []
    parts += [f"costs {' and '.join(cost)}"] if cost else []
    effect = ", ".join(parts) or "how much it saves is not known"
    return f"{swap.replace} -> {swap.with_}: {effect}" + (f"; {swap.why}" if swap.why else "")


def _adds(candidate: Candidate) -> str:
    names = [package.name for package in candidate.add_packages]
    if not names:
        return UNKNOWN if candidate.verdict is Verdict.UNKNOWN else "nothing"
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    room = MAX_ADDED_CHARACTERS - len(more)
    first = names[0] if len(names[0]) <= room else f"{names[0][: room - 2]}.."
    return first + more


def _size(finished: int | None, base: int | None) -> str:
    if finished is not None:
        return format_bytes(finished)
    return UNKNOWN if base is None else f">{format_bytes(base)}"


def _marked(size: str, basis: str) -> str:
    return f"~{size}" if basis == _ESTIMATED and size != UNKNOWN else size


def _open(stay: int | None, opened: int | None, wont_fix: int | None, minor: int | None) -> int | None:
    if opened is not None:
        return opened + (wont_fix or 0)
    return None if stay is None or minor is None else stay - minor


def _exploited(counts: Vulnerabilities) -> str:
    stay = counts.exploited_after_rebuild
    return "!" if (counts.exploited if stay is None else stay) else ""


def _support(candidate: Candidate) -> str:
    """Return the first end of support to the month."""
    phase, _, end = support_until(candidate.support).rpartition(" ")
    return f"{phase} {end[:_MONTH]}".strip()
