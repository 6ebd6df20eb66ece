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
    """What a whole environment needs, beyond what its wheels carry for each other."""

    needs: tuple[Need, ...]
    symbols: tuple[SymbolNeed, ...]
    reasons: tuple[Reason, ...]
    not_inspected: tuple[str, ...]

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
    for install in installs:
        entries = knowledge.runtime_for(
            install.package.name, install.package.version, libc=libc, file_kind=_file_kind(install)
        )
        fact = facts.get(install.package.name)
        if fact is not None and fact.fact.inspected:
            _add_measured(collector, install, fact, carried)
            symbols += _symbols(install, fact)
        elif not entries and _should_be_inspected(install, libc):
            uninspected.append(install.package.name)
            collector.reasons.append(_not_inspected(install))
        for entry in entries:
            _add_known(collector, install, entry, carried, plan.place.target.machine)
    return EnvironmentNeeds(
        needs=tuple(need for _, need in sorted(collector.needs.items())),
        symbols=tuple(symbols),
        reasons=tuple(collector.reasons),
        not_inspected=tuple(uninspected),
    )


def _file_kind(install: PlannedInstall) -> str:
    if install.kind is InstallKind.WHEEL and install.file is not None and is_pure(install.file):
        return "any"
    return _FILE_KINDS.get(install.kind, "platform")


def _should_be_inspected(install: PlannedInstall, libc: str) -> bool:
    """Say whether unread native needs are a gap: not for pure wheels, nor where the policy of the tag allows none.

    A musllinux wheel may link to nothing but libc and libz without carrying it; both are in every base.
    """
    if install.kind is not InstallKind.WHEEL or install.file is None or libc == "musl":
        return False
    return not is_pure(install.file) and not install.package.name.startswith(_VENDOR_PREFIX)


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
    said = False
    evidence = f"{entry.evidence.kind}({entry.evidence.wheel or entry.evidence.source})"
    for need in entry.needs:
        if collector.installed.intersection(need.unless) or need.name in carried:
            continue
        if need.kind is NeedKind.CPU and not need.name.startswith(machine.replace("_", "-")):
            continue
        if need.kind in {NeedKind.CPU, NeedKind.DRIVER, NeedKind.DATA} or need.when not in _ADDING:
            said = said or need.kind is NeedKind.CPU
            collector.reasons.append(_remark(install, need, entry.note, evidence))
            continue
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
    only_other_machines = bool(entry.needs) and all(
        need.kind is NeedKind.CPU and not need.name.startswith(machine.replace("_", "-"))
        for need in entry.needs
    )
    if entry.note and not said and not only_other_machines:
        reason = Reason(
            kind=ReasonKind.NOTE, package=install.package.name, sentence=entry.note, evidence=evidence
        )
        collector.reasons.append(reason)


def _remark(install: PlannedInstall, need: NativeNeed, note: str, evidence: str) -> Reason:
    """Return what is said of a need that no package settles."""
    label = install.label
    match need.kind:
        case NeedKind.CPU:
            kind, sentence = ReasonKind.CPU_LEVEL, f"{label} needs a processor of level {need.name}"
            sentence = f"{sentence}: {note}" if note else sentence
        case NeedKind.DRIVER:
            kind, sentence = ReasonKind.DRIVER, f"{label} needs {need.name} of the host's driver"
        case NeedKind.DATA:
            kind, sentence = ReasonKind.NOTE, f"{label} downloads {need.name} at run time"
        case _:
            kind, sentence = (
                ReasonKind.NOTE,
                f"{label} can use {need.name}, which is optional and not installed",
            )
    return Reason(kind=kind, package=install.package.name, sentence=sentence, evidence=evidence)
