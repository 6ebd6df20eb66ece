from __future__ import annotations

from datetime import date

import msgspec
import pytest

from basewise.model.choice import Candidate
from basewise.model.evidence import SupportPhase
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.ranking.order import old_enough
from basewise.ranking.rank import rank
from basewise.ranking.request import PythonRelease, RankRequest
from basewise.ranking.sentences import parse_date
from basewise.ranking.weights import weights_for
from basewise.testing.candidates import added, candidate, counts, family, no_wheel, rank_request, sizes

MINORS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15.0rc1")


def names(candidates: list[Candidate], request: RankRequest | None = None) -> list[str]:
    ranked = rank(candidates, request or rank_request())
    return [each.image for each in ranked if each.rank is not None]


def first(candidates: list[Candidate], request: RankRequest | None = None) -> str:
    return names(candidates, request)[0]


def test_the_first_for_a_plain_scientific_application_is_slim_with_regular_support_and_a_year_of_python() -> (
    None
):
    request = rank_request()
    chosen = rank(family(*MINORS), request)[0]
    python_end = parse_date(chosen.support.python_eol)
    assert chosen.variant == "slim"
    assert chosen.support.phase is SupportPhase.REGULAR
    assert python_end is not None
    assert (python_end - request.today).days >= 365
    assert chosen.image == "python:3.14-slim-trixie"


def test_ranks_count_from_one_and_the_excluded_have_none() -> None:
    ranked = rank(family(*MINORS), rank_request())
    admissible = [each for each in ranked if not each.excluded]
    assert [each.rank for each in admissible] == list(range(1, len(admissible) + 1))
    assert all(each.rank is None for each in ranked[len(admissible) :])
    assert len(ranked) == len(family(*MINORS))


def test_every_candidate_keeps_its_score_the_excluded_ones_too() -> None:
    ranked = rank(family("3.10", "3.12"), rank_request())
    assert any(each.excluded for each in ranked)
    assert all(each.score is not None and each.score.total is not None for each in ranked)


def test_the_stated_python_comes_first_and_every_other_minor_below_all_of_it() -> None:
    ranked = names(family("3.11", "3.12", "3.14"), rank_request(stated_python="3.11"))
    minors = [image.removeprefix("python:")[:4] for image in ranked if "alpine" not in image]
    assert minors[:4] == ["3.11"] * 4
    assert "3.11" not in minors[4:]


def test_an_unsupported_stated_python_is_left_out() -> None:
    assert first(family("3.10", "3.12"), rank_request(stated_python="3.10")) == "python:3.12-slim-trixie"


def test_without_a_stated_python_the_newest_old_enough_minor_wins() -> None:
    young = candidate("3.15")
    assert first([young, candidate("3.13"), candidate("3.14")]) == "python:3.14-slim-trixie"
    later = rank_request(today=date(2027, 10, 9))
    assert first([young, candidate("3.14")], later) == "python:3.15-slim-trixie"


def test_a_minor_without_a_release_date_is_not_preferred() -> None:
    assert first([candidate("3.16"), candidate("3.12")]) == "python:3.12-slim-trixie"


@pytest.mark.parametrize(
    ("released", "today", "expected"),
    [
        (date(2025, 10, 7), date(2026, 10, 6), False),
        (date(2025, 10, 7), date(2026, 10, 7), True),
        (date(2024, 2, 29), date(2025, 2, 28), False),
        (date(2024, 2, 29), date(2025, 3, 1), True),
        (date(2025, 12, 31), date(2026, 12, 31), True),
        (None, date(2030, 1, 1), False),
    ],
)
def test_twelve_months_are_counted_by_the_calendar(
    released: date | None, today: date, expected: bool
) -> None:
    request = rank_request(today=today, python_releases={"3.14": PythonRelease(released, None)})
    assert old_enough("3.14", request) is expected


def test_a_minor_with_wheels_for_everything_wins_over_a_newer_one_that_builds() -> None:
    builds = candidate("3.14", verdict=Verdict.BUILDS_FROM_SOURCE, build_packages=(added("gcc"),))
    assert first([builds, candidate("3.13")]) == "python:3.13-slim-trixie"


def test_what_builds_from_source_ranks_below_all_of_its_python_that_builds_nothing() -> None:
    builds = candidate("3.12", verdict=Verdict.BUILDS_FROM_SOURCE)
    heavy = candidate("3.12", "bookworm", "full", size=sizes("full", added_bytes=5_000_000_000))
    assert names([builds, heavy]) == ["python:3.12-bookworm", "python:3.12-slim-trixie"]
    stated = rank_request(stated_python="3.12")
    assert names([builds, heavy], stated) == ["python:3.12-bookworm", "python:3.12-slim-trixie"]


def test_where_everything_builds_the_stated_python_still_comes_first() -> None:
    builds = candidate("3.11", verdict=Verdict.BUILDS_FROM_SOURCE)
    assert first([builds, candidate("3.14")], rank_request(stated_python="3.11")) == builds.image


@pytest.mark.parametrize("verdict", [Verdict.FITS, Verdict.FITS_WITH_PACKAGES])
def test_long_term_support_ranks_below_every_regular_candidate_of_the_same_verdict(verdict: Verdict) -> None:
    lts = candidate("3.14", "bookworm", vulnerabilities=counts(0, 0, 0), verdict=verdict)
    regular = [candidate(minor, "trixie", "full", verdict=verdict) for minor in ("3.11", "3.14")]
    assert names([lts, *regular])[-1] == lts.image


def test_allow_lts_lets_cost_decide() -> None:
    lts = candidate("3.12", "bookworm", vulnerabilities=counts(0, 0, 0))
    regular = candidate("3.12", "trixie")
    assert first([lts, regular]) == regular.image
    assert first([lts, regular], rank_request(allow_lts=True)) == lts.image


def test_unknown_support_ranks_below_long_term_support() -> None:
    unknown, lts = candidate("3.12", "forky"), candidate("3.12", "bookworm")
    assert names([unknown, lts]) == [lts.image, unknown.image]


def test_the_unmeasured_rank_below_all_measured_ones() -> None:
    unmeasured = candidate("3.14", vulnerabilities=Vulnerabilities())
    worst = candidate("3.11", "bookworm", "full", vulnerabilities=counts(900, 900, 900))
    assert names([unmeasured, worst]) == [worst.image, unmeasured.image]


def test_a_computed_list_without_counts_as_pulled_is_ranked_by_what_stays() -> None:
    computed = Vulnerabilities(after_rebuild=10)
    clean, dirty = candidate("3.12", vulnerabilities=computed), candidate("3.12", "trixie", "full")
    assert names([dirty, clean]) == [clean.image, dirty.image]


def test_more_published_fixes_do_not_make_an_image_look_worse() -> None:
    many = candidate("3.12", "trixie", vulnerabilities=counts(300, 5, 0), size=sizes())
    few = candidate("3.12", "trixie", "full", vulnerabilities=counts(0, 6, 0), size=sizes())
    assert first([few, many]) == many.image


def test_an_unverified_source_cannot_lift_a_candidate() -> None:
    lifted = candidate("3.14", vulnerabilities=counts(0, 0, 0))
    judged = candidate("3.12", "bookworm", "full")
    request = rank_request(unverified=frozenset({lifted.image}))
    assert names([lifted, judged]) == [lifted.image, judged.image]
    assert names([lifted, judged], request) == [judged.image, lifted.image]


@pytest.mark.parametrize(
    ("fewer", "inferred_wins"), [(0, False), (1, False), (4, False), (6, True), (10, True)]
)
@pytest.mark.parametrize(
    "basis", ["inferred(python:3.11-slim-trixie)", "computed(buildpack-deps)", "unknown"]
)
def test_an_inferred_list_never_wins_by_fewer_than_five_findings(
    fewer: int, inferred_wins: bool, basis: str
) -> None:
    exact = candidate("3.12", "trixie", vulnerabilities=counts(0, 20, 0), size=sizes())
    inferred = candidate(
        "3.12", "trixie", "full", vulnerabilities=counts(0, 20 - fewer, 0), size=sizes(), packages_basis=basis
    )
    assert (first([exact, inferred]) == inferred.image) is inferred_wins


def test_five_critical_findings_fewer_than_known_critical_ones_are_needed_too() -> None:
    severe = msgspec.structs.replace(
        counts(0, 20, 0).by_severity, critical=4, high=0, medium=0, low=0, negligible=0, unknown=16
    )
    mild = msgspec.structs.replace(severe, critical=0)
    exact = candidate(
        "3.12", vulnerabilities=counts(0, 20, 0, by_severity_after_rebuild=severe), size=sizes()
    )
    inferred = candidate(
        "3.12",
        "trixie",
        "full",
        vulnerabilities=counts(0, 16, 0, by_severity_after_rebuild=mild),
        size=sizes(),
        packages_basis="inferred(x)",
    )
    assert first([exact, inferred]) == exact.image


def test_exploited_findings_weigh_more_than_many_others() -> None:
    exploited = candidate("3.12", vulnerabilities=counts(0, 10, 0, exploited=1, exploited_after_rebuild=1))
    plain = candidate("3.12", "trixie", "full", vulnerabilities=counts(0, 30, 0), size=sizes())
    assert first([exploited, plain]) == plain.image


def test_an_exploited_finding_that_a_rebuild_removes_weighs_nothing() -> None:
    fixed = candidate("3.12", vulnerabilities=counts(5, 10, 0, exploited=1, exploited_after_rebuild=0))
    plain = candidate("3.12", "trixie", "full", vulnerabilities=counts(0, 11, 0), size=sizes())
    assert first([fixed, plain]) == fixed.image


def test_undetermined_findings_weigh_nothing_by_default() -> None:
    doubtful = candidate("3.12", vulnerabilities=counts(0, 10, 0, undetermined=500))
    plain = candidate("3.12", "trixie", "full", vulnerabilities=counts(0, 11, 0), size=sizes())
    assert first([doubtful, plain]) == doubtful.image


def test_an_unknown_size_ranks_below_a_known_one_of_the_same_python() -> None:
    unknown = candidate("3.12", vulnerabilities=counts(0, 0, 0), size=sizes(wheels=False))
    known = candidate("3.12", "trixie", "full")
    assert names([unknown, known]) == [known.image, unknown.image]


def test_where_no_wheel_size_is_known_the_bases_are_compared() -> None:
    both = [
        candidate("3.12", "trixie", variant, size=sizes(variant, wheels=False))
        for variant in ("full", "slim")
    ]
    assert first(both) == "python:3.12-slim-trixie"


@pytest.mark.parametrize(("prefer", "expected"), [("security", "full"), ("size", "slim")])
def test_preferences_weigh_risk_against_size(prefer: str, expected: str) -> None:
    small = candidate("3.12", vulnerabilities=counts(0, 20, 0), size=sizes("slim"))
    clean = candidate(
        "3.12", "trixie", "full", vulnerabilities=counts(0, 0, 0), size=sizes("slim", added_bytes=800_000_000)
    )
    chosen = rank([small, clean], rank_request(weights=weights_for(prefer)))[0]
    assert chosen.variant == expected


def test_ties_are_broken_by_support_then_by_name() -> None:
    same = [candidate("3.12", image=f"example/{letter}:3.12-slim-trixie") for letter in "bca"]
    assert names(same) == [f"example/{letter}:3.12-slim-trixie" for letter in "abc"]
    longer = msgspec.structs.replace(same[1].support, distro_eol="2030-01-01", python_eol="2031-01-01")
    lasting = msgspec.structs.replace(same[1], support=longer)
    assert first([same[0], same[2], lasting]) == lasting.image


def test_the_pareto_front_holds_what_nothing_beats_in_both() -> None:
    small = candidate("3.12", vulnerabilities=counts(0, 30, 0))
    clean = candidate("3.12", "bookworm", "full", vulnerabilities=counts(0, 5, 0))
    beaten = candidate("3.12", "trixie", "full", vulnerabilities=counts(0, 60, 0))
    unmeasured = candidate("3.12", "3.24", "alpine")
    out = candidate("3.10", vulnerabilities=counts(0, 0, 0), size=sizes("alpine"))
    ranked = rank([small, clean, beaten, unmeasured, out], rank_request())
    assert {each.image for each in ranked if each.pareto} == {small.image, clean.image}


def test_an_unknown_fit_is_out_unless_allowed_and_then_below_what_is_known() -> None:
    unknown = candidate("3.14", verdict=Verdict.UNKNOWN)
    known = candidate("3.11")
    assert names([unknown, known]) == [known.image]
    assert names([unknown, known], rank_request(allow_unknown=True)) == [known.image, unknown.image]


def test_what_does_not_fit_is_never_ranked() -> None:
    request = rank_request(allow_unknown=True, include_eol=True, include_prerelease=True, allow_lts=True)
    broken = candidate("3.12", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch"))
    assert names([broken], request) == []


def test_no_candidates_give_no_ranks() -> None:
    assert rank([], rank_request()) == ()
