"""What the installed distributions need from the base: libraries, programs, symbol versions.

From the wheels' own headers where they were read, from curated knowledge where headers do not show it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from basewise.fit.facts import NativeNeed, NeedKind, RuntimeKnowledge, WheelFact
from basewise.fit.knowledge import Knowledge
from basewise.fit.plan import InstallPlan, PlannedInstall, is_pure
from basewise.fit.wheel_facts import FoundFact
from basewise.model.verdict import InstallKind, Reason, ReasonKind

__all__ = ["EnvironmentNeeds", "Need", "SymbolNeed", "collect_needs"]

_FILE_KINDS = {InstallKind.SDIST: "sdist", InstallKind.ANY_FALLBACK: "any"}
_INSTALLED = frozenset({InstallKind.WHEEL, InstallKind.ANY_FALLBACK, InstallKind.SDIST})
_ADDING = frozenset({"import", "call"})
_REMARKED = frozenset({NeedKind.CPU, NeedKind.DRIVER, NeedKind.DATA})
# Wheels of the CUDA libraries are never fetched for inspection; what they need is the driver.
_VENDOR_PREFIX = "nvidia-"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A library or program that the base must have.

    Args:
        kind: What.
        name: Soname or program.
        when: `import` or `call`.
        packages: OS packages by release, where the soname map is not asked.
        wanted_by: Names of the distributions that need it, sorted.
        evidence: How this is known.
    """

    kind: NeedKind
    name: str
    when: str
    packages: dict[str, tuple[str, ...]]
    wanted_by: tuple[str, ...]
    evidence: str


class SymbolNeed(msgspec.Struct, frozen=True, kw_only=True):
    """The highest symbol version that a wheel references: `GLIBC`, `GLIBCXX` or `CXXABI`."""

    library: str
    version: str
    package: str
    evidence: str


class EnvironmentNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole environment needs, beyond what its wheels carry for each other.

    Args:
        needs: What the base must have.
        symbols: Symbol versions that the base must offer.
        reasons: Remarks.
        not_inspected: Distributions whose native needs should be known and are not.
        unread: All distributions with a platform wheel that was not read: they may carry libraries.
    """

    needs: tuple[Need, ...]
    symbols: tuple[SymbolNeed, ...]
    reasons: tuple[Reason, ...]
    not_inspected: tuple[str, ...]
    unread: tuple[str, ...] = ()

    def without(self, names: frozenset[str]) -> EnvironmentNeeds:
        """Return what is left when some distributions are not there."""
        left = []
        for need in self.needs:
            wanted_by = tuple(name for name in need.wanted_by if name not in names)
            if wanted_by:
                left.append(msgspec.structs.replace(need, wanted_by=wanted_by))
        return msgspec.structs.replace(self, needs=tuple(left))


class _Collector:
    """Merges needs by kind and name."""

    def __init__(self, installed: frozenset[str]) -> None:
        self.installed = installed
        self.needs: dict[tuple[NeedKind, str], Need] = {}
        self.reasons: list[Reason] = []

    def add(self, need: Need) -> None:
        key = (need.kind, need.name)
        known = self.needs.get(key)
        if known is None:
            self.needs[key] = need
            return
        self.needs[key] = msgspec.structs.replace(
            known,
            when=min(known.when, need.when, key=lambda when: when != "import"),
            packages=known.packages or need.packages,
            wanted_by=tuple(sorted({*known.wanted_by, *need.wanted_by})),
        )


def collect_needs(
    plan: InstallPlan, found: Mapping[str, FoundFact], knowledge: Knowledge, *, injected: frozenset[str]
) -> EnvironmentNeeds:
    """Return what the environment of a plan needs from the base.

    Args:
        plan: What is installed.
        found: Facts of the wheels by file name.
        knowledge: Curated knowledge.
        injected: Sonames that the container runtime brings, or the C library itself.
    """
    libc = plan.place.target.libc.family
    installs = [one for one in plan.installs if one.kind in _INSTALLED]
    facts = {
        one.package.name: found[one.file.filename]
        for one in installs
        if one.file is not None and one.file.filename in found
    }
    carried = {soname for fact in facts.values() for soname in fact.fact.carries} | injected
    collector = _Collector(frozenset(one.package.name for one in installs))
    symbols: list[SymbolNeed] = []
    uninspected: list[str] = []
    unread: list[str] = []
    for install in installs:
        entries = knowledge.runtime_for(
            install.package.name, install.package.version, libc=libc, file_kind=_file_kind(install)
        )
        fact = facts.get(install.package.name)
        if fact is not None and fact.fact.inspected:
            _add_measured(collector, install, fact, carried)
            symbols += _symbols(install, fact)
        elif _has_libraries(install):
            unread.append(install.package.name)
            if not entries and _should_be_inspected(install, libc):
                uninspected.append(install.package.name)
                collector.reasons.append(_not_inspected(install))
        for entry in entries:
            _add_known(collector, install, entry, carried, plan.place.target.machine)
    return EnvironmentNeeds(
        needs=tuple(need for _, need in sorted(collector.needs.items())),
        symbols=tuple(symbols),
        reasons=tuple(collector.reasons),
        not_inspected=tuple(uninspected),
        unread=tuple(unread),
    )


def _file_kind(install: PlannedInstall) -> str:
    if install.kind is InstallKind.WHEEL and install.file is not None and is_pure(install.file):
        return "any"
    return _FILE_KINDS.get(install.kind, "platform")


def _has_libraries(install: PlannedInstall) -> bool:
    return install.kind is InstallKind.WHEEL and install.file is not None and not is_pure(install.file)


def _should_be_inspected(install: PlannedInstall, libc: str) -> bool:
    """Say whether unread native needs of a platform wheel are a gap: not where the policy of its tag allows none.

    A musllinux wheel may link to nothing but libc and libz without carrying it; both are in every base.
    """
    return libc != "musl" and not install.package.name.startswith(_VENDOR_PREFIX)


def _not_inspected(install: PlannedInstall) -> Reason:
    sentence = (
        f"the wheel of {install.label} was not inspected: it may need libraries that are not named here"
    )
    return Reason(kind=ReasonKind.NOT_INSPECTED, package=install.package.name, sentence=sentence)


def _add_measured(
    collector: _Collector, install: PlannedInstall, found: FoundFact, carried: set[str]
) -> None:
    for soname in found.fact.hard:
        if soname not in carried:
            need = Need(
                kind=NeedKind.SONAME,
                name=soname,
                when="import",
                packages={},
                wanted_by=(install.package.name,),
                evidence=_evidence(found),
            )
            collector.add(need)


def _evidence(found: FoundFact) -> str:
    name = found.inferred_from or found.fact.filename
    return f"elf({name}, inferred)" if found.inferred_from else f"elf({name})"


def _symbols(install: PlannedInstall, found: FoundFact) -> list[SymbolNeed]:
    fact: WheelFact = found.fact
    versions = (("GLIBC", fact.glibc), ("GLIBCXX", fact.glibcxx), ("CXXABI", fact.cxxabi))
    return [
        SymbolNeed(library=library, version=version, package=install.label, evidence=_evidence(found))
        for library, version in versions
        if version
    ]


def _add_known(
    collector: _Collector, install: PlannedInstall, entry: RuntimeKnowledge, carried: set[str], machine: str
) -> None:
    evidence = f"{entry.evidence.kind}({entry.evidence.wheel or entry.evidence.source})"
    added = False
    remarks: list[NativeNeed] = []
    for need in entry.needs:
        if collector.installed.intersection(need.unless) or need.name in carried:
            continue
        if need.kind is NeedKind.CPU and not need.name.startswith(machine.replace("_", "-")):
            continue
        if need.kind in _REMARKED or need.when not in _ADDING:
            remarks.append(need)
            continue
        added = True
        collector.add(
            Need(
                kind=need.kind,
                name=need.name,
                when=need.when,
                packages=need.packages,
                wanted_by=(install.package.name,),
                evidence=evidence,
            )
        )
    collector.reasons += _remarks(install, entry, remarks, evidence, added=added)


def _remarks(
    install: PlannedInstall, entry: RuntimeKnowledge, needs: list[NativeNeed], evidence: str, *, added: bool
) -> list[Reason]:
    """Return what is said of needs that no package settles: the entry's own note where it has one."""
    name, label = install.package.name, install.label
    if not entry.note:
        return [
            Reason(
                kind=_remark_kind(need), package=name, sentence=f"{label} {_remark(need)}", evidence=evidence
            )
            for need in needs
        ]
    if entry.needs and not needs and not added:
        return []
    kind = _remark_kind(needs[0]) if needs else ReasonKind.NOTE
    return [Reason(kind=kind, package=name, sentence=f"{label}: {entry.note}", evidence=evidence)]


def _remark_kind(need: NativeNeed) -> ReasonKind:
    return {NeedKind.CPU: ReasonKind.CPU_LEVEL, NeedKind.DRIVER: ReasonKind.DRIVER}.get(
        need.kind, ReasonKind.NOTE
    )


def _remark(need: NativeNeed) -> str:
    match need.kind:
        case NeedKind.CPU:
            return f"needs a processor of level {need.name}"
        case NeedKind.DRIVER:
            return f"needs {need.name} of the host's driver"
        case NeedKind.DATA:
            return f"downloads {need.name} at run time"
        case _:
            return f"can use {need.name}, which is optional and not installed"
