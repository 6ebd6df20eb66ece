"""The tags of a repository.

Reference:
    OCI distribution specification, section Listing tags.
"""

from __future__ import annotations

import re

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import ImageError
from basewise.oci.registry_answers import RegistryRefusalError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_pages import fetch_pages

__all__ = ["TagList", "list_tags"]

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_PAGE_SIZE = 1_000


class TagList(msgspec.Struct, frozen=True, kw_only=True):
    """Tags, sorted.

    Args:
        tags: Those that were read.
        complete: There are no others.
    """

    tags: tuple[str, ...]
    complete: bool


class _Page(msgspec.Struct):
    tags: list[str] | None = None


def list_tags(client: RegistryClient, registry: str, repository: str) -> TagList:
    """List the tags of a repository.

    Args:
        client: Asks the registry.
        registry: As a reference names it.
        repository: Likewise.

    Raises:
        ImageError: They cannot be had.
    """
    where = client.repository(registry, repository)
    what = f"the tags of {where}"
    found: set[str] = set()
    pages = 0
    try:
        for body in fetch_pages(client, where, f"tags/list?n={_PAGE_SIZE}", what=what):
            pages += 1
            found.update(tag for tag in _read_page(body, what) if _TAG.match(tag))
            if len(found) > client.limits.tags:
                client.progress.note(
                    f"{where} has more than {client.limits.tags} tags; the others are left out (limit `tags`)"
                )
                return TagList(tags=tuple(sorted(found)[: client.limits.tags]), complete=False)
    except RegistryRefusalError as error:
        raise error.refusal.error(what, where.host) from error
    return TagList(tags=tuple(sorted(found)), complete=pages < client.limits.pages)


def _read_page(body: bytes, what: str) -> list[str]:
    try:
        return msgspec.json.decode(body, type=prepared(_Page)).tags or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(
            f"cannot list {what}: the answer is no list of tags", hint="check the name of the registry"
        ) from error
