"""Listings that come in pages: never on another host, never for ever.

Reference:
    OCI distribution specification, section Content discovery; RFC 8288.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from basewise._internal.http_errors import HttpError
from basewise._internal.redirects import authority
from basewise.errors import ImageError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_manifest import check_is_registry_answer
from basewise.oci.repository import Repository

__all__ = ["fetch_pages"]

_LINK = re.compile(r'<([^<>]{1,4096})>\s*;[^,]{0,200}?\brel\s*=\s*"?next"?', re.IGNORECASE)


def fetch_pages(client: RegistryClient, repository: Repository, path: str, *, what: str) -> Iterator[bytes]:
    """Yield the pages of a listing, at most as many as the limits allow.

    Args:
        client: Asks the registry.
        repository: Whose listing.
        path: Of the first page, below the repository.
        what: What to call it in an error.

    Raises:
        RegistryRefusalError: There is no such listing (status 404).
        ImageError: A page cannot be had, leads elsewhere or to a page that was there.
    """
    url = urljoin(repository.url, f"{repository.path}/{path}")
    listing = urlsplit(url).path
    seen = {url}
    for _ in range(client.limits.pages):
        parts = urlsplit(url)
        asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = client.fetch(repository, asked, max_bytes=client.limits.page_bytes, what=what)
        check_is_registry_answer(response, what, repository)
        yield response.body
        link = _LINK.search(response.headers.get("link", "")[:16_384])
        if link is None:
            return
        url = _next_url(url, link[1], listing, what)
        if url in seen:
            raise ImageError(
                f"cannot list {what}: `{repository.host}` leads to the same page again and again",
                hint="the registry is broken or hostile",
            )
        seen.add(url)
    client.progress.note(
        f"{what} has more than {client.limits.pages} pages; the others were not read (limit `pages`)"
    )


def _next_url(url: str, link: str, listing: str, what: str) -> str:
    target = ""
    try:
        target = urljoin(url, link)
        same = authority(target) == authority(url) and urlsplit(target).path.rstrip("/") == listing
    except (HttpError, ValueError):
        same = False
    if not same:
        raise ImageError(
            f"cannot list {what}: the next page is said to be elsewhere, which is not followed",
            hint="the registry is badly configured or hostile",
        )
    return target.partition("#")[0]
