"""`scan`: what is known to be wrong with an image, and what could not be known."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime

from basewise._internal.text import format_moment
from basewise.advisories.store import Store
from basewise.matching.match import match
from basewise.matching.risk import by_risk
from basewise.model.finding import State
from basewise.model.inventory import Inventory
from basewise.model.sbom import Sbom
from basewise.model.scan import IgnoredFinding, Scan, ScanFilter, ScanFinding
from basewise.operations.read_image import read_image
from basewise.operations.sbom import sbom_of
from basewise.operations.scan_base import BaseFinder
from basewise.operations.scan_findings import Placer
from basewise.operations.scan_options import ScanOptions
from basewise.operations.scan_packages import judged_packages
from basewise.operations.scan_summary import judge_coverage, summarise
from basewise.operations.scan_support import ended_support, support_of_inventory
from basewise.operations.scan_upgrades import upgrades_of
from basewise.policy.gate import judge_gate
from basewise.policy.severity import at_least
from basewise.progress import Progress, SilentProgress

__all__ = ["ScanOptions", "scan", "scan_inventory"]

Decided = tuple[tuple[ScanFinding, ...], tuple[IgnoredFinding, ...], tuple[str, ...]]
"""Kept findings, ignored findings, and notes."""


def scan(
    image: str,
    options: ScanOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Scan:
    """Find what is known to be wrong with an image.

    Args:
        image: A reference, a path, or `oci:`, `docker-archive:`, `dir:` … with a path or name.
        options: How it is read and judged; the defaults when None.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; the one of `Store.open_default` when None.

    Returns:
        The document. Its verdict is `clean` only where nothing was found and nothing was left unseen.

    Raises:
        ImageError: The image, or the base that was named, cannot be had or read.
        StoreError: The advisory store could not be read.
        UsageError: The text names nothing.
    """
    wishes = options or ScanOptions()
    talk = progress or SilentProgress()
    finder = BaseFinder(wishes.base, platform=wishes.platform, access=wishes.access, progress=talk)
    with nullcontext(store) if store is not None else Store.open_default() as opened:
        inventory = read_image(image, platform=wishes.platform, access=wishes.access, progress=talk)
        talk.step(f"matching advisories with {image}")
        return scan_inventory(inventory, opened, wishes, now=now or datetime.now(UTC), finder=finder)


def scan_inventory(
    inventory: Inventory, store: Store, options: ScanOptions, *, now: datetime, finder: BaseFinder
) -> Scan:
    """Match an inventory with a store and put the evidence together.

    Args:
        inventory: What is inside the image.
        store: Where the facts are.
        options: How it is judged.
        now: The clock.
        finder: Finds the base image.
    """
    from basewise import __version__  # noqa: PLC0415 - the package itself, which imports nothing

    today = now.date()
    judged = judged_packages(inventory)
    result = match(judged.packages, inventory.distro, store)
    sbom = sbom_of(inventory)
    base, notes = finder.of(inventory.image)
    placer = Placer(judged.installed, sbom.image.layers, base.layers if base is not None else None)
    beside = {placer.key(finding) for finding in result.uncounted}
    placed = tuple(map(placer.place, by_risk((*result.findings, *result.uncounted))))
    kept, ignored, said = _decide(placed, options, sbom, today)
    findings = tuple(found for found in kept if (found.id, found.package) not in beside)
    uncounted = tuple(found for found in kept if (found.id, found.package) in beside)
    coverage = judge_coverage((*judged.not_covered, *ended_support(inventory, today)), result, today)
    shown, filtered = _filtered(findings, options)
    return Scan(
        generated_at=format_moment(now),
        version=__version__,
        image=sbom.image,
        base=base,
        distro=sbom.distro,
        support=support_of_inventory(inventory, today),
        packages=sbom.packages,
        embedded=sbom.embedded,
        findings=shown,
        upgrades=upgrades_of(shown),
        ignored=ignored,
        uncounted=uncounted,
        notes=(*notes, *said),
        shown=filtered,
        gate=judge_gate(options.fail_on, findings, complete=coverage.complete),
        summary=summarise(
            findings, ignored, result, base, coverage,
            judged=judged.installed, packages=len(sbom.packages), uncounted=len(uncounted),
        ),
        coverage=coverage,
    )  # fmt: skip


def _decide(findings: tuple[ScanFinding, ...], options: ScanOptions, sbom: Sbom, today: date) -> Decided:
    """Return what the user's rules keep, then VEX statements; what they ignore; and what is to be said about them."""
    ignored: tuple[IgnoredFinding, ...] = ()
    notes: tuple[str, ...] = ()
    if options.rules:
        from basewise.policy.ignore import apply_rules  # noqa: PLC0415 - only where there is a rule

        by_rules = apply_rules(findings, options.rules, today)
        findings, ignored, notes = by_rules.kept, by_rules.ignored, by_rules.notes
    if options.statements:
        from basewise.operations.scan_vex import installed_components  # noqa: PLC0415 - only where VEX is given
        from basewise.policy.vex import apply_vex  # noqa: PLC0415 - the same

        by_vex = apply_vex(findings, options.statements, installed_components(sbom))
        findings, ignored, notes = by_vex.kept, (*ignored, *by_vex.ignored), (*notes, *by_vex.notes)
    return findings, ignored, notes


def _filtered(
    findings: tuple[ScanFinding, ...], options: ScanOptions
) -> tuple[tuple[ScanFinding, ...], ScanFilter | None]:
    """Leave out what was not asked for, and say how much that is."""
    if not options.only_fixable and options.severity is None:
        return findings, None
    shown = tuple(
        found
        for found in findings
        if (not options.only_fixable or found.state is State.FIXED)
        and (options.severity is None or at_least(found.severity, options.severity))
    )
    hidden = len(findings) - len(shown)
    return shown, ScanFilter(only_fixable=options.only_fixable, severity=options.severity, hidden=hidden)
