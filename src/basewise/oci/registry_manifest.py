"""Manifests of a registry: by tag or digest, hashed whole before anybody reads them.

Reference:
    OCI distribution specification, section Pulling manifests.
"""

from __future__ import annotations

import hashlib

from basewise._internal.http import HttpResponse
from basewise._internal.text import safe_text
from basewise.errors import ImageError, InvalidValueError
from basewise.model.digest import Digest
from basewise.oci.manifest import Descriptor
from basewise.oci.registry_client import RegistryClient
from basewise.oci.repository import Repository

__all__ = ["MANIFEST_TYPES", "check_is_registry_answer", "fetch_manifest"]

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PAGE_TYPES = ("text/html", "application/xhtml+xml")


def fetch_manifest(
    client: RegistryClient, repository: Repository, name: str | Digest, *, max_bytes: int
) -> tuple[bytes, Descriptor]:
    """Fetch a manifest or an index.

    Args:
        client: Asks the registry.
        repository: Where it is.
        name: Tag or digest.
        max_bytes: A larger one is an error.

    Returns:
        Its bytes, and what they are: the digest is computed, and compared with the one asked for and the one
        that the registry states.

    Raises:
        RegistryRefusalError: It is not there (status 404).
        ImageError: It cannot be had or is another.
    """
    what = f"{repository}@{name}" if isinstance(name, Digest) else f"{repository}:{name}"
    response = client.fetch(
        repository, f"manifests/{name}", max_bytes=max_bytes, accept=", ".join(MANIFEST_TYPES), what=what
    )
    check_is_registry_answer(response, what, repository)
    algorithm = name.algorithm if isinstance(name, Digest) else "sha256"
    digest = Digest(algorithm, hashlib.new(algorithm, response.body).hexdigest())
    if isinstance(name, Digest) and digest != name:
        raise ImageError(
            f"cannot trust {what}: what `{repository.host}` sends hashes to {digest} (digest mismatch)",
            hint="the registry or a proxy before it is broken or hostile",
        )
    _compare_stated(response, digest, what, repository)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.body, Descriptor(
        digest=digest,
        size_bytes=len(response.body),
        media_type=media_type if media_type in MANIFEST_TYPES else "",
    )


def check_is_registry_answer(response: HttpResponse, what: str, repository: Repository) -> None:
    """Refuse a web page: a login form, a captive portal, or the wrong host.

    Raises:
        ImageError: It is one.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _PAGE_TYPES or response.body[:256].lstrip().startswith(b"<"):
        raise ImageError(
            f"cannot pull {what}: `{repository.host}` answers with a web page, not as a registry does",
            hint="check the name of the registry, and whether the network asks to log in",
        )


def _compare_stated(response: HttpResponse, digest: Digest, what: str, repository: Repository) -> None:
    text = response.headers.get("docker-content-digest", "").strip()
    if not text:
        return
    try:
        stated = Digest.parse(text)
    except InvalidValueError:
        stated = None
    if stated is not None and stated.algorithm != digest.algorithm:
        stated = Digest(stated.algorithm, hashlib.new(stated.algorithm, response.body).hexdigest())
        digest = stated if str(stated) == text else digest
    if stated != digest:
        raise ImageError(
            f"cannot trust {what}: `{repository.host}` states {safe_text(text, limit=150)}, what it sends hashes to"
            f" {digest} (digest mismatch)",
            hint="the registry or a proxy before it is broken or hostile",
        )
