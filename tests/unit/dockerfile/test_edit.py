"""Edits change the characters that they name, and nothing else."""

from __future__ import annotations

import pytest

from basewise.dockerfile.edit import Edit, apply_edits, line_end_of
from basewise.errors import InvalidValueError


def test_edits_are_made_where_they_say() -> None:
    assert apply_edits("abcdef", [Edit(5, 5, "X"), Edit(1, 3, "-"), Edit(5, 5, "X")]) == "a-deXf"


@pytest.mark.parametrize("edits", [[Edit(0, 3, ""), Edit(2, 4, "")], [Edit(0, 9, "")], [Edit(3, 1, "")]])
def test_edits_that_cannot_be_made_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(InvalidValueError):
        apply_edits("abcdef", edits)


@pytest.mark.parametrize(
    ("text", "end"), [("a\r\nb\n", "\r\n"), ("a\nb\r\n", "\n"), ("", "\n"), ("\n\r\n", "\n")]
)
def test_the_line_end_is_that_of_the_first_line(text: str, end: str) -> None:
    assert line_end_of(text) == end
