"""Reading VEX documents that a flag names: OpenVEX and CycloneDX, told apart by what they say they are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise.errors import PolicyError
from basewise.policy.cyclonedx_vex import read_cyclonedx
from basewise.policy.openvex import read_openvex
from basewise.policy.stated_file import read_stated_file
from basewise.policy.vex import VexStatement

__all__ = ["read_vex", "read_vex_file"]

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_STATEMENTS = 200_000
_HINT = "name an OpenVEX document or a CycloneDX BOM in JSON"


class _Head(msgspec.Struct):
    context: str | None = msgspec.field(default=None, name="@context")
    form: str | None = msgspec.field(default=None, name="bomFormat")


def read_vex_file(path: Path) -> tuple[VexStatement, ...]:
    """Return the statements of a file, in their order. See `read_vex`.

    Raises:
        PolicyError: The file cannot be read, is neither form, or is too large.
    """
    content = read_stated_file(path, "the VEX document", max_bytes=MAX_FILE_BYTES)
    return read_vex(content, str(path))


def read_vex(content: bytes, source: str) -> tuple[VexStatement, ...]:
    """Return the statements of a document, in their order.

    A statement that names no product which can be compared is returned like any other, and is about nothing.

    Args:
        content: JSON, limited in size.
        source: What to call it.

    Raises:
        PolicyError: It is neither form, or has too many statements.
    """
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.form == "CycloneDX":
            statements = read_cyclonedx(content, source)
        elif head.context is not None and "openvex" in head.context:
            statements = read_openvex(content, source)
        else:
            raise PolicyError(
                f"cannot read the VEX document `{source}`: it is neither OpenVEX nor CycloneDX", hint=_HINT
            )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(f"cannot read the VEX document `{source}`: {error}", hint=_HINT) from error
    if len(statements) > MAX_STATEMENTS:
        raise PolicyError(
            f"cannot read the VEX document `{source}`: it has more than {MAX_STATEMENTS} statements",
            hint="split it into several files",
        )
    return statements
