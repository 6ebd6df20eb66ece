"""Images of registries: the reference becomes a digest first, everything after is fetched by digest.

Manifests and configurations are fetched at once, layers when somebody reads them.

Reference:
    OCI distribution specification 1.1.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from basewise._internal.tar import ByteStream
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint, named_limit
from basewise.model.digest import Digest
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.oci.assemble import assemble_image, verify_blob
from basewise.oci.blob_cache import BlobCache
from basewise.oci.credentials import CredentialSource
from basewise.oci.manifest import Descriptor
from basewise.oci.registry_answers import RegistryRefusalError
from basewise.oci.registry_blob import BlobStream
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_manifest import MANIFEST_TYPES, fetch_manifest
from basewise.oci.registry_options import RegistryOptions
from basewise.oci.registry_transfer import Transfer
from basewise.oci.repository import Repository
from basewise.progress import Progress

__all__ = ["RegistryBlobs", "open_registry", "resolve_reference"]

DEFAULT_TAG = "latest"
_CONFIG_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)


def open_registry(
    reference: Reference,
    platform: Platform | None = None,
    *,
    client: RegistryClient | None = None,
    options: RegistryOptions | None = None,
    credentials: CredentialSource | None = None,
    cache: BlobCache | None = None,
    progress: Progress | None = None,
    transfer: Transfer | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Open an image of a registry.

    Args:
        reference: Which; a digest wins over a tag, and without both it is the tag `latest`.
        platform: Which image of several; None takes the only one, else linux/amd64.
        client: Asks the registry; made of `options`, `credentials`, `progress` and `transfer` when None, and
            then closed with the image.
        options: Mirrors, hosts without TLS, limits.
        credentials: The files of Docker and Podman when None.
        cache: Keeps what was fetched; nothing is kept when None.
        progress: Is told of waits and refused credentials.
        transfer: Counts what is fetched.
        limits: What reading may cost.

    Returns:
        An image, to be closed; `digest` and `index_digest` are what the reference led to.

    Raises:
        ImageError: It cannot be had, is no image, or is for another platform.
        UsageError: A configuration names a credential helper that must not be run.
    """
    own = client is None
    client = client or RegistryClient(options, credentials=credentials, progress=progress, transfer=transfer)
    try:
        repository = client.repository(reference.registry, reference.repository)
        content, descriptor = resolve_reference(client, reference, limits=limits)
        blobs = RegistryBlobs(client, repository, cache, known={descriptor.digest: content})
        image = assemble_image(
            blobs,
            descriptor,
            reference=str(reference),
            name=reference.tag or ("" if reference.digest else DEFAULT_TAG),
            platform=platform,
            limits=limits,
        )
    except BaseException:
        if own:
            client.close()
        raise
    return msgspec.structs.replace(image, on_close=client.close) if own else image


def resolve_reference(
    client: RegistryClient, reference: Reference, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[bytes, Descriptor]:
    """Return the manifest or index that a reference leads to now, and its digest.

    Raises:
        ImageError: It cannot be had.
    """
    repository = client.repository(reference.registry, reference.repository)
    name = reference.digest or reference.tag or DEFAULT_TAG
    try:
        return fetch_manifest(client, repository, name, max_bytes=named_limit(limits, "manifest_bytes"))
    except RegistryRefusalError as error:
        raise error.refusal.error(str(reference), repository.host) from error


class RegistryBlobs:
    """The blobs of a repository, those that were fetched before from the cache.

    Args:
        client: Asks the registry.
        repository: Whose blobs.
        cache: Keeps what was fetched and verified; None keeps nothing.
        known: Manifests that are here already.
    """

    def __init__(
        self,
        client: RegistryClient,
        repository: Repository,
        cache: BlobCache | None = None,
        *,
        known: dict[Digest, bytes] | None = None,
    ) -> None:
        self._client = client
        self._repository = repository
        self._cache = cache if cache is not None and cache.usable else None
        self._known = known or {}

    def read(self, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        """Return a small blob or a manifest, verified.

        Raises:
            ImageError: It cannot be had, is too large or is another.
        """
        what = f"{self._repository}@{descriptor.digest}"
        if descriptor.size_bytes > max_bytes:
            raise ImageError(
                f"cannot pull {what}: it has more than {max_bytes} bytes and is not read",
                hint=limit_hint(max_bytes),
            )
        content = self._known.get(descriptor.digest)
        if content is None:
            content = self._from_cache(descriptor)
        if content is None:
            content = self._fetch(descriptor, max_bytes, what)
            verify_blob(content, descriptor, what)
            if self._cache is not None:
                self._keep(descriptor, io.BytesIO(content))
        if len(content) != descriptor.size_bytes:
            raise ImageError(
                f"cannot trust {what}: it has {len(content)} bytes, not the {descriptor.size_bytes} that are stated",
                hint="the image is inconsistent; build it again",
            )
        return content

    def _fetch(self, descriptor: Descriptor, max_bytes: int, what: str) -> bytes:
        if descriptor.media_type not in _CONFIG_TYPES and (
            descriptor.media_type in MANIFEST_TYPES or not descriptor.media_type
        ):
            try:
                return fetch_manifest(self._client, self._repository, descriptor.digest, max_bytes=max_bytes)[
                    0
                ]
            except RegistryRefusalError as error:
                raise error.refusal.error(what, self._repository.host) from error
        with BlobStream(self._client, self._repository, descriptor) as stream:
            return stream.read(descriptor.size_bytes + 1)

    def _from_cache(self, descriptor: Descriptor) -> bytes | None:
        path = self._cache.get(descriptor.digest) if self._cache is not None else None
        if path is None or self._cache is None:
            return None
        try:
            content = path.read_bytes()
            verify_blob(content, descriptor, "a kept blob")
        except (OSError, ImageError):
            self._cache.discard(descriptor.digest)
            return None
        return content

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[ByteStream]:
        """Open a layer's stored bytes; with a cache they are fetched whole first, once for all processes.

        Raises:
            ImageError: They cannot be had.
        """
        if self._cache is not None:
            with self._cache.alone(descriptor.digest):
                path = self._cache.get(descriptor.digest)
                if path is None:
                    with BlobStream(self._client, self._repository, descriptor) as stream:
                        path = self._keep(descriptor, stream)
            try:
                file = path.open("rb") if path is not None else None
            except OSError:
                file = None  # it was removed to make room
            if file is not None:
                with file:
                    yield file
                return
        with BlobStream(self._client, self._repository, descriptor) as stream:
            yield stream

    def _keep(self, descriptor: Descriptor, stream: ByteStream) -> Path | None:
        """Keep a blob; None when it cannot be written, which costs time and nothing else.

        Raises:
            ImageError: The bytes cannot be had or are others.
        """
        if self._cache is None:
            return None
        try:
            return self._cache.store(descriptor.digest, stream, max_bytes=descriptor.size_bytes)
        except ImageError as error:
            if isinstance(error.__cause__, OSError):
                return None
            raise

    def has(self, descriptor: Descriptor) -> bool:
        """Tell whether the registry has a blob.

        Raises:
            ImageError: It does not say.
        """

        def ask() -> bool:
            with self._client.request(
                self._repository, "HEAD", f"blobs/{descriptor.digest}", headers={}
            ) as stream:
                return stream.status < 300  # noqa: PLR2004 - any success

        try:
            return self._client.patience.persist(
                self._repository, ask, what=f"{self._repository}@{descriptor.digest}"
            )
        except RegistryRefusalError:
            return False
