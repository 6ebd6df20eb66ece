"""One requirement as text: PEP 508 into the model, and what cannot be a requirement with its reason."""

from __future__ import annotations

import re
import unicodedata

from basewise._internal.text import safe_text
from basewise.errors import ManifestError
from basewise.model.requirement import Location, NotRead, Requirement

__all__ = [
    "MAX_REQUIREMENT_CHARACTERS",
    "WOULD_EXECUTE",
    "is_name",
    "normalise_name",
    "parse_requirement",
    "redact_url",
]

MAX_REQUIREMENT_CHARACTERS = 8192
WOULD_EXECUTE = "not read, would execute code"
_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(\S+)")
_QUERY = re.compile(r"[?#]\S*")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]*\]|[^:\[\]]*)(?::\d*)?\Z")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


def normalise_name(name: str) -> str:
    """Return the PEP 503 form of a distribution's name."""
    return _SEPARATORS.sub("-", name).lower()


def redact_url(url: str) -> str:
    """Return a text whose URLs have no user, password, query and fragment, safe to print."""
    return safe_text(_QUERY.sub("", _URL.sub(lambda found: f"{found[1]}{_without_user(found[2])}", url)))


def _without_user(rest: str) -> str:
    """Cut the user from what follows `://`; a host that is none hides a password with a `/`, so all before `@` goes."""
    authority, slash, path = rest.partition("/")
    authority = authority.rpartition("@")[2]
    if _HOST.match(_QUERY.sub("", authority)):
        return f"{authority}{slash}{path}"
    return rest.rpartition("@")[2] if "@" in rest else "…"


def parse_requirement(
    text: str, location: Location, *, hashes: tuple[str, ...] = ()
) -> Requirement | NotRead:
    """Read a PEP 508 requirement.

    Args:
        text: The requirement alone: no options, no comment.
        location: Where it stands.
        hashes: What the file pins for it.

    Returns:
        The requirement, or why it was not read: a direct reference (`name @ URL`), an unexpanded variable.

    Raises:
        ManifestError: It is no requirement.
    """
    _refuse_oddities(text, location)
    if _VARIABLE.search(text):
        why = "environment variables are not expanded"
        return NotRead(what=redact_url(text), why=why, location=location, needed=True)
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - 50 ms that `--version` need not pay
    from packaging.requirements import Requirement as Parsed  # noqa: PLC0415 - the same

    try:
        parsed = Parsed(text)
        marker = str(parsed.marker) if parsed.marker else ""
    except InvalidRequirement as error:
        problem = str(error).partition("\n")[0]
        raise ManifestError(
            location.path, location.line or None, f"`{redact_url(text)[:120]}` is no requirement: {problem}"
        ) from error
    except RecursionError as error:
        raise ManifestError(
            location.path, location.line or None, "the requirement is nested too deeply"
        ) from error
    if parsed.url:
        return NotRead(
            what=f"{normalise_name(parsed.name)} @ {redact_url(parsed.url)}",
            why=f"direct reference: {WOULD_EXECUTE}",
            location=location,
            needed=True,
        )
    return Requirement(
        name=normalise_name(parsed.name),
        extras=tuple(sorted({normalise_name(extra) for extra in parsed.extras})),
        specifier=str(parsed.specifier),
        marker=marker,
        hashes=tuple(sorted(set(hashes))),
        location=location,
        text=" ".join(text.split()),
    )


def is_name(text: str) -> bool:
    """Return whether a text is a valid distribution name."""
    return bool(_NAME.match(text))


def _refuse_oddities(text: str, location: Location) -> None:
    if len(text) > MAX_REQUIREMENT_CHARACTERS:
        raise ManifestError(
            location.path,
            location.line or None,
            f"a requirement is longer than {MAX_REQUIREMENT_CHARACTERS} characters",
        )
    hidden = next((char for char in text if char != "\t" and unicodedata.category(char)[0] == "C"), None)
    if hidden is not None:
        raise ManifestError(
            location.path,
            location.line or None,
            f"a requirement holds the hidden character {safe_text(hidden)}",
        )
