"""The frame of every page: head, content security policy by hash, embedded data, scripts at the end."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape

import msgspec

from basewise.report.html.assets import page_style
from basewise.report.html.markup import Markup, join, tag

__all__ = ["embedded_json", "page"]

# What could end a script element, or open a comment inside it.
_UNSAFE = re.compile("[<>&\u2028\u2029]")


def page(
    *, title: str, body: Markup, scripts: Sequence[str], data: Mapping[str, object] | None = None
) -> str:
    """Return a whole page.

    Args:
        title: Of the window.
        body: Between header and scripts.
        scripts: Program texts, run in this order; each is allowed by its hash and nothing else is.
        data: Values by the id of the element that holds them as JSON; no browser runs it.
    """
    style = page_style()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, style)}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        Markup(f"<style>{style}</style>"),
    )
    held = (
        Markup(f'<script type="application/json" id="{escape(name)}">{embedded_json(value)}</script>')
        for name, value in (data or {}).items()
    )
    run = (Markup(f"<script>{script}</script>") for script in scripts)
    whole = tag("body", body, join(held), join(run))
    return f'<!DOCTYPE html>\n<html lang="en">{head}{whole}</html>\n'


def embedded_json(value: object) -> str:
    """Return JSON that can stand inside a script element whatever its texts hold."""
    text = msgspec.json.encode(value).decode()
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _policy(scripts: Sequence[str], style: str) -> str:
    programs = " ".join(_hash(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {programs}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
