"""What a store says of vulnerabilities themselves, whatever package they are in."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.exploited import may_be_exploited

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Annotations"]


class Annotations:
    """Exploited and rejected ids, scores and vectors of an open store file.

    Args:
        connection: The file.
        meta: Its table of dates.
        lock: Held while the connection is used.

    Raises:
        msgspec.ValidationError: An id is of another type than was written.
    """

    def __init__(self, connection: sqlite3.Connection, meta: dict[str, str], lock: threading.Lock) -> None:
        self._connection = connection
        self._lock = lock
        self.exploited_as_of = meta.get("exploited_as_of", "")
        self.epss_as_of = meta.get("epss_as_of", "")
        self.exploited_ids = _ids(connection.execute("SELECT id FROM exploited"))
        self.rejected_ids = _ids(connection.execute("SELECT id FROM rejected"))

    def exploited(self, cve_id: str, known_on: str) -> bool | None:
        """See `Store.exploited`."""
        return may_be_exploited(cve_id, known_on, self.exploited_ids, self.exploited_as_of)

    def epss(self, cve_id: str) -> tuple[float, float] | None:
        """See `Store.epss`."""
        with self._lock:
            row = self._connection.execute(
                "SELECT probability, percentile FROM score WHERE id = ?", (cve_id,)
            ).fetchone()
        return None if row is None else (float(row[0]), float(row[1]))

    def cvss(self, cve_id: str) -> tuple[tuple[str, str], ...]:
        """See `Store.cvss`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT source, vector FROM rated JOIN vector USING (number) WHERE id = ? ORDER BY number",
                (cve_id,),
            ).fetchall()
        return tuple((str(row[0]), str(row[1])) for row in rows)

    def all_scores(self) -> tuple[tuple[str, float, float], ...]:
        """Return (CVE id, probability, percentile) of all that have a score, sorted."""
        with self._lock:
            rows = self._connection.execute("SELECT id, probability, percentile FROM score ORDER BY id")
            return tuple((str(row[0]), float(row[1]), float(row[2])) for row in rows)

    def all_vectors(self) -> tuple[tuple[str, str, str], ...]:
        """Return (CVE id, who gave it, vector) of all vectors, sorted."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, source, vector FROM rated JOIN vector USING (number) ORDER BY id, number"
            )
            return tuple((str(row[0]), str(row[1]), str(row[2])) for row in rows)


def _ids(rows: Iterable[tuple[object]]) -> frozenset[str]:
    return frozenset(msgspec.convert([row[0] for row in rows], prepared(list[str])))
