"""What a distribution is called in sentences."""

from __future__ import annotations

import pytest

from basewise.model.distro import Distro


@pytest.mark.parametrize(
    ("distro", "text"),
    [
        (Distro("debian", "12", "bookworm"), "debian 12 (bookworm)"),
        (Distro("debian", "", "forky"), "debian (forky)"),
        (Distro("alpine", "3.24"), "alpine 3.24"),
        (Distro("arch", ""), "arch"),
    ],
)
def test_what_is_not_known_leaves_no_gap(distro: Distro, text: str) -> None:
    assert str(distro) == text
