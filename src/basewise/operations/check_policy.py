"""The policy of a file: what its folder says, and what the owner of the gate says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from basewise._internal.regular_file import open_regular
from basewise.errors import InvalidValueError, PolicyError, UsageError
from basewise.model.check import CheckSeverity
from basewise.rules.builtin import RULES
from basewise.rules.policy import OFF, Policy
from basewise.settings import PolicySettings, load_settings

__all__ = ["folder_policy", "parse_severity", "policy_from", "read_policy_file"]

MAX_POLICY_BYTES = 64 << 10
MAX_LEVELS = 32
_WORDS = {"off": OFF, "note": "note", "warn": "warning", "warning": "warning", "error": "error"}


def folder_policy(folder: Path) -> Policy:
    """Return the policy of the nearest folder that has one, up to the root of the repository.

    Raises:
        UsageError: A value that is not allowed.
        ManifestError: A settings file that does not parse.
    """
    above = folder.resolve()
    for _ in range(MAX_LEVELS):
        settings = load_settings(above, {})
        if settings.policy is not None:
            return policy_from(settings.policy, str(above))
        if (above / ".git").exists() or above.parent == above:
            break
        above = above.parent
    return Policy()


def read_policy_file(path: Path) -> Policy:
    """Return the policy of a file that the owner of a gate names: the same keys, at its top.

    Raises:
        PolicyError: It cannot be read.
        UsageError: A name or a value that is not allowed.
    """
    try:
        with open_regular(path, follow=True) as file:
            content = file.read(MAX_POLICY_BYTES + 1)
        if len(content) > MAX_POLICY_BYTES:
            raise PolicyError(f"cannot read the policy `{path}`: it has more than {MAX_POLICY_BYTES} bytes")
        table: Any = tomllib.loads(content.decode("utf-8-sig"))
        settings = msgspec.convert(table, PolicySettings)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"wrong value in {path}: {error}", hint="see docs/guides/gate-a-pull-request.md"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PolicyError(f"cannot read the policy `{path}`: {reason}", hint="name a TOML file") from error
    return policy_from(settings, str(path))


def policy_from(settings: PolicySettings, where: str) -> Policy:
    """Return checked settings as a policy.

    Raises:
        UsageError: A rule that there is not, a severity that there is not, or a number below zero.
    """
    ids = {name: check.rule.id for check in RULES for name in (check.rule.id, check.rule.name)}
    given: dict[str, Any] = {
        "allowed_registries": settings.allowed_registries,
        "allowed_publishers": settings.allowed_publishers,
        "max_digest_age_days": _days("max-digest-age-days", settings.max_digest_age_days, where),
        "support_warning_days": _days("support-warning-days", settings.support_warning_days, where),
        "fail_on": None if settings.fail_on is None else parse_severity(settings.fail_on, where),
        "never_ignore": frozenset(_rule(ids, name, where) for name in settings.never_ignore or ()),
        "severity": {
            _rule(ids, name, where): _word(word, where) for name, word in (settings.severity or {}).items()
        },
    }
    return Policy(**{name: value for name, value in given.items() if value is not None})


def parse_severity(text: str, where: str) -> CheckSeverity:
    """Read the least severity that violates the gate.

    Raises:
        UsageError: There is no such severity.
    """
    word = _word(text, where)
    if word == OFF:
        raise UsageError(f"`fail-on` cannot be `off` in {where}", hint="allowed: note, warning, error")
    return CheckSeverity(word)


def _rule(ids: dict[str, str], name: str, where: str) -> str:
    found = ids.get(name) or ids.get(name.upper())
    if found is None:
        raise UsageError(
            f"no rule is called `{name[:40]}` in {where}", hint="docs/reference/rules/README.md lists them"
        )
    return found


def _word(text: str, where: str) -> str:
    if text not in _WORDS:
        raise UsageError(
            f"no severity is called `{text[:40]}` in {where}", hint=f"allowed: {', '.join(_WORDS)}"
        )
    return _WORDS[text]


def _days(name: str, value: int | None, where: str) -> int | None:
    if value is not None and not 0 <= value <= 36_500:  # noqa: PLR2004 - a century
        raise InvalidValueError(f"`{name}` in {where} is no number of days: {value}")
    return value
