"""Who publishes advisory data, and where: the table that comes with the package.

It is a data file, `data/knowledge/publishers.json`, written by `tools/derive_knowledge.py` from
`tools/knowledge/publishers.yaml`, and read when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.errors import KnowledgeError

__all__ = ["Form", "Publisher", "publisher_of", "publishers"]

Form = Literal["zip", "json", "gzip"]
PUBLISHERS_FILE = "knowledge/publishers.json"


class Publisher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of source.

    Args:
        feed: Name of the feed that reads its files.
        form: What a file is.
        root: Address that all files lie below.
        path: Of one file below the root; `{…}` is filled in. Mirrors keep this layout.
        ecosystems: Those with a file each that is fetched without being named.
        ecosystems_when_named: The others with a file each.
        branches: Of a distribution, asked for when the publisher's index of them cannot be read.
        repositories: Each branch has a file of each; only the first has to be there.
        branches_of_one_repository: Branches that have the first repository alone.
        first_year: Of those that have a file each; None where files are not yearly.
        date: Day on which this was written or last compared with what the publisher says, `YYYY-MM-DD`.
    """

    feed: str
    form: Form
    root: str
    path: str
    ecosystems: tuple[str, ...] = ()
    ecosystems_when_named: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    branches_of_one_repository: tuple[str, ...] = ()
    first_year: int | None = None
    date: str

    @property
    def has_parts(self) -> bool:
        """There is more than one file."""
        return "{" in self.path

    @property
    def every_ecosystem(self) -> tuple[str, ...]:
        """Ecosystems with a file each, those that are fetched without being named first."""
        return (*self.ecosystems, *self.ecosystems_when_named)


class _Table(msgspec.Struct, frozen=True):
    entries: tuple[Publisher, ...]


@cache
def publishers() -> tuple[Publisher, ...]:
    """Return every publisher that an update asks.

    Raises:
        KnowledgeError: The table is missing or damaged.
    """
    return decode_embedded(PUBLISHERS_FILE, _Table).entries


def publisher_of(feed: str) -> Publisher:
    """Return the publisher of a feed.

    Raises:
        KnowledgeError: The table is missing or damaged, or has no such publisher.
    """
    for publisher in publishers():
        if publisher.feed == feed:
            return publisher
    raise KnowledgeError(
        f"embedded data `{PUBLISHERS_FILE}` has no publisher of `{feed}`", hint="install basewise again"
    )
