"""The states of Debian's tracker for the slim images: judged as its lines say, unless a changelog proves a fix.

Each difference stands in `tracker-differences.txt`; `BASEWISE_REWRITE_GOLDEN=1` writes it anew, look at the difference.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from basewise._internal.embedded import decode_embedded
from basewise.advisories.content import gather
from basewise.advisories.debian_tracker import DebianTracker
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.debian.suite import EmbeddedSuite, suite_file
from basewise.matching.match import match
from basewise.model.advisory import FactKind
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.progress import SilentProgress

GOLDEN = Path(__file__).parent / "tracker-differences.txt"
REWRITE = os.environ.get("BASEWISE_REWRITE_GOLDEN") == "1"
IMAGES = {
    "bookworm": ("3.11-slim-bookworm", Distro("debian", "12", "bookworm")),
    "bullseye": ("3.11.1-slim-bullseye", Distro("debian", "11", "bullseye")),
    "trixie": ("3.12-slim-trixie", Distro("debian", "13", "trixie")),
}
OWN_LINES = {
    "unfixed": "open",
    "no-dsa": "minor",
    "postponed": "minor",
    "ignored": "wont-fix",
    "end-of-life": "undetermined",
    "undetermined": "undetermined",
    "removed": "undetermined",
}
NOTHING = "no finding"

IN_CI = os.environ.get("CI", "").lower() == "true"
pytestmark = pytest.mark.skipif(not IN_CI and shutil.which("dpkg") is None, reason="dpkg is not installed")


@cache
def reaches(installed: str, version: str) -> bool:
    """Ask dpkg whether the installed version is at least this one."""
    command = ["dpkg", "--compare-versions", installed, "ge", version]
    return subprocess.run(command, check=False, timeout=30).returncode == 0


@pytest.fixture(scope="module")
def tracker(shared_data: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((shared_data / "debian-tracker" / "annotations.json").read_text())
    return document


def installed_packages(shared_data: Path, release: str) -> list[Package]:
    """Return the packages of the release's slim image, and of every other source the release's current package."""
    listing = shared_data / "catalogue" / "packages" / f"{IMAGES[release][0]}.json"
    packages = [
        Package(
            type=PackageType.DEB,
            name=item["name"],
            version=item["version"],
            source=item["source"],
            source_version=item["source_version"],
        )
        for item in json.loads(listing.read_text())["packages"]
    ]
    present = {package.source for package in packages}
    suite = decode_embedded(suite_file(release, "amd64"), EmbeddedSuite)
    packages += [
        Package(
            type=PackageType.DEB,
            name=other.name,
            version=other.version,
            source=other.source,
            source_version=other.source_version,
        )
        for other in suite.packages
        if other.source not in present
    ]
    return packages


def by_the_lines(cve: dict[str, Any], package: str, release: str, installed: str) -> str:
    """Return what the tracker's lines say of an installed version, read here anew."""
    lines = [line for line in cve["annotations"] if line["package"] == package]
    own = next((line for line in lines if line["release"] == release), None)
    unstable = next((line for line in lines if line["release"] is None), None)
    line = own or unstable
    if line is None or line["kind"] == "not-affected":
        return NOTHING
    if line["version"] and reaches(installed, line["version"]):
        return NOTHING
    unimportant = unstable is not None and unstable["severity"] == "unimportant"
    if own is None and line["kind"] in {"fixed", "unfixed"}:
        if cve["xrefs"] and not unimportant:
            return "undetermined"
        return "minor" if unimportant else "open"
    return "fixed" if line["kind"] == "fixed" else OWN_LINES[line["kind"]]


def judged(packages: list[Package], distro: Distro, store: Store) -> dict[tuple[str, str], str]:
    result = match(packages, distro, store)
    every = (*result.findings, *result.uncounted)
    return {(found.id, str(found.package.source)): str(found.state) for found in every}


def pairs(tracker: dict[str, Any], packages: list[Package]) -> Iterator[tuple[str, str, str]]:
    """Yield every (CVE, source package) of the tracker with the installed source version."""
    versions = {str(package.source): str(package.source_version) for package in packages}
    for identifier, cve in sorted(tracker["cves"].items()):
        for source in sorted({line["package"] for line in cve["annotations"]}):
            if source in versions:
                yield identifier, source, versions[source]


@pytest.mark.parametrize("release", sorted(IMAGES))
def test_the_tracker_alone_is_judged_as_its_lines_say(
    shared_data: Path, tracker: dict[str, Any], release: str
) -> None:
    feed = DebianTracker(shared_data / "debian-tracker" / "annotations.json")
    packages = installed_packages(shared_data, release)
    content = gather([(feed.name, feed.collect(SilentProgress()))])
    with Store.open_bytes(encode_store(content), "of a test") as store:
        found = judged(packages, IMAGES[release][1], store)
    expected = {
        (identifier, source): by_the_lines(tracker["cves"][identifier], source, release, version)
        for identifier, source, version in pairs(tracker, packages)
    }
    assert len(expected) >= 80
    assert len(set(expected.values())) >= 3
    assert {key: found.get(key, NOTHING) for key in expected} == expected


def proof(tracker: dict[str, Any], store: Store, identifier: str, source: str, release: str) -> str:
    """Return what shows that the tracker's copy is behind: the archive's changelog of this release or of unstable."""
    facts = [fact for fact in store.facts("debian", release, source) if fact.id == identifier]
    fixed = [
        fact.version for fact in facts if fact.kind is FactKind.FIXED and fact.origin == "debian_archive"
    ]
    if fixed:
        return f"the changelog of {release} fixes it in {', '.join(sorted(set(fixed)))}"
    evidence = tracker["changelog_evidence"]["cves"].get(identifier, {}).get(source, {})
    named = evidence.get(release) or evidence.get("sid")
    if named is not None:
        versions = named["changelog_fixed_in"]
        return f"a changelog fixes it in {versions if isinstance(versions, str) else ', '.join(versions)}"
    elsewhere = sorted(
        {
            fact.version
            for fact in facts
            if fact.kind is FactKind.FIXED_ELSEWHERE and fact.origin == "debian_archive"
        }
    )
    return f"the changelog of another suite fixes it in {', '.join(elsewhere)}" if elsewhere else ""


def test_each_difference_to_the_tracker_has_a_proof(shared_data: Path, tracker: dict[str, Any]) -> None:
    lines = []
    compared = 0
    with Store.open_default({}) as store:
        for release in sorted(IMAGES):
            packages = installed_packages(shared_data, release)
            found = judged(packages, IMAGES[release][1], store)
            for identifier, source, version in pairs(tracker, packages):
                compared += 1
                said = by_the_lines(tracker["cves"][identifier], source, release, version)
                state = found.get((identifier, source), NOTHING)
                if state != said:
                    why = proof(tracker, store, identifier, source, release)
                    assert why, (
                        f"{release} {identifier} {source} {version}: {said} by the tracker, judged {state}"
                    )
                    lines.append(
                        f"{release} {identifier} {source} {version}: tracker {said}, judged {state}: {why}\n"
                    )
    assert compared >= 250
    text = "".join(lines)
    if REWRITE:
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text, "BASEWISE_REWRITE_GOLDEN=1 rewrites it"
