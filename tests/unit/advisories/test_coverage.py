from __future__ import annotations

from datetime import date

from basewise.advisories.coverage import age_in_days, coverage_of
from basewise.model.advisory import SourceStatus

SOURCE = SourceStatus(
    name="debian_archive bookworm", ecosystem="debian", as_of="2026-11-23", entries=5, verified=True
)


def test_a_source_has_its_age_in_days() -> None:
    covered, said = coverage_of([SOURCE], date(2026, 12, 3))
    assert [source.age_days for source in covered] == [10]
    assert said == ()


def test_a_clock_before_the_source_is_said_and_gives_no_negative_age() -> None:
    covered, said = coverage_of([SOURCE], date(2021, 11, 23))
    assert [source.age_days for source in covered] == [None]
    assert [item.what for item in said] == ["the clock"]
    assert "2021-11-23" in said[0].why
    assert "2026-11-23" in said[0].why
    assert age_in_days(SOURCE.as_of, date(2021, 11, 23)) is None


def test_a_clock_years_after_the_source_makes_it_stale() -> None:
    covered, said = coverage_of([SOURCE], date(2031, 11, 23))
    assert covered[0].age_days == 1826
    assert said[0].what == "what was published after 2026-11-23"
    assert "1826 days old" in said[0].why


def test_an_unverified_archive_and_what_a_source_says_of_itself_are_named() -> None:
    source = SourceStatus(
        name="debian_archive trixie",
        ecosystem="debian",
        as_of="2026-11-23",
        entries=5,
        verified=False,
        note="3 changelogs missing",
    )
    _, said = coverage_of([source], date(2026, 11, 23))
    assert [(item.what, item.why) for item in said] == [
        ("part of debian_archive trixie", "3 changelogs missing"),
        ("the origin of debian_archive trixie", "no signature chain was checked"),
    ]


def test_a_source_without_a_date_has_no_age() -> None:
    assert age_in_days("", date(2026, 11, 23)) is None
    assert age_in_days("soon", date(2026, 11, 23)) is None
