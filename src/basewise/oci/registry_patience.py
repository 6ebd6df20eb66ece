"""When a registry is asked again: after failures, and after it wants to be left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from basewise._internal.http_errors import HttpError
from basewise._internal.retry import Backoff, RetryLimits, retry_after_seconds
from basewise.errors import ImageError
from basewise.oci.registry_answers import Refusal, RegistryRefusalError, hint_for
from basewise.oci.repository import Repository

__all__ = ["Patience"]

Result = TypeVar("Result")


class Patience:
    """Waits for registries, as long as the limits allow; may be used from several threads.

    Args:
        limits: What trying again may cost.
        sleep: Waits for seconds.
        clean: Takes secrets out of a text that is shown.
    """

    def __init__(
        self, limits: RetryLimits, *, sleep: Callable[[float], None], clean: Callable[[str], str]
    ) -> None:
        self._limits = limits
        self._sleep = sleep
        self._clean = clean
        self._not_before: dict[str, float] = {}

    def backoff(self) -> Backoff:
        """Return what counts the failures of one piece of work and waits after each."""
        return Backoff(self._limits, sleep=self._sleep)

    def persist(self, repository: Repository, work: Callable[[], Result], *, what: str = "") -> Result:
        """Do work that asks a registry, again and again as the limits say.

        Args:
            repository: Whose.
            work: One attempt.
            what: What to call it in an error; the repository when "".

        Raises:
            RegistryRefusalError: What was asked for is not there (status 404).
            ImageError: The work fails for another reason or too often.
        """
        backoff = self.backoff()
        while True:
            try:
                return work()
            except (HttpError, RegistryRefusalError) as error:
                self.wait_or_raise(repository, error, backoff, what=what)

    def wait_or_raise(
        self,
        repository: Repository,
        error: HttpError | RegistryRefusalError,
        backoff: Backoff,
        *,
        what: str = "",
    ) -> None:
        """Wait before another attempt, or raise what ends the work.

        Args:
            repository: Whose.
            error: Why the attempt failed.
            backoff: Of the work, as `backoff` gives it.
            what: What to call it in an error; the repository when "".

        Raises:
            RegistryRefusalError: What was asked for is not there (status 404).
            ImageError: Another attempt is of no use or not within the limits.
        """
        what = what or str(repository)
        if isinstance(error, RegistryRefusalError):
            refusal = error.refusal
            if refusal.missing:
                raise error
            asked = retry_after_seconds(refusal.retry_after)
            if refusal.passing and backoff.wait(asked):
                return
            raise refusal.error(what, repository.host) from error
        if error.passing and backoff.wait():
            return
        raise ImageError(
            f"cannot pull {what}: {self._clean(str(error))}", hint=hint_for(error, repository.host)
        ) from error

    def remember(self, host: str, refusal: Refusal) -> None:
        """Keep all threads from asking a host that wants to be left alone."""
        seconds = retry_after_seconds(refusal.retry_after)
        if seconds is not None and seconds <= self._limits.total_wait_seconds:
            self._not_before[host] = time.monotonic() + seconds

    def wait_for(self, host: str) -> None:
        """Wait until a host may be asked again, where it said when."""
        left = self._not_before.get(host, 0.0) - time.monotonic()
        if left > 0:
            self._sleep(left)
