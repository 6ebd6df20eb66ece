"""Archives of images: what `docker save` writes, old and new, and OCI layouts in a tar.

The archive is walked once; its files are then read where they lie in it. A compressed archive is decompressed
into an unnamed temporary file first, because its files may stand in any order.
"""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO, cast

from basewise._internal.gunzip import InflateError, is_compressed, open_inflated
from basewise._internal.paths import cache_directory
from basewise._internal.regular_file import open_regular
from basewise._internal.tar import ByteStream, TarError, TarMember, TooManyMembersError, walk_tar
from basewise._internal.text import safe_text
from basewise.errors import ImageError
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint, named_limit

__all__ = ["Archive", "open_archive", "spool_archive"]

_CHUNK_BYTES = 1024 * 1024
_HEAD_BYTES = 4
_FILES = frozenset("07")
_SYMLINK = "2"
_LINKS = frozenset({"1", _SYMLINK})
_LINK_HOPS = 40


class Archive:
    """The files of a tar, by path; links inside the archive are followed.

    Args:
        file: The plain tar. It is used by several threads, one read at a time.
        what: What to call it in an error.
        limits: `archive_members` counts.

    Raises:
        ImageError: It is no tar, or has too many members.
    """

    def __init__(self, file: BinaryIO, what: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._file = file
        self._turn = Lock()
        self._what = what
        self._members: dict[str, TarMember] = {}
        try:
            file.seek(0)
            for member in walk_tar(
                file,
                lambda _: False,
                max_content_bytes=0,
                max_members=limits.archive_members,
                max_header_bytes=limits.header_bytes,
            ):
                self._members[_normal(member.path)] = member
        except TarError as error:
            over = isinstance(error, TooManyMembersError)
            hint = limit_hint("archive_members") if over else "save the image again"
            raise ImageError(f"cannot read {what}: {error}", hint=hint) from error
        except OSError as error:
            raise ImageError(f"cannot read {what}: {error}", hint="save the image again") from error

    def close(self) -> None:
        """Close the file; a temporary one is gone with it."""
        self._file.close()

    def has(self, path: str) -> bool:
        """Tell whether there is a file of this path."""
        return self._find(path) is not None

    @contextmanager
    def open(self, path: str) -> Iterator[ByteStream]:
        """Open a file.

        Raises:
            ImageError: There is none.
        """
        member = self._find(path)
        if member is None:
            raise ImageError(
                f"cannot read {self._what}: it has no file `{safe_text(path)}`", hint="save the image again"
            )
        yield _Part(self, member.offset, member.size_bytes)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of the tar."""
        with self._turn:
            self._file.seek(offset)
            return self._file.read(size)

    def _find(self, path: str) -> TarMember | None:
        """Return the file of a path, links followed; None when there is none or a circle."""
        for _ in range(_LINK_HOPS):
            path = _normal(path)
            member = self._members.get(path)
            if member is None or member.kind in _FILES:
                return member
            if member.kind not in _LINKS:
                return None
            start = posixpath.dirname(path) if member.kind == _SYMLINK else ""
            path = posixpath.join(start, member.link)
        return None


class _Part:
    """A file inside the archive."""

    def __init__(self, archive: Archive, offset: int, size: int) -> None:
        self._archive = archive
        self._offset = offset
        self._left = size

    def read(self, size: int, /) -> bytes:
        part = self._archive.read_at(self._offset, min(size, self._left))
        self._offset += len(part)
        self._left -= len(part)
        return part


def open_archive(path: Path, what: str, limits: Limits = DEFAULT_LIMITS) -> Archive:
    """Open an archive, compressed or not.

    Args:
        path: The file.
        what: What to call it in an error.
        limits: `image_bytes` caps a compressed archive.

    Raises:
        ImageError: It cannot be read.
    """
    try:
        with ExitStack() as undo:
            file = undo.enter_context(open_regular(path, follow=True))
            if is_compressed(file.read(_HEAD_BYTES)):
                file.seek(0)
                plain = open_inflated(file, max_window_bytes=limits.zstd_window_bytes)
                return spool_archive(plain, what, limits)
            archive = Archive(file, what, limits)
            undo.pop_all()
            return archive
    except InflateError as error:
        raise ImageError(f"cannot read {what}: {error}", hint="save the image again") from error
    except OSError as error:
        raise ImageError(f"cannot read {what}: {error.strerror or error}") from error


def spool_archive(stream: ByteStream, what: str, limits: Limits = DEFAULT_LIMITS) -> Archive:
    """Copy a plain tar into a temporary file without a name, and open it.

    Raises:
        ImageError: It has more bytes than `image_bytes`, or is no tar.
        OSError: It cannot be written.
    """
    directory = cache_directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as undo:
        spool = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115 - it outlives this function
        file = undo.enter_context(cast("BinaryIO", spool))
        _copy(stream, file, what, named_limit(limits, "image_bytes"))
        archive = Archive(file, what, limits)
        undo.pop_all()
        return archive


def _copy(stream: ByteStream, file: BinaryIO, what: str, max_bytes: int) -> None:
    count = 0
    while part := stream.read(_CHUNK_BYTES):
        count += len(part)
        if count > max_bytes:
            raise ImageError(
                f"cannot read {what}: it has more than {max_bytes} bytes", hint=limit_hint(max_bytes)
            )
        file.write(part)


def _normal(path: str) -> str:
    return posixpath.normpath(f"/{path}").lstrip("/")
