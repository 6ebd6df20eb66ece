"""Events of OSV as ranges, and what version lists say beside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.advisories.osv_ranges import HeldVersions, ranges_of_events
from basewise.advisories.osv_record import OsvEvent
from basewise.model.advisory import VersionRange
from basewise.versions import debian, pep440
from basewise.versions.ranges import contains


def events(*texts: str) -> tuple[OsvEvent, ...]:
    """Return events written as `i1 f2 l3 m4`: introduced, fixed, last affected, limit."""
    kinds = {"i": "introduced", "f": "fixed", "l": "last_affected", "m": "limit"}
    return tuple(OsvEvent(**{kinds[text[0]]: text[1:]}) for text in texts)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("i0 f2", [("0", "2", "")]),
        ("i0", [("0", "", "")]),
        ("i1.0 l1.5", [("1.0", "", "1.5")]),
        ("l1.5", [("0", "", "1.5")]),
        ("f2", [("0", "2", "")]),
        ("", [("0", "", "")]),
        # unsorted
        ("f2 i0", [("0", "2", "")]),
        ("i3 f4 i0 f2", [("0", "2", ""), ("3", "4", "")]),
        ("i10 i2 f11 f9", [("2", "9", ""), ("10", "11", "")]),
        ("f2 f1 i0", [("0", "1", "")]),
        # the next one begins where one is fixed
        ("i1 f2 i2 f3", [("1", "2", ""), ("2", "3", "")]),
        # nothing lies between equal versions
        ("i2 f2", []),
        ("i2 l2", [("2", "", "2")]),
        # fixed before it was introduced: everything from there on
        ("i2 f1", [("2", "", "")]),
        # a limit ends what has not ended
        ("i1 m2", [("1", "2", "")]),
        ("i1 f2 m3", [("1", "2", "")]),
        ("i1 m2 i3", [("1", "2", "")]),
        ("i1 m2 m4 f3", [("1", "3", "")]),
        ("i1 m*", [("1", "", "")]),
        # versions that cannot be ordered stay as they stand
        ("inonsense f2", [("nonsense", "2", "")]),
        ("i1 f2 i3-x-y f4", [("1", "2", ""), ("3-x-y", "4", "")]),
    ],
)
def test_events_mean_ranges(listed: str, expected: list[tuple[str, str, str]]) -> None:
    found = ranges_of_events(events(*listed.split()), pep440.sort_key)
    assert found == tuple(VersionRange(*item) for item in expected)


def test_the_order_is_that_of_the_ecosystem() -> None:
    found = ranges_of_events(events("f1.0-1", "i1.0~rc1-1", "i2", "f3"), debian.sort_key)
    assert found == (VersionRange("1.0~rc1-1", "1.0-1"), VersionRange("2", "3"))


def affected(listed: tuple[OsvEvent, ...], version: str) -> bool:
    """Evaluate events as the schema writes it down."""
    key = pep440.sort_key
    vulnerable = False
    for event in sorted(
        listed, key=lambda item: key(item.introduced or item.fixed or item.last_affected or "0")
    ):
        if event.introduced is not None and (
            event.introduced == "0" or key(version) >= key(event.introduced)
        ):
            vulnerable = True
        elif (event.fixed is not None and key(version) >= key(event.fixed)) or (
            event.last_affected is not None and key(version) > key(event.last_affected)
        ):
            vulnerable = False
    return vulnerable


numbers = st.integers(1, 12).map(str)
an_event = st.one_of(
    numbers.map(lambda version: OsvEvent(introduced=version)),
    numbers.map(lambda version: OsvEvent(fixed=version)),
    numbers.map(lambda version: OsvEvent(last_affected=version)),
)


def version_of(event: OsvEvent) -> str:
    return event.introduced or event.fixed or event.last_affected or ""


@settings(deadline=None)
@given(st.lists(an_event, max_size=6, unique_by=version_of), numbers)
def test_ranges_hold_what_the_events_mean(others: list[OsvEvent], version: str) -> None:
    listed = (OsvEvent(introduced="0"), *others)
    found = ranges_of_events(listed, pep440.sort_key)
    assert any(contains(item, pep440.sort_key(version), pep440.sort_key) for item in found) == affected(
        listed, version
    )


@pytest.mark.parametrize(
    ("ranges", "versions", "expected"),
    [
        ([("0", "2", "")], ["1", "1.9", "1.9.post1"], ()),
        ([("0", "2", "")], ["1", "2", "2.0"], ("2", "2.0")),
        ([("0", "2", "")], ["1", "2rc1"], ()),
        ([("0", "", "")], ["1", "nonsense"], ()),
        ([("0", "2", "")], ["1", "0.1-bulbasaur"], ("0.1-bulbasaur",)),
        ([("0", "2", "")], ["3", "0.1-bulbasaur"], ("0.1-bulbasaur", "3")),
        ([("1", "2", ""), ("10", "11", "")], ["0.5", "1", "2", "10.5", "11"], ("0.5", "11", "2")),
        ([("10", "11", ""), ("2", "3", "")], ["2.5", "9", "10"], ("9",)),
        ([("1", "", "2")], ["1", "2", "2.1"], ("2.1",)),
        ([("1", "5", ""), ("2", "3", "")], ["0.9", "4", "5"], ("0.9", "5")),
        ([("3", "", "")], ["2", "3", "4"], ("2",)),
        ([("nonsense", "2", "")], ["1", "1"], ("1",)),
        ([], ["2", "1", "1"], ("1", "2")),
        ([], [], ()),
    ],
)
def test_listed_versions_that_no_range_holds_are_kept(
    ranges: list[tuple[str, str, str]], versions: list[str], expected: tuple[str, ...]
) -> None:
    held = HeldVersions([VersionRange(*item) for item in ranges], pep440.sort_key)
    assert held.outside(versions) == expected
    assert held.outside(versions) == expected


@settings(deadline=None)
@given(st.lists(an_event, max_size=6, unique_by=version_of), st.lists(numbers, max_size=8))
def test_what_is_kept_of_a_list_is_what_the_ranges_do_not_hold(
    others: list[OsvEvent], versions: list[str]
) -> None:
    ranges = ranges_of_events((OsvEvent(introduced="3"), *others), pep440.sort_key)
    expected = {
        version
        for version in versions
        if not any(contains(item, pep440.sort_key(version), pep440.sort_key) for item in ranges)
    }
    assert HeldVersions(ranges, pep440.sort_key).outside(versions) == tuple(sorted(expected))
