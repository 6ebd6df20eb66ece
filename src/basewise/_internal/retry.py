"""Trying again: how often, how long to wait, and what a server asks for.

Reference: RFC 9110, section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

__all__ = ["Backoff", "RetryLimits", "retry_after_seconds"]

_MAX_DIGITS = 12


class RetryLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What trying again may cost.

    Args:
        attempts: Requests in all, the first one included.
        total_wait_seconds: All waits of one piece of work together.
        first_wait_seconds: Wait before the second request; doubled for each further one.
        longest_wait_seconds: Of a wait that the server did not ask for.
    """

    attempts: int = 5
    total_wait_seconds: float = 120.0
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


class Backoff:
    """Counts the failures of one piece of work and waits after each.

    Args:
        limits: What may be spent.
        sleep: Waits for seconds.
        spread: Gives a number from 0 to 1, so that many clients do not come back at the same moment.
    """

    def __init__(
        self,
        limits: RetryLimits,
        *,
        sleep: Callable[[float], None] = time.sleep,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._limits = limits
        self._sleep = sleep
        self._spread = spread
        self.failures = 0
        self.waited_seconds = 0.0

    def wait(self, asked_seconds: float | None = None) -> bool:
        """Wait before another attempt.

        Args:
            asked_seconds: What the server asks for.

        Returns:
            Whether another attempt is within the limits; when not, nothing was waited for.
        """
        self.failures += 1
        if self.failures >= self._limits.attempts:
            return False
        wait = self._limits.first_wait_seconds * 2.0 ** min(self.failures - 1, 30)
        wait = min(wait, self._limits.longest_wait_seconds) * (0.5 + self._spread() / 2)
        if asked_seconds is not None:
            wait = max(asked_seconds, 0.0) + wait * 0.1
        if self.waited_seconds + wait > self._limits.total_wait_seconds:
            return False
        self.waited_seconds += wait
        self._sleep(wait)
        return True

    def progressed(self) -> None:
        """Forget the failures: what was asked for went on."""
        self.failures = 0


def retry_after_seconds(text: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header, in seconds or as a date.

    Returns:
        Seconds from now, at least 0; None when there is none or it says nothing.
    """
    stated = (text or "").strip()
    if stated.isascii() and stated.isdigit() and len(stated) <= _MAX_DIGITS:
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
