"""Whether `basewise.lock` says what the file says."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import safe_text
from basewise.model.check import CheckSeverity
from basewise.rules.described import described
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["LOCK_OUT_OF_DATE"]


def _out_of_date(context: Context) -> Iterator[Found]:
    if context.locks is None:
        return
    hint = f"`basewise pin {safe_text(context.path)}` writes it anew"
    pins = {pin.image: pin for pin in context.locks.pins}
    named = {image.name for image in context.images if image.reference is not None}
    for image in context.images:
        pin = pins.get(image.name)
        if image.reference is None or pin is None:
            continue
        digest = str(image.reference.digest) if image.reference.digest is not None else None
        if digest != pin.digest:
            says = f"`{digest}`" if digest else "no digest"
            yield Found(
                start=image.use.start,
                end=image.use.end,
                image=image.name,
                message=f"{context.locks.path} says `{pin.digest}` for `{image.name}`, and the file {says}",
                hint=hint,
                evidence=f"{context.locks.path}, {pin.evidence_date}",
            )
    for pin in context.locks.pins:
        if pin.image not in named:
            yield Found(
                start=0,
                end=0,
                image=pin.image,
                message=f"{context.locks.path} has a pin of `{pin.image}`, which the file does not name any more",
                hint=hint,
                evidence=f"{context.locks.path}, {pin.evidence_date}",
            )


LOCK_OUT_OF_DATE = RuleCheck(
    described("BW060", "lock-out-of-date", CheckSeverity.WARNING, "`basewise.lock` says what the file says."),
    _out_of_date,
)
