"""The embedded store and a real image: exactly the pairs that dpkg itself finds on the changelog facts."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from functools import cache, cmp_to_key
from pathlib import Path

import pytest

from basewise.advisories.store import Store
from basewise.matching.match import match
from basewise.model.advisory import Advisory, FactKind
from basewise.model.distro import Distro
from basewise.model.finding import State
from basewise.model.package import Package, PackageType

IMAGES = [
    ("3.11-slim-bookworm", Distro("debian", "12", "bookworm")),
    ("3.12-slim-trixie", Distro("debian", "13", "trixie")),
    ("3.11.1-slim-bullseye", Distro("debian", "11", "bullseye")),
]

pytestmark = pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed")


@cache
def dpkg_says(left: str, relation: str, right: str) -> bool:
    command = ["dpkg", "--compare-versions", left, relation, right]
    return subprocess.run(command, check=False, timeout=30).returncode == 0


def order(left: str, right: str) -> int:
    return 0 if left == right else -1 if dpkg_says(left, "lt", right) else 1


by_dpkg = cmp_to_key(order)


def fixable_by_dpkg(facts: list[Advisory], installed: str) -> bool:
    """Follow the changelog: is the fix missing in what is installed, and there in the newest version?"""
    changes = [fact for fact in facts if fact.kind in {FactKind.FIXED, FactKind.REVERTED}]
    changes.sort(key=lambda fact: fact.kind is FactKind.FIXED)
    changes.sort(key=lambda fact: by_dpkg(fact.version))
    now, newest = False, False
    for change in changes:
        newest = change.kind is FactKind.FIXED
        if dpkg_says(change.version, "le", installed):
            now = newest
    return newest and not now


def installed_packages(listing: Path) -> list[Package]:
    return [
        Package(
            type=PackageType.DEB,
            name=item["name"],
            version=item["version"],
            arch=item["arch"],
            source=item["source"],
            source_version=item["source_version"],
        )
        for item in json.loads(listing.read_text())["packages"]
    ]


@pytest.mark.parametrize(("image", "distro"), IMAGES, ids=[image for image, _ in IMAGES])
def test_the_fixable_pairs_are_those_of_dpkg(shared_data: Path, image: str, distro: Distro) -> None:
    packages = installed_packages(shared_data / "catalogue" / "packages" / f"{image}.json")
    sources = {(package.source, package.source_version) for package in packages}
    with Store.open_default({}) as store:
        result = match(packages, distro, store)
        expected = set()
        for source, installed in sources:
            assert source is not None
            assert installed is not None
            by_id = defaultdict(list)
            for fact in store.facts("debian", distro.codename, source):
                if fact.origin == "debian_archive":
                    by_id[fact.id].append(fact)
            expected |= {(name, source) for name, facts in by_id.items() if fixable_by_dpkg(facts, installed)}
    found = {
        (finding.id, finding.package.source)
        for finding in result.findings
        if finding.state is State.FIXED and "debian_archive" in finding.origins
    }
    assert found == expected
    assert len(expected) >= 20
