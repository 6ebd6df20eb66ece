"""Rules that take a finding out of count and gate: each names what, says why, and ends on a day."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from basewise.errors import PolicyError, UsageError
from basewise.model.scan import IgnoredFinding, ScanFinding
from basewise.policy.stated_file import read_stated_file

__all__ = ["EVERYTHING", "IgnoreRule", "Ignored", "apply_rules", "read_ignore_file", "rules_from"]

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_RULES = 20_000
MAX_TEXT_CHARACTERS = 1_000
EVERYTHING = "*"
_FIELDS = ("id", "package", "reason", "expires")
_SEPARATORS = re.compile(r"[-_.]+")
_HINT = 'a rule has `id = "CVE-…"`, `reason = "…"`, `expires = 2027-01-31` and, where it is for one package, `package = "…"`'


class IgnoreRule(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One rule.

    Args:
        id: Id or alias of a vulnerability, `*` for every one.
        package: Name of a package or of its source; "" for every one.
        reason: Why, in the words of the user.
        expires: Last day on which the rule holds.
        source: File that holds it.
        number: Its place there, from 1.
    """

    id: str
    package: str
    reason: str
    expires: date
    source: str
    number: int

    def __str__(self) -> str:
        """Return what it is called in a sentence."""
        return f"rule {self.number} of {self.source} (`{self.id}`{f', `{self.package}`' if self.package else ''})"


class Ignored(msgspec.Struct, frozen=True):
    """What rules leave, what they take out, and what is to be said about the rules."""

    kept: tuple[ScanFinding, ...]
    ignored: tuple[IgnoredFinding, ...]
    notes: tuple[str, ...] = ()


def read_ignore_file(path: Path) -> tuple[IgnoreRule, ...]:
    """Read rules from a TOML file: a table `[[ignore]]` for each.

    Raises:
        PolicyError: The file cannot be read, or is no TOML.
        UsageError: A rule lacks its id, reason or last day, or has another field.
    """
    content = read_stated_file(path, "the ignore rules", max_bytes=MAX_FILE_BYTES)
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PolicyError(
            f"cannot read the ignore rules `{path}`: no valid TOML: {error}", hint=_HINT
        ) from error
    unknown = sorted(set(table) - {"ignore"})
    if unknown:
        raise UsageError(
            f"unknown name `{unknown[0][:60]}` in {path}", hint="rules are tables `[[ignore]]`; " + _HINT
        )
    return rules_from(table.get("ignore", []), str(path))


def rules_from(value: object, source: str) -> tuple[IgnoreRule, ...]:
    """Return the rules of a parsed TOML value.

    Args:
        value: A list of tables, or a table of tables by id.
        source: What to call the file.

    Raises:
        UsageError: A rule lacks its id, reason or last day, or has another field.
    """
    if isinstance(value, Mapping):
        entries = [
            {"id": name, **each} if isinstance(each, Mapping) else each for name, each in value.items()
        ]
    elif isinstance(value, list | tuple):
        entries = list(value)
    else:
        raise UsageError(f"`ignore` in {source} is no list of rules", hint=_HINT)
    if len(entries) > MAX_RULES:
        raise UsageError(
            f"{source} has more than {MAX_RULES} ignore rules", hint="one with `*` may say the same"
        )
    return tuple(_rule(entry, source, number) for number, entry in enumerate(entries, start=1))


def _rule(entry: Any, source: str, number: int) -> IgnoreRule:  # noqa: ANN401 - any TOML value
    where = f"ignore rule {number} of {source}"
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} is no table", hint=_HINT)
    unknown = sorted(set(entry) - set(_FIELDS))
    if unknown:
        raise UsageError(f"{where} has an unknown field `{str(unknown[0])[:60]}`", hint=_HINT)
    return IgnoreRule(
        id=_text(entry, "id", where),
        package=_text(entry, "package", where) if "package" in entry else "",
        reason=_text(entry, "reason", where),
        expires=_day(entry.get("expires"), where),
        source=source,
        number=number,
    )


def _text(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where} has no `{field}`", hint=_HINT)
    if len(value) > MAX_TEXT_CHARACTERS:
        raise UsageError(f"`{field}` of {where} is longer than {MAX_TEXT_CHARACTERS} characters", hint=_HINT)
    return value.strip()


def _day(value: object, where: str) -> date:
    """Return the last day of a rule: a TOML date, or a text `YYYY-MM-DD`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        stated = "has no `expires`" if value is None else f"has `expires` that is no day: {str(value)[:40]!r}"
        raise UsageError(f"{where} {stated}", hint=_HINT) from error


def apply_rules(findings: Iterable[ScanFinding], rules: Iterable[IgnoreRule], today: date) -> Ignored:
    """Take out of findings what rules name.

    Args:
        findings: Of one image, those beside the count included.
        rules: A rule whose last day is over does nothing but be mentioned. The first that names a finding gives
            its reason.
        today: The clock's date.

    Returns:
        Kept and ignored findings in their order; notes on rules that are over, that name nothing here, or that
        name everything.
    """
    stated = tuple(rules)
    holding: dict[str, list[IgnoreRule]] = defaultdict(list)
    for rule in stated:
        if rule.expires >= today:
            holding[rule.id.casefold()].append(rule)
    kept: list[ScanFinding] = []
    ignored: list[IgnoredFinding] = []
    used: set[IgnoreRule] = set()
    for finding in findings:
        naming = _naming(finding, holding)
        used.update(naming)
        if naming:
            ignored.append(_ignored(finding, naming[0]))
        else:
            kept.append(finding)
    return Ignored(tuple(kept), tuple(ignored), tuple(_notes(stated, used, today)))


def _naming(finding: ScanFinding, holding: Mapping[str, list[IgnoreRule]]) -> list[IgnoreRule]:
    """Return the rules that name a finding, in the order of their files."""
    ids = dict.fromkeys(name.casefold() for name in (finding.id, *finding.aliases, EVERYTHING))
    named = [rule for name in ids for rule in holding.get(name, ())]
    return [rule for rule in named if not rule.package or _is_package(finding, rule.package)]


def _is_package(finding: ScanFinding, name: str) -> bool:
    package = finding.package
    names = {package.name, package.source or package.name, *finding.binaries}
    return name in names or _normalised(name) in {_normalised(each) for each in names}


def _normalised(name: str) -> str:
    return _SEPARATORS.sub("-", name).casefold()


def _ignored(finding: ScanFinding, rule: IgnoreRule) -> IgnoredFinding:
    return IgnoredFinding(
        finding=finding, reason=rule.reason, expires=rule.expires.isoformat(), source=rule.source
    )


def _notes(rules: Iterable[IgnoreRule], used: set[IgnoreRule], today: date) -> Iterator[str]:
    for rule in rules:
        if rule.expires < today:
            yield f"{rule} ended on {rule.expires} and ignores nothing: {rule.reason}"
        elif rule not in used:
            yield f"{rule} matches nothing in this image"
        elif rule.id == EVERYTHING and not rule.package:
            yield f"{rule} ignores every finding until {rule.expires}: {rule.reason}"
