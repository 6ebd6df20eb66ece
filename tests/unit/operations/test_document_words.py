"""Values of the model in the words of the documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from basewise.operations.document_words import build_age_in_days

EAST = timezone(timedelta(hours=5))


def test_the_age_of_a_build_counts_days_of_utc_and_is_never_negative() -> None:
    assert build_age_in_days(datetime(2026, 11, 23, 3, 0, tzinfo=EAST), date(2026, 11, 24)) == 2
    assert build_age_in_days(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23)) == 0
    assert build_age_in_days(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 1)) == 0
