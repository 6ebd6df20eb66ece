from __future__ import annotations

from datetime import date

import pytest

from basewise.advisories.endpoints import listed_branches, remote_sources, select_sources
from basewise.advisories.publishers import publishers
from basewise.errors import UsageError

TODAY = date(2026, 11, 23)


def addresses_of_files() -> dict[str, tuple[str, ...]]:
    """Return the addresses of each file, by its name."""
    sources = remote_sources(TODAY, branches=("3.2", "3.22", "edge"))
    return {file.name: file.addresses for source in sources for file in source.files}


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("osv PyPI", "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"),
        ("osv Red Hat", "https://osv-vulnerabilities.storage.googleapis.com/Red%20Hat/all.zip"),
        ("debian_tracker", "https://security-tracker.debian.org/tracker/data/json"),
        ("alpine_secdb 3.22 community", "https://secdb.alpinelinux.org/v3.22/community.json"),
        ("alpine_secdb edge main", "https://secdb.alpinelinux.org/edge/main.json"),
        ("nvd 2024", "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz"),
        ("epss", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
    ],
)
def test_each_file_has_its_real_address(file: str, address: str) -> None:
    assert addresses_of_files()[file] == (address,)


def test_an_old_branch_has_one_repository_and_years_end_with_the_clock() -> None:
    known = addresses_of_files()
    assert "alpine_secdb 3.2 main" in known
    assert "alpine_secdb 3.2 community" not in known
    assert "nvd 2002" in known
    assert "nvd 2026" in known
    assert "nvd 2027" not in known


class TestSelecting:
    SOURCES = remote_sources(TODAY)

    def names(self, *wanted: str, without: tuple[str, ...] = ()) -> list[str]:
        return [source.name for source in select_sources(self.SOURCES, wanted, without)]

    def test_takes_what_is_fetched_by_default(self) -> None:
        names = self.names()
        assert {"osv PyPI", "debian_tracker", "alpine_secdb 3.22", "kev", "epss", "nvd"} <= set(names)
        assert "osv Debian" not in names
        assert {source.feed for source in self.SOURCES} == {publisher.feed for publisher in publishers()}

    def test_takes_what_is_named(self) -> None:
        assert self.names("kev", "OSV pypi", "osv Debian") == ["osv PyPI", "osv Debian", "kev"]
        assert "osv Debian" not in self.names("osv")

    def test_leaves_out_what_is_named(self) -> None:
        assert "nvd" not in self.names(without=("nvd",))
        assert not any(name.startswith("alpine") for name in self.names(without=("alpine_secdb",)))

    def test_refuses_unknown_names_and_nothing(self) -> None:
        with pytest.raises(UsageError, match="no source is called `ozv`"):
            self.names("ozv")
        with pytest.raises(UsageError, match="no source is left"):
            self.names("kev", without=("kev",))


def test_branches_are_read_from_an_index_page() -> None:
    page = b'<a href="../">..</a><a href="v3.9/">v3.9/</a><a href="v3.22/">x</a><a href="edge/">edge/</a><a href="last-update">'
    assert listed_branches(page) == ("3.9", "3.22", "edge")
    assert listed_branches(b"<html>sign in</html>") == ()
