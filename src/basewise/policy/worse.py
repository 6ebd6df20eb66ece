"""The gate `worse`: whether an image is worse than a baseline, and in what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.compare import ComparedFinding, ComparedImage, CompareGate, Worse
from basewise.model.evidence import SupportPhase
from basewise.model.finding import Severity, State, Vulnerabilities

__all__ = ["SIZE_TOLERANCE", "judge_worse"]

SIZE_TOLERANCE = 0.10
_PHASES = (SupportPhase.REGULAR, SupportPhase.LTS, SupportPhase.EOL)
_SEVERITIES = ("critical", "high")
_ROOT = frozenset({"", "root", "0"})


def judge_worse(baseline: ComparedImage, images: Sequence[ComparedImage], *, complete: bool) -> CompareGate:
    """Judge images by a baseline.

    Worse is: more exploited, critical or high findings, or more findings in total; support in a later phase; a size
    that grew by more than a tenth; root instead of another default user; more setuid programs.

    Args:
        baseline: What they are measured against.
        images: The images.
        complete: Nothing was left unseen.

    Returns:
        The gate. `passed` is None when nothing is worse but something was not seen or could not be compared.
    """
    worse = tuple(found for image in images for found in _worse(baseline, image))
    unknown = tuple(sentence for image in images for sentence in _unknown(baseline, image))
    passed = False if worse else True if complete and not unknown else None
    return CompareGate(baseline=baseline.image, worse=worse, unknown=unknown, passed=passed)


def _worse(old: ComparedImage, new: ComparedImage) -> Iterator[Worse]:
    for what, before, after in _numbers(old, new):
        if before is not None and after is not None and after > before:
            kind = "" if what == "total" else f"{what} "
            words = plural(after, f"{kind}vulnerability", f"{kind}vulnerabilities")
            yield Worse(
                image=new.image,
                what=what,
                before=str(before),
                after=str(after),
                sentence=f"{words} instead of {before}",
                ids=_gained(old.findings, new.findings, what),
            )
    yield from _support(old, new)
    for what, words, small, large in _sizes(old, new):
        if small is not None and large is not None and large > small * (1 + SIZE_TOLERANCE):
            shown = format_bytes(small), format_bytes(large)
            sentence = f"{shown[1]} {words} instead of {shown[0]}"
            yield Worse(image=new.image, what=what, before=shown[0], after=shown[1], sentence=sentence)
    yield from _surface(old, new)


def _numbers(old: ComparedImage, new: ComparedImage) -> Iterator[tuple[str, int | None, int | None]]:
    one, other = _counts(old, new)
    yield "exploited", one.exploited, other.exploited
    for name in _SEVERITIES:
        yield name, getattr(one.by_severity, name), getattr(other.by_severity, name)
    yield "total", one.total, other.total


def _counts(old: ComparedImage, new: ComparedImage) -> tuple[Vulnerabilities, Vulnerabilities]:
    """Return the counts of the finished application where both were measured, else those of the images."""
    one, other = old.finished_vulnerabilities, new.finished_vulnerabilities
    if one is None or other is None or one.total is None or other.total is None:
        return old.vulnerabilities, new.vulnerabilities
    return one, other


def _gained(
    old: Sequence[ComparedFinding] | None, new: Sequence[ComparedFinding] | None, what: str
) -> tuple[str, ...]:
    """Return the ids that are new among those that a number counts."""
    if old is None or new is None:
        return ()
    known = {(each.id, each.package) for each in old if _counts_as(each, what)}
    counted = {each.id for each in new if _counts_as(each, what) and (each.id, each.package) not in known}
    return tuple(sorted(counted))


def _counts_as(found: ComparedFinding, what: str) -> bool:
    if found.state is State.UNDETERMINED:
        return False
    if what == "exploited":
        return found.exploited is True
    return what in {"total", str(found.severity)}


def _support(old: ComparedImage, new: ComparedImage) -> Iterator[Worse]:
    if old.support is None or new.support is None:
        return
    before, after = old.support.phase, new.support.phase
    if before in _PHASES and after in _PHASES and _PHASES.index(after) > _PHASES.index(before):
        sentence = f"the distribution is in phase {after} of its support instead of {before}"
        yield Worse(image=new.image, what="support", before=before, after=after, sentence=sentence)


def _sizes(old: ComparedImage, new: ComparedImage) -> Iterator[tuple[str, str, int | None, int | None]]:
    one, other = old.size, new.size
    finished = one.disk_bytes is not None and other.disk_bytes is not None
    if finished:
        yield "disk", "on disk", one.disk_bytes, other.disk_bytes
        yield "download", "to download", one.download_bytes, other.download_bytes
    else:
        yield "disk", "on disk", one.base_disk_bytes, other.base_disk_bytes
        yield "download", "to download", one.base_compressed_bytes, other.base_compressed_bytes


def _surface(old: ComparedImage, new: ComparedImage) -> Iterator[Worse]:
    one, other = old.surface, new.surface
    if one.default_user is not None and other.default_user is not None:
        before, after = one.default_user.partition(":")[0], other.default_user.partition(":")[0]
        if before not in _ROOT and after in _ROOT:
            sentence = f"the default user is root instead of {before}"
            yield Worse(image=new.image, what="root", before=before, after="root", sentence=sentence)
    if one.setuid is not None and other.setuid is not None and other.setuid > one.setuid:
        sentence = f"{other.setuid} setuid programs instead of {one.setuid}"
        before, after = str(one.setuid), str(other.setuid)
        yield Worse(image=new.image, what="setuid", before=before, after=after, sentence=sentence)


def _is_undetermined(old: ComparedImage, new: ComparedImage) -> bool:
    """Tell whether there is a new finding of which nobody can say whether it applies."""
    if old.findings is not None and new.findings is not None:
        known = {(each.id, each.package) for each in old.findings}
        return any(
            each.state is State.UNDETERMINED and (each.id, each.package) not in known for each in new.findings
        )
    before, after = _counts(old, new)
    return (after.undetermined or 0) > (before.undetermined or 0)


def _is_unrated(old: ComparedImage, new: ComparedImage) -> bool:
    """Tell whether a new finding of unknown severity could be one that the gate looks for."""
    if old.findings is not None and new.findings is not None:
        known = {(each.id, each.package) for each in old.findings}
        return any(
            each.severity is Severity.UNKNOWN
            and each.state is not State.UNDETERMINED
            and (each.id, each.package) not in known
            for each in new.findings
        )
    _, counts = _counts(old, new)
    return counts.total is not None and counts.by_severity.unknown != 0


def _unknown(old: ComparedImage, new: ComparedImage) -> Iterator[str]:
    """Yield what could not be compared; without it nothing is known to be no worse."""
    for each in (old, new):
        finished = each.finished_vulnerabilities
        if each.vulnerabilities.total is None:
            yield f"the vulnerabilities of {each.image} are not measured"
        elif finished is not None and finished.total is None:
            yield f"the vulnerabilities of {each.image} with what the application adds are not measured"
    if _is_undetermined(old, new):
        yield f"whether every vulnerability that {new.image} has and {old.image} has not applies is undetermined"
    if _is_unrated(old, new):
        yield f"not every vulnerability that {new.image} has and {old.image} has not is rated: it may be critical or high"
    for what, words, before, after in _sizes(old, new):
        del what
        if before is None or after is None:
            yield f"the size {words} of {old.image} and {new.image} is not known"
