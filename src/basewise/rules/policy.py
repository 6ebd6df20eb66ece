"""What is allowed and how grave it is: `[tool.basewise.policy]`, and a policy file of whoever owns the gate.

A policy lies in the folder that is checked, which may be somebody else's: it says severities and what is allowed.
Nothing in it opens a connection or executes anything. Where the owner of the gate gives a policy of his own, the
folder's one can only make it stricter.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from basewise.model.check import CheckSeverity

__all__ = ["OFF", "Policy", "merged_policy"]

OFF = "off"
_ORDER = {OFF: 0, "note": 1, "warning": 2, "error": 3}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a check holds files against.

    Args:
        allowed_registries: Registries (`docker.io`) or repositories in them (`ghcr.io/astral-sh`) that images may
            come from; None allows all.
        allowed_publishers: Publishers of images, as `candidates list` names them; None allows all.
        max_digest_age_days: Age beyond which a digest wants to be refreshed.
        support_warning_days: Days before an end of support from which on it is said.
        severity: Rule id to `off`, `note`, `warning` or `error`.
        fail_on: Least severity that violates the gate.
        never_ignore: Ids of rules that no comment takes out.
    """

    allowed_registries: tuple[str, ...] | None = None
    allowed_publishers: tuple[str, ...] | None = None
    max_digest_age_days: int = 90
    support_warning_days: int = 90
    severity: Mapping[str, str] = {}
    fail_on: CheckSeverity = CheckSeverity.ERROR
    never_ignore: frozenset[str] = frozenset()

    def severity_of(self, rule: str, default: CheckSeverity) -> CheckSeverity | None:
        """Return how grave a violation is; None when the rule is switched off."""
        stated = self.severity.get(rule, str(default))
        return None if stated == OFF else CheckSeverity(stated)


def merged_policy(owner: Policy, folder: Policy) -> Policy:
    """Return the policy of the gate's owner, made stricter where the folder's one is stricter."""
    severity = dict(folder.severity) | {
        rule: max(stated, folder.severity.get(rule, OFF), key=_ORDER.__getitem__)
        for rule, stated in owner.severity.items()
    }
    return Policy(
        allowed_registries=_common(owner.allowed_registries, folder.allowed_registries),
        allowed_publishers=_common(owner.allowed_publishers, folder.allowed_publishers),
        max_digest_age_days=min(owner.max_digest_age_days, folder.max_digest_age_days),
        support_warning_days=max(owner.support_warning_days, folder.support_warning_days),
        severity=severity,
        fail_on=min(owner.fail_on, folder.fail_on, key=_ORDER.__getitem__),
        never_ignore=owner.never_ignore | folder.never_ignore,
    )


def _common(owner: tuple[str, ...] | None, folder: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return what both allow; a name of the folder counts where the owner allows it or something above it."""
    if owner is None or folder is None:
        return owner if folder is None else folder
    wider = {name for name in folder if any(name == above or name.startswith(f"{above}/") for above in owner)}
    wider |= {name for name in owner if any(name.startswith(f"{above}/") for above in folder)}
    return tuple(sorted(wider))
