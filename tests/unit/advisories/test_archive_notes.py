from __future__ import annotations

import pytest

from basewise.advisories.archive_notes import BEHIND, UNREAD, note_about

OLD = "`sid` of 2026-10-30 was valid until 2026-11-06"


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ({"bash"}, OLD),
        ({"bash", "gcc-12-cross"}, f"{OLD}; {UNREAD}gcc-12-cross"),
        ({"git-lfs", "firefox-esr"}, f"{OLD}; {BEHIND}firefox-esr, git-lfs"),
        ({"gcc-12-cross", "git-lfs"}, f"{OLD}; {UNREAD}gcc-12-cross; {BEHIND}git-lfs"),
    ],
)
def test_what_concerns_packages_that_are_not_there_is_left_out(names: set[str], left: str) -> None:
    note = f"{OLD}; {UNREAD}cross-toolchain-base, gcc-12-cross; {BEHIND}firefox-esr, git-lfs"
    assert note_about(note, names) == left


def test_nothing_is_left_where_no_part_concerns_them() -> None:
    assert note_about(f"{UNREAD}gcc-12-cross", {"bash"}) == ""
    assert note_about("", {"bash"}) == ""
