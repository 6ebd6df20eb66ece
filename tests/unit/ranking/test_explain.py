from __future__ import annotations

import msgspec
import pytest

from basewise.model.choice import Candidate
from basewise.model.verdict import Reason, ReasonKind, Verdict
from basewise.ranking.comparison import deciding_part, why_behind
from basewise.ranking.explain import Explanation, explain
from basewise.ranking.rank import rank
from basewise.ranking.sentences import join_names
from basewise.testing.candidates import added, candidate, counts, family, no_wheel, rank_request, sizes


def explained(candidates: list[Candidate], **changes: object) -> Explanation:
    request = rank_request(**changes)
    return explain(rank(candidates, request), request)


def churn() -> list[Candidate]:
    """Candidates of an application whose wheels need libgomp1 and do not exist for musl."""
    needs = added("libgomp1", why="lightgbm loads libgomp.so.1")
    alpine = [
        candidate(
            minor,
            "3.24",
            "alpine",
            verdict=Verdict.DOES_NOT_FIT,
            reasons=no_wheel("scikit-learn", "lightgbm"),
        )
        for minor in ("3.12", "3.14")
    ]
    slim = [
        candidate(minor, release, verdict=Verdict.FITS_WITH_PACKAGES, add_packages=(needs,))
        for minor in ("3.10", "3.12", "3.14")
        for release in ("bookworm", "trixie")
    ]
    return [*alpine, *slim, candidate("3.14", "trixie", "full"), candidate("3.15.0rc1")]


def one_that(sentences: tuple[str, ...], *parts: str) -> str:
    found = [sentence for sentence in sentences if all(part in sentence for part in parts)]
    assert len(found) == 1, (parts, sentences)
    return found[0]


def test_the_python_is_explained_with_its_release() -> None:
    one_that(explained(churn()).why, "Python 3.14 (released 2025-10-07)", "newest", "wheel for everything")


def test_a_newer_python_that_is_left_out_is_named() -> None:
    one_that(explained(churn()).why, "Python 3.15 is left out", "pre-release")


def test_a_python_is_left_out_for_what_keeps_images_like_the_first_out() -> None:
    """What most of its images lack, a musl wheel, would be no reason where glibc has one."""

    lacking: dict[str, object] = {"verdict": Verdict.DOES_NOT_FIT, "reasons": no_wheel("numpy")}
    left_out = [
        candidate("3.14", release, variant, **lacking)
        for release, variant in (
            ("3.24", "alpine"),
            ("3.23", "alpine"),
            ("bookworm", "slim"),
            ("trixie", "full"),
        )
    ]
    why = explained([candidate("3.12", "trixie"), *left_out]).why
    one_that(why, "Python 3.14 is left out", "glibc 2.41")


def test_a_stated_python_is_explained_with_its_place() -> None:
    why = explained(churn(), stated_python="3.12", stated_source=".python-version:1").why
    one_that(why, "Python 3.12 is stated by .python-version:1", "ABI")
    assert not any("no file states" in sentence for sentence in why)


def test_a_stated_python_that_cannot_be_had_says_why() -> None:
    one_that(explained(churn(), stated_python="3.10").why, "3.10 is stated", "end-of-life since 2026-10-31")
    one_that(explained(churn(), stated_python="3.9").why, "3.9 is stated", "the catalogue has none")


def test_a_python_that_a_flag_asks_for_is_explained_by_the_flag() -> None:
    one_that(explained(churn(), python="3.12").why, "what `--python` asks for")


def test_the_runner_up_is_named_with_what_it_has_more() -> None:
    sentence = one_that(explained(churn()).why, "the runner-up is `python:3.14-trixie`")
    assert "983 MB more on disk" in sentence
    assert "198 findings more after a rebuild" in sentence
    assert "1 fewer OS package to add" in sentence


def test_a_smaller_image_that_does_not_fit_is_named_with_every_package() -> None:
    sentence = one_that(explained(churn()).why, "`python:3.14-alpine3.24` would be 67 MB smaller")
    assert "lightgbm and scikit-learn have no musl wheel and no build recipe" in sentence


def test_a_smaller_image_that_fits_says_what_decides() -> None:
    sentence = one_that(explained(family("3.14")).why, "`python:3.14-alpine3.24` fits too", "67 MB smaller")
    assert "unmeasured" in sentence
    assert "alpine 3.24" in sentence


def test_a_measured_smaller_image_says_what_it_costs_more() -> None:
    small = candidate("3.14", "3.24", "alpine", vulnerabilities=counts(0, 60, 0))
    sentence = one_that(explained([candidate("3.14"), small]).why, "67 MB smaller")
    assert "28 findings more after a rebuild" in sentence
    assert "67 MB less on disk" in sentence


def test_a_base_of_which_only_its_own_size_is_known_is_compared_as_a_base() -> None:
    alpine = candidate("3.14", "3.24", "alpine", size=sizes("alpine", wheels=False))
    one_that(
        explained([candidate("3.14"), alpine]).why, "the base of `python:3.14-alpine3.24`", "67 MB smaller"
    )


def test_a_cleaner_image_says_why_it_lost() -> None:
    clean = candidate("3.14", "bookworm", vulnerabilities=counts(0, 1, 0))
    sentence = one_that(explained([candidate("3.14"), clean]).why, "31 findings fewer after a rebuild")
    assert "long-term support only, regular support ended 2026-06-10" in sentence
    assert "--allow-lts" in sentence


def test_an_admissible_cleaner_image_is_named_before_an_inadmissible_one() -> None:
    old = candidate("3.12", "bullseye", vulnerabilities=counts(0, 0, 0))
    clean = candidate("3.14", "bookworm", vulnerabilities=counts(0, 30, 0))
    why = explained([candidate("3.14"), clean, old]).why
    assert not any(old.image in sentence for sentence in why)
    one_that(explained([candidate("3.14"), old]).why, old.image, "end-of-life since 2026-08-31")


def test_the_price_names_packages_findings_and_the_builder() -> None:
    reason = Reason(kind=ReasonKind.BUILDS, package="psycopg2", sentence="psycopg2 is built from source")
    chosen = candidate(
        "3.14",
        verdict=Verdict.BUILDS_FROM_SOURCE,
        reasons=(reason,),
        add_packages=(added("libpq5", why="psycopg2 loads libpq.so.5", closure=("libldap2",)),),
        build_packages=(added("gcc"), added("libpq-dev")),
        vulnerabilities=counts(3, 12, 20, undetermined=6),
    )
    why = explained([chosen]).why
    one_that(why, "`libpq5` (2 packages, 200 kB to download, 600 kB on disk)", "psycopg2 loads libpq.so.5")
    one_that(why, "psycopg2 must be built from source", "gcc and libpq-dev")
    one_that(why, "32 findings stay after a rebuild", "20 of them minor", "6 more are undetermined")
    one_that(why, "newest admissible minor", "that fits")


def test_an_unmeasured_first_is_said_to_be() -> None:
    why = explained([candidate("3.14", "3.24", "alpine")]).why
    one_that(why, "unmeasured", "alpine 3.24")
    assert not any("0 finding" in sentence for sentence in why)


def test_the_best_of_each_other_supported_minor_is_an_alternative() -> None:
    alternatives = explained(churn()).alternatives
    sentence = one_that(alternatives, "model trained on 3.12? use `python:3.12-slim-trixie`")
    assert "adds libgomp1" in sentence
    assert not any("3.10" in each or "3.15" in each for each in alternatives)


def test_a_supported_minor_without_a_candidate_says_why() -> None:
    broken = candidate("3.13", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch"))
    one_that(explained([candidate("3.14"), broken]).alternatives, "Python 3.13: no candidate", "torch")


@pytest.mark.parametrize(
    ("other", "part", "words"),
    [
        (candidate("3.14", "3.24", "alpine"), "evidence", "unmeasured"),
        (candidate("3.14"), "evidence", "signature chain"),
        (candidate("3.11"), "stated", "changes the ABI and the wheels"),
        (candidate("3.12", verdict=Verdict.UNKNOWN), "unjudged", "not known"),
        (candidate("3.12", verdict=Verdict.BUILDS_FROM_SOURCE), "builds", "built from source"),
        (candidate("3.12", "bookworm"), "phase", "long-term support only"),
        (candidate("3.12", "forky"), "phase", "not known"),
        (candidate("3.12", "bullseye"), "phase", "end-of-life"),
        (candidate("3.12", "trixie", "full", size=sizes(wheels=False)), "sizes", "size is not known"),
        (candidate("3.12", "trixie", "full"), "cost", "more on disk"),
        (candidate("3.12", "trixie", image="z"), "name", "name decides"),
    ],
)
def test_what_decides_has_a_name_and_a_sentence(other: Candidate, part: str, words: str) -> None:
    request = rank_request(
        stated_python="3.12",
        allow_unknown=True,
        include_eol=True,
        unverified=frozenset({"python:3.14-slim-trixie"}),
    )
    winner, loser = rank([candidate("3.12"), other], request)
    assert winner.image == "python:3.12-slim-trixie"
    assert deciding_part(winner, loser, request) == part
    assert words in why_behind(winner, loser, request)


def test_without_a_stated_python_age_and_version_decide() -> None:
    request = rank_request()
    winner, loser, young = rank([candidate("3.12"), candidate("3.14"), candidate("3.15")], request)
    assert deciding_part(winner, loser, request) == "python"
    assert "3.12 is older than 3.14" in why_behind(winner, loser, request)
    assert "younger than 12 months" in why_behind(winner, young, request)
    assert explain((winner, loser, young), request).decided_by == "python"


def test_a_single_candidate_is_decided_by_nothing_else() -> None:
    assert explained([candidate("3.14")]).decided_by == "only"


def test_names_are_joined_once_and_counted_beyond_the_limit() -> None:
    assert join_names([]) == ""
    assert join_names(["a"]) == "a"
    assert join_names(["a", "b", "a"]) == "a and b"
    assert join_names(["a", "b", "c", "d"], limit=2) == "a, b and 2 more"


def test_families_of_packages_are_counted_in_the_reasons_but_not_in_the_exclusion() -> None:
    nvidia = tuple(f"nvidia-{name}" for name in ("cublas", "cufft", "nccl", "nvtx"))
    alpine = candidate(
        "3.14", "3.24", "alpine", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch", "triton", *nvidia)
    )
    request = rank_request()
    ranked = rank([candidate("3.14"), alpine], request)
    sentence = one_that(explain(ranked, request).why, "`python:3.14-alpine3.24` would be")
    assert "torch, triton and 4 nvidia-* packages have no musl wheel" in sentence
    assert all(name in ranked[1].excluded[0].sentence for name in nvidia)


def test_a_base_with_compilers_needs_a_builder_stage_too() -> None:
    full = candidate("3.14", "trixie", "full", verdict=Verdict.BUILDS_FROM_SOURCE)
    slim = candidate("3.14", verdict=Verdict.BUILDS_FROM_SOURCE, build_packages=(added("gcc"),))
    why = explained([full, slim]).why
    assert not any("no builder stage" in sentence for sentence in why)
    one_that(explained([full]).why, "a builder stage has the compilers from the base")


def test_a_package_that_another_brings_costs_nothing_more() -> None:
    nothing = msgspec.structs.replace(added("libxcb1", why="it loads libxcb.so.1"), installed_bytes=0)
    chosen = candidate("3.14", add_packages=(nothing,))
    one_that(explained([chosen]).why, "`libxcb1`, which another package brings: it loads libxcb.so.1")


@pytest.mark.parametrize("changes", [{"python": "3.12"}, {"stated_python": "3.10"}])
def test_leaving_the_stated_python_has_its_price(changes: dict[str, object]) -> None:
    why = explained(churn(), **{"stated_python": "3.14", **changes}).why
    one_that(why, "changes the ABI and the wheels", "made again")
