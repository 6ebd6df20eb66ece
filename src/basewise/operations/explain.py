"""`explain`: what one vulnerability is to one image, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Self

import msgspec

from basewise.advisories.store import Store
from basewise.errors import UsageError
from basewise.model.advisory import Advisory
from basewise.model.explanation import Answer, ExplainedPackage, Explanation
from basewise.model.finding import State
from basewise.model.inventory import InstalledPackage, Inventory
from basewise.model.package import Package
from basewise.model.scan import IgnoredFinding, Scan, ScanFinding, ScanPackage
from basewise.operations.explain_facts import facts_about, names_of, other_packages, statement_of
from basewise.operations.explain_words import how_to_fix, why_it_applies, why_it_does_not
from basewise.operations.read_image import read_image
from basewise.operations.scan import ScanOptions, scan_inventory
from basewise.operations.scan_base import BaseFinder
from basewise.operations.scan_findings import origin_of, scan_package
from basewise.operations.scan_packages import judged_packages
from basewise.progress import Progress, SilentProgress

__all__ = ["explain"]

MAX_ID_CHARACTERS = 100
MAX_ELSEWHERE = 10

Key = tuple[str, str, str]
"""Type, source and source version of a package."""


def explain(
    identifier: str,
    image: str,
    options: ScanOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Explanation:
    """Say what one vulnerability is to one image: where it is, which version fixes it, how to get that, and why.

    Args:
        identifier: Id of the vulnerability, in any case: `CVE-2023-5363`, `GHSA-…`, `PYSEC-…`.
        image: As `scan` takes it.
        options: As `scan` takes them; what they leave out of a document is explained all the same.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; the one of `Store.open_default` when None.

    Raises:
        ImageError: The image cannot be had or read.
        StoreError: The advisory store could not be read.
        UsageError: The id or the image names nothing.
    """
    wanted = identifier.strip()
    if not wanted or len(wanted) > MAX_ID_CHARACTERS or not wanted.isprintable():
        raise UsageError(
            f"not the id of a vulnerability: {identifier[:40]!r}", hint="write for example `CVE-2023-5363`"
        )
    wishes = msgspec.structs.replace(options or ScanOptions(), only_fixable=False, severity=None, fail_on=())
    talk = progress or SilentProgress()
    finder = BaseFinder(wishes.base, platform=wishes.platform, access=wishes.access, progress=talk)
    with nullcontext(store) if store is not None else Store.open_default() as opened:
        inventory = read_image(image, platform=wishes.platform, access=wishes.access, progress=talk)
        talk.step(f"matching advisories with {image}")
        found = scan_inventory(inventory, opened, wishes, now=now or datetime.now(UTC), finder=finder)
        return _explained(wanted, inventory, found, opened)


def _explained(wanted: str, inventory: Inventory, scan: Scan, store: Store) -> Explanation:
    """Gather what is known of a vulnerability for an image that was scanned."""
    groups = _groups(judged_packages(inventory).installed)
    names = frozenset({wanted.casefold()})
    for _ in range(2):  # what the first ids lead to may name further ids
        facts = {
            key: facts_about(group[0].package, inventory.distro, names, store)
            for key, group in groups.items()
        }
        names |= names_of(fact for found in facts.values() for fact in found)
    about = _Found.of(scan, names)
    packages = tuple(
        _explain_package(group, facts[key], about, scan)
        for key, group in groups.items()
        if facts[key] or about.of_group(key)
    )
    elsewhere = () if packages else other_packages(inventory.distro, names, store, limit=MAX_ELSEWHERE)
    cves = sorted(name.upper() for name in names if name.startswith("cve-"))
    epss = max((score for cve in cves if (score := store.epss(cve)) is not None), default=(None, None))
    return Explanation(
        generated_at=scan.generated_at,
        version=scan.version,
        id=wanted,
        aliases=_aliases(names, facts.values(), wanted),
        answer=_answer(packages, elsewhere, is_rejected=not set(cves).isdisjoint(store.rejected_ids())),
        image=scan.image,
        base=scan.base,
        packages=packages,
        elsewhere=elsewhere,
        exploited=_exploited(cves, facts.values(), store),
        exploited_as_of=store.exploited_as_of,
        epss=epss[0],
        epss_percentile=epss[1],
        epss_as_of=store.epss_as_of,
        coverage=scan.coverage,
    )


class _Found(msgspec.Struct, frozen=True):
    """The findings of one vulnerability, by package, and the ignored ones among them."""

    findings: dict[Key, ScanFinding]
    ignored: dict[Key, IgnoredFinding]
    beside: frozenset[Key]

    @classmethod
    def of(cls, scan: Scan, names: frozenset[str]) -> Self:
        """Gather them from a scan."""
        ignored = {
            _key(item.finding.package): item for item in scan.ignored if _is_named(item.finding, names)
        }
        findings = {
            _key(found.package): found
            for found in (*scan.findings, *scan.uncounted)
            if _is_named(found, names)
        }
        beside = frozenset(_key(found.package) for found in scan.uncounted if _is_named(found, names))
        return cls({**findings, **{key: item.finding for key, item in ignored.items()}}, ignored, beside)

    def of_group(self, key: Key) -> ScanFinding | None:
        """Return the finding of a package."""
        return self.findings.get(key)


def _is_named(found: ScanFinding, names: frozenset[str]) -> bool:
    return not names.isdisjoint(name.casefold() for name in (found.id, *found.aliases))


def _key(package: Package | ScanPackage) -> Key:
    return str(package.type), package.source or package.name, package.source_version or package.version


def _groups(installed: Iterable[InstalledPackage]) -> dict[Key, list[InstalledPackage]]:
    """Gather packages by source and its version, sorted."""
    groups: dict[Key, list[InstalledPackage]] = defaultdict(list)
    for found in installed:
        groups[_key(found.package)].append(found)
    return {key: sorted(groups[key]) for key in sorted(groups)}


def _explain_package(
    group: Sequence[InstalledPackage], facts: Sequence[Advisory], about: _Found, scan: Scan
) -> ExplainedPackage:
    first = min(group, key=lambda found: (found.layer is None, found.layer or 0, found))
    key = _key(first.package)
    finding, ignored = about.of_group(key), about.ignored.get(key)
    package = finding.package if finding is not None else scan_package(first.package)
    layer = finding.layer if finding is not None else first.layer
    how, command = how_to_fix(finding, scan.base, scan.image.platform) if finding is not None else ((), "")
    return ExplainedPackage(
        package=package,
        binaries=tuple(sorted({found.package.name for found in group})),
        location=first.location,
        layer=layer,
        instruction=scan.image.layers[layer].instruction if layer is not None else "",
        introduced_by=origin_of(layer, scan.base.layers if scan.base is not None else None),
        finding=finding,
        beside_the_count=key in about.beside,
        ignored=f"{ignored.reason} ({ignored.source})" if ignored is not None else "",
        why=why_it_applies(finding)
        if finding is not None
        else why_it_does_not(facts, key[2], first.package.type),
        how=how,
        command=command,
        statements=tuple(sorted(map(statement_of, facts))),
    )


def _answer(packages: Sequence[ExplainedPackage], elsewhere: Sequence[str], *, is_rejected: bool) -> Answer:
    found = [package for package in packages if package.finding is not None]
    counted = [
        package.finding
        for package in found
        if package.finding is not None and not package.ignored and not package.beside_the_count
    ]
    if counted:
        unsure = all(finding.state is State.UNDETERMINED for finding in counted)
        return Answer.UNDETERMINED if unsure else Answer.APPLIES
    if any(package.ignored for package in found):
        return Answer.IGNORED
    if found:
        return Answer.BESIDE_THE_COUNT
    if is_rejected:
        return Answer.REJECTED
    if packages:
        return Answer.DOES_NOT_APPLY
    return Answer.NOT_INSTALLED if elsewhere else Answer.UNKNOWN


def _aliases(names: frozenset[str], facts: Iterable[Iterable[Advisory]], wanted: str) -> tuple[str, ...]:
    """Return the other ids as the sources write them, sorted."""
    written = {name for found in facts for fact in found for name in (fact.id, *fact.aliases)}
    return tuple(
        sorted(name for name in written if name.casefold() in names and name.casefold() != wanted.casefold())
    )


def _exploited(cves: Sequence[str], facts: Iterable[Iterable[Advisory]], store: Store) -> bool | None:
    """Return whether any of the ids is on the list of exploited ones; None when it could not know."""
    published = min((fact.published for found in facts for fact in found if fact.published), default="")
    answers = {store.exploited(cve, published) for cve in cves}
    if True in answers:
        return True
    return False if answers == {False} else None
