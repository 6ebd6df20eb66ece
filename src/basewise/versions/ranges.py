"""Ranges of affected versions: from one version up to, without or with, another."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

__all__ = ["VersionRange", "any_contains"]


class VersionRange(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Affected versions of one line of development.

    Args:
        introduced: First affected version; "" or `0` for the beginning.
        fixed: First version that is not affected any more; "" for none.
        last_affected: Last affected version, where no fixed one is known; "" for none.
    """

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""

    def contains(self, version: str, compare: Callable[[str, str], int]) -> bool:
        """Tell whether `version` is affected.

        Args:
            version: The version in question.
            compare: Order of the ecosystem, as `basewise.versions.debian.compare`.

        Raises:
            InvalidValueError: A version is not one of that ecosystem.
        """
        if self.introduced not in {"", "0"} and compare(version, self.introduced) < 0:
            return False
        if self.fixed:
            return compare(version, self.fixed) < 0
        return not self.last_affected or compare(version, self.last_affected) <= 0


def any_contains(ranges: Iterable[VersionRange], version: str, compare: Callable[[str, str], int]) -> bool:
    """Tell whether one of `ranges` holds `version`.

    Raises:
        InvalidValueError: A version is not one of that ecosystem.
    """
    return any(item.contains(version, compare) for item in ranges)
