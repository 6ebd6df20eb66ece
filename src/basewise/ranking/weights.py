"""The weights of the cost formula: named sets, each number overridable.

Every weight is in points per unit; a lower sum of points is better. The formula and the reasons for these
numbers are published in `docs/explanation-ranking.md`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from basewise.errors import UsageError

__all__ = ["WEIGHT_SETS", "Weights", "weights_for"]


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Points per unit of cost.

    Args:
        name: Name of the set, `custom` once a number was changed.
        exploited: Per finding that stays after a rebuild and is known to be exploited, on top of its severity.
        critical, high, medium, low, negligible, unknown: Per finding of that severity that stays after
            a rebuild and is not minor.
        minor: Per finding that the tracker calls minor.
        undetermined: Per finding of which nothing is known in this release.
        risk: Factor on all of the above.
        disk_per_100_mb: Per 100 MB of the finished application on disk.
        download_per_100_mb: Per 100 MB to download.
        package: Per OS package that must be asked for.
        builder: For a builder stage.
        support_month: Per month of support short of `support_months`.
        support_months: Months of support from which more earns nothing.
        inferred_findings: Findings added to a package list that is not exact.
    """

    name: str = "balanced"
    exploited: float = 25.0
    critical: float = 6.0
    high: float = 3.0
    medium: float = 1.5
    low: float = 0.5
    negligible: float = 0.1
    unknown: float = 1.0
    minor: float = 0.1
    undetermined: float = 0.0
    risk: float = 1.0
    disk_per_100_mb: float = 4.0
    download_per_100_mb: float = 2.0
    package: float = 1.0
    builder: float = 10.0
    support_month: float = 0.25
    support_months: float = 36.0
    inferred_findings: float = 5.0


_BALANCED = Weights()
WEIGHT_SETS: Mapping[str, Weights] = {
    "balanced": _BALANCED,
    "security": msgspec.structs.replace(_BALANCED, name="security", risk=4.0, support_month=0.5),
    "size": msgspec.structs.replace(
        _BALANCED, name="size", risk=0.25, disk_per_100_mb=16.0, download_per_100_mb=8.0
    ),
}


def weights_for(prefer: str = "balanced", overrides: Mapping[str, float] | None = None) -> Weights:
    """Return a named set, with single numbers replaced.

    Args:
        prefer: `balanced`, `security` or `size`.
        overrides: Field of `Weights` → points, none below zero.

    Raises:
        UsageError: An unknown set or weight, or a number that is negative or not finite.
    """
    if prefer not in WEIGHT_SETS:
        raise UsageError(
            f"no weight set is called `{prefer[:40]}`", hint=f"use one of: {', '.join(sorted(WEIGHT_SETS))}"
        )
    chosen = WEIGHT_SETS[prefer]
    if not overrides:
        return chosen
    known = [field for field in chosen.__struct_fields__ if field != "name"]
    for key, value in overrides.items():
        if key not in known:
            raise UsageError(f"no weight is called `{key[:40]}`", hint=f"weights are: {', '.join(known)}")
        if not math.isfinite(value) or value < 0:
            raise UsageError(f"weight `{key}` is {value}", hint="a weight is a number of zero or more")
    return msgspec.structs.replace(chosen, **{"name": "custom", **overrides})
