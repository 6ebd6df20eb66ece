"""Write `data/catalogue/catalogue.json.gz`: the base images that basewise chooses from.

`--refresh` reads the collected facts of the official images (`BASEWISE_TEST_DATA`, else `../shared/data`) and
the computed package list of the full bookworm images (`tools/recorded/full-bookworm.json`, written by
`tools/build_full_list.py`), and records the hash of each input. `--check` needs no network: it checks the
data against its schema and the recorded hash, and derives it anew where the collected facts are there.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.candidates.catalogue import expand_catalogue
from basewise.candidates.stored import (
    CATALOGUE_FILE,
    CATALOGUE_SCHEMA,
    CatalogueNote,
    CatalogueSource,
    StoredCatalogue,
    SupersededBuild,
)
from basewise.model.platform import LINUX_AMD64, LINUX_ARM64

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, the folder above is not on the path

from tools.catalogue_images import build_images  # noqa: E402 - the path is set above
from tools.catalogue_lists import CollectedTag, ComputedList, PackageLists, SonameLists  # noqa: E402 - the same

__all__ = ["build", "main"]

_Shape = TypeVar("_Shape")
OUTPUT = ROOT / "src" / "basewise" / "data" / CATALOGUE_FILE
RECORDED = ROOT / "tools" / "recorded" / "catalogue.json"
COMPUTED = ROOT / "tools" / "recorded" / "full-bookworm.json"
REPOSITORY = "python"
PUBLISHER = "Docker Official Images"


class RecordedInputs(msgspec.Struct, frozen=True, kw_only=True):
    """SHA256 of each input and of the uncompressed output; paths are relative to the data folder."""

    inputs: dict[str, str]
    computed_list: str
    output: str


def data_folder() -> Path:
    """Return the folder of collected facts, which may not exist."""
    return Path(os.environ.get("BASEWISE_TEST_DATA") or ROOT.parent / "shared" / "data")


def input_files(data: Path) -> list[Path]:
    """Return the files that the catalogue is made from, sorted."""
    catalogue = data / "catalogue"
    names = ("tags.json", "tags_superseded.json", "base_images.json", "newer_local_builds.json")
    sonames = (data / "fit" / "base_sonames.json", data / "fit" / "debian_sonames.json")
    return sorted([catalogue / name for name in names] + [*(catalogue / "packages").glob("*.json"), *sonames])


def build(data: Path) -> bytes:
    """Return the uncompressed content of the data file."""
    computed = msgspec.json.decode(COMPUTED.read_bytes(), type=ComputedList)
    packages = PackageLists(data / "catalogue" / "packages", computed)
    sonames = SonameLists(data / "fit", packages)
    tags = _read(data / "catalogue" / "tags.json", list[CollectedTag])
    images = build_images(data / "catalogue", tags, packages, sonames)
    stored = StoredCatalogue(
        schema=CATALOGUE_SCHEMA,
        as_of=max(tag.created for tag in tags).date(),
        repository=REPOSITORY,
        publisher=PUBLISHER,
        # The Dockerfiles of the official images set no USER.
        default_user="root",
        sources=_sources(tags, computed),
        notes=_notes(data, tags),
        superseded=_superseded(data),
        images=images,
        packages=packages.encoded(),
        sonames=sonames.encoded(),
    )
    return msgspec.json.encode(stored, order="deterministic")


def _read(path: Path, shape: type[_Shape]) -> _Shape:
    return msgspec.json.decode(path.read_bytes(), type=shape)


def _sources(tags: list[CollectedTag], computed: ComputedList) -> tuple[CatalogueSource, ...]:
    return (
        CatalogueSource(
            name="docker-library/repo-info",
            as_of=max(tag.created for tag in tags).date(),
            detail="tags, digests, layers, sizes and package lists; the registry itself was not asked",
        ),
        CatalogueSource(
            name=f"Debian {computed.release}",
            as_of=computed.as_of,
            detail=f"package list of the full {computed.release} images, computed from {', '.join(computed.suites)}",
        ),
    )


def _notes(data: Path, tags: list[CollectedTag]) -> tuple[CatalogueNote, ...]:
    """Return what the pages say beside the fields: newer builds, aliases that have moved since."""
    newer = _read(data / "catalogue" / "newer_local_builds.json", list[CollectedTag])
    notes = [
        CatalogueNote(
            image=f"{REPOSITORY}:{tag.tag}",
            on=tag.created.date(),
            sentence=f"a newer build of {tag.created.date()} with Python {tag.python_version} was seen; "
            "its digest and compressed size are not known",
        )
        for tag in newer
    ]
    notes += [
        CatalogueNote(
            image=f"{REPOSITORY}:{tag.alias_of}",
            on=tag.created.date(),
            sentence=f"`{REPOSITORY}:{tag.tag}` named this image on {tag.created.date()}; "
            "the floating tag has moved since",
        )
        for tag in tags
        if tag.alias_of and tag.is_old
    ]
    return tuple(sorted(notes))


def _superseded(data: Path) -> tuple[SupersededBuild, ...]:
    older = _read(data / "catalogue" / "tags_superseded.json", list[CollectedTag])
    return tuple(
        sorted(
            SupersededBuild(
                image=f"{REPOSITORY}:{tag.tag}",
                index_digest=tag.index_digest or "",
                manifest_digest=tag.manifest_digest or "",
                created=tag.created,
                python=tag.python_version,
            )
            for tag in older
        )
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _record(data: Path, content: bytes) -> RecordedInputs:
    return RecordedInputs(
        inputs={path.relative_to(data).as_posix(): _sha256(path.read_bytes()) for path in input_files(data)},
        computed_list=_sha256(COMPUTED.read_bytes()),
        output=_sha256(content),
    )


def _refresh(data: Path) -> int:
    content = build(data)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    recorded = msgspec.json.encode(_record(data, content), order="deterministic")
    RECORDED.write_bytes(msgspec.json.format(recorded, indent=1) + b"\n")
    print(f"wrote {OUTPUT.relative_to(ROOT)}: {OUTPUT.stat().st_size} bytes, {len(content)} uncompressed")
    return 0


def check(data: Path) -> list[str]:
    """Return what is wrong with the committed data; nothing when it follows from its recorded inputs."""
    stored = decode_embedded(CATALOGUE_FILE, StoredCatalogue)
    for platform in (LINUX_AMD64, LINUX_ARM64):
        expand_catalogue(stored, platform)
    recorded = msgspec.json.decode(RECORDED.read_bytes(), type=RecordedInputs)
    content = gzip.decompress(OUTPUT.read_bytes())
    problems = []
    if _sha256(content) != recorded.output:
        problems.append("the data file is not the one that was recorded")
    if _sha256(COMPUTED.read_bytes()) != recorded.computed_list:
        problems.append("the computed package list is not the one that was recorded")
    if not data.is_dir():
        print(f"the collected facts are not in {data}: schema and hashes checked, nothing derived anew")
        return problems
    if _record(data, content).inputs != recorded.inputs:
        problems.append("the collected facts are not those that were recorded; run --refresh")
    elif build(data) != content:
        problems.append("the data file does not follow from its inputs; run --refresh")
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Refresh or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--refresh", action="store_true", help="derive the data from the collected facts")
    choice.add_argument("--check", action="store_true", help="check the committed data")
    if parser.parse_args(arguments).refresh:
        return _refresh(data_folder())
    problems = check(data_folder())
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{OUTPUT.relative_to(ROOT)} follows from its recorded inputs")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
