"""Work, counted: the same number each time, and a stop for what would not end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from functools import partial

import pytest

from basewise.testing.work import TooMuchWorkError, assert_linear, count_lines


def once(items: list[int]) -> int:
    return sum(item for item in items if item)


def each_with_each(items: list[int]) -> int:
    return sum(one for one in items for other in items if one == other)


def turn_for_ever() -> None:
    while True:
        with contextlib.suppress(Exception):
            once([1])


def test_the_same_work_is_the_same_count() -> None:
    counts = {count_lines(partial(once, list(range(100)))) for _ in range(3)}
    assert len(counts) == 1
    assert counts.pop() >= 100


def test_linear_work_passes_and_quadratic_work_does_not() -> None:
    def sized(work: Callable[[list[int]], int]) -> Callable[[int], Callable[[], object]]:
        return lambda size: partial(work, list(range(size)))

    assert_linear(sized(once), 100)
    with pytest.raises(TooMuchWorkError):
        assert_linear(sized(each_with_each), 100)


def test_work_that_never_ends_is_stopped_and_nothing_is_traced_after_it() -> None:
    before = sys.gettrace()
    with pytest.raises(TooMuchWorkError, match="more than 1000 lines"):
        count_lines(turn_for_ever, at_most=1000)
    assert sys.gettrace() is before
