"""The catalogue of base images and the status of the advisory store, as table or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from basewise._internal.text import format_bytes, plural, safe_text
from basewise.model.evidence import Coverage, SupportPhase
from basewise.model.listing import CandidateListing, CandidateRow
from basewise.model.store_status import DatabaseStatus
from basewise.report.json_document import encode_json

__all__ = ["print_parts", "render_catalogue", "render_store_status", "table_of"]

_LEAST_WIDTHS = {
    "image": 26,
    "python": 7,
    "libc": 10,
    "pulled": 6,
    "on disk": 8,
    "packages": 8,
    "support": 7,
    "built": 10,
}
_PHASE_WORDS = {SupportPhase.UNKNOWN: "?"}


def render_catalogue(listing: CandidateListing, form: str, *, width: int, color: bool) -> str:
    """Return the catalogue as `table` or `json`."""
    if form == "json":
        return encode_json(listing).decode("ascii")
    table = table_of("image", "python", "libc", "pulled", "on disk", "packages", "support", "built")
    for row in listing.images:
        table.add_row(*(Text(safe_text(text)) for text in _catalogue_cells(row)))
        for alias in row.also_known_as:
            table.add_row(Text(f"  = {safe_text(alias.rpartition(':')[2])}"))
    newest = f"{plural(len(listing.images), 'image')} for {listing.platform}; newest build of {listing.as_of}"
    legend = "sizes and lists marked ~ are estimated, inferred or computed: `--format json` says how; `?` is unknown"
    return print_parts(
        width, color, table, newest, legend, *_warned(listing.warnings), *_coverage_lines(listing.coverage)
    )


def render_store_status(status: DatabaseStatus, form: str, *, width: int, color: bool) -> str:
    """Return the status of a store as `table` or `json`."""
    if form == "json":
        return encode_json(status).decode("ascii")
    sources = table_of("source", "as of", "age", "verdict", "facts", "signature")
    for source in status.coverage.sources:
        checked = "verified" if source.verified else "unverified"
        verdict = "stale" if source.name in status.stale else "fresh"
        if source.name in status.after_clock:
            verdict = "after the clock"
        age = "?" if source.age_days is None else plural(source.age_days, "day")
        cells = (source.name, source.as_of, age, verdict, f"{source.entries:,}", checked)
        sources.add_row(*(Text(safe_text(text)) for text in cells))
    releases = table_of("release", "packages", "facts")
    for release in status.releases:
        name = f"{release.ecosystem} {release.release}"
        releases.add_row(Text(safe_text(name)), f"{release.packages:,}", f"{release.facts:,}")
    head = f"advisory store: {safe_text(status.store)}; {status.entries:,} facts, the oldest source of {status.as_of}"
    own = (
        []
        if status.own_store is None
        else [f"your own store: {safe_text(status.own_store)}: {status.own_store_state}"]
    )
    return print_parts(width, color, head, *own, sources, releases, *_coverage_lines(status.coverage))


def _catalogue_cells(row: CandidateRow) -> tuple[str, ...]:
    return (
        row.image,
        row.python,
        f"{row.libc.family} {row.libc.version}",
        _with_basis(format_bytes(row.compressed_bytes), row.compressed_basis, row.compressed_bytes),
        _with_basis(format_bytes(row.disk_bytes), row.disk_basis, row.disk_bytes),
        _with_basis("?" if row.packages is None else str(row.packages), row.packages_basis, row.packages),
        _PHASE_WORDS.get(row.support.phase, str(row.support.phase)),
        row.created[:10],
    )


def _with_basis(text: str, basis: str, value: int | None) -> str:
    return text if value is None or basis == "exact" else f"~{text}"


def _warned(warnings: Iterable[str]) -> list[str]:
    return [f"warning: {safe_text(warning)}" for warning in warnings]


def _coverage_lines(coverage: Coverage) -> list[str]:
    return [f"not covered: {safe_text(item.what)}: {safe_text(item.why)}" for item in coverage.not_covered]


def table_of(*columns: str) -> Table:
    """Return an empty table; numbers stand on the right."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), collapse_padding=True
    )
    numbers = {"pulled", "on disk", "packages", "age", "facts", "change"}
    for index, column in enumerate(columns):
        # Only the first column gives way on a narrow terminal: a cut number would be a wrong one.
        least = _LEAST_WIDTHS.get(column)
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=index > 0, min_width=least
        )
    return table


def print_parts(width: int, color: bool, *parts: Table | str) -> str:  # noqa: FBT001 - the last seam before text
    """Return tables and lines as text."""
    file = StringIO()
    console = Console(
        file=file, width=width, force_terminal=color, no_color=not color, highlight=False, markup=False
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
