"""What every command does around its one call: it tells the clock, and shows progress."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from basewise.cli.console import ConsoleProgress
from basewise.errors import InvalidValueError

__all__ = ["current_moment", "parse_now", "shown_progress", "stated_moment"]


def parse_now(text: str | None, source_date_epoch: str | None) -> datetime | None:
    """Read `--now` (ISO date or time, UTC when it names no zone), else `SOURCE_DATE_EPOCH`, else None.

    Raises:
        InvalidValueError: The text is no date.
    """
    if text is not None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise InvalidValueError(f"not a date: {text[:40]!r}", hint="write `2026-11-23`") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if source_date_epoch:
        try:
            return datetime.fromtimestamp(int(source_date_epoch), tz=UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidValueError(
                f"SOURCE_DATE_EPOCH is no number of seconds: {source_date_epoch[:40]!r}"
            ) from error
    return None


def stated_moment(flags: Mapping[str, Any]) -> datetime | None:
    """Return the moment that `--now` or `SOURCE_DATE_EPOCH` states, None where neither does.

    Raises:
        InvalidValueError: What is stated is no date.
    """
    return parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH"))


def current_moment(flags: Mapping[str, Any]) -> datetime:
    """Return the moment that is stated, else the clock's.

    Raises:
        InvalidValueError: What is stated is no date.
    """
    return stated_moment(flags) or datetime.now(UTC)


@contextmanager
def shown_progress(flags: Mapping[str, Any]) -> Iterator[ConsoleProgress]:
    """Show progress as `-q` and `-v` say; the live line is gone afterwards."""
    progress = ConsoleProgress(1 if flags["verbose"] else -1 if flags["quiet"] else 0)
    try:
        yield progress
    finally:
        progress.close()
