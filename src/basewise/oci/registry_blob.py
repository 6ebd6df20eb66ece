"""A blob on its way from a registry: resumed where it was cut, never longer than the manifest says.

Nothing here is trusted: whoever reads the stream hashes it, so what a resumed download is made of matters only for
whether it succeeds.

Reference:
    RFC 9110, section 14; OCI distribution specification, section Pulling blobs.
"""

from __future__ import annotations

import time
from typing import Self

from basewise._internal.http import HttpStream
from basewise._internal.http_errors import HttpError
from basewise._internal.text import format_bytes
from basewise.errors import ImageError
from basewise.oci.manifest import Descriptor
from basewise.oci.registry_answers import RegistryRefusalError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.repository import Repository

__all__ = ["BlobStream"]

_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_REAL_PROGRESS_BYTES = 256 * 1024
_SKIPPED_BYTES = 1024 * 1024


class BlobStream:
    """The bytes of a blob; use it in a `with` block.

    Args:
        client: Asks the registry.
        repository: Whose blob.
        descriptor: Which blob, and its size.
    """

    def __init__(self, client: RegistryClient, repository: Repository, descriptor: Descriptor) -> None:
        self._client = client
        self._repository = repository
        self._descriptor = descriptor
        self._deadline = time.monotonic() + client.limits.blob_seconds
        self._backoff = client.patience.backoff()
        self._stream: HttpStream | None = None
        self._position = 0
        self._failed_at = 0
        self._ranges = True

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end.

        Raises:
            ImageError: The rest cannot be had, or there is more than the manifest says.
        """
        parts = []
        while size > 0 and (part := self._next(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]

    def _next(self, size: int) -> bytes:
        while True:
            try:
                return self._read_on(size)
            except (HttpError, RegistryRefusalError) as error:
                self._failed(error)

    def _read_on(self, size: int) -> bytes:
        if self._stream is None:
            self._stream = self._connect()
        part = self._stream.read(size)
        self._position += len(part)
        if self._position > self._descriptor.size_bytes:
            raise self._too_long()
        if not part and self._position < self._descriptor.size_bytes:
            raise HttpError(f"{self._repository.host}: the answer ends early", kind="cut")
        return part

    def _failed(self, error: HttpError | RegistryRefusalError) -> None:
        """Wait before going on, or raise."""
        self.close()
        if (
            isinstance(error, RegistryRefusalError)
            and error.refusal.status == _RANGE_REFUSED
            and self._ranges
        ):
            self._ranges = False
            return
        if self._position - self._failed_at > _REAL_PROGRESS_BYTES:
            self._backoff.progressed()
        self._failed_at = self._position
        try:
            self._client.patience.wait_or_raise(self._repository, error, self._backoff, what=self._what())
        except RegistryRefusalError as refusal:
            raise refusal.refusal.error(self._what(), self._repository.host) from error

    def _what(self) -> str:
        size = format_bytes(self._descriptor.size_bytes)
        return f"{self._repository}@{self._descriptor.digest} ({format_bytes(self._position)} of {size} came)"

    def _connect(self) -> HttpStream:
        """Open the blob where the last answer ended."""
        wants_range = bool(self._position) and self._ranges
        headers = {"range": f"bytes={self._position}-"} if wants_range else {}
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise HttpError("the download takes too long as a whole", kind="deadline")
        stream = self._client.request(
            self._repository,
            "GET",
            f"blobs/{self._descriptor.digest}",
            headers=headers,
            total_seconds=left,
        )
        try:
            return self._placed(stream, wants_range=wants_range)
        except BaseException:
            stream.close()
            raise

    def _placed(self, stream: HttpStream, *, wants_range: bool) -> HttpStream:
        """Return the stream at the position, whatever of the blob it holds."""
        size = self._descriptor.size_bytes
        if stream.status == _PARTIAL and wants_range:
            if stream.headers.get("content-range", "") == f"bytes {self._position}-{size - 1}/{size}":
                return stream
            self._ranges = False
            raise HttpError(f"{self._repository.host}: another range than the one asked for", kind="cut")
        if stream.status != _OK:
            raise HttpError(f"{self._repository.host}: status {stream.status} for a whole blob", kind="cut")
        stated = stream.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > size:
            raise self._too_long()
        skipped = 0
        while skipped < self._position:
            part = stream.read(min(self._position - skipped, _SKIPPED_BYTES))
            if not part:
                raise HttpError(f"{self._repository.host}: the answer ends early", kind="cut")
            skipped += len(part)
        return stream

    def _too_long(self) -> ImageError:
        return ImageError(
            f"cannot trust {self._repository}@{self._descriptor.digest}: `{self._repository.host}` sends more than"
            f" the {self._descriptor.size_bytes} bytes that the manifest states",
            hint="the registry or a proxy before it is broken or hostile",
        )

    def close(self) -> None:
        """End the request."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
