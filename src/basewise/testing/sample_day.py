"""The day that the samples of the documentation set the clock to, and so the tests that ask the embedded store."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["SAMPLE_DAY", "SAMPLE_MOMENT"]

SAMPLE_DAY = "2026-11-27"
"""`YYYY-MM-DD`, no day before the newest source of the embedded advisory store: else ages would not be known."""

SAMPLE_MOMENT = datetime.fromisoformat(SAMPLE_DAY).replace(tzinfo=UTC)
