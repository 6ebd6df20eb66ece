"""Why nothing is admissible: which constraint excludes how many, and what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Blocking, Candidate
from basewise.ranking.constraints import FLAGS
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import join_names

__all__ = ["blocking_causes"]

MAX_SENTENCES = 8
_FLAG_CONSTRAINTS = ("image", "platform", "python", "distro", "libc", "max-size")
_HINTS = {
    "requires-python": "widen `requires-python`, or wait for a base image with such a Python",
    "prerelease": "`--include-prerelease` admits it",
    "python-eol": "`--include-eol` admits it, without security fixes",
    "distro-eol": "`--include-eol` admits it, without security fixes",
    "digest": "choose an image whose digest is known",
    "tag": "choose a tag that names Python minor, variant and distribution release",
    "fit": "change the requirement, or give build recipes and libraries that it needs",
}


def blocking_causes(ranked: Sequence[Candidate], request: RankRequest) -> tuple[Blocking, ...]:
    """Return the causes, most effective first; empty when something is admissible.

    Where single causes exclude everything, only those are returned.

    Args:
        ranked: What `rank` returned.
        request: What it was asked.
    """
    if not ranked:
        return (Blocking("there is no candidate at all", 0, "add one, or use the embedded catalogue"),)
    if any(candidate.rank is not None for candidate in ranked):
        return ()
    causes = [
        *_impossible_flags(ranked, request),
        *_python_range(ranked, request),
        *_fit(ranked),
        *_rules(ranked),
    ]
    alone = [cause for cause in causes if cause.candidates == len(ranked)]
    return tuple(alone or causes)


def _constraints_of(candidate: Candidate) -> frozenset[str]:
    return frozenset(exclusion.constraint for exclusion in candidate.excluded)


def _impossible_flags(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[Blocking]:
    """Yield the smallest set of flags that excludes everything, or each flag with what it excludes."""
    broken = [_constraints_of(candidate) for candidate in ranked]
    used = [name for name in _FLAG_CONSTRAINTS if any(name in each for each in broken)]
    for size in range(1, len(used) + 1):
        for names in combinations(used, size):
            if all(each & set(names) for each in broken):
                flags = join_names(_flag(name, request) for name in names)
                together = " together" if size > 1 else ""
                cause = f"{flags}{together} exclude{'' if size > 1 else 's'} every candidate"
                yield Blocking(cause, len(ranked), _flag_hint(names, ranked))
                return
    for name in used:
        count = sum(name in each for each in broken)
        rescued = sum(each == {name} for each in broken)
        gain = (
            f"without it {plural(rescued, 'candidate')} would remain"
            if rescued
            else "others exclude the same"
        )
        yield Blocking(f"{_flag(name, request)} excludes {plural(count, 'candidate')}", count, gain)


def _flag(name: str, request: RankRequest) -> str:
    value = {
        "image": " ".join(request.images),
        "platform": request.platform or "",
        "python": request.python or "",
        "distro": request.distro or "",
        "libc": request.libc or "",
        "max-size": format_bytes(request.max_size_bytes),
    }[name]
    return f"`{FLAGS[name]} {value}`"


def _flag_hint(names: Sequence[str], ranked: Sequence[Candidate]) -> str:
    hints = [_known_values(name, ranked) for name in names]
    drop = "drop it" if len(names) == 1 else "drop one of them"
    return "; ".join([*(hint for hint in hints if hint), drop])


def _known_values(name: str, ranked: Sequence[Candidate]) -> str:
    if name == "max-size":
        known = [c.size.disk_bytes for c in ranked if c.size.disk_bytes is not None]
        return f"the smallest takes {format_bytes(min(known))}" if known else "no size is known"
    values = {
        "platform": {c.platform for c in ranked},
        "python": {c.python_minor for c in ranked},
        "distro": {c.distro.codename or f"{c.distro.id} {c.distro.version}" for c in ranked},
        "libc": {c.libc.family for c in ranked},
    }.get(name, set())
    return (
        f"known: {join_names(sorted(values))}" if values else "`basewise candidates list` shows what is known"
    )


def _by_number(value: str) -> tuple[list[int], str]:
    return [int(part) for part in value.split(".") if part.isdigit()], value


def _python_range(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[Blocking]:
    count = sum("requires-python" in _constraints_of(candidate) for candidate in ranked)
    if count:
        minors = sorted({c.python_minor for c in ranked}, key=_by_number)
        every = "every Python of the catalogue" if count == len(ranked) else plural(count, "candidate")
        hint = f"{_HINTS['requires-python']}; the catalogue has {join_names(minors)}"
        yield Blocking(f"requires-python `{request.requires_python}` excludes {every}", count, hint)


def _rules(ranked: Sequence[Candidate]) -> Iterator[Blocking]:
    for name in ("prerelease", "python-eol", "distro-eol", "digest", "tag"):
        yield from _by_sentence(ranked, name)


def _fit(ranked: Sequence[Candidate]) -> Iterator[Blocking]:
    yield from _by_sentence(ranked, "fit")


def _by_sentence(ranked: Sequence[Candidate], constraint: str) -> Iterator[Blocking]:
    counts = Counter(
        exclusion.sentence
        for candidate in ranked
        for exclusion in candidate.excluded
        if exclusion.constraint == constraint
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for sentence, count in ordered[:MAX_SENTENCES]:
        yield Blocking(sentence, count, _HINTS[constraint])
    rest = ordered[MAX_SENTENCES:]
    if rest:
        total = sum(count for _, count in rest)
        yield Blocking(
            f"{plural(len(rest), 'more reason')} of this kind", total, "`--format json` lists them"
        )
