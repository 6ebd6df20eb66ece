"""Binary packages of a Debian suite, and the index over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from basewise.debian.dependency import Dependency, Relation, parse_depends

__all__ = ["BinaryPackage", "SuiteIndex", "package_from_stanza", "source_of"]

_SOURCE = re.compile(r"(?P<name>[^\s(]+)(?:\s*\((?P<version>[^)]+)\))?")
_BINARY_REBUILD = re.compile(r"\+b[0-9]+\Z")


class BinaryPackage(msgspec.Struct, frozen=True, array_like=True):
    """One binary package of a suite.

    Args:
        name: Package name.
        version: Binary version, rebuild suffix (`+b1`) included.
        architecture: `amd64`, `arm64`, `all` …
        source: Source package name.
        source_version: Version of the source package; advisories speak of this one.
        download_bytes: Size of the `.deb`.
        installed_bytes: `Installed-Size` in bytes.
        depends_text: `Pre-Depends` and `Depends` as written, joined by a comma.
        provides_text: `Provides` as written.
        priority: `required`, `important`, `standard`, `optional`, `extra`.
        essential: dpkg refuses to remove it, every base has it.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    download_bytes: int
    installed_bytes: int
    depends_text: str = ""
    provides_text: str = ""
    priority: str = "optional"
    essential: bool = False

    @property
    def depends(self) -> tuple[Dependency, ...]:
        """What must be there for it to work, `Pre-Depends` first."""
        return parse_depends(self.depends_text)

    @property
    def provides(self) -> tuple[Relation, ...]:
        """Virtual packages that it stands for, some with a version."""
        return tuple(group[0] for group in parse_depends(self.provides_text))


class SuiteIndex:
    """The binary packages of one release and architecture, newest version of each.

    Args:
        release: Codename (`bookworm`).
        architecture: Debian architecture (`amd64`).
        as_of: Newest date of the suites it was made from, `YYYY-MM-DD`.
        packages: One a name.
    """

    __slots__ = ("_by_name", "_provided_names", "architecture", "as_of", "release")

    def __init__(
        self, release: str, architecture: str, as_of: str, packages: Iterable[BinaryPackage]
    ) -> None:
        self.release = release
        self.architecture = architecture
        self.as_of = as_of
        self._by_name = {package.name: package for package in packages}
        self._provided_names: dict[str, list[BinaryPackage]] | None = None

    @property
    def packages(self) -> tuple[BinaryPackage, ...]:
        """All packages, in the order given."""
        return tuple(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> BinaryPackage | None:
        """Return the package of this name, or None."""
        return self._by_name.get(name)

    def providers(self, name: str) -> tuple[tuple[BinaryPackage, Relation], ...]:
        """Return the packages that provide a virtual name, each with the provision that names it."""
        if self._provided_names is None:
            self._provided_names = {}
            for package in self._by_name.values():
                for text in package.provides_text.split(",") if package.provides_text else ():
                    provided = text.partition("(")[0].strip()
                    self._provided_names.setdefault(provided, []).append(package)
        return tuple(
            (package, provision)
            for package in self._provided_names.get(name, ())
            for provision in package.provides
            if provision.name == name
        )

    def sources(self) -> dict[str, str]:
        """Return source package names and the newest source version that a binary of this suite has."""
        from basewise.versions import debian  # noqa: PLC0415 - only generators ask for this

        newest: dict[str, str] = {}
        for package in self._by_name.values():
            known = newest.get(package.source)
            if known is None or debian.compare(package.source_version, known) > 0:
                newest[package.source] = package.source_version
        return newest


def source_of(name: str, version: str, source_field: str) -> tuple[str, str]:
    """Return source name and version of a binary package.

    Args:
        name: Binary package name.
        version: Binary version.
        source_field: The `Source` field, "" when the stanza has none.
    """
    match = _SOURCE.match(source_field.strip())
    if match is None:
        return name, _BINARY_REBUILD.sub("", version)
    return match["name"], match["version"] or _BINARY_REBUILD.sub("", version)


def package_from_stanza(stanza: Mapping[str, str]) -> BinaryPackage | None:
    """Build a package from a stanza of `Packages`; None when it lacks a name or a version."""
    name, version = stanza.get("package", ""), stanza.get("version", "")
    if not name or not version:
        return None
    source, source_version = source_of(name, version, stanza.get("source", ""))
    depends = [stanza[field] for field in ("pre-depends", "depends") if stanza.get(field)]
    return BinaryPackage(
        name=name,
        version=version,
        architecture=stanza.get("architecture", ""),
        source=source,
        source_version=source_version,
        download_bytes=_number(stanza.get("size", "")),
        installed_bytes=_number(stanza.get("installed-size", "")) * 1024,
        depends_text=", ".join(depends),
        provides_text=stanza.get("provides", ""),
        priority=stanza.get("priority", "optional"),
        essential=stanza.get("essential", "") == "yes",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 - beyond any disk
