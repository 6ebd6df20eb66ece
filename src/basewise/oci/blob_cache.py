"""Blobs kept by digest, so that nothing is fetched twice.

A blob is verified while it is stored; a file of the cache that a later reader finds damaged is removed by
`discard` and fetched again. Layers need not be kept here for being known: see `image.layer_cache`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from basewise._internal.paths import cache_directory
from basewise._internal.sized_directory import SizedDirectory
from basewise._internal.tar import ByteStream
from basewise.errors import ImageError
from basewise.model.digest import Digest

__all__ = ["BlobCache"]

MAX_CACHE_BYTES = 4 * 1024**3
LOCK_SECONDS = 600.0
_CHUNK_BYTES = 1024 * 1024


class BlobCache:
    """Blobs by digest, the longest unused removed when there are too many.

    Args:
        directory: Below the cache directory when None.
        max_bytes: Cap on all blobs together; 0 keeps none.
    """

    def __init__(self, directory: Path | None = None, *, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._directory = directory or cache_directory() / "blobs"
        self._files = SizedDirectory(self._directory, max_bytes)

    @property
    def usable(self) -> bool:
        """Blobs can be kept."""
        return self._files.usable and self._files.max_bytes > 0

    def get(self, digest: Digest) -> Path | None:
        """Return the file of a blob and mark it as used; None when it is not kept.

        Open it at once: it may be removed, and an open file stays readable.
        """
        return self._files.find(_name(digest)) if self.usable else None

    def store(self, digest: Digest, stream: ByteStream, *, max_bytes: int | None = None) -> Path:
        """Keep a blob.

        Args:
            digest: What the bytes must hash to.
            stream: Read to its end.
            max_bytes: Its stated size; a longer stream is an error and is not read further.

        Returns:
            The file.

        Raises:
            ImageError: The bytes are not those of the digest, or cannot be written; nothing is kept.
        """
        hashed = hashlib.new(digest.algorithm)
        count = 0
        try:
            with self._files.writing(_name(digest)) as file:
                while part := stream.read(_CHUNK_BYTES):
                    count += len(part)
                    if max_bytes is not None and count > max_bytes:
                        raise ImageError(f"cannot trust blob {digest}: it has more than {max_bytes} bytes")
                    hashed.update(part)
                    file.write(part)
                if hashed.hexdigest() != digest.hexadecimal:
                    raise ImageError(
                        f"cannot trust blob {digest}: its {count} bytes hash to {hashed.hexdigest()}",
                        hint="pull the image again",
                    )
        except OSError as error:
            raise ImageError(
                f"cannot keep blob {digest}: {error.strerror or error}",
                hint="set `BASEWISE_CACHE_DIR` to a directory with space",
            ) from error
        return self._directory / _name(digest)

    def discard(self, digest: Digest) -> None:
        """Forget a blob that turned out to be damaged."""
        self._files.remove(_name(digest))

    @contextlib.contextmanager
    def alone(self, digest: Digest) -> Iterator[None]:
        """Hold a blob while it is fetched, so that of several processes one fetches it.

        Look with `get` again inside. After ten minutes of waiting the block runs all the same.
        """
        if not self.usable:
            yield
            return
        from filelock import FileLock, Timeout  # noqa: PLC0415 - 40 ms, only where something is fetched

        lock = FileLock(self._directory / f"{digest.hexadecimal[:2]}.lock", timeout=LOCK_SECONDS)
        with contextlib.suppress(Timeout, OSError):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _name(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hexadecimal}"
