"""Whether what an image stands on is supported: its distribution, its Python, and no pre-release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from basewise._internal.text import plural
from basewise.candidates.lifecycle import Cycle, load_lifecycles
from basewise.dockerfile.images import UseKind
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.rules.described import described
from basewise.rules.evidence import ImageEvidence
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["DISTRO_SUPPORT", "PRERELEASE", "PYTHON_SUPPORT"]

_NEWER_DISTRO = "`basewise choose` shows images in regular support"
_NEWER_PYTHON = "a newer Python changes the ABI: `basewise choose` shows what fits"
_BASES = frozenset({UseKind.FROM, UseKind.COMPOSE})


def _distro(context: Context) -> Iterator[Found | NotCovered]:
    known = load_lifecycles()
    for image in _bases(context):
        distro = image.distro
        if distro is None:
            yield NotCovered(
                f"support of `{image.name}`", "nothing here knows on which distribution it stands"
            )
            continue
        cycle = known.find(distro.id, distro.version)
        if cycle is None and _is_older_than_all(
            distro.version, known.products.get(distro.id, ()), context.today
        ):
            yield _found(
                image, CheckSeverity.ERROR, f"{distro} is long past its end of support", hint=_NEWER_DISTRO
            )
            continue
        if cycle is None or cycle.eol is None:
            yield NotCovered(f"support of {distro}", "its end of support is not known here")
            continue
        judged = _judge(str(distro), cycle, context.today, context.policy.support_warning_days)
        if judged is not None:
            yield _found(image, *judged, hint=_NEWER_DISTRO)


def _python(context: Context) -> Iterator[Found]:
    known = load_lifecycles()
    for image in _bases(context):
        cycle = known.find("python", image.python) if image.python else None
        if (
            image.python
            and cycle is None
            and _is_older_than_all(image.python, known.products["python"], context.today)
        ):
            yield _found(
                image,
                CheckSeverity.ERROR,
                f"Python {image.python} is long past its end of support",
                hint=_NEWER_PYTHON,
            )
        if cycle is None or cycle.eol is None:
            continue
        judged = _judge(f"Python {image.python}", cycle, context.today, context.policy.support_warning_days)
        if judged is not None:
            yield _found(
                image, *judged, hint="a newer Python changes the ABI: `basewise choose` shows what fits"
            )


def _prerelease(context: Context) -> Iterator[Found]:
    for image in _bases(context):
        if image.prerelease:
            yield _found(
                image,
                CheckSeverity.ERROR,
                f"`{image.name}` holds a pre-release of Python",
                hint="take a released Python",
            )


def _is_older_than_all(version: str, cycles: Sequence[Cycle], today: date) -> bool:
    """Tell whether a release is before every known one, of which the oldest has ended: releases end in their order."""
    try:
        oldest = min(cycles, key=lambda cycle: _numbers(cycle.cycle), default=None)
        if oldest is None or oldest.eol is None or _numbers(version) >= _numbers(oldest.cycle):
            return False
    except ValueError:
        return False
    return today > max(oldest.eol, oldest.lts_eol or oldest.eol)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _judge(what: str, cycle: Cycle, today: date, warning_days: int) -> tuple[CheckSeverity, str] | None:
    """Return how grave the support of a release is on a day, and what is to be said; None when it is well."""
    end = cycle.eol
    if end is None:
        return None
    has_lts = cycle.lts_eol is not None and cycle.lts_eol > end
    last = max(end, cycle.lts_eol or end)
    left, regular_left = (last - today).days, (end - today).days
    said = None
    if left < 0:
        return CheckSeverity.ERROR, f"{what} is past its end of support of {last}"
    if left <= warning_days:
        said = f"the support of {what} ends in {plural(left, 'day')}, on {last}"
    elif has_lts and regular_left < 0:
        said = f"the regular support of {what} ended on {end}; long-term support ends on {last}"
    elif has_lts and regular_left <= warning_days:
        said = f"the regular support of {what} ends in {plural(regular_left, 'day')}, on {end}"
    return (CheckSeverity.WARNING, said) if said is not None else None


def _bases(context: Context) -> Iterator[ImageEvidence]:
    """Yield the images that something is built or run on; what files are copied from may have no distribution."""
    return (image for image in context.images if image.reference is not None and image.use.kind in _BASES)


def _found(image: ImageEvidence, severity: CheckSeverity, message: str, *, hint: str) -> Found:
    return Found(
        start=image.use.start,
        end=image.use.end,
        severity=severity,
        image=image.name,
        message=f"{message} (`{image.name}`)" if image.name not in message else message,
        hint=hint,
        evidence=image.source,
    )


DISTRO_SUPPORT = RuleCheck(
    described(
        "BW007",
        "distro-support",
        CheckSeverity.ERROR,
        "The distribution is in regular support, and stays so for a while.",
    ),
    _distro,
)
PYTHON_SUPPORT = RuleCheck(
    described(
        "BW008", "python-support", CheckSeverity.ERROR, "The Python is supported, and stays so for a while."
    ),
    _python,
)
PRERELEASE = RuleCheck(
    described("BW009", "pre-release", CheckSeverity.ERROR, "The Python is a released one."), _prerelease
)
