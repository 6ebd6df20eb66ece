"""What a picture says in words: axes, one line for each image, and a description for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.finding import Severity
from basewise.report.chart import SEVERITIES, Chart, Count, SizeOf
from basewise.report.chart_places import Place, View, Where
from basewise.report.words import shortened

__all__ = ["WHERE_WORDS", "count_title", "description", "place_sentence", "size_title"]

MAX_NAMED = 12
WHERE_WORDS = {
    Where.NO_COUNT: "vulnerabilities not measured",
    Where.NO_SIZE: "size not known",
    Where.NOTHING: "neither measured nor of known size",
    Where.ABSENT: "the application does not run there",
}
_COUNTS = {
    Count.AS_PULLED: "vulnerabilities as pulled",
    Count.FIXABLE: "fixable vulnerabilities",
    Count.AFTER_REBUILD: "vulnerabilities after a rebuild",
}
_SIZES = {SizeOf.DISK: "on disk", SizeOf.DOWNLOAD: "to download"}


def count_title(view: View) -> str:
    """Return the title of the vertical axis."""
    if len(view.severities) == len(SEVERITIES):
        return _COUNTS[view.count]
    chosen = [severity.value for severity in SEVERITIES if severity in view.severities]
    return f"{_COUNTS[view.count]}, severity {', '.join(chosen) or 'none'}"


def size_title(view: View, subject: str) -> str:
    """Return the title of the horizontal axis."""
    what = "finished application" if view.finished else subject
    return f"size of the {what} {_SIZES[view.size]} (logarithmic)"


def place_sentence(place: Place) -> str:
    """Return one line about an image in a view."""
    parts = [place.point.image]
    if place.findings is None:
        parts.append(WHERE_WORDS[Where.NO_COUNT])
    else:
        least = "at least " if place.at_least else ""
        parts.append(least + plural(place.findings, "vulnerability", "vulnerabilities"))
    if place.stays is not None and place.findings is not None:
        parts.append(f"{place.stays} after a rebuild")
    parts.append(WHERE_WORDS[Where.NO_SIZE] if place.size is None else format_bytes(place.size))
    if place.point.excluded:
        parts.append(f"left out: {place.point.excluded}")
    return "; ".join(parts)


def description(chart: Chart, view: View, places: Sequence[Place]) -> str:
    """Return what a reader who cannot see the picture should know, a few sentences."""
    return " ".join(_description(chart, view, places))


def _description(chart: Chart, view: View, places: Sequence[Place]) -> Iterator[str]:
    drawn = [place for place in places if place.where is Where.PLANE]
    yield f"{plural(len(drawn), 'image')} by {count_title(view)} (upward) and {size_title(view, chart.subject)} (rightward)."
    first = next((place for place in places if place.point.first), None)
    if first is not None:
        yield f"Recommended: {place_sentence(first)}."
    front = sorted((place for place in drawn if place.front), key=lambda place: place.size or 0)
    if front:
        named = shortened([place_sentence(place) for place in front], MAX_NAMED)
        yield f"No other has both fewer vulnerabilities and less size: {named}."
    for where, words in WHERE_WORDS.items():
        images = [place.point.image for place in places if place.where is where]
        if images:
            yield f"Not on the plane, {words}: {shortened(images, MAX_NAMED)}."
    if Severity.UNKNOWN not in view.severities and any(place.at_least for place in places):
        yield "Findings of unknown severity are left out, so some numbers are lower bounds."
    yield f"{chart.counted}."
