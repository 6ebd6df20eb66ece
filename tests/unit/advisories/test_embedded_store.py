"""What the store that ships says of itself, and that its generator finds nothing wrong with it."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from basewise.advisories.store import Store
from basewise.model.advisory import FactKind

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("build_store", ROOT / "tools" / "build_store.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store.open_embedded() as opened:
        yield opened


def test_the_generator_finds_nothing_wrong(tool: ModuleType) -> None:
    assert list(tool.check()) == []


def test_the_generator_finds_a_changed_store(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = json.loads(tool.RECORDED.read_text())
    recorded["sources"][0]["entries"] += 1
    recorded["inputs"] = [entry for entry in recorded["inputs"] if entry["source"] != "kev"]
    recorded["sha256"] = "0" * 64
    path = tmp_path / "store.json"
    path.write_text(json.dumps(recorded))
    monkeypatch.setattr(tool, "RECORDED", path)
    assert list(tool.check()) == [
        "it is not the file that was recorded",
        "no input of `kev` is recorded",
        "its sources are not the recorded ones",
    ]


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie", "sid"])
def test_each_release_has_changelog_facts_of_a_verified_archive(store: Store, release: str) -> None:
    (status,) = [source for source in store.sources() if source.name == f"debian_archive {release}"]
    assert status.verified
    assert status.entries > 5_000
    assert len(store.record("debian", release, "openssl").facts) > 20
    assert store.record("debian", release, "openssl").current
    assert store.record("debian", release, "openssl").oldest


def test_each_kind_of_changelog_fact_is_there(store: Store) -> None:
    kinds = Counter(
        fact.kind
        for package in store.packages()
        for fact in store.facts(*package)
        if fact.origin == "debian_archive"
    )
    assert kinds[FactKind.FIXED] > 20_000
    assert kinds[FactKind.MENTIONED] > 50
    assert kinds[FactKind.FIXED_ELSEWHERE] > 500


@pytest.mark.parametrize(
    ("release", "source", "identifier", "version"),
    [
        ("trixie", "openssl", "CVE-2025-4575", "3.5.0-2"),
        ("trixie", "libtasn1-6", "CVE-2025-13151", "4.20.0-2+deb13u1"),
        ("trixie", "sqlite3", "CVE-2025-29087", "3.46.1-3"),
        ("trixie", "openssl", "CVE-2026-14456", "3.5.7-1~deb13u2"),
        ("bullseye", "pam", "CVE-2024-22365", "1.4.0-9+deb11u2"),
        ("trixie", "glibc", "CVE-2025-5702", "2.41-9"),
    ],
)
def test_facts_that_were_checked_by_reading_the_changelogs_are_there(
    store: Store, release: str, source: str, identifier: str, version: str
) -> None:
    fixed = [
        fact.version
        for fact in store.facts("debian", release, source)
        if fact.id == identifier and fact.kind is FactKind.FIXED
    ]
    assert version in fixed


def test_a_name_that_is_only_similar_is_no_fix(store: Store) -> None:
    kinds = {fact.kind for fact in store.facts("debian", "sid", "gnupg2") if fact.id == "CVE-2026-34182"}
    assert FactKind.FIXED not in kinds


def test_the_changelog_evidence_of_the_tracker_collection_is_there(store: Store, shared_data: Path) -> None:
    evidence = json.loads((shared_data / "debian-tracker" / "annotations.json").read_text())
    missing = []
    for identifier, packages in evidence["changelog_evidence"]["cves"].items():
        for package, suites in packages.items():
            for release, found in suites.items():
                facts = {
                    fact.version
                    for fact in store.facts("debian", release, package)
                    if fact.id == identifier and fact.kind is FactKind.FIXED
                }
                stated = found["changelog_fixed_in"]
                if facts.isdisjoint(stated if isinstance(stated, list) else stated.replace(",", " ").split()):
                    missing.append((identifier, package, release, stated, sorted(facts)))
    assert missing == []


def test_exploited_ids_have_a_date(store: Store) -> None:
    assert store.exploited_as_of == "2025-08-25"
    assert store.exploited("CVE-2021-4034") is True
    assert store.exploited("CVE-2019-0001") is False
    assert store.exploited("CVE-2026-0001") is None


def test_one_store_is_asked_from_many_threads_at_once() -> None:
    with Store.open_embedded() as alone:
        names = list(alone.packages())[:300]
        expected = [alone.facts(*name) for name in names]
    with Store.open_embedded() as shared, ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [shared.facts(*name) for name in names], range(16)):
            assert found == expected
