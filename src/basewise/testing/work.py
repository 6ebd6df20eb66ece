"""How much work a call is, counted: what a test may assert on, where a clock would lie on a busy machine.

Counted are the lines of Python that the calling thread executes, each turn of a loop or comprehension anew. What one
call of C does (a regular expression, a copy) is one line, however long it takes: give it an input on which the bad
version would not end, and the watchdog of pytest reports it.

Reference:
    Python's documentation, `sys.settrace`: the events `call` and `line`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["TooMuchWorkError", "assert_linear", "count_lines"]

GROWTH = 4
# Four times the input is four times the lines, and a little for what is done once; quadratic work is sixteen times.
_MOST_GROWTH = 5


class TooMuchWorkError(BaseException):
    """A call did more than it may; no `Exception`, so that nothing that is tested catches it."""


def count_lines(work: Callable[[], object], *, at_most: int | None = None) -> int:
    """Do `work`, and return how many lines of Python that took.

    Args:
        work: The call. Do it once before where its first time imports modules or fills caches.
        at_most: Lines after which it is stopped; also work that would never end ends there.

    Raises:
        TooMuchWorkError: `at_most` lines were not enough.
    """
    lines = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ANN401 - the signature that Python wants
        nonlocal lines
        del frame, argument
        if event == "line":
            lines += 1
            if at_most is not None and lines > at_most:
                raise TooMuchWorkError(f"more than {at_most} lines of Python were executed")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def assert_linear(work: Callable[[int], Callable[[], object]], size: int) -> None:
    """Assert that four times the input is about four times the work.

    Args:
        work: Makes an input of a size, and returns the call that is counted.
        size: Of the smaller input, in whatever unit `work` has; large enough that what is done once counts little.

    Raises:
        TooMuchWorkError: The work grows faster than its input.
    """
    work(size)()
    lines = count_lines(work(size))
    count_lines(work(GROWTH * size), at_most=_MOST_GROWTH * lines)
