"""What the newest build of a tag changes against an older one: findings that go, findings that come."""

from __future__ import annotations

from datetime import date

import msgspec

from basewise.advisories.store import Store
from basewise.errors import InvalidValueError
from basewise.matching.group import group_by_source
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.advisory import FactKind, SourceStatus
from basewise.model.base_image import BaseImage
from basewise.model.package import Package, PackageType
from basewise.rules.evidence import RefreshEffect
from basewise.versions.debian import sort_key

__all__ = ["EffectReader", "OlderBuild"]

_DEBIAN = "debian"


class OlderBuild(msgspec.Struct, frozen=True):
    """A build of which only this is known."""

    created: date
    python: str


class EffectReader:
    """Works out effects, and remembers which sources it used.

    Args:
        store: Where the facts are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sources: set[SourceStatus] = set()

    def effect(self, old: BaseImage | OlderBuild, new: BaseImage) -> RefreshEffect | None:
        """Return what changes; None where it cannot be told.

        Args:
            old: The pinned build: with its packages, or only its date and its Python.
            new: The newest build.
        """
        if isinstance(old, BaseImage):
            return self._compared(old, new) if old.packages is not None else None
        return self._dated(old, new)

    def _match(self, packages: tuple[Package, ...], image: BaseImage) -> MatchResult:
        result = match(packages, image.distro, self._store)
        self.sources.update(result.sources)
        return result

    def _compared(self, old: BaseImage, new: BaseImage) -> RefreshEffect | None:
        if new.packages is None or old.packages is None:
            return None
        before, after = self._match(old.packages, old), self._match(new.packages, new)
        if not before.measured or not after.measured:
            return None
        had = {finding.id for finding in before.findings}
        has = {finding.id for finding in after.findings}
        return RefreshEffect(
            removes=tuple(sorted(had - has)),
            adds=tuple(sorted(has - had)),
            how="both builds were matched",
            as_of=_oldest(before),
        )

    def _dated(self, old: OlderBuild, new: BaseImage) -> RefreshEffect | None:
        """Count fixes that were published after the old build and that the new one holds."""
        if new.packages is None or new.distro.id != _DEBIAN:
            return None
        result = self._match(new.packages, new)
        if not result.measured:
            return None
        removed = {*self._fixed_since(old.created, new), *self._python_fixes(old, new)}
        removed -= {finding.id for finding in result.findings}
        return RefreshEffect(
            removes=tuple(sorted(removed)),
            adds=None,
            how=f"fixes published after the build of {old.created} that the newer one holds",
            as_of=_oldest(result),
        )

    def _fixed_since(self, built: date, new: BaseImage) -> set[str]:
        packages = [package for package in new.packages or () if package.type is PackageType.DEB]
        groups, _ = group_by_source(packages, sort_key)
        found = set()
        for group in groups:
            if group.name == "linux":
                continue
            for fact in self._store.facts(_DEBIAN, new.distro.codename, group.name):
                if fact.kind is not FactKind.FIXED or fact.published <= built.isoformat():
                    continue
                try:
                    if fact.version and sort_key(fact.version) <= sort_key(group.version):
                        found.add(fact.id)
                except InvalidValueError:
                    continue
        return found

    def _python_fixes(self, old: OlderBuild, new: BaseImage) -> set[str]:
        def ids(python: str) -> set[str]:
            package = Package(type=PackageType.CPYTHON, name="cpython", version=python)
            return {finding.id for finding in self._match((package,), new).findings}

        return ids(old.python) - ids(new.python) if old.python != new.python else set()


def _oldest(result: MatchResult) -> str:
    return min((source.as_of for source in result.sources), default="")
