"""What all SARIF logs of the program share: the log and its runs, messages, places, and texts of bounded length.

Reference:
    OASIS SARIF 2.1.0 with errata 01: sections 3.4 (artifactLocation), 3.11 (message), 3.13 (log), 3.14 (run),
    3.20 (invocation), 3.58 (notification).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from basewise.model.evidence import Coverage
from basewise.report.coverage_words import missing_sentences
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.short_hash import distinct_text

__all__ = [
    "MAX_RESULTS",
    "SarifMessage",
    "coverage_notices",
    "driver",
    "fact_properties",
    "invocation",
    "message_text",
    "partial_fingerprints",
    "relative_uri",
    "rule_id",
    "sarif_log",
    "sarif_run",
    "sarif_text",
]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000
MAX_TEXT_CHARACTERS = 1000
MAX_RULE_ID_CHARACTERS = 120
_BRACKETS = re.compile(r"[\\\[\]]")


class SarifMessage(msgspec.Struct, frozen=True):
    """A message of plain text."""

    text: str


Notice = tuple[str, str]
"""What a run says about itself: a level of SARIF, and a sentence."""


def sarif_log(runs: Sequence[object]) -> str:
    """Return the log of some runs in JSON."""
    return encode_json({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}).decode("ascii")


def sarif_run(
    tool: Mapping[str, object],
    *,
    identity: str,
    notices: Iterable[Notice],
    results: Sequence[object],
    properties: Mapping[str, object],
    ended: str | None = None,
) -> dict[str, object]:
    """Return a run that succeeded.

    Args:
        tool: From `driver`.
        identity: What the run is an instance of, with a `/` at its end.
        notices: What a reader of the results must know.
        results: At most `MAX_RESULTS`.
        properties: From `fact_properties`.
        ended: The moment in UTC, in ISO 8601; None leaves it out.
    """
    return {
        "tool": {"driver": tool},
        "automationDetails": {"id": identity},
        "invocations": [invocation(notices, succeeded=True, ended=ended)],
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": properties,
    }


def invocation(notices: Iterable[Notice], *, succeeded: bool, ended: str | None = None) -> dict[str, object]:
    """Return how a run went, with what it says about itself."""
    return {
        "executionSuccessful": succeeded,
        **({"endTimeUtc": ended} if ended is not None else {}),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": message_text(text)}} for level, text in notices
        ],
    }


def driver(version: str, rules: Sequence[object]) -> dict[str, object]:
    """Return the component of the tool that made the results; a version that is not known is left out."""
    stated = {"version": plain_line(version)} if version else {}
    return {"name": "basewise", **stated, "rules": rules}


def coverage_notices(coverage: Coverage) -> Iterator[Notice]:
    """Yield what could not be seen."""
    for sentence in missing_sentences(coverage):
        yield "warning", f"incomplete: {sentence}"
    if not coverage.complete and not coverage.not_covered:
        yield "warning", "incomplete: the evidence does not say what is missing"


def fact_properties(facts: Iterable[tuple[str, str]], *, lists: Iterable[str]) -> dict[str, object]:
    """Return facts as properties of a run.

    Args:
        facts: Names and values.
        lists: The names that may stand several times; each is a list, an empty one where it does not stand.
    """
    gathered: dict[str, list[str]] = {name: [] for name in lists}
    several = frozenset(gathered)
    for name, value in facts:
        gathered.setdefault(name, []).append(value)
    return {f"basewise:{name}": values if name in several else values[0] for name, values in gathered.items()}


def partial_fingerprints(mark: str) -> dict[str, str]:
    """Return what a result is known by from one run to the next; code scanning uses the first alone."""
    return {"primaryLocationLineHash": f"{mark}:1", "basewise/v1": mark}


def rule_id(identifier: str) -> str:
    """Return an id as a rule may be named: short, printable, and another one for each id."""
    return distinct_text(identifier, limit=MAX_RULE_ID_CHARACTERS) or "unnamed"


def message_text(text: str) -> str:
    """Return the text of a message object, in which brackets would be a link.

    Reference:
        SARIF 2.1.0, section 3.11.6.
    """
    return _BRACKETS.sub(r"\\\g<0>", sarif_text(text))


def sarif_text(text: str) -> str:
    """Return a text on one line, printable and of bounded length."""
    return plain_line(text, limit=MAX_TEXT_CHARACTERS)


def relative_uri(path: str, *, without: str) -> str:
    """Return a path as a relative reference that cannot be read as absolute or lead upward.

    Args:
        path: With `/` between folders.
        without: What stands for a path that names nothing.

    Reference:
        RFC 3986, section 4.2.
    """
    parts = sarif_text(path).split("/")
    return "/".join(quote(part, safe="") for part in parts if part not in {"", ".", ".."}) or without
