"""Write the embedded package indexes `src/basewise/data/suites/RELEASE-ARCHITECTURE.json.gz`.

    python tools/build_suites.py --refresh [--cache DIRECTORY]
    python tools/build_suites.py --check

`--refresh` reads the Debian archive that apt or the settings name and writes the indexes and
`tools/recorded/suites.json` (which files were read, with suite, date, SHA256 and whether their signature was
checked). `--check` reads the committed files alone: shape, order, closure, and that they are of those inputs.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from basewise._internal.http import HttpClient
from basewise._internal.paths import write_atomically
from basewise.debian.archive import Archive, ArchiveSuite, MissingFileError, index_of, suites_of
from basewise.debian.mirrors import find_mirrors
from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.debian.suite import (
    EMBEDDED_ARCHITECTURES,
    EMBEDDED_RELEASES,
    EmbeddedSuite,
    load_suite,
    suite_file,
)

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "basewise" / "data"
SEEDS = ROOT / "tools" / "suite_seeds.json"
RECORDED = ROOT / "tools" / "recorded" / "suites.json"
MAX_SUITE_BYTES = 400_000
LEAST_PACKAGES = 500
MAX_PROVIDERS = 4
TERMS_THAT_MUST_BE_THERE = ("libgomp1", "libgl1", "libpq5", "ffmpeg", "tesseract-ocr", "gcc", "libc6", "apt")


def main(arguments: list[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true", help="read the archive and write the data")
    mode.add_argument("--check", action="store_true", help="check the committed data without the network")
    parser.add_argument("--cache", type=Path, help="keep downloaded indexes there")
    options = parser.parse_args(arguments)
    if options.refresh:
        refresh(options.cache)
    problems = list(check())
    for problem in problems:
        print(f"suites: {problem}", file=sys.stderr)
    return 1 if problems else 0


def refresh(cache: Path | None) -> None:
    """Read the archive and write all indexes with the record of their inputs."""
    seeds = read_seeds()
    recorded = []
    with HttpClient() as client:
        archive = Archive(find_mirrors(), client, cache=cache)
        for release in EMBEDDED_RELEASES:
            for architecture in EMBEDDED_ARCHITECTURES:
                suites = read_suites(archive, release, architecture)
                index, _ = index_of(release, architecture, suites)
                packages = close_over_dependencies(index, seeds)
                content = encode(index, suites, packages)
                write_atomically(DATA / suite_file(release, architecture), content)
                recorded += list(record(release, architecture, suites))
                print(
                    f"{release} {architecture}: {len(packages)} of {len(index)} packages, {len(content)} bytes"
                )
    write_atomically(RECORDED, (json.dumps({"inputs": recorded}, indent=1) + "\n").encode())


def read_seeds() -> tuple[str, ...]:
    """Return the names that every index starts from: own list, knowledge tables, catalogue, sorted."""
    names = set(_strings(json.loads(SEEDS.read_text())))
    for path in sorted((DATA / "knowledge").glob("*.json")):
        names.update(_package_names(json.loads(path.read_text())))
    for path in sorted((DATA / "knowledge").glob("*.json.gz")):
        names.update(_package_names(json.loads(gzip.decompress(path.read_bytes()))))
    shared = Path(os.environ.get("BASEWISE_TEST_DATA", ROOT.parent / "shared" / "data"))
    for path in sorted((shared / "catalogue" / "packages").glob("*.json")):
        listing = json.loads(path.read_text())
        if listing["format"] == "dpkg":
            names.update(package["name"] for package in listing["packages"])
    return tuple(sorted(names))


def read_suites(archive: Archive, release: str, architecture: str) -> tuple[ArchiveSuite, ...]:
    """Read all suites of a release; only its updates may be absent."""
    suites = []
    for suite in suites_of(release):
        try:
            suites.append(archive.suite(suite, architecture))
        except MissingFileError as error:
            if not suite.endswith("-updates"):
                raise
            print(f"{suite} {architecture}: {error}")
    return tuple(suites)


def close_over_dependencies(index: SuiteIndex, seeds: Iterable[str]) -> tuple[BinaryPackage, ...]:
    """Return the packages reachable from the seeds, sorted by name.

    Of each dependency the first alternative that exists is followed, and besides the alternatives that are
    seeds themselves, since which one apt takes depends on what is installed.
    """
    wanted = frozenset(seeds)
    found: dict[str, BinaryPackage] = {}
    queue = [package for name in wanted for package in candidates(index, name)]
    queue += [package for package in index.packages if package.essential or package.priority == "required"]
    while queue:
        package = queue.pop()
        if package.name in found:
            continue
        found[package.name] = package
        for dependency in package.depends:
            queue += next(filter(None, (candidates(index, relation.name) for relation in dependency)), [])
            queue += [
                real
                for relation in dependency[1:]
                if relation.name in wanted and (real := index.get(relation.name)) is not None
            ]
    return tuple(found[name] for name in sorted(found))


def candidates(index: SuiteIndex, name: str) -> list[BinaryPackage]:
    """Return the package of a name, or all providers of a virtual one when they are few."""
    real = index.get(name)
    if real is not None:
        return [real]
    providers = sorted((package for package, _ in index.providers(name)), key=lambda package: package.name)
    return providers if len(providers) <= MAX_PROVIDERS else []


def encode(index: SuiteIndex, suites: Iterable[ArchiveSuite], packages: tuple[BinaryPackage, ...]) -> bytes:
    """Return the file: deterministic JSON, gzip without a time."""
    releases = [suite.release for suite in suites]
    embedded = EmbeddedSuite(
        release=index.release,
        architecture=index.architecture,
        as_of=index.as_of,
        suites={release.suite: release.date for release in releases},
        verified=all(release.verified for release in releases),
        packages=packages,
    )
    return gzip.compress(msgspec.json.encode(embedded), compresslevel=9, mtime=0)


def record(release: str, architecture: str, suites: Iterable[ArchiveSuite]) -> Iterator[dict[str, object]]:
    """Yield what was read for one index, without any address."""
    yield {
        "file": suite_file(release, architecture),
        "sha256": hashlib.sha256((DATA / suite_file(release, architecture)).read_bytes()).hexdigest(),
        "made_from": [
            {
                "suite": suite.release.suite,
                "version": suite.release.version,
                "date": suite.release.date,
                "verified": suite.release.verified,
                "inrelease_sha256": suite.release.sha256,
                "index": suite.index_path,
                "index_sha256": suite.index.sha256,
            }
            for suite in suites
        ],
    }


def check() -> Iterator[str]:
    """Yield what is wrong with the committed files."""
    inputs = {entry["file"]: entry for entry in json.loads(RECORDED.read_text())["inputs"]}
    for release in EMBEDDED_RELEASES:
        for architecture in EMBEDDED_ARCHITECTURES:
            name = suite_file(release, architecture)
            raw = (DATA / name).read_bytes()
            if name not in inputs:
                yield f"{name}: no recorded input"
                continue
            if hashlib.sha256(raw).hexdigest() != inputs[name]["sha256"]:
                yield f"{name}: not the file that was made from the recorded inputs"
            embedded = msgspec.json.decode(gzip.decompress(raw), type=EmbeddedSuite)
            yield from check_suite(name, raw, embedded, inputs[name]["made_from"])


def check_suite(
    name: str, raw: bytes, embedded: EmbeddedSuite, made_from: list[dict[str, object]]
) -> Iterator[str]:
    """Yield what is wrong with one index."""
    names = [package.name for package in embedded.packages]
    index = load_suite(embedded.release, embedded.architecture)
    if suite_file(embedded.release, embedded.architecture) != name:
        yield f"{name}: holds {embedded.release} {embedded.architecture}"
    if {entry["suite"]: entry["date"] for entry in made_from} != embedded.suites:
        yield f"{name}: its suites and dates are not the recorded ones"
    if embedded.verified != all(entry["verified"] for entry in made_from):
        yield f"{name}: says verified={embedded.verified}, the record says otherwise"
    if embedded.as_of != max(embedded.suites.values()):
        yield f"{name}: as_of is not the newest date of its suites"
    if names != sorted(set(names)) or len(names) < LEAST_PACKAGES:
        yield f"{name}: packages are not sorted, repeated or too few ({len(names)})"
    if len(raw) > MAX_SUITE_BYTES:
        yield f"{name}: {len(raw)} bytes; at most {MAX_SUITE_BYTES} are meant to be embedded"
    yield from (f"{name}: lacks {wanted}" for wanted in TERMS_THAT_MUST_BE_THERE if index.get(wanted) is None)
    for package in embedded.packages:
        for dependency in package.depends:
            if not any(candidates(index, relation.name) for relation in dependency):
                yield f"{name}: nothing fulfils {package.name} → {' | '.join(map(str, dependency))}"


def _strings(value: object) -> Iterator[str]:
    """Yield the strings of the lists below a JSON value."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)


def _package_names(value: object) -> Iterator[str]:
    """Yield names from dicts that are keyed by release, as the knowledge tables have them."""
    if isinstance(value, list):
        for inner in value:
            yield from _package_names(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in EMBEDDED_RELEASES:
                yield from _names_below(inner)
            else:
                yield from _package_names(inner)


def _names_below(value: object) -> Iterator[str]:
    """Yield the package names of one release: a list of names, or values of a soname map."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _names_below(inner)


if __name__ == "__main__":
    sys.exit(main())
