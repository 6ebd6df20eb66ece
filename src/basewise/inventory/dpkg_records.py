"""Reading dpkg's files: `status`, the stanzas of distroless images, file lists and checksums.

The bytes come from an image: whatever does not hold together is left out and counted.

Reference:
    dpkg(1), section on package states; deb-control(5); deb-md5sums(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.debian.control import MAX_STANZA_BYTES, parse_stanza
from basewise.inventory.database import Database, Record, is_field, may_be_owned, owned_files

__all__ = ["read_checksums", "read_file_list", "read_status", "read_status_part"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINES = re.compile(rb"\n(?:[ \t]*\n)+")
_FIELDS = frozenset({"package", "version", "architecture", "source", "status"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*\Z")
_SOURCE = re.compile(r"(\S+)(?:[ \t]+\(([^()]*)\))?\s*\Z")
# States in which the files of a package are in the file system.
_PRESENT = frozenset({"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})
_ABSENT = frozenset({"not-installed", "config-files"})
_CHECKSUM = re.compile(rb"([0-9a-f]{32})  (?:\./)?(.+)\Z", re.DOTALL)


def read_status(content: bytes) -> Database:
    """Read `status`.

    Args:
        content: The whole file.

    Returns:
        Packages whose files are there; those that are not, by name; a count of damaged stanzas.
    """
    records, others, damaged, problems = [], [], 0, []
    if content and not content.endswith((b"\n", b"\n\r")):
        problems.append("the file ends in the middle of a line; what came after is not known")
    for stanza in _stanzas(content):
        read = _read_stanza(stanza)
        if isinstance(read, Record):
            records.append(read)
        elif read is None:
            damaged += 1
        else:
            others.append(read)
    if not records and not damaged:
        problems.append("it lists no installed package")
    return Database(tuple(records), tuple(others), damaged, tuple(problems))


def read_status_part(content: bytes) -> Database:
    """Read one file of `status.d`: a control stanza without a state, or something that is none and says nothing."""
    stanza = content.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").strip()
    if not stanza.lower().startswith(b"package:") and b"\nPackage:" not in stanza:
        return Database()
    read = _read_stanza(stanza, stateless=True)
    return Database((read,)) if isinstance(read, Record) else Database(damaged=1)


def read_file_list(content: bytes) -> tuple[str, ...]:
    """Return the paths of a `.list` file that another cataloger may ask for, without leading slash."""
    if b"-info" not in content and b"python" not in content:
        return ()
    return tuple(_texts(owned_files(line.lstrip(b"/") for line in content.split(b"\n"))))


def read_checksums(content: bytes) -> tuple[tuple[str, str], ...]:
    """Return path and checksum of those lines of a `.md5sums` file that another cataloger may ask for."""
    if b"-info" not in content and b"python" not in content:
        return ()
    found: list[tuple[str, str]] = []
    for line in content.split(b"\n"):
        match = _CHECKSUM.match(line) if may_be_owned(line) else None
        if match and owned_files([match[2]]):
            found.extend((path, f"md5:{match[1].decode('ascii')}") for path in _texts([match[2]]))
    return tuple(found)


def _stanzas(content: bytes) -> Iterator[bytes]:
    content = content.removeprefix(_BYTE_ORDER_MARK)
    if b"\r\n" in content:
        content = content.replace(b"\r\n", b"\n")
    start = 0
    for blank in _BLANK_LINES.finditer(content):
        if content[start : blank.start()].strip():
            yield content[start : blank.start()]
        start = blank.end()
    if content[start:].strip():
        yield content[start:]


def _read_stanza(stanza: bytes, *, stateless: bool = False) -> Record | str | None:
    """Return a record; the name of a package that is not installed; None for a damaged stanza."""
    if not stanza.strip() or len(stanza) > MAX_STANZA_BYTES or b"\0" in stanza:
        return None
    fields = parse_stanza(stanza, _FIELDS)
    name = fields.get("package", "")
    if not _NAME.match(name) or not is_field(name):
        return None
    state = "installed" if stateless else fields.get("status", "").rpartition(" ")[2]
    if state in _ABSENT:
        return name
    version, arch = fields.get("version", ""), fields.get("architecture")
    if state not in _PRESENT or not is_field(version) or (arch is not None and not is_field(arch)):
        return None
    source = _SOURCE.match(fields.get("source", name))
    if source is None or not is_field(source[1]) or not is_field(source[2] or version):
        return None
    return Record(name, version, arch, source[1], source[2] or version)


def _texts(paths: list[bytes]) -> Iterator[str]:
    for path in paths:
        try:
            yield path.decode("utf-8")
        except UnicodeDecodeError:
            continue
