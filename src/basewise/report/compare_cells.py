"""What stands in the cells of a comparison, as plain text: the same for terminal, Markdown and page."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from basewise._internal.text import format_bytes, plural
from basewise.model.base_image import Surface
from basewise.model.compare import Compare, ComparedImage, Provenance
from basewise.model.finding import BySeverity, Severity, Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.report.support_words import support_until
from basewise.report.words import UNKNOWN, number_text, shortened, truth_text

__all__ = ["CompareRow", "compare_row", "facts_of", "severities_known"]

MAX_PACKAGES = 4
_NOT_JUDGED = (None, Verdict.UNKNOWN)
_PROVENANCE = {
    Provenance.CATALOGUE: "from the catalogue",
    Provenance.READ: "read from the image",
    Provenance.REPORT: "from a saved report",
}


class CompareRow(msgspec.Struct, frozen=True, kw_only=True):
    """The cells of one image."""

    image: str
    verdict: str
    download: str
    disk: str
    app_download: str
    app_disk: str
    packages: str
    total: str
    severe: str
    fixable: str
    after: str
    undetermined: str
    support: str
    age: str


def compare_row(image: ComparedImage, *, with_app: bool) -> CompareRow:
    """Return the cells of an image; its counts are those of the finished image where there is an application."""
    counts = (image.finished_vulnerabilities or Vulnerabilities()) if with_app else image.vulnerabilities
    exploited = "!" if counts.exploited else ""
    return CompareRow(
        image=image.image,
        verdict=UNKNOWN if image.verdict is None else str(image.verdict),
        download=format_bytes(image.size.base_compressed_bytes),
        disk=format_bytes(image.size.base_disk_bytes),
        app_download=format_bytes(image.size.download_bytes),
        app_disk=format_bytes(image.size.disk_bytes),
        packages=number_text(image.packages),
        total=number_text(counts.total) + exploited,
        severe=_severe(counts.by_severity),
        fixable=number_text(counts.fixable),
        after=number_text(counts.after_rebuild),
        undetermined=number_text(counts.undetermined),
        support=support_until(image.support),
        age=number_text(image.age_days),
    )


def _severe(numbers: BySeverity) -> str:
    """Return critical and high findings; where some are not rated a plus, and no zeros where that says nothing."""
    if numbers.critical is None or numbers.high is None:
        return UNKNOWN
    unrated = numbers.unknown != 0
    if unrated and not (numbers.critical or numbers.high):
        return UNKNOWN
    return f"{numbers.critical}/{numbers.high}" + ("+" if unrated else "")


def severities_known(compare: Compare) -> bool:
    """Tell whether critical and high findings are known of any image; without that, the column would say nothing."""
    return any(_severe(image.vulnerabilities.by_severity) != UNKNOWN for image in compare.images)


def facts_of(image: ComparedImage, *, with_app: bool) -> Iterator[tuple[str, str]]:
    """Yield everything that is known of an image as pairs of what and how much, the same whats for every image."""
    size, counts = image.size, image.vulnerabilities
    yield "to download", format_bytes(size.base_compressed_bytes)
    yield "on disk", format_bytes(size.base_disk_bytes)
    if with_app:
        yield from _app_facts(image)
    yield "packages", number_text(image.packages)
    yield from _count_facts(counts)
    yield "beside the count", _uncounted(image)
    yield from _surface_facts(image.surface)
    yield "supported until", support_until(image.support)
    yield "distribution", _distro(image)
    yield "Python", image.python or UNKNOWN
    yield "built", f"{image.created[:10]} ({_days(image.age_days)})" if image.created else UNKNOWN
    yield "evidence of", image.evidence_date or UNKNOWN
    yield "publisher", image.trust.publisher if image.trust is not None else UNKNOWN
    yield "facts", _PROVENANCE[image.provenance]
    yield "digest", image.digest or UNKNOWN


def _app_facts(image: ComparedImage) -> Iterator[tuple[str, str]]:
    counts = image.finished_vulnerabilities or Vulnerabilities()
    yield "application", UNKNOWN if image.verdict is None else str(image.verdict)
    names = [package.name for package in image.add_packages]
    yield "adds", shortened(names, MAX_PACKAGES) or (UNKNOWN if image.verdict in _NOT_JUDGED else "nothing")
    yield "app to download", format_bytes(image.size.download_bytes)
    yield "app on disk", format_bytes(image.size.disk_bytes)
    yield "app vulnerabilities", number_text(counts.total)
    yield "app after a rebuild", number_text(counts.after_rebuild)


def _count_facts(counts: Vulnerabilities) -> Iterator[tuple[str, str]]:
    states = counts.by_state
    yield "vulnerabilities", number_text(counts.total)
    yield "by severity", _severities(counts.by_severity)
    yield "fixable", number_text(counts.fixable)
    yield "after a rebuild", number_text(counts.after_rebuild)
    yield "open", number_text(states.open)
    yield "won't fix", number_text(states.wont_fix)
    yield "minor", number_text(states.minor)
    yield "undetermined", number_text(counts.undetermined)
    yield "exploited", number_text(counts.exploited)


def _uncounted(image: ComparedImage) -> str:
    """Return what stands beside the count; of an image that was not measured nothing is known of that either."""
    found = ", ".join(f"{each.count} {each.what}" for each in image.uncounted)
    return found or (UNKNOWN if image.vulnerabilities.total is None else "nothing")


def _severities(numbers: BySeverity) -> str:
    """Return the severities that occur; where none is known, no zero is written."""
    parts = [(severity, getattr(numbers, severity.value)) for severity in Severity]
    if all(number is None for _, number in parts):
        return UNKNOWN
    return ", ".join(f"{number} {severity}" for severity, number in parts if number) or "none"


def _surface_facts(surface: Surface) -> Iterator[tuple[str, str]]:
    yield "shell", truth_text(surface.shell)
    yield "package manager", truth_text(surface.package_manager)
    yield "compiler", truth_text(surface.compiler)
    yield "executables", number_text(surface.executables)
    yield "setuid", number_text(surface.setuid)
    yield "user", surface.default_user or UNKNOWN


def _distro(image: ComparedImage) -> str:
    if image.distro is None:
        return UNKNOWN
    codename = f" ({image.distro.codename})" if image.distro.codename else ""
    return f"{image.distro.id} {image.distro.version}{codename}".strip()


def _days(count: int | None) -> str:
    return UNKNOWN if count is None else f"{plural(count, 'day')} ago"
