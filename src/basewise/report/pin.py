"""The forms of `pin`."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from basewise._internal.text import plural
from basewise.model.pin import PinChange, Pinned, PinRow
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.words import shortened
from basewise.report.writers import unknown_format

__all__ = ["PIN_FORMATS", "render_pin"]

PIN_FORMATS = ("table", "json")
MAX_FINDINGS = 8
_ORDER = (PinChange.PINNED, PinChange.REFRESHED, PinChange.UNCHANGED, PinChange.NOT_PINNED)


def render_pin(result: Pinned, form: str, *, width: int) -> str:
    """Write what was pinned in one of `PIN_FORMATS`.

    Raises:
        UsageError: There is no such form.
    """
    if form == "json":
        return encode_json(result).decode("ascii")
    if form == "table":
        return "".join(f"{line}\n" for line in _lines(result, width))
    raise unknown_format(form, PIN_FORMATS)


def _lines(result: Pinned, width: int) -> Iterator[str]:
    for row in result.images:
        yield plain_line(f"{row.path}:{row.line} {row.change} {row.image}")
        for sentence in _sentences(row):
            yield from wrap(
                plain_line(sentence),
                width,
                initial_indent="    ",
                subsequent_indent="    ",
                break_on_hyphens=False,
                break_long_words=False,
            )
    counts = {change: sum(row.change is change for row in result.images) for change in _ORDER}
    said = ", ".join(f"{count} {change}" for change, count in counts.items() if count)
    yield f"{plural(len(result.images), 'image')}: {said or 'nothing to pin'}"


def _sentences(row: PinRow) -> Iterator[str]:
    if row.digest is not None:
        built = f", built {row.created}" if row.created is not None else ""
        yield f"{row.digest}{built}"
    if row.removes:
        yield f"removes {plural(len(row.removes), 'finding')}: {shortened(row.removes, MAX_FINDINGS)}"
    yield row.why
