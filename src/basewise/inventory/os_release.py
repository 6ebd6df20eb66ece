"""Which distribution an image is, by what it says itself: `os-release` and its kin, never evaluated.

Reference:
    os-release(5).
"""

from __future__ import annotations

import re

from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered

__all__ = ["OsReleaseCataloger", "parse_os_release", "read_distro"]

MAX_LINES = 1_000
MAX_VALUE_CHARACTERS = 256
_OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
_DEBIAN_VERSION = "etc/debian_version"
_RED_HAT_RELEASE = "etc/redhat-release"
_ALPINE_RELEASE = "etc/alpine-release"
_LINE = re.compile(r"([A-Z][A-Z0-9_]{0,63})=(.*)\Z", re.DOTALL)
_DOUBLE_ESCAPE = re.compile(r"\\([\\\"$`])")
_EXPANSION = re.compile(r"[$`]")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_VERSION = re.compile(r"v?[0-9][0-9A-Za-z._~+-]{0,63}\Z")
_CODENAME = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
_IN_PARENTHESES = re.compile(r"\(([A-Za-z][a-z]{2,30})[^)]{0,40}\)\s*\Z")
_RED_HAT = re.compile(
    r"(?:Red Hat Enterprise Linux|CentOS|Rocky Linux|AlmaLinux)[^0-9]{0,60}([0-9]+(?:\.[0-9]+)?)"
)
# Releases whose files say a version and no name, and the other way round.
_DEBIAN_CODENAMES = {
    "8": "jessie",
    "9": "stretch",
    "10": "buster",
    "11": "bullseye",
    "12": "bookworm",
    "13": "trixie",
}
# Those that have packages and advisories of their own; everything else is judged by its parent, or not at all.
KNOWN = frozenset(
    {
        "almalinux", "alpine", "amzn", "centos", "chainguard", "debian", "fedora", "ol", "opensuse-leap",
        "opensuse-tumbleweed", "photon", "azurelinux", "mariner", "rhel", "rocky", "sles", "ubuntu", "wolfi",
    }
)  # fmt: skip


class OsReleaseCataloger:
    """Reads the distribution."""

    name = "os_release"
    version = 1
    wants: tuple[str, ...] = (*_OS_RELEASE, _DEBIAN_VERSION, _RED_HAT_RELEASE, _ALPINE_RELEASE)
    condenses: tuple[str, ...] = ()
    max_file_bytes = 64 * 1024

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol; nothing is condensed
        """Return nothing: these files are kept whole."""
        return b""

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the distribution."""
        distro, not_covered = read_distro(view.tree)
        return CatalogResult(distro=distro, not_covered=tuple(not_covered))


def read_distro(tree: FileTree) -> tuple[Distro | None, list[NotCovered]]:
    """Return the distribution, None when nothing says it, and what is in doubt about it."""
    said = [(path, values) for path in _OS_RELEASE if (values := _values_at(tree, path)) is not None]
    usable = [(path, values) for path, values in said if _ID.match(values.get("ID", ""))]
    if not usable:
        distro = _without_os_release(tree)
        return distro, [] if distro is not None else [_unknown(tree, said)]
    path, values = usable[0]
    distro = _distro(values)
    doubts = [
        NotCovered(f"distribution of `{other}`", f"it says {_distro(different)}; `{path}` says {distro}")
        for other, different in usable[1:]
        if _distro(different) != distro
    ]
    return distro, [*doubts, *_derivative(distro, values), *_contradiction(tree, distro)]


def parse_os_release(content: bytes) -> dict[str, str]:
    """Return the variables of an os-release file; lines that are no plain assignment are left out.

    Args:
        content: The file. Nothing of it is evaluated: a value with an unquoted `$` or backtick does not count.
    """
    found: dict[str, str] = {}
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    for line in text.splitlines()[:MAX_LINES]:
        match = _LINE.match(line.strip())
        value = None if match is None else _unquote(match[2].strip())
        if match is not None and value is not None and len(value) <= MAX_VALUE_CHARACTERS:
            found[match[1]] = value
    return found


def _unquote(value: str) -> str | None:
    """Return a value without its quotes; None when they are not balanced or something would be expanded."""
    if value[:1] == "'":
        return value[1:-1] if len(value) > 1 and value[-1] == "'" and "'" not in value[1:-1] else None
    if value[:1] == '"':
        inner = value[1:-1]
        unescaped = _DOUBLE_ESCAPE.sub("", inner)
        if len(value) < 2 or value[-1] != '"' or '"' in unescaped or _EXPANSION.search(unescaped):  # noqa: PLR2004 - two quotes
            return None
        return _DOUBLE_ESCAPE.sub(r"\1", inner)
    return None if any(char in value for char in "'\"$`;&|<>() \t") else value


def _values_at(tree: FileTree, path: str) -> dict[str, str] | None:
    content = tree.read(path)
    return None if content is None else parse_os_release(content)


def _distro(values: dict[str, str]) -> Distro:
    """Return the release that the values name, with what is left out filled in where it follows."""
    identifier = values["ID"]
    version = values.get("VERSION_ID", "")
    version = version if _VERSION.match(version) else ""
    codename = values.get("VERSION_CODENAME", "").lower()
    if not codename and (match := _IN_PARENTHESES.search(values.get("VERSION", ""))):
        codename = match[1].lower()
    codename = codename if _CODENAME.match(codename) else ""
    if identifier == "debian":
        codename = codename or _DEBIAN_CODENAMES.get(version, "")
    elif identifier == "alpine":
        version = ".".join(version.split(".")[:2])
        codename = ""
    return Distro(identifier, version, codename)


def _without_os_release(tree: FileTree) -> Distro | None:
    """Return the release that an older file names, for images without a readable os-release."""
    content = tree.read(_ALPINE_RELEASE)
    if content is not None and _VERSION.match(text := content[:80].decode("ascii", "replace").strip()):
        return Distro("alpine", ".".join(text.split(".")[:2]))
    content = tree.read(_DEBIAN_VERSION)
    if content is not None:
        major = content[:80].decode("ascii", "replace").strip().partition(".")[0]
        if major in _DEBIAN_CODENAMES and "ubuntu" not in str(tree.children("etc/apt")):
            return Distro("debian", major, _DEBIAN_CODENAMES[major])
    content = tree.read(_RED_HAT_RELEASE)
    if content is not None and (match := _RED_HAT.match(content[:256].decode("ascii", "replace"))):
        identifiers = {"Red": "rhel", "Cen": "centos", "Roc": "rocky", "Alm": "almalinux"}
        return Distro(identifiers[match[0][:3]], match[1])
    return None


def _unknown(tree: FileTree, said: list[tuple[str, dict[str, str]]]) -> NotCovered:
    """Say why no distribution is known."""
    if said:
        return NotCovered("distribution", f"`{said[0][0]}` has no usable `ID`")
    found = [path for path in _OS_RELEASE if tree.entry(path) is not None]
    if found:
        return NotCovered("distribution", f"`{found[0]}` cannot be read: it leads nowhere or is too large")
    return NotCovered("distribution", "there is no `os-release`")


def _derivative(distro: Distro, values: dict[str, str]) -> list[NotCovered]:
    """Say that a derivative is judged approximately, and that a release without number is not known."""
    if distro.id not in KNOWN:
        parents = [name for name in values.get("ID_LIKE", "").split() if _ID.match(name)]
        why = (
            f"it is a derivative of {' and '.join(parents)}; what is known of those holds approximately"
            if parents
            else "it is not known here"
        )
        return [NotCovered(f"distribution `{distro.id}`", why)]
    if not distro.version and not distro.codename and distro.id not in {"wolfi", "chainguard"}:
        return [NotCovered(f"release of `{distro.id}`", "`os-release` has no usable `VERSION_ID`")]
    return []


def _contradiction(tree: FileTree, distro: Distro) -> list[NotCovered]:
    """Say when `debian_version` names another release than `os-release`; Ubuntu has letters there, not numbers."""
    content = tree.read(_DEBIAN_VERSION)
    if content is None or distro.id not in {"debian", "ubuntu"}:
        return []
    text = content[:80].decode("ascii", "replace").strip()
    major = text.partition(".")[0]
    if major not in _DEBIAN_CODENAMES or (distro.id == "debian" and distro.version in {"", major}):
        return []
    why = f"it says Debian {text}; `os-release` says {distro}"
    return [NotCovered(f"release of `{_DEBIAN_VERSION}`", why)]
