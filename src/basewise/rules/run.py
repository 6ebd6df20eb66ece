"""Looking at one file with every rule: findings with their places, those that comments take out, what was not seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from basewise.dockerfile.edit import Edit
from basewise.model.check import CheckFinding, Fix, FixEdit, IgnoredCheck, Rule
from basewise.model.evidence import NotCovered
from basewise.rules.builtin import RULES
from basewise.rules.ignores import IGNORE_COMMENT, Ignore, read_ignores, unused
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["FileResult", "look_at"]


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """What looking at a file gave.

    Args:
        findings: Sorted by place and rule.
        edits: The repairs of the findings, each with its rule's id, in the same order.
        ignored: Findings that comments take out.
        not_covered: What rules could not see.
    """

    findings: tuple[CheckFinding, ...]
    edits: tuple[tuple[str, tuple[Edit, ...]], ...]
    ignored: tuple[IgnoredCheck, ...]
    not_covered: tuple[NotCovered, ...]


def look_at(context: Context, rules: Iterable[RuleCheck] = RULES) -> FileResult:
    """Look at a file with every rule that the policy does not switch off.

    Args:
        context: The file with its evidence.
        rules: The rules.
    """
    every = tuple(rules)
    places = _Places(context.text)
    ignores = read_ignores(context)
    kept: list[tuple[CheckFinding, tuple[Edit, ...]]] = []
    ignored: list[IgnoredCheck] = []
    missing: set[NotCovered] = set()
    used: set[Ignore] = set()
    for check in every:
        if context.policy.severity_of(check.rule.id, check.rule.severity) is None:
            continue
        for found in check.look(context):
            if isinstance(found, NotCovered):
                missing.add(found)
                continue
            finding = _finding(context, check.rule, found, places)
            ignore = _ignore_of(finding, ignores, context)
            if ignore is None:
                kept.append((finding, found.edits))
            else:
                used.add(ignore)
                ignored.append(IgnoredCheck(finding=finding, reason=ignore.reason, line=ignore.line))
    known = frozenset(name.lower() for check in every for name in (check.rule.id, check.rule.name))
    if context.policy.severity_of(IGNORE_COMMENT.rule.id, IGNORE_COMMENT.rule.severity) is not None:
        kept += [
            (_finding(context, IGNORE_COMMENT.rule, found, places), ())
            for found in unused(ignores, frozenset(used), known)
        ]
    kept.sort(key=lambda pair: (pair[0].line, pair[0].column, pair[0].rule, pair[0].message))
    return FileResult(
        findings=tuple(finding for finding, _ in kept),
        edits=tuple((finding.rule, edits) for finding, edits in kept if edits),
        ignored=tuple(
            sorted(ignored, key=lambda one: (one.finding.line, one.finding.rule, one.finding.message))
        ),
        not_covered=tuple(sorted(missing)),
    )


class _Places:
    """From characters of a file to lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def of(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


def _finding(context: Context, rule: Rule, found: Found, places: _Places) -> CheckFinding:
    line, column = places.of(found.start)
    end_line, end_column = places.of(max(found.end, found.start))
    stated = context.policy.severity.get(rule.id)
    severity = context.policy.severity_of(rule.id, found.severity or rule.severity)
    if found.severity is not None and stated is not None and rule.severity != found.severity:
        # What is known makes this one lighter or graver than the rule: a policy does not undo that upwards.
        severity = min(found.severity, severity or found.severity, key=_GRAVITY.__getitem__)
    return CheckFinding(
        rule=rule.id,
        name=rule.name,
        severity=severity or rule.severity,
        path=context.path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        image=found.image,
        message=found.message,
        hint=found.hint,
        evidence=found.evidence,
        packages=found.packages,
        fix=_fix(found, places),
    )


_GRAVITY = {"note": 1, "warning": 2, "error": 3}


def _fix(found: Found, places: _Places) -> Fix | None:
    if not found.edits:
        return None
    edits = []
    for edit in sorted(found.edits):
        line, column = places.of(edit.start)
        end_line, end_column = places.of(edit.end)
        edits.append(
            FixEdit(line=line, column=column, end_line=end_line, end_column=end_column, text=edit.text)
        )
    return Fix(description=found.fix, edits=tuple(edits))


def _ignore_of(finding: CheckFinding, ignores: tuple[Ignore, ...], context: Context) -> Ignore | None:
    if finding.rule in context.policy.never_ignore or finding.rule == IGNORE_COMMENT.rule.id:
        return None
    return next((one for one in ignores if one.covers(finding.rule, finding.name, finding.line)), None)
