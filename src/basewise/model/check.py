"""The result of `check`: the JSON document `basewise.check/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.evidence import Coverage

__all__ = [
    "Check",
    "CheckFinding",
    "CheckImage",
    "CheckSeverity",
    "CheckSummary",
    "CheckVerdict",
    "CheckedFile",
    "Fix",
    "FixEdit",
    "IgnoredCheck",
    "Rule",
]

SCHEMA = "basewise.check/1"


class CheckSeverity(StrEnum):
    """How grave a violated rule is; notes never violate the gate."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class CheckVerdict(StrEnum):
    """What the gate says: `violated` also when evidence is missing besides."""

    PASSED = "passed"
    VIOLATED = "violated"
    INCOMPLETE = "incomplete"


class Rule(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A rule.

    Args:
        id: `BW001`.
        name: In words with dashes: `image-without-tag`.
        severity: The default one.
        summary: What it asks for, one sentence.
        page: The page that explains it, from the root of the project.
        fixable: `--fix` can repair it where that is safe.
    """

    id: str
    name: str
    severity: CheckSeverity
    summary: str
    page: str
    fixable: bool = False


class FixEdit(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Replace the text from a place up to another one by `text`; lines and columns (characters) count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A repair that is safe to make: what it does, one sentence, and its edits in the order of the file."""

    description: str
    edits: tuple[FixEdit, ...]


class CheckFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One violated rule at one place.

    Args:
        rule: Id of the rule.
        name: Its name.
        severity: By default, by policy, or by what is known.
        path: The file, as it was named, with `/` between folders.
        line: First line, from 1.
        column: First character in it, from 1.
        end_line: Last line.
        end_column: The character after the last one.
        image: The image that it is about, "" for none.
        message: What is wrong, one sentence.
        hint: What to do, one sentence.
        evidence: Where the facts come from, with their date; "" where the file itself shows it.
        packages: Packages that it is about, sorted.
        fix: The repair, None where none is safe.
    """

    rule: str
    name: str
    severity: CheckSeverity
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    image: str = ""
    message: str
    hint: str
    evidence: str = ""
    packages: tuple[str, ...] = ()
    fix: Fix | None = None


class IgnoredCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that a comment of the file takes out of the gate, with its reason and its line."""

    finding: CheckFinding
    reason: str
    line: int


class CheckImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that a file names.

    Args:
        written: As written.
        image: Name without digest, variables replaced; None where only a build can tell.
        digest: The digest that it is pinned to, None for none.
        line: Its line.
        used_in: `FROM`, `COPY --from`, `RUN --mount` or `image:`.
        final: The image that is built stands on it.
        known_as: The image of the catalogue that this is, None for none.
        created: When the pinned (or else the newest known) build was made, `YYYY-MM-DD`; None when not known.
        newest_digest: Newest digest that is known for its tag, None for none.
        refresh_removes: Ids of findings that the newest build does not have any more; None when not known or when
            there is no newer one.
    """

    written: str
    image: str | None
    digest: str | None
    line: int
    used_in: str
    final: bool
    known_as: str | None
    created: str | None
    newest_digest: str | None
    refresh_removes: tuple[str, ...] | None


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was checked: its path, `dockerfile` or `compose`, the application it builds, its images."""

    path: str
    kind: str
    app: str | None
    images: tuple[CheckImage, ...]


class CheckSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and the verdict; `fail_on` is the least severity that violates the gate."""

    files: int
    errors: int
    warnings: int
    notes: int
    ignored: int
    fixable: int
    fail_on: CheckSeverity
    verdict: CheckVerdict


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked and what was found.

    Args:
        generated_at: RFC 3339; the clock.
        version: Of basewise.
        platform: What the images were judged for.
        files: Sorted by path.
        findings: Sorted by path, place and rule.
        ignored: Findings that comments take out, with their reasons.
        rules: Every rule that was applied, sorted.
        notes: Sentences about the check itself.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str
    platform: str
    files: tuple[CheckedFile, ...]
    findings: tuple[CheckFinding, ...]
    ignored: tuple[IgnoredCheck, ...]
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    summary: CheckSummary
    coverage: Coverage
