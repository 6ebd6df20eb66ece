"""Facts about wheels and curated knowledge about packages, as typed values.

A *wheel fact* is measured from the bytes of one wheel. *Knowledge* is what ELF headers cannot show
(programs that are executed, libraries opened with dlopen) or what was derived from wheels and holds for
a package by name.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "BuildRecipe",
    "Evidence",
    "EvidenceKind",
    "NativeNeed",
    "NeedKind",
    "RuntimeKnowledge",
    "SwapRule",
    "WheelFact",
]


class WheelFact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one wheel contains, measured.

    Args:
        filename: Wheel file name.
        sha256: Of the whole file, hexadecimal.
        size_bytes: Of the file.
        installed_bytes: Sum of the uncompressed sizes of its members.
        hard: Sonames that an import needs and the wheel does not carry, sorted; libc, libm, libpthread
            and friends included.
        soft: Sonames that only plugins, optional parts or executables need.
        carries: Sonames that the wheel itself brings (needed by other wheels of the environment).
        glibc, glibcxx, cxxabi: Highest symbol versions referenced ("2.28"), "" for none.
        inspected: ELF files were read; False when only the size is known.
        verified: The whole file was hashed and equals `sha256`; False for facts read by HTTP range.
        measured: Date, `YYYY-MM-DD`.
        requires_python: `Requires-Python` of its metadata, "" when it states none, None when not read.
    """

    filename: str
    sha256: str
    size_bytes: int
    installed_bytes: int | None = None
    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    glibc: str = ""
    glibcxx: str = ""
    cxxabi: str = ""
    inspected: bool = False
    verified: bool = False
    measured: str = ""
    requires_python: str | None = None


class EvidenceKind(StrEnum):
    """Where a piece of knowledge comes from."""

    ELF = "elf"
    IMPORT_PROOF = "import-proof"
    DOCUMENTATION = "documentation"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of a knowledge entry; `wheel` and `sha256` are "" for documentation, `source` says which."""

    kind: EvidenceKind
    wheel: str = ""
    sha256: str = ""
    date: str
    source: str = ""


class NeedKind(StrEnum):
    """What is needed."""

    SONAME = "soname"
    PROGRAM = "program"
    FONTS = "fonts"
    COMPILER = "compiler"
    JAVA = "java"
    DRIVER = "driver"
    CPU = "cpu"
    DATA = "data"


class NativeNeed(msgspec.Struct, frozen=True, kw_only=True):
    """One native need of a package.

    Args:
        kind: What.
        name: Soname, program or level (`libgomp.so.1`, `tesseract`, `x86-64-v2`).
        when: `import`, `call` or `optional`; only the first two add packages.
        packages: OS packages per release where the soname map does not say (programs, dlopen):
            keys `bullseye`, `bookworm`, `trixie`, `alpine`.
        unless: Distribution names whose presence in the resolution makes this need vanish.
    """

    kind: NeedKind
    name: str
    when: str = "import"
    packages: dict[str, tuple[str, ...]] = {}
    unless: tuple[str, ...] = ()


class RuntimeKnowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What a distribution needs at run time beyond what its wheel carries.

    Args:
        package: PEP 503 name.
        versions: PEP 440 specifier set for which this holds, "" for all.
        libc: `glibc`, `musl` or "" for both.
        file_kind: "" for every installation, `any` for the pure wheel alone (soundfile), `sdist` for
            source builds, `platform` for platform wheels.
        needs: What is needed. An empty list is knowledge too: nothing is needed.
        modules: Top-level import names for a proof.
        smoke: One Python line that fails without the needs and passes with them, "" for an import.
        note: One sentence for the user, "" for none.
        evidence: Where this comes from.
    """

    package: str
    versions: str = ""
    libc: str = ""
    file_kind: str = ""
    needs: tuple[NativeNeed, ...] = ()
    modules: tuple[str, ...] = ()
    smoke: str = ""
    note: str = ""
    evidence: Evidence


class BuildRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """How to build a source-only distribution, per distribution release.

    Args:
        package: PEP 503 name.
        versions: PEP 440 specifier set, "" for all.
        build: OS packages of the builder stage, keys `bullseye`, `bookworm`, `trixie`, `alpine`.
        run: OS packages of the final stage, same keys.
        modules: Import names for a proof.
        evidence: Where this comes from.
    """

    package: str
    versions: str = ""
    build: dict[str, tuple[str, ...]]
    run: dict[str, tuple[str, ...]]
    modules: tuple[str, ...] = ()
    evidence: Evidence


class SwapRule(msgspec.Struct, frozen=True, kw_only=True):
    """A cheaper replacement.

    Args:
        replace: PEP 503 name of what is there.
        with_: What to write instead (`opencv-python-headless`, `torch (CPU wheels)`).
        accelerators: For which accelerators it is advised (`cpu`, `unknown`, `cuda`).
        drops: Distributions that vanish with it (names, `nvidia-*` patterns allowed).
        replacement_download_bytes, replacement_disk_bytes: What comes instead, None when the saving
            cannot be stated without resolving.
        index: The replacement needs another index, which the user supplies.
        safe_when: The condition, one sentence.
        evidence: Where this comes from.
    """

    replace: str
    with_: str = msgspec.field(name="with")
    accelerators: tuple[str, ...] = ("cpu", "unknown", "cuda")
    drops: tuple[str, ...] = ()
    replacement_download_bytes: int | None = None
    replacement_disk_bytes: int | None = None
    index: bool = False
    safe_when: str = ""
    evidence: Evidence
