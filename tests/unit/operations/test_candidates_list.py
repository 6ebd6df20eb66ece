from __future__ import annotations

from datetime import date

import msgspec

from basewise.candidates.catalogue import load_catalogue
from basewise.model.evidence import SupportPhase
from basewise.model.listing import CandidateListing, CandidateRow
from basewise.model.platform import LINUX_AMD64, LINUX_ARM64
from basewise.operations.candidates_list import list_candidates

TODAY = date(2026, 11, 23)


def row(name: str, listing: CandidateListing) -> CandidateRow:
    return next(row for row in listing.images if row.image == name)


def test_every_image_of_the_catalogue_is_listed_once() -> None:
    listing = list_candidates(LINUX_AMD64, TODAY)
    assert [row.image for row in listing.images] == [image.name for image in load_catalogue().images]
    assert listing.schema == "basewise.candidates/1"


def test_a_row_holds_the_facts_with_their_basis() -> None:
    found = row("python:3.12-slim-trixie", list_candidates(LINUX_AMD64, TODAY))
    assert found.packages == 87
    assert found.packages_basis == "exact"
    assert found.disk_basis == "exact"
    assert (found.compressed_bytes, found.disk_bytes) == (46_175_163, 127_410_000)
    assert found.age_days == 83
    assert found.support.phase is SupportPhase.REGULAR
    assert found.digest is not None
    assert found.digest.startswith("sha256:e5c9fa26")
    assert found.python_supported is True


def test_estimates_and_unknowns_are_said() -> None:
    listing = list_candidates(LINUX_ARM64, TODAY)
    assert row("python:3.13-slim-trixie", listing).compressed_basis.startswith("computed(estimate")
    alpine = row("python:3.13-alpine3.24", listing)
    assert alpine.compressed_bytes is None
    assert alpine.compressed_basis.startswith("unknown")
    buster = row("python:3.10-slim-buster", listing)
    assert (buster.packages, buster.python_supported) == (None, False)


def test_notes_aliases_and_pre_releases_are_shown() -> None:
    listing = list_candidates(LINUX_AMD64, TODAY)
    assert "newer build" in row("python:3.11-bookworm", listing).notes[0]
    assert "python:3.13-slim" in row("python:3.13-slim-trixie", listing).also_known_as
    assert row("python:3.15-rc-slim-trixie", listing).prerelease


def test_coverage_says_what_the_catalogue_lacks() -> None:
    coverage = list_candidates(LINUX_AMD64, TODAY).coverage
    assert not coverage.complete
    assert any(item.what == "Python 3.15" for item in coverage.not_covered)
    assert coverage.sources[0].verified is False


def test_an_old_catalogue_warns_in_the_listing() -> None:
    assert list_candidates(LINUX_AMD64, TODAY).warnings == ()
    assert len(list_candidates(LINUX_AMD64, date(2027, 6, 1)).warnings) == 1


def test_the_same_day_gives_the_same_document() -> None:
    first, second = (msgspec.json.encode(list_candidates(LINUX_AMD64, TODAY)) for _ in range(2))
    assert first == second
