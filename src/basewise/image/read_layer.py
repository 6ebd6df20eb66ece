"""Reading a layer: one pass over its stored bytes, verified on the way, nothing unpacked.

One thread reads and inflates; another hashes the bytes as stored and as inflated and walks the headers. Whatever
was found is given out only when both digests are what the image says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import partial

from basewise._internal.beside import Beside
from basewise._internal.gunzip import InflateError, is_stored, open_inflated
from basewise._internal.tar import ByteStream, TarError, TooManyMembersError, walk_tar
from basewise._internal.text import format_bytes
from basewise.errors import ImageError
from basewise.image.collect import LayerCollector, TooManyEntriesError
from basewise.image.content import LayerContent
from basewise.image.image import StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId, Digest

__all__ = ["read_layer"]

_CHUNK_BYTES = 512 * 1024
_MEMBERS_A_TURN = 8
"""After so many, the walk lets the reading thread have the interpreter: it hashes some of its piece."""
_TURN_BYTES = 32 * 1024


class _TooLargeError(Exception):
    """The layer inflates to more than the limit."""


class _Stored:
    """The stored bytes: hashed, counted, and never more of them than were stated."""

    def __init__(self, stream: ByteStream, beside: Beside, layer: StoredLayer) -> None:
        self._stream = stream
        self._beside = beside
        self._layer = layer
        self.algorithm = layer.digest.algorithm if layer.digest is not None else layer.diff_id.algorithm
        self._hash = hashlib.new(self.algorithm)
        self.count = 0

    def read(self, size: int, /) -> bytes:
        part = self._stream.read(size)
        self.count += len(part)
        stated = self._layer.size_bytes
        if stated is not None and self.count > stated:
            raise ImageError(
                f"cannot read {self._layer.name}: it has more than the {stated} bytes that the manifest states",
                hint="pull or save the image again",
            )
        if part:
            self._beside.give(self._hash.update, part)
        return part

    def drain(self) -> None:
        """Read what is left."""
        while self.read(_CHUNK_BYTES):
            pass

    def digest(self) -> Digest:
        """Return the digest of what was read."""
        self._beside.wait()
        return Digest(self.algorithm, self._hash.hexdigest())


class _Inflated:
    """The tar: counted, and never more of it than the limit."""

    def __init__(self, stream: ByteStream, limit_bytes: int) -> None:
        self._read = stream.read
        self._limit = limit_bytes
        self.count = 0

    def read(self, size: int, /) -> bytes:
        part = self._read(size)
        self.count += len(part)
        if self.count > self._limit:
            raise _TooLargeError
        return part


def read_layer(
    layer: StoredLayer, wanted: Wanted, limits: Limits = DEFAULT_LIMITS, *, targets: Collection[str] = ()
) -> LayerContent:
    """Read a layer.

    Args:
        layer: Where its bytes come from, and what they must hash to.
        wanted: Which files are kept.
        limits: Hitting `entries`, `layer_bytes` or `kept_bytes` ends or thins out the reading and is told in
            `not_covered`; the content then has no diff id, because it was not verified.
        targets: Further paths to keep, where hard links of wanted files lead to.

    Raises:
        ImageError: The bytes cannot be had, are no layer, or are not those that the image states.
    """
    collector = LayerCollector(layer.name, wanted, limits, targets)
    with Beside() as beside, layer.open_blob() as stream:
        stored = _Stored(stream, beside, layer)
        diff_id, tar_bytes = _walk(layer, stored, beside, collector, limits)
        stored.drain()
        digest = stored.digest()
        _compare_digest(layer, digest, stored.count)
    if diff_id is not None and diff_id != layer.diff_id:
        raise ImageError(
            f"cannot trust {layer.name}: it inflates to {diff_id}, the configuration states {layer.diff_id}",
            hint="the image is inconsistent; build or pull it again",
        )
    missing = collector.missing_targets() if diff_id is not None and not targets else None
    if missing:
        return read_layer(layer, wanted, limits, targets=missing)
    return collector.finish(digest=digest, diff_id=diff_id, stored_bytes=stored.count, tar_bytes=tar_bytes)


def _walk(
    layer: StoredLayer, stored: _Stored, beside: Beside, collector: LayerCollector, limits: Limits
) -> tuple[DiffId | None, int]:
    """Collect every entry; return the digest of the tar, None if it was not read to its end, and its length."""
    algorithm = layer.diff_id.algorithm
    walked = _Walked(algorithm)
    try:
        inflated = open_inflated(stored, max_window_bytes=limits.zstd_window_bytes)
        hashed_as_stored = is_stored(inflated) and stored.algorithm == algorithm
        walked.hashes = not hashed_as_stored
        tar = _Inflated(inflated, limits.layer_bytes)
        beside.read(tar, partial(walked.walk, collector, limits), piece_bytes=_CHUNK_BYTES)
    except TooManyEntriesError:
        collector.remark(
            f"it has more than {limits.entries} entries; the others were not read (limit `entries`)"
        )
    except _TooLargeError:
        collector.remark(
            f"it inflates to more than {limits.layer_bytes} bytes; the rest was not read"
            " (limits `layer_bytes` and `image_bytes`)"
        )
    except InflateError as error:
        raise _damaged(layer, stored, f"{error} (after {format_bytes(stored.count)})") from error
    except TooManyMembersError as error:
        raise _damaged(layer, stored, str(error), limit_hint("entries")) from error
    except TarError as error:
        where = f"{format_bytes(walked.count)} of the tar"
        raise _damaged(layer, stored, f"{error} (after {where})") from error
    except OSError as error:
        raise ImageError(f"cannot read {layer.name}: {error.strerror or error}") from error
    except MemoryError as error:
        raise ImageError(
            f"cannot read {layer.name}: there is not enough memory",
            hint="give the process more memory, or keep less of each layer: `--limit kept_bytes=32MiB`",
        ) from error
    else:
        digest = stored.digest().hexadecimal if hashed_as_stored else walked.hexadecimal()
        return DiffId(algorithm, digest), walked.count
    return None, walked.count


class _Walked:
    """The tar as it is walked, beside the reading: hashed and counted, because the reading is further on.

    A tar that is stored as it is has been hashed already, and `hashes` is false.
    """

    def __init__(self, algorithm: str) -> None:
        self._hash = hashlib.new(algorithm)
        self.hashes = True
        self._piece = memoryview(b"")
        self._hashed = 0
        self.count = 0

    def walk(self, collector: LayerCollector, limits: Limits, stream: ByteStream) -> None:
        """Collect every entry of the stream, and hash what follows the last."""
        self._read = stream.read
        members = walk_tar(
            self,
            collector.visit,
            max_content_bytes=limits.kept_bytes,
            max_members=2 * limits.entries,
            max_header_bytes=limits.header_bytes,
        )
        for number, member in enumerate(members):
            if number % _MEMBERS_A_TURN == 0:
                self._hash_to(self._hashed + _TURN_BYTES)
            if member.content is not None:
                collector.store(member.content)
        while self.read(_CHUNK_BYTES):
            pass

    def read(self, size: int, /) -> bytes:
        self._hash_to(len(self._piece))
        part = self._read(size)
        self._piece, self._hashed = memoryview(part), 0
        self.count += len(part)
        return part

    def _hash_to(self, end: int) -> None:
        """Hash the piece at hand up to there; meanwhile others have the interpreter."""
        if self.hashes:
            self._hash.update(self._piece[self._hashed : end])
            self._hashed = end

    def hexadecimal(self) -> str:
        """Return the hash of what was read, which is the whole tar once `walk` has returned."""
        return self._hash.hexdigest()


def _damaged(
    layer: StoredLayer,
    stored: _Stored,
    what: str,
    hint: str = "the image is damaged; build it again",
) -> ImageError:
    """Say what is wrong: that the bytes are not the stated ones, if so, else what cannot be read of them."""
    stored.drain()
    if layer.digest is not None:
        _compare_digest(layer, stored.digest(), stored.count)
    return ImageError(f"cannot read {layer.name}: {what}", hint=hint)


def _compare_digest(layer: StoredLayer, digest: Digest, count: int) -> None:
    if layer.size_bytes is not None and count < layer.size_bytes:
        raise ImageError(
            f"cannot read {layer.name}: it ends after {count} of {layer.size_bytes} bytes",
            hint="pull or save the image again",
        )
    if layer.digest is not None and digest != layer.digest:
        raise ImageError(
            f"cannot trust {layer.name}: its bytes hash to {digest}", hint="pull or save the image again"
        )
