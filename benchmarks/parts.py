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
    part.__name__: part for part in (load_catalogue, load_suite, open_store, match_packages, build_store)
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
