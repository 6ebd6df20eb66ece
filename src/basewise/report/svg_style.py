"""The style sheet of a picture: light and dark by what the reader prefers, and always light on paper."""

from __future__ import annotations

import re

__all__ = ["LIGHT_STYLE", "PICTURE_STYLE"]

_LIGHT = {"ink": "#1b1f24", "dim": "#57606a", "rule": "#d8dee4", "paper": "#ffffff", "band": "#f3f5f7"}
_DARK = {"ink": "#e6edf3", "dim": "#9aa4af", "rule": "#30363d", "paper": "#0d1117", "band": "#161b22"}
_PRINT = {"ink": "#000000", "dim": "#444444", "rule": "#cccccc", "paper": "#ffffff", "band": "#f3f5f7"}
_FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
_RULES = """
.bw-picture{font-family:@font;font-size:12px}
.bw-picture text{fill:var(--ink)}
.bw-picture .paper{fill:var(--paper)}
.bw-picture .band{fill:var(--band)}
.bw-picture .dim{fill:var(--dim)}
.bw-picture .title{font-size:17px;font-weight:600}
.bw-picture .small{font-size:11px}
.bw-picture .strong{font-weight:600}
.bw-picture .grid{stroke:var(--rule);stroke-width:1}
.bw-picture .axis{stroke:var(--dim);stroke-width:1}
.bw-picture .front{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 4;fill:none}
.bw-picture .stem{stroke:var(--dim);stroke-width:1;opacity:.55}
.bw-picture .leader{stroke:var(--dim);stroke-width:.8;fill:none}
.bw-picture .mark{stroke:var(--ink);stroke-width:1.2}
.bw-picture .left-out{fill-opacity:.18;stroke:var(--dim)}
.bw-picture .first{fill:none;stroke:var(--ink);stroke-width:2}
.bw-picture .halo{stroke:var(--paper);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
""".strip().replace("@font", _FONT)


def _variables(colors: dict[str, str]) -> str:
    return ".bw-picture{" + ";".join(f"--{name}:{color}" for name, color in colors.items()) + "}"


PICTURE_STYLE = "\n".join(
    (
        _variables(_LIGHT),
        f"@media (prefers-color-scheme:dark){{{_variables(_DARK)}}}",
        f"@media print{{{_variables(_PRINT)}}}",
        _RULES,
    )
)
LIGHT_STYLE = re.sub(r"var\(--(\w+)\)", lambda found: _LIGHT[found[1]], _RULES)
