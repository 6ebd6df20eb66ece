from __future__ import annotations

import pytest

from basewise.errors import InvalidValueError
from basewise.model.advisory import VersionRange
from basewise.versions import pep440
from basewise.versions.ranges import contains


@pytest.mark.parametrize(
    ("affected", "version", "expected"),
    [
        (VersionRange(), "1.0", True),
        (VersionRange(introduced=""), "1.0", True),
        (VersionRange(introduced="0"), "0.0.1", True),
        (VersionRange(introduced="0"), "0.dev0", True),
        (VersionRange(introduced="1.1"), "1.0", False),
        (VersionRange(introduced="1.1"), "1.1", True),
        (VersionRange(introduced="1.1", fixed="1.3"), "1.2", True),
        (VersionRange(introduced="1.1", fixed="1.3"), "1.3", False),
        (VersionRange(introduced="1.3", fixed="1.3"), "1.3", False),
        (VersionRange(introduced="1.4", fixed="1.3"), "1.35", False),
        (VersionRange(last_affected="1.3"), "1.3", True),
        (VersionRange(last_affected="1.3"), "1.3.1", False),
        (VersionRange(fixed="1.2", last_affected="1.3"), "1.2", False),
    ],
)
def test_a_range_holds_what_lies_between_its_ends(
    affected: VersionRange, version: str, expected: bool
) -> None:
    assert contains(affected, pep440.sort_key(version), pep440.sort_key) is expected


@pytest.mark.parametrize(
    "affected", [VersionRange("soon"), VersionRange(fixed="soon"), VersionRange("0", "", "soon")]
)
def test_an_end_of_another_ecosystem_is_refused(affected: VersionRange) -> None:
    with pytest.raises(InvalidValueError):
        contains(affected, pep440.sort_key("1.0"), pep440.sort_key)
