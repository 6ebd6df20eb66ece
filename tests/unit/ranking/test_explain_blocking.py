from __future__ import annotations

from basewise.model.choice import Blocking, Candidate
from basewise.model.verdict import Reason, ReasonKind, Verdict
from basewise.ranking.explain import explain
from basewise.ranking.rank import rank
from basewise.testing.candidates import candidate, family, no_wheel, rank_request


def blocking(candidates: list[Candidate], **changes: object) -> tuple[Blocking, ...]:
    request = rank_request(**changes)
    explanation = explain(rank(candidates, request), request)
    assert explanation.why == ()
    assert explanation.decided_by == "nothing"
    return explanation.blocking


def test_nothing_blocks_when_something_is_admissible() -> None:
    request = rank_request()
    assert explain(rank(family("3.12"), request), request).blocking == ()


def test_a_flag_that_excludes_everything_is_named_alone_with_what_is_known() -> None:
    (cause,) = blocking(family("3.10", "3.12"), distro="focal")
    assert cause.cause == "`--distro focal` excludes every candidate"
    assert cause.candidates == 10
    assert "alpine 3.24, bookworm and trixie" in cause.hint


def test_flags_that_exclude_everything_together_are_named_together() -> None:
    first, *_ = blocking(family("3.12"), distro="trixie", libc="musl", max_size_bytes=10**12)
    assert first.cause == "`--distro trixie` and `--libc musl` together exclude every candidate"
    assert "drop one of them" in first.hint


def test_the_smallest_size_is_given_for_a_limit_below_it() -> None:
    (cause,) = blocking(family("3.12"), max_size_bytes=1_000_000)
    assert cause.cause == "`--max-size 1.0 MB` excludes every candidate"
    assert "the smallest takes 580 MB" in cause.hint


def test_a_flag_that_leaves_only_the_unfit_says_what_it_excludes() -> None:
    broken = candidate("3.12", "3.24", "alpine", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch"))
    causes = blocking([broken, candidate("3.12"), candidate("3.13")], libc="musl")
    assert causes[0] == Blocking(
        "`--libc musl` excludes 2 candidates", 2, "without it 2 candidates would remain"
    )
    assert any("torch has no musl wheel" in cause.cause for cause in causes)


def test_a_range_that_excludes_every_python_names_the_ones_there_are() -> None:
    (cause,) = blocking(family("3.10", "3.12"), requires_python=">=3.16")
    assert cause.cause == "requires-python `>=3.16` excludes every Python of the catalogue"
    assert "3.10 and 3.12" in cause.hint


def test_a_range_that_allows_only_the_end_of_life_says_both() -> None:
    causes = blocking([candidate("3.10"), candidate("3.12")], requires_python="<3.11")
    assert [cause.candidates for cause in causes] == [1, 1]
    assert "`--include-eol` admits it" in causes[1].hint


def test_unsatisfiable_requirements_are_the_cause() -> None:
    sentence = "your application depends on a==1 and b==1, and b==1 depends on a==2"
    reason = Reason(kind=ReasonKind.UNSATISFIABLE, package="", sentence=sentence, blocking=True)
    broken = [candidate(minor, verdict=Verdict.DOES_NOT_FIT, reasons=(reason,)) for minor in ("3.12", "3.13")]
    (cause,) = blocking(broken)
    assert cause.cause == sentence
    assert cause.candidates == 2


def test_many_causes_are_limited_and_the_rest_is_counted() -> None:
    broken = [
        candidate(
            "3.12", image=f"x:{number}", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel(f"p{number:02}")
        )
        for number in range(12)
    ]
    causes = blocking(broken)
    assert len(causes) == 9
    assert causes[-1].cause == "4 more reasons of this kind"
    assert causes[-1].candidates == 4


def test_an_empty_catalogue_is_a_cause() -> None:
    (cause,) = blocking([])
    assert cause.candidates == 0
