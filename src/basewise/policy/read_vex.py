"""Reading VEX documents that a flag names: OpenVEX and CycloneDX, told apart by what they say they are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise.errors import PolicyError
from basewise.policy.cyclonedx_vex import read_cyclonedx
from basewise.policy.openvex import read_openvex
from basewise.policy.stated_file import read_stated_file
from basewise.policy.vex import VexStatement

__all__ = ["read_vex_file"]

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_STATEMENTS = 200_000
_HINT = "name an OpenVEX document or a CycloneDX BOM in JSON"


class _Head(msgspec.Struct):
    context: str | None = msgspec.field(default=None, name="@context")
    form: str | None = msgspec.field(default=None, name="bomFormat")


def read_vex_file(path: Path) -> tuple[VexStatement, ...]:
    """Return the statements of a file, in their order.

    Raises:
        PolicyError: The file cannot be read, is neither form, or is too large; statements that name no product
            that can be compared are not among those returned.
    """
    content = read_stated_file(path, "the VEX document", max_bytes=MAX_FILE_BYTES)
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.form == "CycloneDX":
            statements = read_cyclonedx(content, str(path))
        elif head.context is not None and "openvex" in head.context:
            statements = read_openvex(content, str(path))
        else:
            raise PolicyError(
                f"cannot read the VEX document `{path}`: it is neither OpenVEX nor CycloneDX", hint=_HINT
            )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(f"cannot read the VEX document `{path}`: {error}", hint=_HINT) from error
    if len(statements) > MAX_STATEMENTS:
        raise PolicyError(
            f"cannot read the VEX document `{path}`: it has more than {MAX_STATEMENTS} statements",
            hint="split it into several files",
        )
    return statements
