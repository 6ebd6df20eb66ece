"""Downloaded files of publishers, kept so that only what changed is fetched again.

A file lies under a name made of its source and its SHA-256, and a small document says which one is the good one
of its source. The document changes last and at once: a process killed anywhere leaves the file before it, or the
new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO

import msgspec

from basewise._internal.paths import write_atomically
from basewise._internal.prepared import prepared
from basewise.errors import OutputError

__all__ = ["StoredFile", "StoredFiles"]

_PART_SUFFIX = ".part"
_CHUNK_BYTES = 1024 * 1024
_MAX_DOCUMENT_BYTES = 64 * 1024


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a publisher.

    Args:
        name: Which file it is.
        address: Where it came from; validators hold for this address alone.
        sha256: Of its bytes.
        size_bytes: Of its bytes.
        first_seen: Date on which its bytes were first fetched, `YYYY-MM-DD`.
        etag: As the server gave it, "" for none.
        last_modified: As the server gave it, "" for none.
    """

    name: str
    address: str
    sha256: str
    size_bytes: int
    first_seen: str
    etag: str = ""
    last_modified: str = ""

    @property
    def as_of(self) -> str:
        """Date of the data where the data itself has none: when it was last changed, else when it first came."""
        try:
            changed = parsedate_to_datetime(self.last_modified).date().isoformat()
        except ValueError:
            return self.first_seen
        return min(changed, self.first_seen)


class StoredFiles:
    """A directory of downloaded files.

    Args:
        directory: Made when it is missing. One of another user is not used: what lies there could be anybody's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path_of(self, file: StoredFile) -> Path:
        """Return where the bytes of a file lie."""
        return self.directory / f"{_slug(file.name)}-{file.sha256[:20]}"

    def get(self, name: str) -> StoredFile | None:
        """Return the good file of a name; None when there is none, or its bytes are not those that came."""
        if not self._is_own():
            return None
        try:
            with self._document(name).open("rb") as stream:
                stored = msgspec.json.decode(stream.read(_MAX_DOCUMENT_BYTES), type=prepared(StoredFile))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return stored if stored.name == name and self._is_whole(stored) else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[IO[bytes], Path]]:
        """Give a new file to write to, and where it lies; it is gone after the block unless `take` took it.

        Raises:
            OutputError: There is no place to write.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._is_own():
                raise PermissionError(errno.EPERM, "it belongs to another user")
            handle, temporary = tempfile.mkstemp(dir=self.directory, suffix=_PART_SUFFIX)
        except OSError as error:
            raise _unwritable(self.directory, error) from error
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file, Path(temporary)
        except OSError as error:
            raise _unwritable(self.directory, error) from error
        finally:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()

    def take(self, written: Path, file: StoredFile) -> None:
        """Give a written file its name; it is not the good one of its source before `accept`.

        Raises:
            OSError: It cannot be renamed.
        """
        written.replace(self.path_of(file))

    def accept(self, file: StoredFile) -> None:
        """Make a file the good one of its source, and remove the one before it.

        Raises:
            OutputError: It cannot be written.
        """
        write_atomically(self._document(file.name), msgspec.json.encode(file), private=True)
        self.discard_others(file)

    def discard(self, file: StoredFile) -> None:
        """Remove a file that is not the good one of its source."""
        good = self.get(file.name)
        if good is None or good.sha256 != file.sha256:
            with contextlib.suppress(OSError):
                self.path_of(file).unlink()

    def discard_others(self, file: StoredFile) -> None:
        """Remove every other file of the same source."""
        keep = self.path_of(file).name
        pattern = re.compile(rf"{re.escape(_slug(file.name))}-[0-9a-f]{{20}}")
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self.directory)):
                if pattern.fullmatch(entry.name) and entry.name != keep:
                    Path(entry.path).unlink(missing_ok=True)

    def remove_abandoned(self) -> None:
        """Remove what killed processes left; only for who holds the lock."""
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self.directory)):
                if entry.name.endswith(_PART_SUFFIX):
                    Path(entry.path).unlink(missing_ok=True)

    def _is_own(self) -> bool:
        try:
            owner = self.directory.stat().st_uid
        except OSError:
            return False
        return not hasattr(os, "geteuid") or owner == os.geteuid()

    def _document(self, name: str) -> Path:
        return self.directory / f"{_slug(name)}.json"

    def _is_whole(self, file: StoredFile) -> bool:
        hashed = hashlib.sha256()
        try:
            with self.path_of(file).open("rb") as stream:
                while part := stream.read(_CHUNK_BYTES):
                    hashed.update(part)
        except OSError:
            return False
        return hashed.hexdigest() == file.sha256


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "_", name.lower())


def _unwritable(directory: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot keep advisory data in `{directory}`: {error.strerror or error}",
        hint="set `BASEWISE_CACHE_DIR` to a directory with space that may be written",
    )
