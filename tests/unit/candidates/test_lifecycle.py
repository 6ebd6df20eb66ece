from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.candidates.lifecycle import (
    Cycle,
    load_lifecycles,
    newest_settled_minor,
    phase_on,
    python_age_days,
    python_is_supported,
    released_minors,
    support_of,
)
from basewise.model.evidence import SupportPhase

NOVEMBER_2026 = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("tag", "day", "phase"),
    [
        ("3.13-slim-trixie", "2026-11-23", SupportPhase.REGULAR),
        ("3.13-slim-trixie", "2028-08-09", SupportPhase.REGULAR),
        ("3.13-slim-trixie", "2028-08-10", SupportPhase.LTS),
        ("3.13-slim-bookworm", "2026-07-11", SupportPhase.REGULAR),
        ("3.13-slim-bookworm", "2026-07-12", SupportPhase.LTS),
        ("3.13-slim-bookworm", "2028-06-30", SupportPhase.LTS),
        ("3.13-slim-bookworm", "2028-07-01", SupportPhase.EOL),
        ("3.11-slim-bullseye", "2026-08-31", SupportPhase.LTS),
        ("3.11-slim-bullseye", "2026-11-23", SupportPhase.EOL),
        ("3.10-slim-buster", "2026-11-23", SupportPhase.EOL),
        ("3.13-alpine3.24", "2026-11-23", SupportPhase.REGULAR),
        ("3.11-alpine3.17", "2026-11-23", SupportPhase.EOL),
    ],
)
def test_the_phase_of_an_image_follows_its_distribution(tag: str, day: str, phase: SupportPhase) -> None:
    image = load_catalogue().find(f"python:{tag}")
    assert support_of(image, date.fromisoformat(day)).phase is phase


def test_regular_and_long_term_ends_are_two_dates() -> None:
    support = support_of(load_catalogue().find("python:3.13-slim-bookworm"), NOVEMBER_2026)
    assert support.distro_eol == "2026-07-11"
    assert support.distro_lts_eol == "2028-06-30"
    assert support.python_eol == "2029-10-31"


def test_a_release_without_a_known_end_is_unknown_not_supported() -> None:
    assert phase_on(None, NOVEMBER_2026) is SupportPhase.UNKNOWN
    assert phase_on(Cycle(cycle="14", codename="forky"), NOVEMBER_2026) is SupportPhase.UNKNOWN


@pytest.mark.parametrize(
    ("minor", "supported"),
    [("3.9", False), ("3.10", False), ("3.11", True), ("3.15", True), ("3.99", None)],
)
def test_python_support_on_a_day(minor: str, supported: bool | None) -> None:
    assert python_is_supported(minor, NOVEMBER_2026) is supported


def test_a_python_is_supported_through_its_last_day_and_not_before_its_release() -> None:
    assert python_is_supported("3.10", date(2026, 10, 31)) is True
    assert python_is_supported("3.10", date(2026, 11, 1)) is False
    assert python_is_supported("3.15", date(2026, 10, 8)) is False
    assert python_is_supported("3.15", date(2026, 10, 9)) is True


def test_age_counts_from_the_final_release() -> None:
    assert python_age_days("3.14", date(2026, 10, 7)) == 365
    assert python_age_days("3.15", date(2026, 10, 8)) is None
    assert python_age_days("3.99", NOVEMBER_2026) is None


@pytest.mark.parametrize(
    ("day", "newest"),
    [("2026-11-23", "3.14"), ("2026-10-06", "3.13"), ("2027-10-09", "3.15"), ("2019-01-01", None)],
)
def test_the_newest_settled_minor_is_a_year_old_and_supported(day: str, newest: str | None) -> None:
    minors = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
    assert newest_settled_minor(minors, date.fromisoformat(day)) == newest


def test_a_settled_minor_at_its_end_of_life_is_none() -> None:
    assert newest_settled_minor(["3.9", "3.10"], NOVEMBER_2026) is None
    assert newest_settled_minor([], NOVEMBER_2026) is None


def test_released_minors_are_in_numeric_order() -> None:
    assert released_minors(date(2022, 1, 1)) == ("3.9", "3.10")
    assert released_minors(NOVEMBER_2026)[-1] == "3.15"


def test_every_image_of_the_catalogue_has_known_ends_of_support() -> None:
    for image in load_catalogue().images:
        support = support_of(image, NOVEMBER_2026)
        assert support.phase is not SupportPhase.UNKNOWN, image.name
        assert support.python_eol is not None, image.name


def test_dates_agree_with_a_second_source(shared_data: Path) -> None:
    """A few days apart is a rounding to the end of a month; more is a mistake in one of the two."""
    other = json.loads((shared_data / "eol" / "lifecycles.json").read_bytes())["products"]
    known = load_lifecycles()
    compared = 0
    for product, name, lts in (
        ("python", "python", ""),
        ("debian", "debian", "eoes"),
        ("alpine", "alpine-linux", ""),
    ):
        for row in other[name]:
            cycle = known.find(product, row["releaseCycle"])
            if cycle is None:
                continue
            for ours, theirs in (
                (cycle.released, row["releaseDate"]),
                (cycle.eol, row["eol"]),
                (cycle.lts_eol, row.get(lts)),
            ):
                if ours is None or not theirs:
                    continue
                assert abs(ours - date.fromisoformat(theirs)) <= timedelta(days=2), (product, row, ours)
                compared += 1
    assert compared > 40


def test_ubuntu_names_its_series() -> None:
    noble = load_lifecycles().find("ubuntu", "24.04")
    assert noble is not None
    assert (noble.codename, noble.eol) == ("noble", date(2029, 5, 31))
