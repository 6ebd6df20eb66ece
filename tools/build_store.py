"""Write the embedded advisory store `src/basewise/data/advisories/store.sqlite.gz`.

    python tools/build_store.py --refresh [--data FOLDER] [--cache DIRECTORY]
    python tools/build_store.py --check

`--refresh` runs all feeds: the Debian archive that apt or the settings name, and the files of the data folder.
It writes the store and `tools/recorded/store.json` (which files were read, with date and SHA-256). `--check`
reads the committed files alone: schema, hash, floors, dates, and that the store is the one that was recorded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from basewise._internal.paths import cache_directory
from basewise.advisories.build import BuiltStore, build_content, problems
from basewise.advisories.builtin import EMBEDDED_FEED_NAMES, archive_feed, file_feeds
from basewise.advisories.content import gather
from basewise.advisories.store import Store
from basewise.advisories.store_opening import EMBEDDED_STORE
from basewise.advisories.write import write_store
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.operations.db_build import wanted_sources

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "src" / "basewise" / "data" / EMBEDDED_STORE
RECORDED = ROOT / "tools" / "recorded" / "store.json"
MAX_STORE_BYTES = 2_500_000
LEAST_PACKAGES = 500
RELEASES = ("bullseye", "bookworm", "trixie", "sid")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MAX_DETAIL_CHARACTERS = 200


class Talk:
    """Prints what goes on."""

    def step(self, what: str) -> None:
        """Print the step."""
        print(what, flush=True)

    def note(self, sentence: str) -> None:
        """Print the note."""
        print(f"  {sentence}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true", help="run all feeds and write the store")
    mode.add_argument("--check", action="store_true", help="check the committed store without the network")
    data = os.environ.get("BASEWISE_TEST_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(data), help="folder of the files that feeds read")
    parser.add_argument(
        "--cache", type=Path, default=cache_directory() / "debian", help="keep indexes and changelogs there"
    )
    options = parser.parse_args(arguments)
    if options.refresh:
        refresh(options.data, options.cache)
    found = list(check())
    for problem in found:
        print(f"store: {problem}", file=sys.stderr)
    return 1 if found else 0


def refresh(data: Path, cache: Path) -> None:
    """Run all feeds, and write the store with the record of its inputs."""
    with archive_feed(wanted_sources(), cache=cache) as archive:
        built = build_content((archive, *file_feeds(data)), Talk())
    too_little = problems(built.content)
    if too_little:
        raise StoreError("; ".join(too_little))
    size = write_store(STORE, built.content)
    RECORDED.write_text(json.dumps(record(built), indent=1) + "\n")
    facts = sum(len(package.facts) for package in built.content.packages.values())
    print(f"{facts} facts of {len(built.content.packages)} packages in {size} bytes")


def record(built: BuiltStore) -> dict[str, object]:
    """Return what the store was made from, without any address."""
    return {
        "file": EMBEDDED_STORE,
        "sha256": hashlib.sha256(STORE.read_bytes()).hexdigest(),
        "inputs": [
            {"source": feed, "name": item.name, "as_of": item.as_of, "sha256": item.sha256}
            for feed, item in built.inputs
        ],
        "sources": [
            {
                "name": source.name,
                "as_of": source.as_of,
                "entries": source.entries,
                "verified": source.verified,
                "note": source.note,
            }
            for source in built.content.sources
        ],
        "skipped": [f"{feed}: {item.what}: {item.why}" for feed, item in built.skipped],
    }


def check() -> Iterator[str]:
    """Yield what is wrong with the committed store."""
    raw = STORE.read_bytes()
    recorded = json.loads(RECORDED.read_text())
    if hashlib.sha256(raw).hexdigest() != recorded["sha256"]:
        yield "it is not the file that was recorded"
    if len(raw) > MAX_STORE_BYTES:
        yield f"{len(raw)} bytes; at most {MAX_STORE_BYTES} are meant to be embedded"
    read = {entry["source"] for entry in recorded["inputs"]}
    yield from (f"no input of `{name}` is recorded" for name in EMBEDDED_FEED_NAMES if name not in read)
    for entry in recorded["inputs"]:
        if not _DATE.fullmatch(entry["as_of"]) or not re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]):
            yield f"input {entry['name']} has no date or no SHA-256"
    try:
        with Store.open_embedded() as store:
            yield from check_store(store, recorded)
    except StoreError as error:
        yield error.message


def check_store(store: Store, recorded: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    """Yield what is wrong with what the store holds."""
    sources = [
        {"name": s.name, "as_of": s.as_of, "entries": s.entries, "verified": s.verified, "note": s.note}
        for s in store.sources()
    ]
    if sources != recorded["sources"]:
        yield "its sources are not the recorded ones"
    empty = gather([])
    yield from problems(type(empty)(sources=store.sources(), packages={}, exploited=empty.exploited))
    packages = store.packages()
    for release in RELEASES:
        number = sum(package[:2] == ("debian", release) for package in packages)
        if number < LEAST_PACKAGES:
            yield f"{number} source packages of {release}, fewer than {LEAST_PACKAGES}"
    for package in packages:
        yield from (f"{'/'.join(package)}: {problem}" for problem in check_facts(store, package))


def check_facts(store: Store, package: tuple[str, str, str]) -> Iterator[str]:
    """Yield what is wrong with the facts of one package."""
    facts = store.facts(*package)
    if list(facts) != sorted(set(facts)):
        yield "facts are repeated or not sorted"
    for fact in facts:
        if fact.published and not _DATE.fullmatch(fact.published):
            yield f"{fact.id}: `{fact.published}` is no date"
        if fact.kind in {FactKind.FIXED, FactKind.REVERTED} and not fact.version:
            yield f"{fact.id}: {fact.kind} without a version"
        if len(fact.detail) > MAX_DETAIL_CHARACTERS:
            yield f"{fact.id}: its detail is longer than {MAX_DETAIL_CHARACTERS} characters: prose is not stored"


if __name__ == "__main__":
    sys.exit(main())
