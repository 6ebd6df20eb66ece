"""Where labels of a picture go: beside their points, over no other label and no point, inside the plot."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import msgspec

__all__ = ["Box", "Label", "LabelPlace", "neighbours", "place_labels"]

_NEAR = 26.0
_MARK = 7.0
_GAP = 10.0
_DISTANCES = (0.0, 14.0, 28.0, 46.0, 70.0)
_LEADER_FROM = 14.0


class Box(msgspec.Struct, frozen=True):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether two rectangles share an area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Tell whether another rectangle lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a width and height in pixels for the point at `x`, `y`."""

    text: str
    x: float
    y: float
    width: float
    height: float


class LabelPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a label's box went, which end of the text is fixed (`start`, `middle`, `end`), and whether a line must lead to it."""

    label: Label
    box: Box
    anchor: str
    leader: bool

    @property
    def x(self) -> float:
        """Where the fixed end of the text is."""
        ends = {
            "start": self.box.left,
            "middle": (self.box.left + self.box.right) / 2,
            "end": self.box.right,
        }
        return ends[self.anchor]


def neighbours(points: Sequence[tuple[float, float]], kinds: Sequence[Hashable]) -> list[list[int]]:
    """Return groups of indexes of points of one kind that lie so near to one another that one label serves them."""
    groups: list[list[int]] = []
    for index, (x, y) in enumerate(points):
        for group in groups:
            first = group[0]
            first_x, first_y = points[first]
            if kinds[first] == kinds[index] and abs(x - first_x) <= _NEAR and abs(y - first_y) <= _NEAR:
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def place_labels(
    labels: Sequence[Label], marks: Sequence[tuple[float, float]], plot: Box
) -> tuple[LabelPlace, ...]:
    """Place labels, the first first; one without room is left out.

    Args:
        labels: Most important first.
        marks: Centres of all points, which labels keep off.
        plot: What labels stay inside of.
    """
    taken = [Box(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks]
    placed: list[LabelPlace] = []
    for label in labels:
        for box, anchor, distance in _candidates(label):
            if plot.holds(box) and not any(box.meets(other) for other in taken):
                leader = distance >= _LEADER_FROM
                placed.append(LabelPlace(label=label, box=box, anchor=anchor, leader=leader))
                taken.append(box)
                break
    return tuple(placed)


def _candidates(label: Label) -> Iterator[tuple[Box, str, float]]:
    """Yield boxes around a point, the nearest first: right, left, the corners, above and below."""
    half = label.height / 2
    for distance in _DISTANCES:
        gap = _GAP + distance
        right, left = label.x + gap, label.x - gap - label.width
        above, below = label.y - gap - label.height, label.y + gap
        middle_x, middle_y = label.x - label.width / 2, label.y - half
        corners = (
            (right, middle_y, "start"),
            (left, middle_y, "end"),
            (right, label.y - distance - label.height, "start"),
            (right, label.y + distance, "start"),
            (left, label.y - distance - label.height, "end"),
            (left, label.y + distance, "end"),
            (middle_x, above, "middle"),
            (middle_x, below, "middle"),
        )
        for x, y, anchor in corners:
            yield Box(x, y, x + label.width, y + label.height), anchor, distance
