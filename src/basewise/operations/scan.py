"""`scan`: what is known to be wrong with an image, and what could not be known."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, date, datetime

import msgspec

from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.candidates.lifecycle import load_lifecycles, phase_on
from basewise.matching.count import count_findings
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.distro import Distro
from basewise.model.evidence import Coverage, NotCovered, Support
from basewise.model.finding import Finding
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform
from basewise.model.scan import Scan, ScanFinding, ScanSummary
from basewise.operations.read_image import ImageAccess, read_image
from basewise.operations.sbom import sbom_of
from basewise.operations.scan_findings import Placer, by_urgency
from basewise.operations.scan_packages import judged_packages
from basewise.progress import Progress, SilentProgress

__all__ = ["ScanOptions", "scan", "scan_inventory"]

_NO_DISTRO = Distro("", "")


class ScanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an image is read and judged.

    Args:
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How images may be had; the defaults when None.
    """

    platform: Platform | None = None
    access: ImageAccess | None = None


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
        ImageError: The image cannot be had or read.
        StoreError: The advisory store could not be read.
        UsageError: The text names nothing.
    """
    wishes = options or ScanOptions()
    talk = progress or SilentProgress()
    with nullcontext(store) if store is not None else Store.open_default() as opened:
        inventory = read_image(image, platform=wishes.platform, access=wishes.access, progress=talk)
        talk.step(f"matching advisories with {image}")
        return scan_inventory(inventory, opened, now=now or datetime.now(UTC))


def scan_inventory(inventory: Inventory, store: Store, *, now: datetime) -> Scan:
    """Match an inventory with a store and put the evidence together.

    Args:
        inventory: What is inside the image.
        store: Where the facts are.
        now: The clock.
    """
    from basewise import __version__  # noqa: PLC0415 - the package itself, which imports nothing

    judged = judged_packages(inventory)
    result = match(judged.packages, inventory.distro or _NO_DISTRO, store)
    sbom = sbom_of(inventory)
    placer = Placer(judged.installed, sbom.image.layers, None)
    coverage = _coverage((*inventory.coverage.not_covered, *judged.not_covered), result, now.date())
    return Scan(
        generated_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=__version__,
        image=sbom.image,
        base=None,
        distro=sbom.distro,
        support=_support(inventory, now.date()),
        packages=sbom.packages,
        findings=_placed(result.findings, placer),
        ignored=(),
        uncounted=_placed(result.uncounted, placer),
        notes=(),
        gate=None,
        summary=_summary(result, coverage, packages=len(sbom.packages)),
        coverage=coverage,
    )


def _placed(findings: Iterable[Finding], placer: Placer) -> tuple[ScanFinding, ...]:
    return tuple(sorted((placer.place(finding) for finding in findings), key=by_urgency))


def _coverage(unseen: Iterable[NotCovered], result: MatchResult, today: date) -> Coverage:
    sources, of_sources = coverage_of(result.sources, today)
    not_covered = {*unseen, *result.not_covered, *of_sources}
    return Coverage(complete=not not_covered, sources=sources, not_covered=tuple(sorted(not_covered)))


def _summary(result: MatchResult, coverage: Coverage, *, packages: int) -> ScanSummary:
    verdict = "findings" if result.findings else "clean" if coverage.complete else "incomplete"
    return ScanSummary(
        packages=packages,
        vulnerabilities=count_findings(result.findings, sources=result.sources, measured=result.measured),
        base=None,
        own=None,
        ignored=0,
        uncounted=len(result.uncounted),
        verdict=verdict,
    )


def _support(inventory: Inventory, today: date) -> Support | None:
    """Return the ends of support of the distribution and of the oldest interpreter; None where neither is known."""
    known = load_lifecycles()
    distro = inventory.distro
    cycle = None
    if distro is not None:
        version = ".".join(distro.version.split(".")[:2]) if distro.id == "alpine" else distro.version
        cycle = known.find(distro.id, version)
    ends = (known.find("python", runtime.minor) for runtime in inventory.pythons)
    python = min((found.eol for found in ends if found is not None and found.eol is not None), default=None)
    if cycle is None and python is None:
        return None
    return Support(
        python_eol=_text(python),
        distro_eol=_text(cycle.eol if cycle else None),
        distro_lts_eol=_text(cycle.lts_eol if cycle else None),
        phase=phase_on(cycle, today),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
