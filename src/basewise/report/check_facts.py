"""What every form of a check says beside its findings: which files, which evidence, how many, what was not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.check import Check, CheckFinding, CheckSeverity, IgnoredCheck
from basewise.report.coverage_words import coverage_facts
from basewise.report.plain import plain_line
from basewise.report.short_hash import short_hash

__all__ = ["by_gravity", "check_facts", "fingerprints", "ignored_check_sentence", "summary_sentence"]

_GRAVITY = tuple(CheckSeverity)


def check_facts(check: Check) -> tuple[tuple[str, str], ...]:
    """Return names and values, each on one line of printable text."""
    return tuple((name, plain_line(value)) for name, value in _facts(check))


def by_gravity(check: Check) -> tuple[CheckFinding, ...]:
    """Return the findings, the gravest first, else in their order: where a service shows only some, these are they."""
    return tuple(sorted(check.findings, key=lambda found: _GRAVITY.index(found.severity)))


def fingerprints(check: Check) -> tuple[str, ...]:
    """Return what each finding is known by from one run to the next: not its line, which moves when others do.

    Two alike in one file are told apart by their order.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for found in check.findings:
        parts = (found.rule, found.path, found.image, *found.packages)
        seen[parts] += 1
        made.append(short_hash(*parts, str(seen[parts])))
    return tuple(made)


def summary_sentence(check: Check) -> str:
    """Return the counts and the verdict."""
    summary = check.summary
    counts = (
        plural(summary.errors, "error"),
        plural(summary.warnings, "warning"),
        plural(summary.notes, "note"),
        f"{summary.ignored} ignored",
    )
    return f"{summary.verdict}: {', '.join(counts)} in {plural(summary.files, 'file')}"


def ignored_check_sentence(ignored: IgnoredCheck) -> str:
    """Return which finding a comment takes out, and why."""
    found = ignored.finding
    return f"{found.path}:{found.line}: {found.rule} {found.name} is ignored in line {ignored.line}: {ignored.reason}"


def _facts(check: Check) -> Iterator[tuple[str, str]]:
    summary = check.summary
    yield "tool", f"basewise {check.version}"
    yield "generated-at", check.generated_at
    yield "platform", check.platform
    yield "verdict", str(summary.verdict)
    yield "fail-on", str(summary.fail_on)
    yield "count:findings", str(len(check.findings))
    for name in ("files", "errors", "warnings", "notes", "ignored", "fixable"):
        yield f"count:{name}", str(getattr(summary, name))
    for file in check.files:
        for image in file.images:
            pinned = image.digest or "no digest"
            yield "image", f"{file.path}:{image.line}: {image.image or image.written}, {pinned}"
    yield from coverage_facts(check.coverage)
    for note in check.notes:
        yield "note", note
