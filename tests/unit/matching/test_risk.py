from __future__ import annotations

import random

import pytest

from basewise.matching.risk import by_risk
from basewise.model.finding import Finding, Severity, State
from basewise.model.package import Package, PackageType


def finding(
    identifier: str = "CVE-2026-0001",
    severity: Severity = Severity.HIGH,
    *,
    state: State = State.FIXED,
    exploited: bool | None = False,
    epss: float | None = None,
) -> Finding:
    package = Package(type=PackageType.DEB, name="libssl3", version="3.0-1", source="openssl")
    return Finding(
        id=identifier,
        package=package,
        binaries=("libssl3",),
        state=state,
        severity=severity,
        severity_source="" if severity is Severity.UNKNOWN else "debian_tracker",
        exploited=exploited,
        epss=epss,
    )


RISING = [
    finding(severity=Severity.LOW, exploited=True),
    finding(severity=Severity.CRITICAL),
    finding("CVE-2026-0009", Severity.HIGH, epss=0.9, state=State.OPEN),
    finding("CVE-2026-0002", Severity.HIGH, epss=0.1, state=State.FIXED),
    finding("CVE-2026-0001", Severity.HIGH, epss=0.1, state=State.OPEN),
    finding("CVE-2019-9999", Severity.HIGH, epss=0.0),
    finding("CVE-2026-999", Severity.HIGH),
    finding("CVE-2026-1000", Severity.HIGH),
    finding(severity=Severity.HIGH, state=State.MINOR),
    finding(severity=Severity.MEDIUM, exploited=None),
    finding(severity=Severity.UNKNOWN),
    finding(severity=Severity.LOW),
    finding(severity=Severity.NEGLIGIBLE),
]


@pytest.mark.parametrize("seed", range(10))
def test_the_most_urgent_finding_is_first(seed: int) -> None:
    shuffled = list(RISING)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
    assert by_risk(shuffled) == tuple(RISING)
