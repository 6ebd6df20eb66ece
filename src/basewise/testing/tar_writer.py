"""A tar writer that can also write what no tar program would: illegal headers, lying sizes, odd names.

Deterministic: no clock, no names of this machine.

Reference: POSIX.1-2017, pax; the GNU tar manual, section "Basic Tar Format".
"""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

__all__ = ["BLOCK_BYTES", "Member", "gzip_bytes", "pax_records", "tar_bytes", "tar_header", "zstd_bytes"]

BLOCK_BYTES = 512
_CHECKSUM = 148
END = bytes(2 * BLOCK_BYTES)
_MAX_NAME_BYTES = 100


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a tar.

    Args:
        path: As it is written; longer ones get a pax header.
        content: Stored as it is.
        kind: The type flag.
        mode: Permission bits.
        link: Target of a link.
        pax: Records of a pax header before it; an empty mapping writes none.
        size: What the header states, when that is not the truth.
        fields: Bytes that replace others of the header, by offset, before its checksum is computed.
        checksum: Whether the checksum is right.
    """

    path: str | bytes
    content: bytes = b""
    kind: str = "0"
    mode: int = 0o644
    link: str | bytes = ""
    pax: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    size: int | None = None
    fields: Mapping[int, bytes] = msgspec.field(default_factory=dict)
    checksum: bool = True


def tar_bytes(members: Iterable[Member], *, end: bytes = END) -> bytes:
    """Return a tar of the members, in their order, and `end`."""
    return b"".join([*(_member(member) for member in members), end])


def tar_header(member: Member) -> bytes:
    """Return the header block of a member, without extension headers."""
    size = len(member.content) if member.size is None else member.size
    header = bytearray(BLOCK_BYTES)
    values = {
        0: _raw(member.path)[:_MAX_NAME_BYTES],
        100: b"%07o\0" % member.mode,
        108: b"0000000\0",
        116: b"0000000\0",
        124: _size_field(size),
        136: b"00000000000\0",
        _CHECKSUM: b" " * 8,
        156: member.kind.encode("latin-1"),
        157: _raw(member.link)[:_MAX_NAME_BYTES],
        257: b"ustar\x0000",
        **member.fields,
    }
    for offset, value in values.items():
        header[offset : offset + len(value)] = value
    if _CHECKSUM not in member.fields:
        total = sum(header) + (0 if member.checksum else 1)
        header[_CHECKSUM : _CHECKSUM + 8] = b"%06o\0 " % total
    return bytes(header)


def pax_records(records: Mapping[str, bytes]) -> bytes:
    """Return the body of a pax header."""
    lines = []
    for key, value in records.items():
        rest = b" " + key.encode() + b"=" + value + b"\n"
        length = len(rest) + 1
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        lines.append(str(length).encode() + rest)
    return b"".join(lines)


def gzip_bytes(data: bytes, level: int = 6) -> bytes:
    """Return one gzip member without time and name."""
    return gzip.compress(data, level, mtime=0)


def zstd_bytes(data: bytes, **options: int) -> bytes:
    """Return one zstd frame; options are names of compression parameters (`window_log`)."""
    module = _zstd()
    parameters = {getattr(module.CompressionParameter, name): value for name, value in options.items()}
    return cast("bytes", module.compress(data, options=parameters or None))


def _zstd() -> Any:  # noqa: ANN401 - one of two modules with one interface
    try:
        return importlib.import_module("compression.zstd")
    except ImportError:
        return importlib.import_module("backports.zstd")


def _member(member: Member) -> bytes:
    records = dict(member.pax)
    for key, value in (("path", _raw(member.path)), ("linkpath", _raw(member.link))):
        if len(value) > _MAX_NAME_BYTES and key not in records:
            records[key] = value
    extension = b""
    if records:
        body = pax_records(records)
        extension = _padded(tar_header(Member(path="pax", kind="x", content=body)), body)
    return extension + _padded(tar_header(member), member.content)


def _padded(header: bytes, content: bytes) -> bytes:
    return header + content + bytes(-len(content) % BLOCK_BYTES)


def _size_field(size: int) -> bytes:
    if 0 <= size < 8**11:
        return b"%011o\0" % size
    return (size % 2**96 | 1 << 95).to_bytes(12, "big")


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
