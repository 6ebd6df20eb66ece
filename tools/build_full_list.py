"""Work out the package list of the full bookworm images, whose own list was not read.

They stand on `buildpack-deps`, whose Dockerfiles name the packages that they install: that set, with its
dependencies, on top of the exact list of the slim image. A version is the suite's, or, where a later update
has replaced it, the one that the source's changelog names for the day of the images. The same is done for
trixie, whose list is known, and the differences are recorded.

`--refresh` reads the Debian archive and writes `tools/recorded/full-bookworm.json`; `--check` looks at that
file alone: every wanted name is there, names are unique and sorted, and the validation holds.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path

import msgspec

from basewise._internal.http import HttpClient
from basewise.debian.archive import Archive, ArchiveEntry, ArchiveSuite, merge_suites, suites_of
from basewise.debian.changelog import parse_changelog
from basewise.debian.closure import closure
from basewise.debian.deb import read_changelog
from basewise.debian.mirrors import find_mirrors
from basewise.debian.package import SuiteIndex
from basewise.versions import debian

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, the folder above is not on the path

from tools.catalogue_lists import CollectedList, CollectedPackage, ComputedList  # noqa: E402 - the path is set above

RECORDED = ROOT / "tools" / "recorded" / "full-bookworm.json"
IMAGE_DATE = date(2026, 8, 25)
ARCHITECTURES = ("amd64", "arm64")
LARGEST_VALIDATION_DIFFERENCE = 2

# Dockerfiles of docker-library/buildpack-deps (curl, scm, full) and of the full variant of docker-library/python.
CURL = ("ca-certificates", "curl", "gnupg", "netbase", "sq", "wget")
SCM = ("git", "mercurial", "openssh-client", "procps", "subversion")
FULL = (
    "autoconf",
    "automake",
    "bzip2",
    "default-libmysqlclient-dev",
    "dpkg-dev",
    "file",
    "g++",
    "gcc",
    "imagemagick",
    "libbz2-dev",
    "libc6-dev",
    "libcurl4-openssl-dev",
    "libdb-dev",
    "libevent-dev",
    "libffi-dev",
    "libgdbm-dev",
    "libglib2.0-dev",
    "libgmp-dev",
    "libjpeg-dev",
    "libkrb5-dev",
    "liblzma-dev",
    "libmagickcore-dev",
    "libmagickwand-dev",
    "libmaxminddb-dev",
    "libncurses5-dev",
    "libncursesw5-dev",
    "libpng-dev",
    "libpq-dev",
    "libreadline-dev",
    "libsqlite3-dev",
    "libssl-dev",
    "libtool",
    "libwebp-dev",
    "libxml2-dev",
    "libxslt-dev",
    "libyaml-dev",
    "make",
    "patch",
    "unzip",
    "xz-utils",
    "zlib1g-dev",
)
PYTHON = ("libbluetooth-dev", "tk-dev", "uuid-dev")
WANTED = (*CURL, *SCM, *FULL, *PYTHON)


class Release:
    """The suites of a release for one architecture, and versions as of a day."""

    def __init__(self, archive: Archive, name: str, architecture: str) -> None:
        self._archive = archive
        self.name = name
        self.suites: list[ArchiveSuite] = [archive.suite(suite, architecture) for suite in suites_of(name)]
        self.entries = merge_suites(name, architecture, self.suites)
        packages = (entry.package for entry in self.entries.values())
        self.as_of = max(suite.release.date for suite in self.suites)
        self.index = SuiteIndex(name, architecture, self.as_of, packages)

    def full_list(self, slim: dict[str, CollectedPackage]) -> set[str]:
        """Return the names of the full image: the slim ones and what the documented set brings."""
        found = closure(WANTED, {name: package.version for name, package in slim.items()}, self.index)
        if found.missing:
            raise SystemExit(f"{self.name}: nothing provides {', '.join(found.missing)}")
        names = set(slim) | {package.name for package in found.packages}
        # Named on the command line, a package is installed although another one provides its name.
        return names | {name for name in WANTED if self.index.get(name) is not None}

    def replaced_since(self, names: set[str], day: date) -> dict[str, list[ArchiveEntry]]:
        """Return the source packages whose version may be newer than a day, with their binary packages."""
        settled = {suite.release.suite for suite in self.suites if suite.release.date <= day.isoformat()}
        found: dict[str, list[ArchiveEntry]] = {}
        for name in sorted(names):
            entry = self.entries[name]
            if entry.suite not in settled:
                found.setdefault(entry.package.source, []).append(entry)
        return found

    def version_on(self, entries: list[ArchiveEntry], day: date, newest: str | None) -> str:
        """Return the source version of a day, by the changelog of the smallest binary package that has one.

        Args:
            entries: Binary packages of one source.
            day: The day.
            newest: A later list has this version, so none newer can be meant.
        """
        for entry in sorted(entries, key=lambda entry: entry.package.download_bytes):
            changelog = read_changelog(self._archive.deb(entry), entry.package.name)
            if changelog.text is None:
                continue
            for item in parse_changelog(changelog.text):
                settled = item.date and item.date <= day.isoformat()
                if settled and (newest is None or debian.compare(item.version, newest) <= 0):
                    return item.version
        raise SystemExit(f"{self.name}: no changelog of {entries[0].package.source} reaches back to {day}")


def compute(
    release: Release, slim: dict[str, CollectedPackage], versions: dict[str, str]
) -> tuple[CollectedPackage, ...]:
    """Return the list with the versions of the day.

    Args:
        release: Its suites.
        slim: The exact list below it.
        versions: Source versions of the day, where they are not the suite's.
    """
    listed = []
    for name in sorted(release.full_list(slim)):
        package = release.index.get(name)
        if package is None:
            raise SystemExit(f"{release.name} has no package {name}")
        version, source_version = package.version, package.source_version
        dated = versions.get(package.source)
        if dated is not None and dated != source_version:
            if not version.startswith(source_version):
                raise SystemExit(f"{name} {version} does not follow its source's version {source_version}")
            version = source_version = dated
        listed.append(
            CollectedPackage(
                name=name,
                version=version,
                arch=package.architecture if package.architecture != "all" else None,
                source=package.source,
                source_version=source_version,
            )
        )
    return tuple(listed)


def dated_versions(release: Release, slim: dict[str, CollectedPackage], day: date) -> dict[str, str]:
    """Return the source versions of a day for everything that was replaced since."""
    known = {package.source: package.source_version for package in slim.values()}
    return {
        source: release.version_on(entries, day, known.get(source))
        for source, entries in release.replaced_since(release.full_list(slim), day).items()
    }


def read_list(data: Path, tag: str) -> dict[str, CollectedPackage]:
    """Return an exact list by package name."""
    path = data / "catalogue" / "packages" / f"{tag}.json"
    listed = msgspec.json.decode(path.read_bytes(), type=CollectedList)
    return {package.name: package for package in listed.packages}


def validate(archive: Archive, data: Path) -> dict[str, object]:
    """Compute the list of the full trixie image and compare it with the one that was read."""
    release = Release(archive, "trixie", "amd64")
    slim, listed = read_list(data, "3.12-slim-trixie"), read_list(data, "3.12-trixie")
    names = release.full_list(slim)
    versions = dated_versions(release, slim, IMAGE_DATE)
    computed = {package.name: package for package in compute(release, slim, versions)}
    both = sorted(names & set(listed))
    return {
        "release": "trixie",
        "listed": len(listed),
        "computed": len(names),
        "missing": sorted(set(listed) - names),
        "extra": sorted(names - set(listed)),
        "source_versions_equal": sum(
            computed[name].source_version == listed[name].source_version for name in both
        ),
        "source_versions_differ": {
            name: f"listed {listed[name].source_version}, computed {computed[name].source_version}"
            for name in both
            if computed[name].source_version != listed[name].source_version
        },
    }


def refresh(data: Path, cache: Path | None) -> None:
    """Read the archive and write the recorded list."""
    archive = Archive(find_mirrors(), HttpClient(), cache=cache)
    slim = read_list(data, "3.11-slim-bookworm")
    releases = {name: Release(archive, "bookworm", name) for name in ARCHITECTURES}
    versions = dated_versions(releases["amd64"], slim, IMAGE_DATE)
    recorded = ComputedList(
        release="bookworm",
        as_of=date.fromisoformat(releases["amd64"].as_of),
        image_date=IMAGE_DATE,
        suites={
            suite.release.suite: date.fromisoformat(suite.release.date) for suite in releases["amd64"].suites
        },
        base="3.11-slim-bookworm",
        wanted=WANTED,
        packages={name: compute(release, slim, versions) for name, release in releases.items()},
        dated_sources=versions,
        validation=validate(archive, data),
    )
    content = msgspec.json.encode(recorded, order="deterministic")
    RECORDED.write_bytes(msgspec.json.format(content, indent=1) + b"\n")
    counts = {name: len(packages) for name, packages in recorded.packages.items()}
    print(f"wrote {RECORDED.relative_to(ROOT)}: {counts}, validation {recorded.validation}")


def check() -> list[str]:
    """Return what is wrong with the recorded list."""
    recorded = msgspec.json.decode(RECORDED.read_bytes(), type=ComputedList)
    problems = []
    for architecture, packages in recorded.packages.items():
        names = [package.name for package in packages]
        if names != sorted(set(names)):
            problems.append(f"{architecture}: names are not unique and sorted")
        # A purely virtual name (libjpeg-dev of a release that renamed it) stands under another one.
        absent = {name for name in WANTED if name not in names}
        if len(absent) > LARGEST_VALIDATION_DIFFERENCE:
            problems.append(f"{architecture}: wanted and not there: {', '.join(sorted(absent))}")
    if recorded.wanted != WANTED:
        problems.append("the wanted packages have changed since; run --refresh")
    differences = len(recorded.validation["missing"]) + len(recorded.validation["extra"])
    if differences > LARGEST_VALIDATION_DIFFERENCE:
        problems.append(f"the same computation misses the known list of trixie by {differences} packages")
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Refresh or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--refresh", action="store_true", help="read the archive and write the list")
    choice.add_argument("--check", action="store_true", help="check the recorded list")
    parser.add_argument("--cache", type=Path, help="keep downloaded indexes there")
    options = parser.parse_args(arguments)
    if options.refresh:
        data = Path(os.environ.get("BASEWISE_TEST_DATA") or ROOT.parent / "shared" / "data")
        refresh(data, options.cache)
    problems = check()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
