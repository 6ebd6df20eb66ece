"""Laws of the order, for candidates that hypothesis makes up."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.model.choice import Candidate, CandidateSize
from basewise.model.evidence import SupportPhase
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.ranking.cost import is_measured, remaining_findings
from basewise.ranking.order import key_of
from basewise.ranking.rank import rank
from basewise.ranking.request import RankRequest
from basewise.ranking.weights import WEIGHT_SETS
from basewise.testing.candidates import added, candidate, counts, rank_request

MINORS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15", "3.15.0rc1")
RELEASES = ("bookworm", "trixie", "bullseye", "forky")
SMALL = st.integers(min_value=0, max_value=60)
SIZES = st.one_of(st.none(), st.integers(min_value=10**7, max_value=10**10))
MEASURED = st.builds(
    lambda fixed, opened, minor, beside: counts(fixed, opened, minor, undetermined=beside),
    SMALL,
    SMALL,
    SMALL,
    SMALL,
)


@st.composite
def made_candidates(draw: st.DrawFn) -> Candidate:
    variant = draw(st.sampled_from(("slim", "full", "alpine")))
    release = "3.24" if variant == "alpine" else draw(st.sampled_from(RELEASES))
    disk, download = draw(SIZES), draw(SIZES)
    made = candidate(
        draw(st.sampled_from(MINORS)),
        release,
        variant,
        verdict=draw(st.sampled_from(Verdict)),
        vulnerabilities=draw(st.one_of(st.just(Vulnerabilities()), MEASURED)),
        packages_basis=draw(st.sampled_from(("exact", "inferred(x)", "computed(x)", "unknown"))),
        add_packages=tuple(added(f"p{n}") for n in range(draw(st.integers(0, 3)))),
        size=CandidateSize(
            base_compressed_bytes=None,
            base_disk_bytes=draw(SIZES),
            added_bytes=0,
            wheels_download_bytes=None,
            wheels_disk_bytes=None,
            download_bytes=download,
            disk_bytes=disk,
            basis="exact",
            method="",
        ),
    )
    return msgspec.structs.replace(made, image=f"{made.image}-{draw(st.integers(0, 10**6))}")


few = settings(max_examples=50, deadline=None)
CANDIDATES = st.lists(made_candidates(), max_size=8, unique_by=lambda each: each.image)


@st.composite
def made_requests(draw: st.DrawFn) -> RankRequest:
    return rank_request(
        stated_python=draw(st.sampled_from((None, "3.11", "3.14"))),
        allow_lts=draw(st.booleans()),
        allow_unknown=draw(st.booleans()),
        include_eol=draw(st.booleans()),
        include_prerelease=draw(st.booleans()),
        weights=WEIGHT_SETS[draw(st.sampled_from(sorted(WEIGHT_SETS)))],
    )


def admissible(candidates: list[Candidate], request: RankRequest) -> list[Candidate]:
    return [each for each in rank(candidates, request) if each.rank is not None]


@few
@given(CANDIDATES, made_requests(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(
    candidates: list[Candidate], request_: RankRequest, random: Random
) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert rank(shuffled, request_) == rank(candidates, request_)


@few
@given(CANDIDATES, made_requests())
def test_the_order_is_total_and_nothing_is_lost(candidates: list[Candidate], request_: RankRequest) -> None:
    ranked = rank(candidates, request_)
    assert sorted(each.image for each in ranked) == sorted(each.image for each in candidates)
    keys = [key_of(each, request_) for each in ranked if each.rank is not None]
    assert all(first < second for first, second in pairwise(keys))


@few
@given(CANDIDATES, made_candidates(), made_requests())
def test_another_candidate_never_changes_how_the_rest_stand(
    candidates: list[Candidate], newcomer: Candidate, request_: RankRequest
) -> None:
    before = [each.image for each in admissible(candidates, request_)]
    others = [each for each in candidates if each.image != newcomer.image]
    after = [each.image for each in admissible([*others, newcomer], request_)]
    assert [image for image in after if image != newcomer.image] == [
        image for image in before if image != newcomer.image
    ]


@few
@given(CANDIDATES, made_requests(), SMALL, st.integers(min_value=1, max_value=10**9))
def test_a_dominated_candidate_never_becomes_the_first(
    candidates: list[Candidate], request_: RankRequest, more: int, bytes_more: int
) -> None:
    ranked = admissible(candidates, request_)
    if not ranked or ranked[0].size.disk_bytes is None or not is_measured(ranked[0]):
        return
    best = ranked[0]
    size = msgspec.structs.replace(best.size, disk_bytes=ranked[0].size.disk_bytes + bytes_more)
    opened = (best.vulnerabilities.by_state.open or 0) + more
    minor = best.vulnerabilities.by_state.minor or 0
    worse = msgspec.structs.replace(
        best, image="a-dominated-one", size=size, vulnerabilities=counts(0, opened, minor)
    )
    assert admissible([*candidates, worse], request_)[0].image == best.image


@few
@given(CANDIDATES, made_requests())
def test_the_unmeasured_never_rank_above_the_measured(
    candidates: list[Candidate], request_: RankRequest
) -> None:
    measured = [is_measured(each) for each in admissible(candidates, request_)]
    assert measured == sorted(measured, reverse=True)


@few
@given(CANDIDATES, made_requests())
def test_what_builds_never_ranks_above_what_builds_nothing_on_the_same_python(
    candidates: list[Candidate], request_: RankRequest
) -> None:
    comparable = [each for each in admissible(candidates, request_) if is_measured(each)]
    for minor in {each.python_minor for each in comparable}:
        own = [
            each for each in comparable if each.python_minor == minor and each.verdict is not Verdict.UNKNOWN
        ]
        builds = [each.verdict is Verdict.BUILDS_FROM_SOURCE for each in own]
        assert builds == sorted(builds)


@few
@given(CANDIDATES, made_requests())
def test_long_term_support_never_ranks_above_regular_support_of_the_same_verdict(
    candidates: list[Candidate], request_: RankRequest
) -> None:
    free = msgspec.structs.replace(request_, allow_lts=False, stated_python=None)
    for verdict in Verdict:
        for measured in (True, False):
            phases = [
                each.support.phase is SupportPhase.LTS
                for each in admissible(candidates, free)
                if each.verdict is verdict
                and is_measured(each) is measured
                and each.support.phase in {SupportPhase.REGULAR, SupportPhase.LTS}
            ]
            assert phases == sorted(phases)


@few
@given(CANDIDATES, made_requests())
def test_nothing_admissible_beats_a_member_of_the_pareto_front_in_both(
    candidates: list[Candidate], request_: RankRequest
) -> None:
    points = [
        (remaining, each.size.disk_bytes, each.pareto)
        for each in admissible(candidates, request_)
        if (remaining := remaining_findings(each.vulnerabilities)) is not None
        and each.size.disk_bytes is not None
    ]
    for risk, disk, front in points:
        beaten = any((r, d) != (risk, disk) and r <= risk and d <= disk for r, d, _ in points)
        assert front is not beaten


@few
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), SMALL)
def test_an_inferred_list_needs_five_findings_fewer(
    exact_open: int, exact_minor: int, open_: int, minor: int, disk_mb: int
) -> None:
    size = candidate("3.12").size
    size = msgspec.structs.replace(size, disk_bytes=disk_mb * 10**6 + 1)
    exact = candidate("3.12", image="exact", vulnerabilities=counts(0, exact_open, exact_minor), size=size)
    inferred = candidate(
        "3.12", image="a", vulnerabilities=counts(0, open_, minor), size=size, packages_basis="inferred(x)"
    )
    if exact_open + exact_minor - (open_ + minor) < 5 and exact_open - open_ < 5:
        assert rank([exact, inferred], rank_request())[0].image == "exact"
