"""Axes of a picture: their ends and their ticks, the same in every form."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from basewise._internal.text import format_bytes

__all__ = ["Axis", "count_axis", "size_axis", "tick_text"]

_PADDING = 1.18
_LEAST_TICKS = 3
_WANTED_STEPS = 5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """An axis from `low` to `high` with ticks in between; `logarithmic` says how it is divided."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    def share(self, value: float) -> float:
        """Return where a value stands, from 0 at the low end to 1 at the high one."""
        if self.logarithmic:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def size_axis(sizes: Iterable[int]) -> Axis:
    """Return a logarithmic axis for sizes in bytes, with ticks at round numbers."""
    known = [max(size, 1) for size in sizes] or [1_000_000, 1_000_000_000]
    low, high = min(known) / _PADDING, max(known) * _PADDING
    ticks = _decimal_ticks(low, high)
    if len(ticks) < _LEAST_TICKS:
        ticks = _even_ticks(low, high)
    return Axis(low=low, high=high, ticks=tuple(ticks), logarithmic=True)


def count_axis(counts: Iterable[int]) -> Axis:
    """Return an axis from zero for counts, with ticks at whole numbers."""
    highest = max(counts, default=0)
    step = max(1.0, _step(highest / _WANTED_STEPS))
    if not step.is_integer():
        step *= 2  # 2.5 vulnerabilities are none
    steps = max(2, math.ceil(highest / step))
    ticks = tuple(step * index for index in range(steps + 1))
    return Axis(low=0, high=ticks[-1], ticks=ticks, logarithmic=False)


def tick_text(size: float) -> str:
    """Return a size at a tick, without needless digits: `50 MB`, `1 GB`, `5.8 GB`."""
    number, _, unit = format_bytes(round(size)).partition(" ")
    return f"{float(number):g} {unit}"


def _decimal_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    return [tick for tick in found if low <= tick <= high]


def _even_ticks(low: float, high: float) -> list[float]:
    step = _step((high - low) / _WANTED_STEPS)
    first = math.ceil(low / step)
    return [step * index for index in range(first, math.floor(high / step) + 1)]


def _step(about: float) -> float:
    """Return the least round number that is not below `about`."""
    if about <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(about))
    return power * next(factor for factor in _NICE if factor * power >= about * (1 - 1e-9))
