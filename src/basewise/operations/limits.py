"""The limits of reading an image, as a user states them: one flat set of names, from flags and the environment.

A file never states one: the working directory may be somebody else's, and a limit protects from it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from basewise._internal.units import parse_size
from basewise.errors import InvalidValueError, UsageError
from basewise.image.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from basewise.oci.registry_options import RegistryLimits

__all__ = ["ENVIRONMENT_NAME", "image_limits", "limit_names", "parse_limits", "registry_limits"]

ENVIRONMENT_NAME = "BASEWISE_LIMITS"
_RETRY = {"retry_attempts": "attempts", "retry_wait_seconds": "total_wait_seconds"}
_COUNT = re.compile(r"[0-9]{1,12}\Z")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?\Z")


def limit_names() -> tuple[str, ...]:
    """Return the names of all limits, sorted."""
    from basewise.oci.registry_options import RegistryLimits  # noqa: PLC0415 - 9 ms, only where limits are stated

    names = {*Limits.__struct_fields__, *RegistryLimits.__struct_fields__, *_RETRY} - {"retry"}
    return tuple(sorted(names))


def parse_limits(texts: Iterable[str], environment: Mapping[str, str] | None = None) -> dict[str, float]:
    """Read `NAME=VALUE` of flags, and of `BASEWISE_LIMITS` what no flag states.

    Args:
        texts: Values of `--limit`: bytes with a unit (`20GiB`) or without, seconds or a number.
        environment: Variables; the process's own when None.

    Returns:
        Values by name.

    Raises:
        UsageError: A name is unknown, or a value is none.
    """
    variables = os.environ if environment is None else environment
    stated = [(text, f"`{ENVIRONMENT_NAME}`") for text in variables.get(ENVIRONMENT_NAME, "").split()]
    stated += [(text, "`--limit`") for text in texts]
    return dict(_parsed(text, where) for text, where in stated)


def _parsed(text: str, where: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f"{where} has no value: `{text[:60]}`", hint="write for example `--limit layers=1000`"
        )
    names = limit_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise UsageError(
            f"{where} names no limit: `{name[:60]}`",
            hint=f"did you mean `{near[0]}`?" if near else f"limits: {', '.join(names)}",
        )
    return name, _value(name, value, where)


def _value(name: str, text: str, where: str) -> float:
    if name.endswith("_bytes"):
        try:
            return parse_size(text)
        except InvalidValueError as error:
            raise UsageError(f"{where}: `{name}` is {error.message}", hint=error.hint) from error
    seconds = name.endswith("_seconds")
    found = (_SECONDS if seconds else _COUNT).match(text)
    value = 0.0 if found is None else float(text) if seconds else int(text)
    if value <= 0:
        what = "seconds" if seconds else "a whole number"
        raise UsageError(
            f"{where}: `{name}` is not {what}, at least {0.001 if seconds else 1}: `{text[:40]}`",
            hint="no limit can be switched off; state a large one",
        )
    return value


def image_limits(stated: Mapping[str, float]) -> Limits:
    """Return the limits of reading an image, the stated ones among them."""
    own = {name: value for name, value in stated.items() if name in Limits.__struct_fields__}
    return msgspec.structs.replace(DEFAULT_LIMITS, **own) if own else DEFAULT_LIMITS


def registry_limits(stated: Mapping[str, float]) -> RegistryLimits:
    """Return the limits of talking to a registry, the stated ones among them."""
    from basewise.oci.registry_options import RegistryLimits  # noqa: PLC0415 - 9 ms, only for a registry

    defaults = RegistryLimits()
    retry = {field: stated[name] for name, field in _RETRY.items() if name in stated}
    own = {name: value for name, value in stated.items() if name in RegistryLimits.__struct_fields__}
    return msgspec.structs.replace(defaults, **own, retry=msgspec.structs.replace(defaults.retry, **retry))
