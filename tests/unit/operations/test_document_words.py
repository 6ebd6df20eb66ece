"""Values of the model in the words of the documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from basewise.operations.document_words import build_age_in_days, document_moment

EAST = timezone(timedelta(hours=5))


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    assert document_moment(datetime(2026, 11, 23, 3, 0, tzinfo=EAST)) == "2026-11-22T22:00:00Z"
    assert document_moment(datetime(2026, 11, 23, 3, 0, 7, 999, tzinfo=UTC)) == "2026-11-23T03:00:07Z"


def test_the_age_of_a_build_counts_days_of_utc_and_is_never_negative() -> None:
    assert build_age_in_days(datetime(2026, 11, 23, 3, 0, tzinfo=EAST), date(2026, 11, 24)) == 2
    assert build_age_in_days(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23)) == 0
    assert build_age_in_days(datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 1)) == 0
