"""Whether what arrived can be the file that was asked for: by its first bytes, and by hashes that a server states.

Reference:
    RFC 9530 (digest fields).
"""

from __future__ import annotations

import base64
import binascii
import zipfile
from collections.abc import Mapping
from typing import IO

from basewise.advisories.publishers import Form

__all__ = ["problem_of_form", "stated_hashes"]

_HASHES = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}
_FIRST_BYTES = 512


def stated_hashes(headers: Mapping[str, str]) -> dict[str, bytes]:
    """Return the hashes of the body that the server states, by name."""
    found = {}
    lines = [headers.get(name, "") for name in ("repr-digest", "content-digest", "x-goog-hash")]
    for item in ",".join(lines).split(","):
        name, _, value = item.strip().partition("=")
        if name.lower() in _HASHES:
            try:
                found[_HASHES[name.lower()]] = base64.b64decode(value.strip(":"), validate=True)
            except (binascii.Error, ValueError):
                continue
    return found


def problem_of_form(file: IO[bytes], form: Form) -> str:
    """Say why bytes cannot be a file of this form, "" when they can."""
    file.seek(0)
    first = file.read(_FIRST_BYTES)
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return "an empty answer"
    if form == "json" and start[:1] in {b"{", b"["}:
        return ""
    if form == "gzip" and first.startswith(b"\x1f\x8b"):
        return ""
    if form == "zip" and first.startswith(b"PK"):
        return "" if zipfile.is_zipfile(file) else "a zip file that is cut"
    said = "a web page" if start.startswith(b"<") else "something else"
    return f"it answers with {said} instead of {_FORM_NAMES[form]}"


_FORM_NAMES: Mapping[Form, str] = {"zip": "a zip file", "json": "JSON", "gzip": "a gzip file"}
