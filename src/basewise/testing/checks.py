"""Results of `check` for tests of the reports: complete documents, every part replaceable."""

from __future__ import annotations

from collections import Counter
from typing import Any

from basewise.model.check import (
    Check,
    CheckedFile,
    CheckFinding,
    CheckImage,
    CheckSeverity,
    CheckSummary,
    CheckVerdict,
    Fix,
    FixEdit,
    IgnoredCheck,
    Rule,
)
from basewise.testing.scans import scan_coverage

__all__ = ["check_finding", "check_of", "checked"]


def check_finding(rule: str = "BW001", **changes: Any) -> CheckFinding:  # noqa: ANN401 - tests name the fields
    """Return a violated rule in the first line of a Dockerfile, fields replaced as said."""
    values: dict[str, Any] = {
        "rule": rule,
        "name": "image-without-tag",
        "severity": CheckSeverity.ERROR,
        "path": "deploy/Dockerfile",
        "line": 1,
        "column": 6,
        "end_line": 1,
        "end_column": 12,
        "image": "python",
        "message": "`python` has no tag, so every build may stand on another image",
        "hint": "write a tag that names Python and the distribution",
        "evidence": "catalogue of 2026-11-20",
        "packages": (),
        "fix": None,
        **changes,
    }
    return CheckFinding(**values)


def check_of(*findings: CheckFinding, **changes: Any) -> Check:  # noqa: ANN401 - tests name the fields
    """Return a check with these findings, counted as they are; fields replaced as said."""
    counts = Counter(found.severity for found in findings)
    rules = {
        found.rule: Rule(
            id=found.rule,
            name=found.name,
            severity=found.severity,
            summary="An image has a tag, and it is not `latest`.",
            page=f"docs/reference/rules/{found.rule}.md",
        )
        for found in findings
    }
    image = CheckImage(
        written="python",
        image="python",
        digest=None,
        line=1,
        used_in="FROM",
        final=True,
        known_as=None,
        created=None,
        newest_digest=None,
        refresh_removes=None,
    )
    values: dict[str, Any] = {
        "generated_at": "2026-11-23T12:00:00Z",
        "version": "1.2",
        "platform": "linux/amd64",
        "files": (CheckedFile(path="deploy/Dockerfile", kind="dockerfile", app=None, images=(image,)),),
        "findings": findings,
        "ignored": (),
        "rules": tuple(rules.values()),
        "notes": (),
        "coverage": scan_coverage(),
        **changes,
    }
    summary = CheckSummary(
        files=len(values["files"]),
        errors=counts[CheckSeverity.ERROR],
        warnings=counts[CheckSeverity.WARNING],
        notes=counts[CheckSeverity.NOTE],
        ignored=len(values["ignored"]),
        fixable=sum(found.fix is not None for found in findings),
        fail_on=CheckSeverity.WARNING,
        verdict=CheckVerdict.VIOLATED if findings else CheckVerdict.PASSED,
    )
    return Check(**{"summary": summary, **values})


def checked() -> Check:
    """Return a check with a finding of every severity, two alike, a repair, one ignored and something unseen."""
    fix = Fix(
        description="pin the digest",
        edits=(FixEdit(line=1, column=12, end_line=1, end_column=12, text="@sha256:" + "a" * 64),),
    )
    note = check_finding("BW003", name="old-digest", severity=CheckSeverity.NOTE, line=3, end_line=3)
    warning = check_finding("BW002", name="no-digest", severity=CheckSeverity.WARNING, fix=fix)
    long = check_finding(
        "BW010", name="root-user", line=4, end_line=6, end_column=3, image="", packages=("curl", "gcc")
    )
    return check_of(
        note,
        warning,
        check_finding(),
        check_finding(line=9, end_line=9),
        long,
        ignored=(IgnoredCheck(finding=check_finding("BW004", line=2), reason="the mirror keeps it", line=1),),
        notes=("`web` is built elsewhere",),
    )
