"""Base scores of CVSS 3 for vectors of the eight base metrics, as nearly all are.

Counted in whole numbers, without the decimal arithmetic of a library whose import takes longer than all scores of a scan.

Reference: CVSS 3.0 and 3.1 specifications, sections "Metric Values" and "Base Metrics Equations".
"""

from __future__ import annotations

import re

__all__ = ["base_score"]

_VECTOR = re.compile(
    r"CVSS:(3\.[01])/AV:([NALP])/AC:([LH])/PR:([NLH])/UI:([NR])/S:([UC])/C:([NLH])/I:([NLH])/A:([NLH])",
    re.ASCII,
)
# All values in hundredths.
_ATTACK = {"N": 85, "A": 62, "L": 55, "P": 20}
_COMPLEXITY = {"L": 77, "H": 44}
_PRIVILEGES = {"U": {"N": 85, "L": 62, "H": 27}, "C": {"N": 85, "L": 68, "H": 50}}
_INTERACTION = {"N": 85, "R": 62}
_KEPT = {"H": 44, "L": 78, "N": 100}
"""What stays of confidentiality, integrity or availability: one less its impact."""
_MILLION = 10**6
_SCALE = 10**92
"""One, as scores are counted: the fifteenth power of millionths, times hundredths."""


def base_score(vector: str) -> tuple[str, float] | None:
    """Return version of CVSS 3 and base score; None for a vector with other metrics, or in another order.

    Args:
        vector: As `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`.
    """
    match = _VECTOR.fullmatch(vector)
    if match is None:
        return None
    version, attack, complexity, privileges, interaction, scope, *damaged = match.groups()
    impact = _impact(scope, *damaged)
    if impact <= 0:
        return version, 0.0
    reached = _ATTACK[attack] * _COMPLEXITY[complexity] * _PRIVILEGES[scope][privileges]
    total = impact + 822 * reached * _INTERACTION[interaction] * (_SCALE // 10**10)
    hundredths = 108 if scope == "C" else 100
    tenths = -(-total * hundredths // (10 * _SCALE))
    return version, min(tenths, 100) / 10


def _impact(scope: str, *damaged: str) -> int:
    """Return the impact sub-score, in parts of `_SCALE`."""
    kept = 1
    for value in damaged:
        kept *= _KEPT[value]
    lost = _MILLION - kept
    if scope == "U":
        return 642 * lost * (_SCALE // 10**8)
    return 752 * (lost - 29_000) * (_SCALE // 10**8) - 325 * (lost - 20_000) ** 15
