from __future__ import annotations

import msgspec
import pytest

from basewise.model.finding import Severity, Vulnerabilities
from basewise.report.chart import Count, PointSize, SizeOf
from basewise.report.chart_of_choice import chart_of_choice
from basewise.report.chart_places import Place, View, Where, first_view, place
from basewise.report.chart_words import count_title, description, place_sentence
from basewise.testing.candidates import candidate
from basewise.testing.charts import chart, found, point
from basewise.testing.choices import choice, churn_candidates, coverage

BASE = View(finished=False)
KNOWN = frozenset(Severity) - {Severity.UNKNOWN}
ALL_UNKNOWN = found((0, 0, 0, 0, 0, 9), (0, 0, 0, 0, 0, 4))


def only(made: tuple[Place, ...]) -> Place:
    (one,) = made
    return one


@pytest.mark.parametrize(
    ("count", "findings"), [(Count.AS_PULLED, 21), (Count.FIXABLE, 4), (Count.AFTER_REBUILD, 17)]
)
def test_each_count_has_its_number(count: Count, findings: int) -> None:
    assert only(place(chart([point()]), View(finished=False, count=count))).findings == findings


def test_severities_add_up() -> None:
    chosen = frozenset({Severity.CRITICAL, Severity.HIGH, Severity.UNKNOWN})
    made = only(place(chart([point()]), View(finished=False, severities=chosen)))
    assert (made.findings, made.stays, made.at_least) == (9, 5, False)


def test_a_number_without_the_findings_of_unknown_severity_is_a_lower_bound() -> None:
    made = only(place(chart([point()]), View(finished=False, severities=KNOWN)))
    assert (made.findings, made.at_least) == (15, True)
    assert "at least 15" in place_sentence(made)


def test_an_image_whose_findings_all_have_unknown_severity_has_no_zero() -> None:
    made = only(place(chart([point(base=ALL_UNKNOWN)]), View(finished=False, severities=KNOWN)))
    assert (made.where, made.findings) == (Where.NO_COUNT, None)


def test_a_measured_zero_is_a_zero() -> None:
    made = only(place(chart([point(base=found((0, 0, 0, 0, 0, 0)))]), View(finished=False, severities=KNOWN)))
    assert (made.where, made.findings, made.at_least) == (Where.PLANE, 0, False)


@pytest.mark.parametrize(
    ("measured", "megabytes", "where"),
    [
        (True, 100, Where.PLANE),
        (False, 100, Where.NO_COUNT),
        (True, None, Where.NO_SIZE),
        (False, None, Where.NOTHING),
    ],
)
def test_what_is_not_measured_stands_beside_the_plane(
    *, measured: bool, megabytes: int | None, where: Where
) -> None:
    base = found((0, 0, 0, 0, 0, 5)) if measured else Vulnerabilities()
    assert only(place(chart([point(megabytes=megabytes, base=base)]), BASE)).where is where


def test_severities_of_counts_without_parts_are_not_measured() -> None:
    whole = Vulnerabilities(total=7, after_rebuild=7, fixable=0)
    made = chart([point(base=whole)])
    assert only(place(made, BASE)).findings == 7
    assert only(place(made, View(finished=False, severities=KNOWN))).findings is None


def test_a_list_of_today_is_measured_after_a_rebuild_only() -> None:
    made = chart([point(base=Vulnerabilities(after_rebuild=7))])
    assert only(place(made, BASE)).findings is None
    assert only(place(made, View(finished=False, count=Count.AFTER_REBUILD))).findings == 7


def test_the_front_has_those_that_none_beats_in_both() -> None:
    made = chart(
        [
            point("a:small", megabytes=50, base=found((0, 0, 0, 0, 0, 30))),
            point("a:beaten", megabytes=60, base=found((0, 0, 0, 0, 0, 31))),
            point("a:clean", megabytes=90, base=found((0, 0, 0, 0, 0, 3))),
            point("a:left-out", megabytes=10, base=found((0, 0, 0, 0, 0, 0)), excluded="past its end"),
            point("a:unmeasured", megabytes=1, base=Vulnerabilities()),
        ]
    )
    assert [each.point.image for each in place(made, BASE) if each.front] == ["a:small", "a:clean"]


def test_the_size_to_download_is_another_axis() -> None:
    made = only(place(chart([point(megabytes=90)]), View(finished=False, size=SizeOf.DOWNLOAD)))
    assert made.size == 30_000_000


def test_an_application_that_does_not_fit_has_no_finished_size_and_is_absent() -> None:
    nowhere = point(fits=False, finished_size=PointSize(disk=None, download=None), finished=found((0,) * 6))
    made = chart([nowhere])
    assert first_view(made).finished
    assert only(place(made, first_view(made))).where is Where.ABSENT
    assert only(place(made, BASE)).where is Where.PLANE


def test_the_picture_of_an_answer_has_every_candidate_with_its_reasons() -> None:
    answer = choice()
    made = chart_of_choice(answer)
    assert [each.image for each in made.points] == [each.image for each in answer.candidates]
    assert [each.image for each in made.points if each.first] == [answer.candidates[0].image]
    alpine = next(each for each in made.points if each.variant == "alpine")
    assert alpine.excluded
    assert "lightgbm has no wheel" in " ".join(alpine.reasons)
    assert "adds libgomp1" in " ".join(made.points[0].reasons)


def test_counts_without_a_source_are_not_shown() -> None:
    made = chart_of_choice(choice(coverage=coverage(sources=())))
    assert all(each.findings is None for each in place(made, first_view(made)))


def test_base_and_finished_application_have_counts_of_their_own() -> None:
    counts = msgspec.structs.replace(candidate().vulnerabilities, total=99)
    made = chart_of_choice(choice([candidate("3.14", base_vulnerabilities=counts)]))
    assert only(place(made, BASE)).findings == 99
    assert only(place(made, View(finished=True))).findings == 62


def test_the_description_names_what_the_eye_would_see() -> None:
    made = chart_of_choice(choice(churn_candidates()))
    view = View(finished=False, severities=KNOWN, count=Count.FIXABLE)
    words = description(made, first_view(made), place(made, first_view(made)))
    assert "Recommended: python:3.14-slim-trixie" in words
    assert "the application does not run there: python:3.13-alpine3.24" in words
    assert count_title(view) == "fixable vulnerabilities, severity critical, high, medium, low, negligible"
