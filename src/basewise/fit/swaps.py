"""Cheaper replacements, with the bytes that each would save on one candidate."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from basewise._internal.text import format_bytes
from basewise.fit.cost import WheelCost
from basewise.fit.facts import SwapRule
from basewise.fit.knowledge import Knowledge
from basewise.fit.native import EnvironmentNeeds
from basewise.fit.packages import Bases, Chosen, merged_why, release_of
from basewise.fit.plan import InstallPlan, recipe_packages
from basewise.model.base_image import BaseImage
from basewise.model.requirement import Accelerator
from basewise.model.verdict import Install, InstallKind, Swap

__all__ = ["SwapContext", "swaps_for"]


class SwapContext(msgspec.Struct, frozen=True, kw_only=True):
    """What swaps are judged against: one environment on one image."""

    image: BaseImage
    cost: WheelCost
    needs: EnvironmentNeeds
    chosen: Chosen
    builders: Chosen
    plan: InstallPlan
    accelerator: Accelerator


def swaps_for(context: SwapContext, knowledge: Knowledge, bases: Bases) -> tuple[Swap, ...]:
    """Return the replacements that apply, the largest saving on disk first."""
    installed = {install.name for install in context.cost.installs}
    found = [
        _swap(rule, context, bases)
        for install in context.cost.installs
        for rule in knowledge.swaps_for(install.name)
        if context.accelerator.value in rule.accelerators and rule.with_ not in installed
    ]
    cheaper = [swap for swap in found if swap is not None]
    return tuple(sorted(cheaper, key=lambda swap: (-(swap.saves_disk_bytes or 0), swap.replace, swap.with_)))


def _swap(rule: SwapRule, context: SwapContext, bases: Bases) -> Swap | None:
    """Return the replacement, None where it saves neither disk nor a build."""
    gone = _gone(rule, context)
    left = context.needs.without(gone)
    stays = [one for one in context.plan.installs if one.package.name not in gone]
    linked, _ = recipe_packages(stays, release_of(context.image))
    roots = bases.roots(context.image, left.needs, not_inspected=left.unread)
    kept = bases.choose(context.image, merged_why(roots.why, linked))
    dropped = [install for install in context.cost.installs if install.name in gone]
    disk = _saving(
        [install.installed_bytes for install in dropped],
        rule.replacement_disk_bytes,
        context.chosen.installed_bytes,
        kept.installed_bytes,
    )
    builds = any(install.name == rule.replace and install.kind is InstallKind.SDIST for install in dropped)
    if disk is not None and disk <= 0 and not builds:
        return None
    return Swap(
        replace=rule.replace,
        with_=rule.with_,
        saves_download_bytes=_saving(
            [install.download_bytes for install in dropped],
            rule.replacement_download_bytes,
            context.chosen.download_bytes,
            kept.download_bytes,
        ),
        saves_disk_bytes=disk,
        why=_why(rule, dropped, context, kept, builds=builds),
    )


def _gone(rule: SwapRule, context: SwapContext) -> frozenset[str]:
    """Return the distributions that vanish: the replaced one, and those that nothing else asks for."""
    gone = {rule.replace}
    candidates = {
        install.name
        for install in context.cost.installs
        if any(fnmatchcase(install.name, pattern) for pattern in rule.drops)
    }
    gone |= candidates
    packages = {one.package.name: one.package for one in context.plan.installs}
    changed = True
    while changed:
        changed = False
        for name in sorted(gone - {rule.replace}):
            askers = packages[name].required_by if name in packages else ()
            if any(asker not in gone for asker in askers):
                gone.discard(name)
                packages = {one.package.name: one.package for one in context.plan.installs}
    changed = True
    return frozenset(gone)


def _saving(
    dropped: list[int | None], replacement: int | None, before: int | None, after: int | None
) -> int | None:
    """Return what is saved, None when a part of it is not known."""
    if replacement is None or before is None or after is None or None in dropped:
        return None
    return sum(size for size in dropped if size is not None) - replacement + before - after


def _why(rule: SwapRule, dropped: list[Install], context: SwapContext, after: Chosen, *, builds: bool) -> str:
    before = context.chosen
    parts = [f"nothing is built for it{_build_cost(context.builders)}"] if builds else []
    others = sorted(install.name for install in dropped if install.name != rule.replace)
    if others:
        parts.append(f"drops {_listed(others)}")
    kept = {one.name for one in after.added}
    vanished = [one.name for one in before.added if one.name not in kept]
    if vanished:
        parts.append(f"needs no {' '.join(vanished)}")
    if rule.index:
        parts.append("its index must be supplied by you")
    if rule.safe_when:
        parts.append(rule.safe_when.rstrip("."))
    return "; ".join(parts)


def _build_cost(builders: Chosen) -> str:
    if not builders.added:
        return ""
    names = " ".join(one.name for one in builders.added)
    size = builders.installed_bytes
    return f" (no {names}{f', {format_bytes(size)} in the builder stage' if size is not None else ''})"


def _listed(names: list[str]) -> str:
    shown = 3
    if len(names) <= shown + 1:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"
