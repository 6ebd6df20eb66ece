"""Understanding what uv says when it fails."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from basewise._internal.text import safe_text

__all__ = ["Failure", "FailureKind", "read_failure", "read_yanked"]

_MAX_CHARACTERS = 3000
_HINTED_WHEEL = re.compile(r"Wheels are required for `([^`]+)` because")
_NO_WHEEL = re.compile(
    r"(?:^|[\s`])(?:all versions of )?([A-Za-z0-9][A-Za-z0-9._-]*?)(?:[<>=!~][^\s`]*)? ha(?:s|ve) no "
    r"(?:usable wheels|Linux-compatible wheels|wheels with a matching)"
)
_NO_SOURCE = re.compile(r"(?:^|[\s`])([A-Za-z0-9][A-Za-z0-9._-]*)(?:==\S+)? has no source distribution")
_NOT_FOUND = re.compile(
    r"\b([A-Za-z0-9][A-Za-z0-9._-]*) was not found in the (?:package registry|cache|provided)"
)
_YANKED = re.compile(r"^warning: (.*\byanked\b.*)$", re.MULTILINE)
_URL = re.compile(r"https?://[^\s`'\")]+")
_ENVIRONMENT = re.compile(r"`[^`]*sys_platform == 'linux'[^`]*`(?=-compatible)")
_SPLIT = re.compile(r" for split \(markers: .*\)$", re.MULTILINE)
_REFUSING_INDEX = re.compile(r"An index(?: URL)? \((?P<url>\S+)\) .*?\b(?P<status>40[13] [A-Z][a-z]+)\b")
_STATUS = re.compile(r"\b(401|403)\b|status client error|Unauthorized|Forbidden")
_DISTRIBUTION = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?(?:[<>=!~]=?=?[0-9])")
_UNREACHABLE = (
    "Failed to fetch", "error sending request", "Request failed after", "timed out", "timeout", "tcp connect error",
    "dns error", "Could not connect", "Connection refused", "server error", "invalid peer certificate",
)  # fmt: skip
_NO_NETWORK = ("network was disabled", "Network connectivity is disabled", "--offline")


class FailureKind(StrEnum):
    """What went wrong in a run of uv."""

    DENIED = "denied"
    UNREACHABLE = "unreachable"
    OFFLINE = "offline"
    MISSING = "missing"
    PYTHON = "python"
    UNSATISFIABLE = "unsatisfiable"
    OTHER = "other"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A failed run.

    Args:
        kind: What went wrong.
        sentence: uv's reasoning in one line, without addresses' credentials.
        packages: Names in it.
        without_wheels: Distributions of which uv found no usable wheel.
        without_source: Distributions that have no source archive.
    """

    kind: FailureKind
    sentence: str
    packages: tuple[str, ...] = ()
    without_wheels: tuple[str, ...] = ()
    without_source: tuple[str, ...] = ()

    @property
    def is_index(self) -> bool:
        """The index is the cause, not the requirements: every other run would fail the same way."""
        return self.kind in {FailureKind.DENIED, FailureKind.UNREACHABLE, FailureKind.OFFLINE}


def read_failure(messages: str) -> Failure:
    """Return what uv's messages say."""
    text = _clean(messages)
    missing = _NOT_FOUND.findall(text)
    kind = _kind(messages, text, missing=bool(missing))
    refusing = _REFUSING_INDEX.search(text) if kind is FailureKind.DENIED else None
    return Failure(
        kind=kind,
        sentence=f"{refusing['url']} answers {refusing['status']}" if refusing else _sentence(text),
        packages=tuple(
            sorted({name.lower() for name in [*missing, *_DISTRIBUTION.findall(text)]} - {"python"})
        ),
        without_wheels=tuple(dict.fromkeys([*_HINTED_WHEEL.findall(messages), *_NO_WHEEL.findall(text)])),
        without_source=tuple(dict.fromkeys(_NO_SOURCE.findall(text))),
    )


def read_yanked(messages: str) -> tuple[str, ...]:
    """Return uv's warnings about yanked pins."""
    return tuple(sorted({safe_text(_clean(line)) for line in _YANKED.findall(messages)}))


def _kind(messages: str, text: str, *, missing: bool) -> FailureKind:
    if _STATUS.search(messages):
        return FailureKind.DENIED
    if any(sign in messages for sign in _NO_NETWORK):
        return FailureKind.OFFLINE
    if any(sign in messages for sign in _UNREACHABLE):
        return FailureKind.UNREACHABLE
    if missing:
        return FailureKind.MISSING
    if "requested Python version" in text and "depends on Python" in text:
        return FailureKind.PYTHON
    return FailureKind.UNSATISFIABLE if "No solution found" in text else FailureKind.OTHER


def _clean(text: str) -> str:
    """Return text without our own markers and without credentials or query of addresses."""
    text = _SPLIT.sub("", text)
    text = _ENVIRONMENT.sub("Linux", text)
    return _URL.sub(lambda found: _safe_address(found[0]), text)


def _safe_address(url: str) -> str:
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"


def _sentence(text: str) -> str:
    """Return the reasoning: the error and its causes, without warnings and hints."""
    kept: list[str] = []
    wanted = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("error:", "cause:")):
            wanted = True
        elif stripped.startswith(("hint:", "warning:", "Resolved ")):
            wanted = False
        if wanted and stripped:
            kept.append(re.sub(r"^(?:error|cause):\s*", "", stripped))
    sentence = " ".join(kept) if kept else " ".join(text.split())
    sentence = re.sub(r"^No solution found when resolving dependencies:?\s*", "", sentence)
    sentence = re.sub(r", we can conclude that your requirements are unsatisfiable\.?$", "", sentence)
    return safe_text(sentence.strip().rstrip("."), limit=_MAX_CHARACTERS)
