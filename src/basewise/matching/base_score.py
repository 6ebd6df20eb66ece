"""The base score of a complete vector of CVSS 3, without the library that knows all vectors.

Nearly all vectors that advisories carry are of this kind, and importing the library takes longer than matching an
image. A test compares all of them with it.

Reference: CVSS 3.1, sections 7.1 "Base Metrics Equations" and 7.4 "Metric Values", appendix A "Floating Point Rounding".
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["base_score"]

_COMPLETE = re.compile(
    r"CVSS:(3\.[01])/AV:([NALP])/AC:([LH])/PR:([NLH])/UI:([NR])/S:([UC])/C:([NLH])/I:([NLH])/A:([NLH])",
    re.ASCII,
)
_ATTACK_VECTOR = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_ATTACK_COMPLEXITY = {"L": 0.77, "H": 0.44}
_PRIVILEGES_REQUIRED = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}
_USER_INTERACTION = {"N": 0.85, "R": 0.62}
_LEFT = {"H": 0.44, "L": 0.78, "N": 1.0}
"""What remains of confidentiality, integrity or availability."""


def base_score(vector: str) -> tuple[str, float] | None:
    """Return version of CVSS and base score of a vector with the eight base metrics in their order, and nothing else.

    Args:
        vector: As `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`.

    Returns:
        None for a vector that is written in another way; it may hold together all the same.
    """
    match = _COMPLETE.fullmatch(vector)
    if match is None:
        return None
    version, attack, complexity, privileges, interaction, scope, *impacts = match.groups()
    impact = _impact(scope, *impacts)
    if impact <= 0:
        return version, 0.0
    ease = _ATTACK_VECTOR[attack] * _ATTACK_COMPLEXITY[complexity] * _USER_INTERACTION[interaction]
    score = impact + 8.22 * ease * _PRIVILEGES_REQUIRED[scope][privileges]
    return version, _rounded_up(min(1.08 * score if scope == "C" else score, 10))


@cache
def _impact(scope: str, confidentiality: str, integrity: str, availability: str) -> float:
    """Return the impact, 0 or below for none; there are 54 of them."""
    base = 1 - _LEFT[confidentiality] * _LEFT[integrity] * _LEFT[availability]
    return 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if scope == "C" else 6.42 * base


def _rounded_up(score: float) -> float:
    """Return the lowest number of one decimal place that is not below `score`, but for errors of floating point."""
    hundred_thousandths = round(score * 100_000)
    return -(-hundred_thousandths // 10_000) / 10
