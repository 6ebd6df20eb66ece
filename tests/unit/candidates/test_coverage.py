from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.candidates.coverage import catalogue_not_covered, catalogue_source, catalogue_warnings
from basewise.model.evidence import NotCovered

CATALOGUE = load_catalogue()


def newer_pythons(day: str) -> list[NotCovered]:
    found = catalogue_not_covered(CATALOGUE, date.fromisoformat(day))
    return [item for item in found if item.what.startswith("Python ")]


def test_a_released_minor_of_which_there_is_only_a_candidate_is_said() -> None:
    (missing,) = newer_pythons("2026-11-23")
    assert missing.what == "Python 3.15"
    assert "released 2026-10-09" in missing.why
    assert "only the pre-release 3.15.0rc1" in missing.why


def test_a_minor_is_not_missing_before_its_release() -> None:
    assert newer_pythons("2026-10-08") == []


def test_a_minor_without_any_image_is_said_to_have_none() -> None:
    without = msgspec.structs.replace(
        CATALOGUE, images=tuple(image for image in CATALOGUE.images if not image.prerelease)
    )
    found = catalogue_not_covered(without, date(2026, 11, 23))
    assert any("has no image of it" in item.why for item in found)


def test_images_without_a_package_list_are_named() -> None:
    found = [
        item for item in catalogue_not_covered(CATALOGUE, date(2026, 10, 1)) if "OS packages" in item.what
    ]
    assert len(found) == 1
    assert "python:3.10-slim-buster" in found[0].why


@pytest.mark.parametrize(("days", "warned"), [(0, False), (90, False), (91, True), (4000, True)])
def test_a_catalogue_older_than_ninety_days_is_a_warning(days: int, warned: bool) -> None:
    warnings = catalogue_warnings(CATALOGUE, CATALOGUE.as_of + timedelta(days=days))
    assert bool(warnings) is warned
    if warned:
        assert f"{days} days old" in warnings[0]


@pytest.mark.parametrize(("days", "warned"), [(1, False), (2, True), (3000, True)])
def test_a_clock_before_the_catalogue_is_named(days: int, warned: bool) -> None:
    warnings = catalogue_warnings(CATALOGUE, CATALOGUE.as_of - timedelta(days=days))
    assert bool(warnings) is warned
    if warned:
        assert "the clock says" in warnings[0]


def test_the_catalogue_is_an_unverified_source_with_an_age() -> None:
    source = catalogue_source(CATALOGUE, CATALOGUE.as_of + timedelta(days=7))
    assert (source.age_days, source.entries, source.verified) == (7, len(CATALOGUE.images), False)
    assert catalogue_source(CATALOGUE, date(2000, 1, 1)).age_days is None
