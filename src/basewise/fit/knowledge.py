"""Curated and derived knowledge about packages: what they need at run time, how to build them, what is cheaper.

Each entry carries its evidence. The tables are data files under `data/knowledge/`, written by
`tools/derive_knowledge.py`; `docs/extending/knowledge-entry.md` tells how to add one.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.errors import KnowledgeError
from basewise.fit.facts import BuildRecipe, Evidence, RuntimeKnowledge, SwapRule, WheelFact

__all__ = ["CudaFact", "DriverFact", "GpuTable", "Knowledge", "SonameOverride"]


class SonameOverride(msgspec.Struct, frozen=True, kw_only=True):
    """Sonames that reachability calls hard although an import does not need them.

    Args:
        package: PEP 503 name, shell pattern allowed (`nvidia-*`).
        soft: Soname patterns that are optional.
        reason: Why, one sentence.
        evidence: Where this comes from.
    """

    package: str
    soft: tuple[str, ...]
    reason: str
    evidence: Evidence


class CudaFact(msgspec.Struct, frozen=True, kw_only=True):
    """CUDA major that a release series of a framework brings through its `nvidia-*` wheels.

    Args:
        package: PEP 503 name.
        versions: PEP 440 specifier set.
        cuda: CUDA major.
        extra: The extra that asks for those wheels, "" when the framework always does.
        evidence: Where this comes from.
    """

    package: str
    versions: str
    cuda: int
    extra: str = ""
    evidence: Evidence


class DriverFact(msgspec.Struct, frozen=True, kw_only=True):
    """Least Linux driver for a CUDA major."""

    cuda: int
    driver: str
    evidence: Evidence


class GpuTable(msgspec.Struct, frozen=True, kw_only=True):
    """What `data/knowledge/gpu.json` holds."""

    schema: str
    cuda: tuple[CudaFact, ...] = ()
    drivers: tuple[DriverFact, ...] = ()

    def driver_for(self, cuda: int) -> str | None:
        """Return the least driver for a CUDA major, None when not known."""
        return next((fact.driver for fact in self.drivers if fact.cuda == cuda), None)

    def cuda_for(self, package: str, version: str, *, extra: str = "") -> int | None:
        """Return the CUDA major that `package` `version` brings, None when not known.

        Args:
            package: PEP 503 name.
            version: PEP 440 version.
            extra: An extra that was asked for (`and-cuda` of tensorflow).
        """
        return next(
            (
                fact.cuda
                for fact in self.cuda
                if fact.package == package and fact.extra in {"", extra} and _holds(fact.versions, version)
            ),
            None,
        )


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    """Parts that the files have in common."""

    schema: str


class _RuntimeTable(_Table, frozen=True, kw_only=True):
    entries: tuple[RuntimeKnowledge, ...]


class _BuildTable(_Table, frozen=True, kw_only=True):
    entries: tuple[BuildRecipe, ...]


class _SwapTable(_Table, frozen=True, kw_only=True):
    entries: tuple[SwapRule, ...]


class _OverrideTable(_Table, frozen=True, kw_only=True):
    entries: tuple[SonameOverride, ...]


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """All curated knowledge, indexed by package on demand."""

    runtime: tuple[RuntimeKnowledge, ...] = ()
    build: tuple[BuildRecipe, ...] = ()
    swaps: tuple[SwapRule, ...] = ()
    overrides: tuple[SonameOverride, ...] = ()
    gpu: GpuTable = GpuTable(schema="basewise.gpu/1")

    @classmethod
    def load(cls) -> Knowledge:
        """Return the embedded knowledge.

        Raises:
            KnowledgeError: A table is missing, damaged or of another shape.
        """
        return _load()

    def runtime_for(
        self, name: str, version: str, *, libc: str, file_kind: str = "platform"
    ) -> tuple[RuntimeKnowledge, ...]:
        """Return what is known of an installed distribution.

        Args:
            name: PEP 503 name.
            version: PEP 440 version.
            libc: `glibc` or `musl`.
            file_kind: What is installed: `platform` (wheel for a platform), `any` (pure wheel) or `sdist`.
        """
        return tuple(
            entry
            for entry in self.runtime
            if entry.package == name
            and entry.libc in {"", libc}
            and entry.file_kind in {"", file_kind}
            and _holds(entry.versions, version)
        )

    def recipe_for(self, name: str, version: str, *, codename: str = "") -> BuildRecipe | None:
        """Return how to build a source-only distribution, None when that is not known.

        Args:
            name: PEP 503 name.
            version: PEP 440 version.
            codename: Where: `bullseye`, `bookworm`, `trixie` or `alpine`; "" for anywhere.
        """
        return next(
            (
                recipe
                for recipe in self.build
                if recipe.package == name
                and (not codename or codename in recipe.build)
                and _holds(recipe.versions, version)
            ),
            None,
        )

    def swaps_for(self, name: str) -> tuple[SwapRule, ...]:
        """Return the cheaper replacements of a distribution."""
        return tuple(rule for rule in self.swaps if rule.replace == name)

    def corrected(self, fact: WheelFact) -> WheelFact:
        """Return a wheel's facts with the sonames that are known to be optional moved from hard to soft."""
        name = fact.filename.split("-", 1)[0].replace("_", "-").replace(".", "-").lower()
        optional = {
            soname
            for override in self.overrides
            if fnmatchcase(name, override.package)
            for soname in fact.hard
            if any(fnmatchcase(soname, pattern) for pattern in override.soft)
        }
        if not optional:
            return fact
        return msgspec.structs.replace(
            fact,
            hard=tuple(soname for soname in fact.hard if soname not in optional),
            soft=tuple(sorted(optional | set(fact.soft))),
        )


def _holds(versions: str, version: str) -> bool:
    """Tell whether a specifier set admits a version; pre-releases count."""
    if not versions:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - start-up time
    from packaging.version import InvalidVersion  # noqa: PLC0415 - start-up time

    try:
        return SpecifierSet(versions).contains(version, prereleases=True)
    except InvalidSpecifier as error:
        raise KnowledgeError(
            f"embedded knowledge has an invalid specifier {versions!r}", hint="install basewise again"
        ) from error
    except InvalidVersion:
        return False


@lru_cache(maxsize=1)
def _load() -> Knowledge:
    return Knowledge(
        runtime=decode_embedded("knowledge/runtime.json", _RuntimeTable).entries,
        build=decode_embedded("knowledge/build.json", _BuildTable).entries,
        swaps=decode_embedded("knowledge/swaps.json", _SwapTable).entries,
        overrides=decode_embedded("knowledge/overrides.json", _OverrideTable).entries,
        gpu=decode_embedded("knowledge/gpu.json", GpuTable),
    )
