from __future__ import annotations

import math

import pytest

from basewise.errors import UsageError
from basewise.model.finding import BySeverity, Vulnerabilities
from basewise.ranking.cost import is_measured, remaining_findings, score_of, support_days_left
from basewise.ranking.weights import WEIGHT_SETS, weights_for
from basewise.testing.candidates import added, candidate, counts, rank_request, sizes


def risk(vulnerabilities: Vulnerabilities) -> float | None:
    return score_of(candidate(vulnerabilities=vulnerabilities), rank_request()).risk


def test_the_published_formula_gives_the_published_points() -> None:
    chosen = candidate(
        "3.12",
        vulnerabilities=counts(30, 12, 20),
        add_packages=(added("libgomp1"), added("libpq5", closure=("libldap2",))),
        build_packages=(added("gcc"),),
        size=sizes("slim"),
    )
    score = score_of(chosen, rank_request())
    assert score.risk == pytest.approx(12 * 1.0 + 20 * 0.1)
    assert score.disk == pytest.approx(4.0 * 647_000_000 / 1e8)
    assert score.download == pytest.approx(2.0 * 196_000_000 / 1e8)
    assert score.changes == pytest.approx(2 * 1.0 + 10.0)
    months = support_days_left(chosen, rank_request()) / (365.25 / 12)
    assert score.support == pytest.approx(0.25 * (36 - months), abs=1e-5)
    parts = (score.risk, score.disk, score.download, score.changes, score.support)
    assert score.total == pytest.approx(sum(part or 0.0 for part in parts), abs=1e-5)


@pytest.mark.parametrize(
    ("severity", "points"),
    [("critical", 6.0), ("high", 3.0), ("medium", 1.5), ("low", 0.5), ("negligible", 0.1), ("unknown", 1.0)],
)
def test_a_severity_has_its_weight(severity: str, points: float) -> None:
    found = counts(0, 2, 0, by_severity_after_rebuild=BySeverity(**{severity: 2}))
    assert risk(found) == pytest.approx(2 * points)


def test_findings_whose_severity_nobody_counts_weigh_as_unknown() -> None:
    assert risk(counts(0, 5, 0, by_severity_after_rebuild=BySeverity(high=2))) == pytest.approx(
        2 * 3.0 + 3 * 1.0
    )


def test_only_the_sum_known_is_enough() -> None:
    assert risk(Vulnerabilities(after_rebuild=7)) == pytest.approx(7.0)
    assert risk(Vulnerabilities(total=9)) == pytest.approx(9.0)


def test_what_is_not_measured_is_none_and_not_zero() -> None:
    score = score_of(candidate(vulnerabilities=Vulnerabilities(), size=sizes(wheels=False)), rank_request())
    assert score.risk is None
    assert not is_measured(candidate(vulnerabilities=Vulnerabilities()))
    assert remaining_findings(Vulnerabilities()) is None


def test_a_size_without_its_wheels_is_that_of_the_base() -> None:
    score = score_of(candidate(size=sizes(wheels=False, added_bytes=100_000_000)), rank_request())
    assert score.disk == pytest.approx(4.0 * 2.27)


def test_exploited_findings_of_which_only_the_sum_is_known_count_as_staying() -> None:
    assert risk(counts(5, 3, 0, exploited=9)) == pytest.approx(3 + 3 * 25.0)
    assert risk(counts(5, 3, 0, exploited=9, exploited_after_rebuild=0)) == pytest.approx(3.0)
    assert risk(counts(5, 3, 0, exploited=None)) == pytest.approx(3.0)


def test_support_ends_with_python_or_the_distribution_whichever_is_first() -> None:
    request = rank_request()
    assert support_days_left(candidate("3.11", "trixie"), request) == 342
    assert support_days_left(candidate("3.14", "trixie"), request) == 625
    assert support_days_left(candidate("3.14", "bookworm"), request) == 585
    assert support_days_left(candidate("3.14", "forky"), request) == 0
    assert support_days_left(candidate("3.14", "trixie"), rank_request(allow_lts=True)) == 1315


def test_weight_sets_are_named_and_every_number_can_be_set() -> None:
    assert weights_for() is WEIGHT_SETS["balanced"]
    own = weights_for("size", {"minor": 0.0, "package": 3})
    assert (own.name, own.minor, own.package) == ("custom", 0.0, 3)
    assert own.disk_per_100_mb == WEIGHT_SETS["size"].disk_per_100_mb


@pytest.mark.parametrize(
    ("prefer", "overrides"),
    [
        ("fast", None),
        ("size", {"speed": 1.0}),
        ("size", {"name": 1.0}),
        ("size", {"risk": -1.0}),
        ("size", {"risk": math.nan}),
        ("size", {"risk": math.inf}),
    ],
)
def test_weights_that_make_no_sense_are_usage_errors(prefer: str, overrides: dict[str, float] | None) -> None:
    with pytest.raises(UsageError):
        weights_for(prefer, overrides)
