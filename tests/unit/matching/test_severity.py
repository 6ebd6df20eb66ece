from __future__ import annotations

import pytest

from basewise.matching.severity import rate, score_of
from basewise.model.advisory import Advisory, FactKind
from basewise.model.finding import Cvss, Severity
from basewise.testing.feeds import FactsFeed, fact, store_of

CVE = "CVE-2026-0001"
CRITICAL_31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MEDIUM_31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
HIGH_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"
HIGH_2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"


def said(identifier: str = CVE, *, severity: str = "", cvss: tuple[str, ...] = (), **more: str) -> Advisory:
    return fact(identifier, FactKind.AFFECTED, severity=severity, cvss=cvss, **more)  # type: ignore[arg-type]  # texts only


def pypi(identifier: str, *, severity: str = "", cvss: tuple[str, ...] = ()) -> Advisory:
    return said(identifier, severity=severity, cvss=cvss, ecosystem="pypi", release="", origin="osv")


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (CRITICAL_31, ("3.1", 9.8)),
        (MEDIUM_31, ("3.1", 6.1)),
        ("CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", ("3.0", 0.0)),
        (HIGH_4, ("4.0", 8.7)),
        (HIGH_2, ("2.0", 7.5)),
        (f"({HIGH_2})", ("2.0", 7.5)),
        (f"{CRITICAL_31}/E:U/RL:O/RC:C", ("3.1", 9.8)),
    ],
)
def test_a_vector_has_its_base_score(vector: str, expected: tuple[str, float]) -> None:
    assert score_of(vector) == expected


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "x",
        "CVSS:3.1",
        "CVSS:3.1/",
        "CVSS:3.1/AV:N",
        "CVSS:3.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:5.0/AV:N",
        f"{CRITICAL_31}/AV:N",
        f"{CRITICAL_31}/",
        CRITICAL_31.replace("AV:N", "AV:²"),
        CRITICAL_31.replace("AV:N", "AV:N:N"),
        f"{CRITICAL_31}/E:{'U' * 1_000_000}",
        "7.5",
        "AV:N/AC:L/Au:N/C:P/I:P",
        "CVSS:4.0/AV:N",
        "\x00",
    ],
)
def test_a_vector_that_does_not_hold_together_has_no_score(vector: str) -> None:
    assert score_of(vector) is None
    with store_of(said(cvss=(vector,))) as store:
        assert rate([said(cvss=(vector,))], [CVE], store).severity is Severity.UNKNOWN


# What is said, and the severity with its source.
CASES = {
    "nothing": ([said()], Severity.UNKNOWN, ""),
    "the distribution": ([said(severity="low", origin="debian_tracker")], Severity.LOW, "debian_tracker"),
    "the distribution before a score": (
        [said(severity="low", origin="debian_tracker"), pypi("GHSA-1", cvss=(CRITICAL_31,))],
        Severity.LOW,
        "debian_tracker",
    ),
    "the distribution before a database": (
        [said(severity="low", origin="debian_tracker"), pypi("GHSA-1", severity="critical")],
        Severity.LOW,
        "debian_tracker",
    ),
    "a database's word before a score": (
        [pypi("GHSA-1", severity="moderate", cvss=(CRITICAL_31,))], Severity.MEDIUM, "ghsa",
    ),
    "the higher of two words": (
        [pypi("GHSA-1", severity="moderate"), pypi("PYSEC-1", severity="high")], Severity.HIGH, "pysec",
    ),
    "a word of the rpm families": ([said(severity="important", origin="osv_rhel")], Severity.HIGH, "osv_rhel"),
    "a word that nobody knows": ([said(severity="untriaged")], Severity.UNKNOWN, ""),
    "a score": ([pypi("GHSA-1", cvss=(CRITICAL_31,))], Severity.CRITICAL, "CVSS 3.1 by ghsa"),
    "a newer CVSS before an older": (
        [pypi("GHSA-1", cvss=(CRITICAL_31, HIGH_4))], Severity.HIGH, "CVSS 4.0 by ghsa",
    ),
    "the higher of two scores": (
        [pypi("GHSA-1", cvss=(MEDIUM_31,)), pypi("PYSEC-1", cvss=(CRITICAL_31,))],
        Severity.CRITICAL,
        "CVSS 3.1 by pysec",
    ),
    "a score of nothing": (
        [pypi("GHSA-1", cvss=("CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N",))],
        Severity.NEGLIGIBLE,
        "CVSS 3.0 by ghsa",
    ),
    "a malformed vector beside a good one": (
        [pypi("GHSA-1", cvss=("CVSS:4.0/AV:N", MEDIUM_31))], Severity.MEDIUM, "CVSS 3.1 by ghsa",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "severity", "source"), CASES.values(), ids=CASES.keys())
def test_a_severity_names_who_says_so(facts: list[Advisory], severity: Severity, source: str) -> None:
    with store_of(*facts) as store:
        for order in (facts, facts[::-1]):
            rating = rate(order, [CVE], store)
            assert (rating.severity, rating.source) == (severity, source)


class TestScoresOfTheStore:
    def test_the_nvd_is_asked_last(self) -> None:
        nvd = FactsFeed("nvd", vectors=[(CVE, "nvd", CRITICAL_31), ("CVE-2026-0002", "nvd", MEDIUM_31)])
        with store_of(said(), feeds=[nvd]) as store:
            assert rate([said()], [CVE], store).source == "CVSS 3.1 by nvd"
            assert rate([said()], ["CVE-2026-0002"], store).severity is Severity.MEDIUM
            assert rate([said()], ["CVE-2026-0003"], store).severity is Severity.UNKNOWN
            of_advisory = rate([pypi("GHSA-1", cvss=(MEDIUM_31,))], [CVE], store)
            assert of_advisory.source == "CVSS 3.1 by ghsa"

    def test_a_score_stands_beside_the_distributions_word(self) -> None:
        nvd = FactsFeed("nvd", vectors=[(CVE, "nvd", CRITICAL_31)])
        facts = [said(severity="low", origin="debian_tracker")]
        with store_of(*facts, feeds=[nvd]) as store:
            rating = rate(facts, [CVE], store)
        assert rating.severity is Severity.LOW
        assert rating.cvss == Cvss(version="3.1", vector=CRITICAL_31, score=9.8, source="nvd")
