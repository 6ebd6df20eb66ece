from __future__ import annotations

import msgspec
import pytest

from basewise.matching.count import count, count_exploited, count_findings
from basewise.matching.result import MatchResult
from basewise.model.advisory import SourceStatus
from basewise.model.finding import BySeverity, ByState, Finding, Severity, State, Vulnerabilities
from basewise.model.package import Package, PackageType

PACKAGE = Package(type=PackageType.DEB, name="libssl3", version="1", source="openssl", source_version="1")


def finding(
    number: int, state: State, severity: Severity = Severity.UNKNOWN, exploited: bool | None = False
) -> Finding:
    return Finding(
        id=f"CVE-2026-{number:04}",
        package=PACKAGE,
        binaries=("libssl3",),
        state=state,
        severity=severity,
        exploited=exploited,
    )


FINDINGS = (
    finding(1, State.FIXED, Severity.HIGH),
    finding(2, State.FIXED),
    finding(3, State.OPEN, Severity.LOW, exploited=True),
    finding(4, State.WONT_FIX),
    finding(5, State.MINOR, Severity.NEGLIGIBLE),
    finding(6, State.UNDETERMINED, Severity.CRITICAL),
)


def test_undetermined_stands_beside_the_total() -> None:
    counts = count_findings(FINDINGS)
    assert (counts.total, counts.fixable, counts.after_rebuild, counts.undetermined) == (5, 2, 3, 1)
    assert counts.by_state == ByState(fixed=2, open=1, wont_fix=1, minor=1, undetermined=1)
    assert counts.by_severity == BySeverity(critical=0, high=1, medium=0, low=1, negligible=1, unknown=2)
    assert counts.by_severity_after_rebuild == BySeverity(
        critical=0, high=0, medium=0, low=1, negligible=0, unknown=1
    )
    assert counts.by_severity_fixable == BySeverity(
        critical=0, high=1, medium=0, low=0, negligible=0, unknown=1
    )


def test_what_was_not_measured_has_no_number() -> None:
    counts = count(MatchResult(measured=False, findings=FINDINGS))
    assert counts == Vulnerabilities()
    encoded = msgspec.json.decode(msgspec.json.encode(counts))
    assert encoded["total"] is None
    assert set(encoded["by_severity"].values()) == {None}
    assert set(encoded["by_state"].values()) == {None}


def test_nothing_found_is_zero_where_it_was_measured() -> None:
    counts = count(MatchResult(measured=True))
    assert (counts.total, counts.fixable, counts.exploited) == (0, 0, 0)


@pytest.mark.parametrize(
    ("exploited", "expected"),
    [
        ([False, False], 0),
        ([True, False], 1),
        ([True, None], 1),
        ([False, None], None),
        ([None], None),
    ],
)
def test_exploited_is_a_number_only_where_the_list_could_know(
    exploited: list[bool | None], expected: int | None
) -> None:
    findings = [finding(number, State.OPEN, exploited=value) for number, value in enumerate(exploited)]
    counts = count_findings(findings)
    assert counts.exploited == expected
    assert counts.exploited_after_rebuild == expected


def test_the_date_is_that_of_the_oldest_source_of_advisories() -> None:
    sources = [
        SourceStatus(name=name, ecosystem=ecosystem, as_of=as_of, entries=1, verified=True)
        for name, ecosystem, as_of in (
            ("debian_archive bookworm", "debian", "2026-11-20"),
            ("cpython 3.12", "cpython", "2026-11-23"),
            ("kev", "exploited", "2025-08-25"),
        )
    ]
    assert count_findings([], sources=sources).as_of == "2026-11-20"


@pytest.mark.parametrize(
    ("answers", "number"),
    [
        ((), 0),
        ((False, False), 0),
        ((True, None), 1),
        ((True, True, False), 2),
        ((None,), None),
        ((False, None), None),
    ],
)
def test_the_exploited_of_a_group_are_counted_or_unknown(
    answers: tuple[bool | None, ...], number: int | None
) -> None:
    assert (
        count_exploited([finding(at, State.OPEN, exploited=each) for at, each in enumerate(answers)])
        == number
    )
