"""What is inside an image, for a terminal: what it is, its packages, its attack surface, what was not seen."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.sbom import Sbom, SbomPackage
from basewise.report.image_words import (
    carried_sentence,
    distro_words,
    identity_sentence,
    kind_words,
    size_words,
)
from basewise.report.style import Style
from basewise.report.text_lines import HANGING, Line, printed, section_lines, wrapped
from basewise.report.text_table import TextColumn, text_table
from basewise.report.words import UNKNOWN, number_text, truth_text

__all__ = ["render_sbom_table"]

_MIN_WIDTH = 40
_COLUMNS = tuple(
    TextColumn(name, (name,), right=name == "layer")
    for name in ("type", "name", "version", "arch", "source", "layer")
)
_LEFT_OUT_FIRST = ("arch", "source", "layer")


def render_sbom_table(sbom: Sbom, *, width: int, color: bool) -> str:
    """Return the table; columns are left out until it fits in `width`."""
    columns = max(_MIN_WIDTH, width)
    lines = _lines(sbom, columns)
    return printed(lines, color=color)


def _lines(sbom: Sbom, columns: int) -> Iterator[Line]:
    for sentence in _head(sbom):
        yield from wrapped(sentence, columns, hanging=HANGING)
    if sbom.packages:
        yield "", Style.PLAIN
        rows = [_cells(package) for package in sbom.packages]
        yield from text_table(_COLUMNS, rows, width=columns, left_out_first=_LEFT_OUT_FIRST)
    yield from section_lines("Attack surface", tuple(_surface(sbom)), columns)
    carried = [carried_sentence(item) for item in sbom.embedded]
    yield from section_lines("Carried inside something else, not counted as packages", carried, columns)
    missing = [f"{item.what}: {item.why}" for item in sbom.coverage.not_covered]
    yield from section_lines("Incomplete: not covered", missing, columns)


def _head(sbom: Sbom) -> Iterator[str]:
    image = sbom.image
    yield image.reference
    yield identity_sentence(image)
    yield size_words(image)
    libc = f"{sbom.libc.family} {sbom.libc.version}" if sbom.libc else "unknown C library"
    pythons = ", ".join(
        f"{found.implementation} {found.version} ({found.location})" for found in sbom.pythons
    )
    yield f"{distro_words(sbom.distro)}, {libc}, {pythons or 'no Python'}"
    kinds = kind_words(package.type for package in sbom.packages)
    yield f"{plural(len(sbom.packages), 'package')}" + (f": {kinds}" if kinds else "")


def _cells(package: SbomPackage) -> dict[str, str]:
    source = package.source or ""
    if package.source_version is not None and package.source_version != package.version:
        source = f"{source} {package.source_version}"
    return {
        "type": str(package.type),
        "name": package.name,
        "version": package.version,
        "arch": package.arch or "",
        "source": source,
        "layer": number_text(package.layer),
    }


def _surface(sbom: Sbom) -> Iterator[str]:
    surface = sbom.surface
    counts = (("executables", surface.executables), ("setuid", surface.setuid), ("setgid", surface.setgid))
    yield ", ".join(f"{name} {number_text(count)}" for name, count in counts)
    for name, paths in (
        ("shells", surface.shells),
        ("package managers", surface.package_managers),
        ("compilers", surface.compilers),
    ):
        yield f"{name}: {', '.join(paths) or 'none'}"
    yield (
        f"kernel headers: {truth_text(surface.kernel_headers)}; default user: {surface.default_user or UNKNOWN}"
    )
    yield f"exposed ports: {', '.join(surface.exposed_ports) or 'none'}"
    yield f"environment (names): {', '.join(surface.environment) or 'none'}"
