"""Events and version lists of OSV, as ranges.

Reference: OSV schema, sections "affected[].ranges[].events fields" and "Evaluation".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from basewise.advisories.osv_record import OsvEvent
from basewise.errors import InvalidValueError
from basewise.model.advisory import VersionRange

__all__ = ["HeldVersions", "ranges_of_events"]

MOST_REMEMBERED = 10_000
_BEGINNING = "0"
SortKey = Callable[[str], Any]
_Event = tuple[str, str]
_Bound = tuple[Any, Any, bool]


def ranges_of_events(events: Sequence[OsvEvent], sort_key: SortKey) -> tuple[VersionRange, ...]:
    """Return the ranges that events mean.

    Events are taken in the order of their versions, those of one version as they stand. A list that begins
    nowhere begins at the beginning. A `limit` ends what has not ended before it. Nothing is affected between
    equal versions. Versions that cannot be ordered leave the events as they stand.

    Args:
        events: In any order.
        sort_key: Order of the ecosystem's versions.
    """
    pairs = [pair for event in events for pair in _pairs(event)]
    if not any(kind == "introduced" for kind, _ in pairs):
        pairs.insert(0, ("introduced", _BEGINNING))
    if len(pairs) > 2 or (len(pairs) == 2 and pairs[0] != ("introduced", _BEGINNING)):  # noqa: PLR2004 - one range
        pairs = _in_order(pairs, sort_key)
    pairs = _limited(pairs)
    found = []
    begin: str | None = None
    for kind, version in pairs:
        if kind == "introduced":
            begin = version if begin is None else begin
        elif begin is not None:
            if kind == "last_affected":
                found.append(VersionRange(begin, "", version))
            elif version != begin:
                found.append(VersionRange(begin, version))
            begin = None
    if begin is not None:
        found.append(VersionRange(begin))
    return tuple(found)


def _pairs(event: OsvEvent) -> Iterable[_Event]:
    """Yield kind and version; an event should have one of them."""
    if event.introduced is not None:
        yield "introduced", event.introduced
    if event.fixed is not None:
        yield "fixed", event.fixed
    if event.last_affected is not None:
        yield "last_affected", event.last_affected
    if event.limit is not None and event.limit != "*":
        yield "limit", event.limit


def _limited(pairs: list[_Event]) -> list[_Event]:
    """Return the events up to the last `limit`, which is their end; earlier limits say less."""
    last = max((place for place, (kind, _) in enumerate(pairs) if kind == "limit"), default=len(pairs))
    return [pair for place, pair in enumerate(pairs[: last + 1]) if pair[0] != "limit" or place == last]


def _in_order(pairs: list[_Event], sort_key: SortKey) -> list[_Event]:
    """Sort events by version; `0` is before all, also before `0~beta`."""
    try:
        keys = [(0, 0) if version == _BEGINNING else (1, sort_key(version)) for _, version in pairs]
    except InvalidValueError:
        return pairs
    order = sorted(range(len(pairs)), key=keys.__getitem__)
    return [pairs[place] for place in order]


class HeldVersions:
    """Tells which listed versions lie outside some ranges; those that cannot be ordered do.

    Args:
        ranges: The ranges.
        sort_key: Order of the ecosystem's versions.
    """

    def __init__(self, ranges: Iterable[VersionRange], sort_key: SortKey) -> None:
        self.ranges = tuple(ranges)
        self._sort_key = sort_key
        self._held: set[str] = set()
        self._everything = VersionRange() in self.ranges
        self._bounds: list[_Bound] = []
        self._borders: list[Any] | None = None
        self._comparable = True
        try:
            self._bounds = _in_order_of_begin([_bounds(item, sort_key) for item in self.ranges])
            self._borders = _borders(self._bounds)
        except InvalidValueError:
            self._comparable = False

    def outside(self, versions: Sequence[str]) -> tuple[str, ...]:
        """Return the versions that no range holds, sorted."""
        if self._everything or not versions:
            return ()
        if not self._comparable:
            return tuple(sorted(set(versions)))
        try:
            return self._outside(versions)
        except InvalidValueError:
            return tuple(sorted({version for version in versions if not self._holds_text(version)}))

    def _outside(self, versions: Sequence[str]) -> tuple[str, ...]:
        """Return the same of versions that can all be ordered.

        Raises:
            InvalidValueError: One cannot.
        """
        borders = self._borders
        begins_nowhere = bool(self._bounds) and self._bounds[0][0] is None
        if borders is not None and len(borders) == 1 and begins_nowhere:
            # Most ranges are such, and most lists lie within; one comparison with the newest tells.
            if max(map(self._sort_key, versions)) < borders[0]:
                return ()
        elif self._held.issuperset(versions):
            return ()
        keys = list(map(self._sort_key, versions))
        pairs = zip(versions, keys, strict=True)
        if borders is None:
            found = {version for version, key in pairs if not _holds(self._bounds, key)}
        else:
            # Inside, the number of borders below a version is odd; even, where the first range begins nowhere.
            inside = 0 if begins_nowhere else 1
            found = {version for version, key in pairs if bisect_right(borders, key) % 2 != inside}
        if not found and len(self._held) < MOST_REMEMBERED:
            # Lists of one package are nearly the same in each of its advisories.
            self._held.update(versions)
        return tuple(sorted(found))

    def _holds_text(self, version: str) -> bool:
        try:
            return not self._outside([version])
        except InvalidValueError:
            return False


def _in_order_of_begin(bounds: list[_Bound]) -> list[_Bound]:
    """Return bounds sorted by where they begin, those that begin nowhere first."""
    begun = [bound for bound in bounds if bound[0] is not None]
    return [bound for bound in bounds if bound[0] is None] + sorted(begun, key=itemgetter(0))


def _holds(bounds: list[_Bound], key: Any) -> bool:  # noqa: ANN401 - a key of any ecosystem
    return any(
        (low is None or low <= key) and (high is None or key < high or (last and key == high))
        for low, high, last in bounds
    )


def _bounds(item: VersionRange, sort_key: SortKey) -> _Bound:
    """Return the keys of both ends, None for an open one, and whether the upper one belongs to the range."""
    low = None if item.introduced == _BEGINNING else sort_key(item.introduced)
    high = item.fixed or item.last_affected
    return low, sort_key(high) if high else None, bool(item.last_affected)


def _borders(bounds: Sequence[_Bound]) -> list[Any] | None:
    """Return where ranges begin and end, one after the other; None for ranges that are not that simple."""
    borders: list[Any] = []
    for place, (low, high, last) in enumerate(bounds):
        open_low, open_high = low is None and place > 0, high is None and place + 1 < len(bounds)
        if last or open_low or open_high:
            return None
        borders += [key for key in (low, high) if key is not None]
    if any(after <= before for before, after in pairwise(borders)):
        return None
    return borders
