"""Statements about an image that stand beside it: BuildKit's in its index, others as referrers.

A statement says what an image holds in kilobytes instead of gigabytes. Only its bytes are checked here, against the
digests on the way and its own subject; whether its author is believed is the caller's decision.

Reference:
    BuildKit, docs/attestations/attestation-storage.md; in-toto Attestation Framework, Statement v0.1 and v1; DSSE.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import ImageError, InvalidValueError
from basewise.model.digest import Digest
from basewise.oci.manifest import Descriptor, Index, read_manifest
from basewise.oci.referrers import list_referrers
from basewise.oci.registry import RegistryBlobs
from basewise.oci.registry_answers import RegistryRefusalError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_manifest import fetch_manifest
from basewise.oci.registry_options import RegistryLimits
from basewise.oci.repository import Repository

__all__ = ["SBOM_PREDICATES", "Attestation", "find_attestations"]

SBOM_PREDICATES = ("https://spdx.dev/Document", "https://cyclonedx.org/bom")
_STATEMENT = "application/vnd.in-toto+json"
_ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_PREDICATE = "in-toto.io/predicate-type"
_OTHER_PREDICATE = "predicateType"  # as cosign annotates
_SUBJECT = "vnd.docker.reference.digest"
_KIND = "vnd.docker.reference.type"
_ATTESTATION_MANIFEST = "attestation-manifest"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_MOST_MANIFESTS = 32
_UNUSABLE = (
    ImageError,
    InvalidValueError,
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    binascii.Error,
)


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """A statement about an image.

    Args:
        predicate_type: What kind of statement.
        statement: The in-toto statement, as it is stored (or as it stands in its envelope).
        predicate: The part that says something, for example an SPDX document.
        digest: Of the stored blob.
        source: `index` (BuildKit put it into the image's index) or `referrer`.
        signed: It came in an envelope with signatures, which nobody has checked.
    """

    predicate_type: str
    statement: bytes
    predicate: bytes
    digest: Digest
    source: str
    signed: bool = False


class _Layer(msgspec.Struct, rename="camel"):
    digest: str
    size: int
    media_type: str = ""
    annotations: dict[str, str] | None = None


class _ArtifactManifest(msgspec.Struct):
    layers: list[_Layer] | None = None


class _Subject(msgspec.Struct):
    digest: dict[str, str] | None = None


class _Statement(msgspec.Struct, rename="camel"):
    predicate_type: str
    subject: list[_Subject]
    predicate: msgspec.Raw


class _Envelope(msgspec.Struct, rename="camel"):
    payload_type: str
    payload: str
    signatures: list[msgspec.Raw]


def find_attestations(
    client: RegistryClient,
    repository: Repository,
    manifest: Digest,
    *,
    index: Digest | None = None,
    predicates: tuple[str, ...] = SBOM_PREDICATES,
    attached_later: bool = True,
) -> Iterator[Attestation]:
    """Yield the statements about one image: those of its index first, then those that refer to it.

    Damaged statements, and those about other images, are passed over with a note.

    Args:
        client: Asks the registry.
        repository: Where the image is.
        manifest: Digest of the manifest of one platform.
        index: Digest of the index that it stands in.
        predicates: Beginnings of the predicate types that are wanted (CycloneDX appends a version).
        attached_later: Ask for those that refer to the image, too.

    Raises:
        ImageError: The registry does not answer.
    """
    blobs = RegistryBlobs(client, repository)
    for source, descriptor in _manifests(client, repository, manifest, index, attached_later=attached_later):
        try:
            yield from _read_artifact(
                blobs, descriptor, manifest, source=source, predicates=predicates, limits=client.limits
            )
        except _UNUSABLE as error:
            reason = error.message if isinstance(error, ImageError) else "it cannot be read"
            client.progress.note(f"a statement about {repository}@{manifest} is not used: {reason}")


def _manifests(
    client: RegistryClient,
    repository: Repository,
    manifest: Digest,
    index: Digest | None,
    *,
    attached_later: bool,
) -> Iterator[tuple[str, Descriptor]]:
    """Yield the manifests of statements, and where each was found."""
    if index is not None and index != manifest:
        for entry in _index_entries(client, repository, index)[: client.limits.index_entries]:
            kind, subject = entry.annotation(_KIND), entry.annotation(_SUBJECT)
            if kind == _ATTESTATION_MANIFEST and subject == str(manifest):
                yield "index", entry
    if not attached_later:
        return
    for entry in list_referrers(client, repository, manifest)[:_MOST_MANIFESTS]:
        yield "referrer", entry


def _index_entries(client: RegistryClient, repository: Repository, index: Digest) -> tuple[Descriptor, ...]:
    what = f"{repository}@{index}"
    try:
        content, _ = fetch_manifest(client, repository, index, max_bytes=client.limits.manifest_bytes)
    except RegistryRefusalError as error:
        raise error.refusal.error(what, repository.host) from error
    document = read_manifest(content, what)
    return document.manifests if isinstance(document, Index) else ()


def _read_artifact(
    blobs: RegistryBlobs,
    descriptor: Descriptor,
    manifest: Digest,
    *,
    source: str,
    predicates: tuple[str, ...],
    limits: RegistryLimits,
) -> Iterator[Attestation]:
    """Yield the wanted statements that one manifest names."""
    as_manifest = msgspec.structs.replace(descriptor, media_type=_MANIFEST)
    content = blobs.read(as_manifest, max_bytes=limits.manifest_bytes)
    for layer in (msgspec.json.decode(content, type=prepared(_ArtifactManifest)).layers or [])[
        :_MOST_MANIFESTS
    ]:
        stated = layer.annotations or {}
        predicate = stated.get(_PREDICATE) or stated.get(_OTHER_PREDICATE) or ""
        if layer.media_type not in {_STATEMENT, _ENVELOPE} or (
            predicate and not predicate.startswith(predicates)
        ):
            continue
        blob = Descriptor(
            digest=Digest.parse(layer.digest), size_bytes=layer.size, media_type=layer.media_type
        )
        stored = blobs.read(blob, max_bytes=limits.statement_bytes)
        found = _read_statement(stored, blob, source)
        if found[0].predicate_type.startswith(predicates):
            if not _is_about(found[1], manifest):
                raise ImageError("it is about another image")
            yield found[0]


def _read_statement(stored: bytes, blob: Descriptor, source: str) -> tuple[Attestation, _Statement]:
    signed = blob.media_type == _ENVELOPE
    content = stored
    if signed:
        envelope = msgspec.json.decode(stored, type=prepared(_Envelope))
        content = base64.b64decode(envelope.payload, validate=True)
    statement = msgspec.json.decode(content, type=prepared(_Statement))
    attestation = Attestation(
        predicate_type=statement.predicate_type,
        statement=content,
        predicate=bytes(statement.predicate),
        digest=blob.digest,
        source=source,
        signed=signed,
    )
    return attestation, statement


def _is_about(statement: _Statement, manifest: Digest) -> bool:
    return any(
        (subject.digest or {}).get(manifest.algorithm) == manifest.hexadecimal
        for subject in statement.subject
    )
