"""Parts of the way from an application to its answer, timed inside a fresh process.

Run `python benchmarks/parts.py NAME`: it imports what the part needs, runs the part once, and prints the
seconds that this took and the number of things that were worked on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

__all__ = ["PARTS"]

BUILT_FACTS = 40_000
MATCHED_PACKAGES = 500
FULL_STORE_SOURCES, FULL_STORE_NAMES, FULL_STORE_VERSIONS = 3_000, 4_000, 4

Timed = tuple[float, int]


def load_catalogue() -> Timed:
    """Load the catalogue of base images."""
    from basewise.candidates.catalogue import load_catalogue as load  # noqa: PLC0415 - imports are not timed

    start = perf_counter()
    catalogue = load()
    return perf_counter() - start, len(catalogue.images)


def load_suite() -> Timed:
    """Load the package index of the newest Debian release."""
    from basewise.debian.suite import load_suite as load  # noqa: PLC0415 - imports are not timed

    start = perf_counter()
    load("trixie", "amd64")
    return perf_counter() - start, 1


def open_store() -> Timed:
    """Open the embedded advisory store."""
    from basewise.advisories.store import Store  # noqa: PLC0415 - imports are not timed

    start = perf_counter()
    with Store.open_embedded() as store:
        elapsed = perf_counter() - start
        return elapsed, store.entry_count()


def match_packages() -> Timed:
    """Match 500 packages of bookworm against the open store."""
    from basewise._internal.embedded import decode_embedded  # noqa: PLC0415 - imports are not timed
    from basewise.advisories.store import Store  # noqa: PLC0415 - the same
    from basewise.debian.suite import EmbeddedSuite, suite_file  # noqa: PLC0415 - the same
    from basewise.matching.match import match  # noqa: PLC0415 - the same
    from basewise.model.distro import Distro  # noqa: PLC0415 - the same
    from basewise.model.package import Package, PackageType  # noqa: PLC0415 - the same

    suite = decode_embedded(suite_file("bookworm", "amd64"), EmbeddedSuite)
    packages = [
        Package(
            type=PackageType.DEB,
            name=package.name,
            version=package.version,
            source=package.source,
            source_version=package.source_version,
        )
        for package in suite.packages[:MATCHED_PACKAGES]
    ]
    assert len(packages) == MATCHED_PACKAGES
    with Store.open_embedded() as store:
        start = perf_counter()
        match(packages, Distro("debian", "12", "bookworm"), store)
        return perf_counter() - start, len(packages)


def match_full_store() -> Timed:
    """Match 300 Debian and 200 Python packages against a made store of the size of OSV's Debian and PyPI."""
    from basewise.advisories.content import gather  # noqa: PLC0415 - imports are not timed
    from basewise.advisories.feed import FeedResult  # noqa: PLC0415 - the same
    from basewise.advisories.store import Store  # noqa: PLC0415 - the same
    from basewise.advisories.write import encode_store  # noqa: PLC0415 - the same
    from basewise.matching.match import match  # noqa: PLC0415 - the same
    from basewise.model.advisory import Advisory, FactKind, SourceStatus, VersionRange  # noqa: PLC0415 - the same
    from basewise.model.distro import Distro  # noqa: PLC0415 - the same
    from basewise.model.package import Package, PackageType  # noqa: PLC0415 - the same

    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    debian = tuple(
        Advisory(
            id=f"CVE-{2015 + number % 12}-{number:05d}",
            ecosystem="debian",
            release="bookworm",
            package=f"source-{number % FULL_STORE_SOURCES}",
            kind=FactKind.AFFECTED,
            origin="osv Debian",
            published="2026-11-01",
            ranges=(VersionRange("0", f"1.{number % 40}-{number % 7}+deb12u{number % 5}"),),
            cvss=(vector,),
        )
        for number in range(FULL_STORE_SOURCES * 20)
    )
    python = tuple(
        Advisory(
            id=f"{family}-2026-{number}",
            ecosystem="pypi",
            release="",
            package=f"name-{number % FULL_STORE_NAMES}",
            kind=FactKind.AFFECTED,
            origin="osv PyPI",
            published="2026-11-01",
            aliases=(f"CVE-2026-{number:05d}",),
            ranges=(VersionRange("0", f"2.{number % 30}"),),
            versions=tuple(sorted(f"{3 + version}.{number % 9}" for version in range(FULL_STORE_VERSIONS))),
            cvss=(vector,),
        )
        for number in range(FULL_STORE_NAMES * 5)
        for family in ("GHSA", "PYSEC")
    )
    results = [
        (
            f"osv {name}",
            FeedResult(
                sources=(
                    SourceStatus(
                        name=f"osv {name}",
                        ecosystem=name.lower(),
                        as_of="2026-11-01",
                        entries=len(facts),
                        verified=False,
                    ),
                ),
                advisories=facts,
            ),
        )
        for name, facts in (("Debian", debian), ("PyPI", python))
    ]
    raw = encode_store(gather(results))
    Store.open_embedded().close()  # the modules that read embedded files are imported when the first one is read
    packages = [
        Package(type=PackageType.DEB, name=f"lib{number}", version="1.36-1", source=f"source-{number}")
        for number in range(300)
    ] + [Package(type=PackageType.PYPI, name=f"name-{number}", version="2.27") for number in range(200)]
    with Store.open_bytes(raw, "made") as store:
        start = perf_counter()
        result = match(packages, Distro("debian", "12", "bookworm"), store)
        elapsed = perf_counter() - start
        assert len(result.findings) >= MATCHED_PACKAGES, len(result.findings)
        return elapsed, len(packages)


def build_store() -> Timed:
    """Build a store from made facts: merging, sorting, writing, hashing; without reading any source."""
    from basewise.advisories.content import gather  # noqa: PLC0415 - imports are not timed
    from basewise.advisories.feed import FeedResult  # noqa: PLC0415 - the same
    from basewise.advisories.write import encode_store  # noqa: PLC0415 - the same
    from basewise.model.advisory import Advisory, FactKind, SourceStatus  # noqa: PLC0415 - the same

    facts = tuple(
        Advisory(
            id=f"CVE-{2015 + number % 12}-{number:05d}",
            ecosystem="debian",
            release=("bullseye", "bookworm", "trixie")[number % 3],
            package=f"source-{number % 1500}",
            kind=FactKind.FIXED,
            version=f"1.{number % 40}-{number % 7}+deb12u{number % 5}",
            origin="made",
            published="2026-11-01",
        )
        for number in range(BUILT_FACTS)
    )
    status = SourceStatus(
        name="made", ecosystem="debian", as_of="2026-11-01", entries=len(facts), verified=False
    )
    start = perf_counter()
    encode_store(gather([("made", FeedResult(sources=(status,), advisories=facts))]))
    return perf_counter() - start, len(facts)


PARTS: dict[str, Callable[[], Timed]] = {
    part.__name__: part
    for part in (load_catalogue, load_suite, open_store, match_packages, match_full_store, build_store)
}


def main(arguments: list[str]) -> int:
    """Time the part that is named."""
    if len(arguments) != 1 or arguments[0] not in PARTS:
        print(f"usage: parts.py {' | '.join(PARTS)}", file=sys.stderr)
        return 2
    seconds, things = PARTS[arguments[0]]()
    print(seconds, things)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
