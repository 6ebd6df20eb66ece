"""EPSS: how likely each vulnerability is to be exploited within 30 days, as one file of all of them.

Reference: FIRST, "EPSS Data and Statistics", on the daily CSV file.
"""

from __future__ import annotations

import re
from pathlib import Path

from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.content import ECOSYSTEM_OF_SCORES
from basewise.advisories.cve import is_cve
from basewise.advisories.feed import FeedResult, Skipped
from basewise.advisories.read_input import input_of, read_input, unpacked
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.progress import Progress

__all__ = ["Epss"]

NAME = "epss"
MAX_LINE_CHARACTERS = 200
MAX_SKIPPED_LISTED = 1000
_HEADER = re.compile(r"#model_version:v[\w.]{1,40},score_date:(\d{4}-\d{2}-\d{2})T[\d:+Z]{4,20}", re.ASCII)
_COLUMNS = "cve,epss,percentile"
_NUMBER = re.compile(r"[01](?:\.\d{0,20})?(?:[eE]-\d{1,3})?", re.ASCII)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Epss:
    """Reads the daily file of scores.

    Args:
        path: The CSV file, compressed by gzip or not.
    """

    name = NAME

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self, progress: Progress) -> FeedResult:
        """Read the scores; a row that is none, or a second one of a vulnerability, is left out and counted.

        Raises:
            StoreError: The file is missing, damaged, has other columns, or too many rows that are none.
        """
        progress.step("reading EPSS scores")
        raw = read_input(self._path)
        lines = self._lines(unpacked(raw, self._path))
        as_of = self._date(lines)
        scores: dict[str, tuple[float, float]] = {}
        bad: list[Skipped] = []
        for line in lines[2:]:
            score = _score(line)
            if score is None:
                bad.append(Skipped(line[:40], "no score of a CVE id"))
            elif score[0] in scores:
                bad.append(Skipped(line[:40], "a second score of this id"))
            else:
                scores[score[0]] = score[1:]
        refuse_bad(self._path, len(lines) - 2, bad)
        return FeedResult(
            sources=(
                SourceStatus(
                    name=NAME,
                    ecosystem=ECOSYSTEM_OF_SCORES,
                    as_of=as_of,
                    entries=len(scores),
                    verified=False,
                ),
            ),
            scores=tuple(sorted((name, *score) for name, score in scores.items())),
            skipped=tuple(sorted(bad))[:MAX_SKIPPED_LISTED],
            inputs=(input_of(self._path, raw, as_of),),
        )

    def _lines(self, content: bytes) -> list[str]:
        """Return the lines, without an empty one at the end."""
        try:
            text = content.removeprefix(_BYTE_ORDER_MARK).decode("ascii")
        except UnicodeDecodeError as error:
            raise StoreError(f"cannot read `{self._path}`: it is no CSV file of scores: {error}") from error
        lines = text.splitlines()
        return lines[:-1] if lines and not lines[-1] else lines

    def _date(self, lines: list[str]) -> str:
        """Return the date of the scores, from the two lines that come before them.

        Raises:
            StoreError: They are others.
        """
        match = _HEADER.fullmatch(lines[0][:MAX_LINE_CHARACTERS]) if lines else None
        if match is None:
            raise StoreError(
                f"cannot read `{self._path}`: its first line does not name model and date of the scores",
                hint="fetch it again",
            )
        if len(lines) < 2 or lines[1] != _COLUMNS:  # noqa: PLR2004 - the second line
            found = lines[1][:MAX_LINE_CHARACTERS] if len(lines) > 1 else ""
            raise StoreError(
                f"cannot read `{self._path}`: its columns are `{found}`, not `{_COLUMNS}`",
                hint="a newer basewise may know them",
            )
        return match[1]


def _score(line: str) -> tuple[str, float, float] | None:
    """Return CVE id, probability and percentile of a row; None when it is none."""
    parts = line.split(",")
    if len(parts) != 3 or not is_cve(parts[0]):  # noqa: PLR2004 - the columns
        return None
    if not (_NUMBER.fullmatch(parts[1]) and _NUMBER.fullmatch(parts[2])):
        return None
    probability, percentile = float(parts[1]), float(parts[2])
    return (parts[0], probability, percentile) if max(probability, percentile) <= 1 else None
