"""The feed over a Debian archive: a small real archive on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from basewise._internal.http import HttpClient
from basewise.advisories.debian_archive import DebianArchive, embedded_sources, facts_of_history
from basewise.advisories.debian_archive_history import SourceHistory
from basewise.advisories.feed import FeedResult
from basewise.debian.archive import Archive
from basewise.debian.changelog import parse_changelog
from basewise.errors import ArchiveError
from basewise.model.advisory import Advisory, FactKind
from basewise.testing.debian_repository import DebianRepository, SourcePackage, changelog

Entries = tuple[tuple[str, tuple[str, ...]], ...]


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(timeout_seconds=10) as opened:
        yield opened


def collected(repository: DebianRepository, client: HttpClient, tmp_path: Path, *sources: str) -> FeedResult:
    with repository.serve() as mirrors:
        archive = Archive(mirrors, client)
        feed = DebianArchive(
            archive,
            releases=("bookworm",),
            sources=sources,
            cache=tmp_path / "changelogs",
            threads=2,
            today="2026-11-23",
        )
        return feed.collect()


def small_repository(
    stable: tuple[SourcePackage, ...],
    security: tuple[SourcePackage, ...] = (),
    unstable: tuple[SourcePackage, ...] = (),
) -> DebianRepository:
    repository = DebianRepository()
    repository.add_suite("bookworm", stable)
    repository.add_suite("bookworm-security", security)
    repository.add_suite("sid", unstable)
    return repository


def alpha(version: str, *entries: tuple[str, tuple[str, ...]], missing: bool = False) -> SourcePackage:
    return SourcePackage(
        source="alpha", version=version, entries=((version, ("New.",)), *entries), missing=missing
    )


def kinds(result: FeedResult, release: str = "bookworm") -> dict[tuple[str, FactKind], str]:
    return {(fact.id, fact.kind): fact.version for fact in result.advisories if fact.release == release}


def test_the_newest_version_of_a_release_speaks_for_all_older_ones(
    client: HttpClient, tmp_path: Path
) -> None:
    fix = ("1.0-1+deb12u1", ("Fix CVE-2026-1001.",))
    result = collected(
        small_repository(
            (alpha("1.0-1"),), (SourcePackage(source="alpha", version="1.0-1+deb12u1", entries=(fix,)),)
        ),
        client,
        tmp_path,
        "alpha",
    )
    [fact] = result.advisories
    assert fact == Advisory(
        id="CVE-2026-1001",
        ecosystem="debian",
        release="bookworm",
        package="alpha",
        kind=FactKind.FIXED,
        version="1.0-1+deb12u1",
        origin="debian_archive",
        published="2026-09-28",
        detail="1.0-1+deb12u1",
    )
    assert result.covered == (("debian", "bookworm", "alpha"),)
    assert result.current == (("debian", "bookworm", "alpha", "1.0-1+deb12u1"),)
    assert result.oldest == (("debian", "bookworm", "alpha", "1.0-1+deb12u1", "2026-09-28"),)


def test_facts_speak_of_source_versions_though_the_binary_was_rebuilt(
    client: HttpClient, tmp_path: Path
) -> None:
    package = SourcePackage(
        source="alpha",
        version="1:1.0-1",
        entries=(("1:1.0-1", ("Fix CVE-2026-1001.",)),),
        binary="libalpha1",
        binary_version="1:1.0-1+b2",
    )
    result = collected(small_repository((package,)), client, tmp_path, "alpha")
    assert kinds(result) == {("CVE-2026-1001", FactKind.FIXED): "1:1.0-1"}


def test_what_a_newer_suite_fixed_is_fixed_elsewhere_for_an_older_version(
    client: HttpClient, tmp_path: Path
) -> None:
    result = collected(
        small_repository(
            (alpha("1.0-1", ("0.9-1", ("Fix CVE-2020-1001.",))),),
            unstable=(
                alpha("2.0-1", ("1.9-1", ("Fix CVE-2026-1001.",)), ("0.8-1", ("Fix CVE-2019-1001.",))),
            ),
        ),
        client,
        tmp_path,
        "alpha",
    )
    assert kinds(result) == {
        ("CVE-2020-1001", FactKind.FIXED): "0.9-1",
        ("CVE-2026-1001", FactKind.FIXED_ELSEWHERE): "1.9-1",
    }
    elsewhere = next(fact for fact in result.advisories if fact.kind is FactKind.FIXED_ELSEWHERE)
    assert elsewhere.detail == "sid"


def test_a_fix_that_the_release_names_itself_is_not_elsewhere(client: HttpClient, tmp_path: Path) -> None:
    result = collected(
        small_repository(
            (alpha("1.0-1+deb12u1", ("1.0-1", ("Fix CVE-2026-1001.",))),),
            unstable=(alpha("2.0-1", ("1.9-1", ("Fix CVE-2026-1001.",))),),
        ),
        client,
        tmp_path,
        "alpha",
    )
    assert kinds(result) == {("CVE-2026-1001", FactKind.FIXED): "1.0-1"}


def test_a_linked_documentation_directory_leads_to_the_next_binary(
    client: HttpClient, tmp_path: Path
) -> None:
    entries: Entries = (("1.0-1", ("Fix CVE-2026-1001.",)),)
    linked = SourcePackage(
        source="alpha", version="1.0-1", entries=entries, binary="a-tiny", linked_to="alpha-base"
    )
    base = SourcePackage(source="alpha", version="1.0-1", entries=entries, binary="alpha-base")
    result = collected(small_repository((linked, base)), client, tmp_path, "alpha")
    assert kinds(result) == {("CVE-2026-1001", FactKind.FIXED): "1.0-1"}
    assert result.skipped == ()


def test_a_package_that_is_missing_from_the_mirror_is_said_and_an_older_one_read(
    client: HttpClient, tmp_path: Path
) -> None:
    old = alpha("1.0-1", ("0.9-1", ("Fix CVE-2020-1001.",)))
    new = SourcePackage(
        source="alpha", version="1.0-2", entries=(("1.0-2", ("Fix CVE-2026-1001.",)),), missing=True
    )
    result = collected(small_repository((old,), (new,)), client, tmp_path, "alpha")
    assert kinds(result) == {("CVE-2020-1001", FactKind.FIXED): "0.9-1"}
    assert result.current == (("debian", "bookworm", "alpha", "1.0-2"),)
    [skipped] = result.skipped
    assert skipped.what == "bookworm alpha 1.0-2"
    assert "missing from the mirror" in skipped.why
    assert "alpha" in result.sources[0].note


def test_a_source_whose_changelog_cannot_be_read_is_not_covered(client: HttpClient, tmp_path: Path) -> None:
    result = collected(small_repository((alpha("1.0-1", missing=True),)), client, tmp_path, "alpha")
    assert result.covered == ()
    assert "no changelog could be read of alpha" in result.sources[0].note


def test_sources_that_nobody_asked_for_are_not_fetched(client: HttpClient, tmp_path: Path) -> None:
    repository = small_repository((alpha("1.0-1"),))
    assert collected(repository, client, tmp_path, "beta").covered == ()
    assert not [path for path in repository.requests if path.endswith(".deb")]


def test_a_second_run_fetches_no_package_again(client: HttpClient, tmp_path: Path) -> None:
    repository = small_repository((alpha("1.0-1", ("0.9-1", ("Fix CVE-2026-1001.",))),))
    first = collected(repository, client, tmp_path, "alpha")
    repository.requests.clear()
    second = collected(repository, client, tmp_path, "alpha")
    assert second == first
    assert not [path for path in repository.requests if path.endswith(".deb")]


def test_an_unverified_suite_and_a_missing_updates_suite_are_said(client: HttpClient, tmp_path: Path) -> None:
    source = collected(small_repository((alpha("1.0-1"),)), client, tmp_path, "alpha").sources[0]
    assert source.name == "debian_archive bookworm"
    assert source.as_of == "2026-09-28"
    assert not source.verified
    assert "not verified" in source.note
    assert "`bookworm-updates` does not exist" in source.note


def test_a_release_without_its_security_suite_is_an_error(client: HttpClient, tmp_path: Path) -> None:
    repository = DebianRepository()
    repository.add_suite("bookworm", (alpha("1.0-1"),))
    with pytest.raises(ArchiveError, match="bookworm-security"):
        collected(repository, client, tmp_path, "alpha")


def history(*entries: tuple[str, tuple[str, ...]]) -> SourceHistory:
    text = changelog("alpha", entries)
    return SourceHistory(
        source="alpha", current=entries[0][0], read=entries[0][0], entries=parse_changelog(text)
    )


def states(*entries: tuple[str, tuple[str, ...]]) -> list[tuple[str, FactKind]]:
    return [(fact.version, fact.kind) for fact in facts_of_history("bookworm", history(*entries))]


def test_of_repeated_fixes_the_first_counts() -> None:
    assert states(("3-1", ("Fix CVE-2026-1001.",)), ("2-1", ("Fix CVE-2026-1001.",)), ("1-1", ("New.",))) == [
        ("2-1", FactKind.FIXED)
    ]


def test_a_revert_and_the_fix_after_it_are_both_kept() -> None:
    assert states(
        ("4-1", ("Fix CVE-2026-1001.",)),
        ("3-1", ("Revert the fix for CVE-2026-1001.",)),
        ("2-1", ("Fix CVE-2026-1001.",)),
    ) == [("2-1", FactKind.FIXED), ("4-1", FactKind.FIXED), ("3-1", FactKind.REVERTED)]


def test_a_revert_of_nothing_is_a_mention() -> None:
    assert states(("3-1", ("Revert the fix for CVE-2026-1001.",))) == [("3-1", FactKind.MENTIONED)]


def test_a_mention_counts_only_before_a_fix() -> None:
    assert states(
        ("4-1", ("Fix a regression introduced by the fix for CVE-2026-1001.",)),
        ("3-1", ("Fix CVE-2026-1001.",)),
        ("2-1", ("CVE-2026-1001 is not yet fixed.",)),
    ) == [("3-1", FactKind.FIXED), ("2-1", FactKind.MENTIONED)]


def test_an_entry_of_an_older_line_with_a_higher_version_holds_from_the_next_one_on() -> None:
    [fact] = facts_of_history(
        "bookworm", history(("1.0-2", ("Changed the epoch.",)), ("2:0.9-1", ("Fix CVE-2026-1001.",)))
    )
    assert (fact.version, fact.detail) == ("1.0-2", "2:0.9-1")


def test_the_embedded_indexes_name_the_sources_that_images_and_knowledge_need() -> None:
    assert {"openssl", "glibc", "perl", "apt", "pcre2", "mesa", "ffmpeg", "gcc-12"} <= embedded_sources()
