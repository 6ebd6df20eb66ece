"""Names of files beside the Linux wheels, by hash: what is left of a lock that names no files."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.model.requirement import DistributionFile

__all__ = ["other_file"]

_FILE = "wheels/other_files.json.gz"


class _Table(msgspec.Struct, frozen=True):
    schema: str
    as_of: str
    files: dict[str, tuple[str, int]]


def other_file(sha256: str) -> DistributionFile | None:
    """Return the file of a hash in hexadecimal, or None when it is not known.

    Raises:
        KnowledgeError: The embedded table is missing or damaged.
    """
    found = _table().files.get(sha256)
    return None if found is None else DistributionFile(filename=found[0], size_bytes=found[1], sha256=sha256)


@lru_cache(maxsize=1)
def _table() -> _Table:
    return decode_embedded(_FILE, _Table)
