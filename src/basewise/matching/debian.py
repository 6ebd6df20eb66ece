"""What applies to Debian packages: by source package and source version, in one release.

The archive's changelogs decide what is fixed; the tracker decides what is not affected, minor, ignored or
open. A name in a changelog that is no fix proves nothing. Where neither says anything of a vulnerability, the
ranges of OSV's Debian records decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from basewise.advisories.debian_tracker import SELECTION
from basewise.advisories.store import Store
from basewise.errors import InvalidValueError
from basewise.matching.affected import decide_affected
from basewise.matching.aliases import by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.decision import Decision
from basewise.matching.fixes import FixState, judge_fixes
from basewise.matching.group import SourceGroup, group_by_source, is_kernel_headers
from basewise.matching.memory import remembered
from basewise.matching.names import some_names, unnamed_sources
from basewise.matching.result import Part
from basewise.matching.telling import telling_advisories
from basewise.model.advisory import Advisory, FactKind
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding, State
from basewise.model.package import Package
from basewise.versions.debian import compare, sort_key

__all__ = ["match_debian"]

ECOSYSTEM = "debian"
TRACKER = "debian_tracker"
ARCHIVE = "debian_archive"
OSV = "osv Debian"

_BACKPORT = re.compile(r"(?P<version>.+)~(?:deb\d+u|bpo\d+\+)\d+", re.ASCII)
_KINDS_OF_OSV = frozenset({FactKind.AFFECTED, FactKind.END_OF_LIFE})
_TRACKER_STATES = {
    FactKind.OPEN: State.OPEN,
    FactKind.NO_DSA: State.MINOR,
    FactKind.POSTPONED: State.MINOR,
    FactKind.UNIMPORTANT: State.MINOR,
    FactKind.IGNORED: State.WONT_FIX,
    FactKind.END_OF_LIFE: State.UNDETERMINED,
    FactKind.UNDETERMINED: State.UNDETERMINED,
    FactKind.FIXED_ELSEWHERE: State.OPEN,
}


def match_debian(packages: Iterable[Package], distro: Distro, store: Store) -> Part:
    """Find what applies to the `deb` packages of a release.

    Args:
        packages: Installed packages of type `deb`.
        distro: Release; its codename names the facts.
        store: Where the facts are.

    Returns:
        Findings, kernel headers apart. Not measured when nothing is known of the release or of any source.
    """
    groups, sourceless = group_by_source(packages, sort_key)
    if not groups and not sourceless:
        return Part()
    release = distro.codename
    if release not in store.releases(ECOSYSTEM) or release == "sid":
        why = (
            f"the advisory store holds no facts of Debian {release or distro.version or '(unknown release)'}"
        )
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    store.read_ahead(ECOSYSTEM, release, [group.name for group in groups])
    speaks_of_all = _speaks_of_all(store)
    covered = [group for group in groups if speaks_of_all or store.covered(ECOSYSTEM, release, group.name)]
    not_covered = (
        *(
            unnamed_sources(groups, (ECOSYSTEM, release), store)
            if speaks_of_all
            else _not_covered(groups, release, store)
        ),
        *_sourceless(sourceless),
    )
    if not covered:
        return Part(measured=False, not_covered=not_covered)
    findings: list[Finding] = []
    headers: list[Finding] = []
    for group in covered:
        found = remembered(store, (ECOSYSTEM, release, group), partial(_match_group, group, release, store))
        (headers if is_kernel_headers(group) else findings).extend(found)
    return Part(findings=tuple(findings), uncounted=tuple(headers), not_covered=not_covered)


def decide(facts: Iterable[Advisory], installed: str) -> Decision | None:
    """Return the state of one vulnerability for an installed source version; None when it does not apply.

    Args:
        facts: What all feeds say of one vulnerability and source package in one release.
        installed: Source version.

    Raises:
        InvalidValueError: `installed` is no Debian version.
    """
    archive: list[Advisory] = []
    tracker: list[Advisory] = []
    ranges: list[Advisory] = []
    for fact in facts:
        if fact.origin == TRACKER:
            tracker.append(fact)
        else:
            (ranges if fact.kind in _KINDS_OF_OSV else archive).append(fact)
    if not archive and not tracker:
        return _decide_by_ranges(ranges, installed)
    fixes = judge_fixes(archive, installed, sort_key)
    if fixes.holds or (fixes.fix is not None and _is_backport_of(installed, fixes.fix.version)):
        return None
    if fixes.fix is not None:
        return _fixed(fixes.fix, *_agreeing(tracker))
    if tracker:
        return _decide_by_tracker(tracker[0], archive, fixes, installed)
    return _decide_without_tracker(ranges, archive, fixes, installed)


def _fixed(fix: Advisory, *others: Advisory) -> Decision:
    """Return the decision that the version of a fact fixes it."""
    return Decision(
        state=State.FIXED,
        facts=(fix, *others),
        detail=f"fixed in {fix.version}",
        fixed_version=fix.version,
        fixed_on=fix.published or None,
    )


def _is_backport_of(installed: str, version: str) -> bool:
    """Tell whether `installed` is `version` rebuilt for a stable release, which sorts below it.

    `2.8.3-1~deb13u1` holds what `2.8.3-1` fixed, though dpkg orders it before.
    """
    match = _BACKPORT.fullmatch(installed)
    return match is not None and match["version"] == version


def _decide_by_tracker(
    stated: Advisory, archive: list[Advisory], fixes: FixState, installed: str
) -> Decision | None:
    """Return what the tracker's line means where the archive names no standing fix in this release."""
    if stated.kind is FactKind.NOT_AFFECTED:
        return None
    if stated.kind is FactKind.FIXED and fixes.reverted is None:
        if _reaches(installed, stated.version):
            return None
        return _fixed(stated)
    if stated.version and fixes.reverted is None and _reaches(installed, stated.version):
        return None
    if stated.kind is FactKind.OPEN and stated.detail and any(_holds_version(f, installed) for f in archive):
        return None
    state = _TRACKER_STATES.get(stated.kind, State.OPEN)
    facts = (stated,) if fixes.reverted is None else (stated, fixes.reverted)
    detail = f"{stated.kind}{f' ({stated.detail})' if stated.detail else ''}"
    if stated.kind is FactKind.FIXED_ELSEWHERE:
        detail = f"open: fixed in unstable in {stated.version}, not in this release"
    return Decision(state=state, facts=facts, detail=detail)


def _decide_without_tracker(
    ranges: list[Advisory], archive: list[Advisory], fixes: FixState, installed: str
) -> Decision | None:
    """Return what is left to say where neither a changelog has a standing fix nor the tracker a line."""
    if fixes.reverted is not None:
        detail = f"its fix was taken back in {fixes.reverted.version}"
        return Decision(state=State.OPEN, facts=(fixes.reverted,), detail=detail)
    if ranges:
        return _decide_by_ranges(ranges, installed)
    elsewhere = [fact for fact in archive if fact.kind is FactKind.FIXED_ELSEWHERE]
    if elsewhere and not _holds_version(elsewhere[0], installed):
        return Decision(state=State.UNDETERMINED, facts=(elsewhere[0],), detail=_elsewhere(elsewhere[0]))
    return None


def _decide_by_ranges(ranges: list[Advisory], installed: str) -> Decision | None:
    """Return what OSV's records mean: undetermined where they say only that nobody looks after the release any more."""
    ended = [fact for fact in ranges if fact.kind is FactKind.END_OF_LIFE]
    if not ended or len(ended) < len(ranges):
        return decide_affected(ranges, installed, sort_key)
    return Decision(state=State.UNDETERMINED, facts=tuple(ended), detail=f"{FactKind.END_OF_LIFE}")


def _agreeing(tracker: list[Advisory]) -> tuple[Advisory, ...]:
    """Return tracker facts that also call it a vulnerability of this release."""
    return tuple(fact for fact in tracker if fact.kind is not FactKind.NOT_AFFECTED)


def _holds_version(fact: Advisory, installed: str) -> bool:
    """Tell whether the installed version is at least one that fixed it in another suite.

    A version made for a stable release (`+deb12u3`, `~deb12u1`) is on another line and proves nothing.
    """
    if fact.kind is not FactKind.FIXED_ELSEWHERE or not fact.version or "deb" in fact.version:
        return False
    return _reaches(installed, fact.version)


def _reaches(installed: str, version: str) -> bool:
    """Tell whether `installed` is `version` or newer; a version that cannot be compared is not reached."""
    try:
        return compare(installed, version) >= 0
    except InvalidValueError:
        return False


def _elsewhere(fact: Advisory) -> str:
    """Return the sentence for a fix that only another suite has."""
    where = f" ({fact.detail})" if fact.detail else ""
    return f"another suite has fixed it in {fact.version}{where}; nothing is known of this release"


def _match_group(group: SourceGroup, release: str, store: Store) -> tuple[Finding, ...]:
    """Return the findings of one source package."""
    found = []
    judge = decide if group.comparable else _incomparable
    facts = telling_advisories(store, (ECOSYSTEM, release, group.name), group.version, sort_key)
    for vulnerability in by_vulnerability(facts):
        decision = judge(vulnerability.facts, group.version)
        if decision is not None:
            found.append(assemble(vulnerability, decision, group.representative, group.binaries, store))
    return tuple(found)


def _incomparable(facts: Iterable[Advisory], version: str) -> Decision | None:
    """Keep a vulnerability of a package whose version cannot be compared, as undetermined."""
    kept = tuple(fact for fact in facts if fact.kind not in {FactKind.NOT_AFFECTED, FactKind.MENTIONED})
    if not kept:
        return None
    detail = f"version `{version[:80]}` cannot be compared"
    return Decision(state=State.UNDETERMINED, facts=kept, detail=detail)


def _speaks_of_all(store: Store) -> bool:
    """Tell whether a source knows every source package: where it has no line of one, nothing is known against it."""
    return any(
        source.name == OSV or (source.name == TRACKER and SELECTION not in source.note)
        for source in store.sources()
    )


def _not_covered(groups: tuple[SourceGroup, ...], release: str, store: Store) -> tuple[NotCovered, ...]:
    """Return what could not be seen of source packages where no source speaks of all of them."""
    looked_at = {group.name: store.covered(ECOSYSTEM, release, group.name) for group in groups}
    unread = [name for name, feeds in looked_at.items() if ARCHIVE not in feeds]
    untracked = [name for name, feeds in looked_at.items() if TRACKER not in feeds]
    said = []
    if unread:
        why = f"no changelog of them was read for {release}: {some_names(unread)}"
        said.append(NotCovered(f"fixes of {len(unread)} of {len(groups)} source packages", why))
    if untracked:
        why = (
            f"no tracker data for {len(untracked)} of {len(groups)} sources: vulnerabilities that {release} "
            "has not fixed are not seen there"
        )
        said.append(NotCovered(f"open vulnerabilities of {release}", why))
    return tuple(said)


def _sourceless(names: tuple[str, ...]) -> tuple[NotCovered, ...]:
    """Return that packages cannot be judged because their source is not known."""
    if not names:
        return ()
    why = f"their source package is not known: {some_names(names)}"
    return (NotCovered(f"{len(names)} Debian packages", why),)
