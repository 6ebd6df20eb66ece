from __future__ import annotations

import pytest

from basewise.errors import InvalidValueError
from basewise.versions import debian, pep440
from basewise.versions.ranges import VersionRange, any_contains


@pytest.mark.parametrize(
    ("affected", "version", "expected"),
    [
        (VersionRange(), "1.0", True),
        (VersionRange(introduced="0"), "0.0.1", True),
        (VersionRange(introduced="1.1"), "1.0", False),
        (VersionRange(introduced="1.1"), "1.1", True),
        (VersionRange(introduced="1.1", fixed="1.3"), "1.2", True),
        (VersionRange(introduced="1.1", fixed="1.3"), "1.3", False),
        (VersionRange(introduced="1.3", fixed="1.3"), "1.3", False),
        (VersionRange(last_affected="1.3"), "1.3", True),
        (VersionRange(last_affected="1.3"), "1.3.1", False),
    ],
)
def test_a_range_holds_what_lies_between_its_ends(
    affected: VersionRange, version: str, expected: bool
) -> None:
    assert affected.contains(version, pep440.compare) is expected


def test_one_range_of_several_is_enough() -> None:
    ranges = (VersionRange(introduced="1.0", fixed="1.2"), VersionRange(introduced="2.0", fixed="2.4"))
    assert any_contains(ranges, "2.3-1", debian.compare)
    assert not any_contains(ranges, "1.5-1", debian.compare)


def test_a_version_of_another_ecosystem_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        VersionRange(fixed="1.0").contains("not a version", pep440.compare)
