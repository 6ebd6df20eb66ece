"""What refers to an image: signatures, SBOMs and other statements that were pushed beside it.

Reference:
    OCI distribution specification 1.1, sections Listing referrers and Referrers tag schema.
"""

from __future__ import annotations

from basewise.model.digest import Digest
from basewise.oci.manifest import Descriptor, Index, read_manifest
from basewise.oci.registry_answers import RegistryRefusalError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_manifest import fetch_manifest
from basewise.oci.registry_pages import fetch_pages
from basewise.oci.repository import Repository

__all__ = ["list_referrers"]

_TAG_ALGORITHM, _TAG_ENCODED = 32, 64
_MOST_REFERRERS = 1_000


def list_referrers(
    client: RegistryClient, repository: Repository, digest: Digest, *, artifact_type: str = ""
) -> tuple[Descriptor, ...]:
    """List the manifests that refer to an image, through the API or, where there is none, the tag schema.

    Whoever may push to the repository may push referrers: what makes one trustworthy is for the caller to decide.

    Args:
        client: Asks the registry.
        repository: Where the image is.
        digest: Of its manifest or index.
        artifact_type: Only those of this type; "" for all.

    Raises:
        ImageError: The registry does not answer, or nonsense.
    """
    what = f"the referrers of {repository}@{digest}"
    found: list[Descriptor] = []
    try:
        for body in fetch_pages(client, repository, f"referrers/{digest}", what=what):
            found += _read_index(body, what)
            if len(found) >= _MOST_REFERRERS:
                client.progress.note(f"{what} are more than {_MOST_REFERRERS}; the others are left out")
                break
    except RegistryRefusalError:
        found = _from_tag(client, repository, digest, what)
    return tuple(one for one in found[:_MOST_REFERRERS] if artifact_type in {"", one.artifact_type})


def _from_tag(client: RegistryClient, repository: Repository, digest: Digest, what: str) -> list[Descriptor]:
    tag = f"{digest.algorithm[:_TAG_ALGORITHM]}-{digest.hexadecimal[:_TAG_ENCODED]}"
    try:
        content, _ = fetch_manifest(client, repository, tag, max_bytes=client.limits.manifest_bytes)
    except RegistryRefusalError:
        return []
    return _read_index(content, what)


def _read_index(content: bytes, what: str) -> list[Descriptor]:
    index = read_manifest(content, what)
    return list(index.manifests) if isinstance(index, Index) else []
