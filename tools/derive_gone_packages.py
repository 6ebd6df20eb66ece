"""Derive `data/suites/gone.json.gz`: names of packages that a Debian release had and a later one does not have.

    python tools/derive_gone_packages.py --refresh [--cache DIRECTORY]
    python tools/derive_gone_packages.py --check

`--refresh` reads the Debian archive that apt or the settings name and writes the names with their record,
`tools/recorded/gone.json` (which indexes were read, with suite, date, SHA256 and whether their signature was
checked). `--check` reads the committed files alone: shape, order, known cases, and that they are of those inputs.

A name counts as had where component main of either architecture has it, or where exactly one of its packages
provides it. It is gone where no component of either architecture has or provides it, or where several packages
provide it, of which apt takes none by itself. Left out is what nobody installs by hand (`NOT_BY_HAND`), and what
apt would read as a pattern that something matches. A replacement is stated only where the indexes say it: the
package was empty, and depended on one other, which brings everything else that it depended on.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import lzma
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from basewise._internal.http import HttpClient
from basewise._internal.paths import write_atomically
from basewise.debian.archive import Archive, ArchiveSuite, MissingFileError, suites_of
from basewise.debian.control import iterate_stanzas
from basewise.debian.dependency import parse_depends
from basewise.debian.gone import GONE_FILE, Gone, GoneGroup, GonePackages, load_gone
from basewise.debian.mirrors import find_mirrors
from basewise.debian.suite import EMBEDDED_ARCHITECTURES, EMBEDDED_RELEASES

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "basewise" / "data"
RECORDED = ROOT / "tools" / "recorded" / "gone.json"
MAIN = "main"
MAX_BYTES = 60_000
LEAST_NAMES = 5_000
COMPONENT = re.compile(r"([a-z-]+)/binary-[a-z0-9]+/Packages(?:\.xz|\.gz)?\Z")
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")
NOT_BY_HAND = re.compile(
    r".*(?:-dbg|-dbgsym|-docs?|-udeb|-cross|-l10n.*)\Z"
    r"|linux-(?:image|headers|modules|kbuild|support|source|config|compiler|latest)"
    r"|librust-|libghc-|golang-.*-dev\Z|.*-linux-gnu|.*-ocaml(?:-dev)?-[a-z0-9]{5}\Z|.*-implementation\Z"
)
"""Debug symbols, documentation, kernels, cross compilers, libraries of compiled languages, interfaces by hash."""
DUMMY = re.compile(r"\b(?:transition(?:al|nal)?|dummy)\b", re.IGNORECASE)
KNOWN = (
    ("libgl1-mesa-glx", "trixie", "bookworm", "libgl1"),
    ("python3-distutils", "trixie", "bookworm", ""),
    ("libssl1.1", "bookworm", "bullseye", ""),
    ("libssl1.1", "trixie", "bullseye", ""),
    ("netcat", "bookworm", "bullseye", "netcat-openbsd"),
    ("python", "trixie", "bullseye", ""),
)
"""Name, release that lacks it, release that had it last, what took its place."""
KEPT = ("libgl1", "libgomp1", "libasound2", "apt-transport-https", "netcat-openbsd", "ffmpeg", "gcc", "curl")
"""Names that every release has or that one package provides."""


class Release:
    """What the indexes of one release say.

    Args:
        main: Packages of component main.
        every: Packages of all components.
        provided: Virtual names, with the packages that provide them, of all components.
        needs: Of component main, what each package depends on, as written.
        dummies: Empty packages of component main.
    """

    def __init__(self) -> None:
        self.main: set[str] = set()
        self.every: set[str] = set()
        self.provided: dict[str, set[str]] = defaultdict(set)
        self.needs: dict[str, str] = {}
        self.dummies: set[str] = set()

    def had(self) -> set[str]:
        """Return the names that `apt-get install` takes with sources of main alone.

        A provided name with a digit is that of an interface in its version, which is not installed by hand.
        """
        single = {name for name, by in self.provided.items() if len(by) == 1 and by <= self.main}
        return self.main | {name for name in single if not re.search("[0-9]", name)}

    def must_have(self, name: str) -> set[str]:
        """Return what a package depends on without a choice; only what stands in component main is known."""
        groups = parse_depends(self.needs.get(name, ""))
        return {group[0].name for group in groups if len(group) == 1}

    def brings(self, name: str, wanted: set[str]) -> bool:
        """Tell whether a package is there and brings all others by what it depends on."""
        seen, waiting = {name}, [name]
        while waiting:
            new = self.must_have(waiting.pop()) - seen
            seen |= new
            waiting += new
        return name in self.main and wanted <= seen

    def lacks(self, name: str) -> bool:
        """Tell whether `apt-get install` fails for a name, whatever components are asked."""
        return name not in self.every and len(self.provided.get(name, ())) != 1


def main(arguments: list[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true", help="read the archive and write the data")
    mode.add_argument("--check", action="store_true", help="check the committed data without the network")
    parser.add_argument("--cache", type=Path, help="keep downloaded indexes there")
    options = parser.parse_args(arguments)
    if options.refresh:
        with tempfile.TemporaryDirectory() as directory:
            refresh(options.cache or Path(directory))
    problems = list(check())
    for problem in problems:
        print(f"gone packages: {problem}", file=sys.stderr)
    return 1 if problems else 0


def refresh(cache: Path) -> None:
    """Read the archive and write the names with the record of their inputs."""
    releases: dict[str, Release] = {}
    inputs: list[dict[str, Any]] = []
    with HttpClient() as client:
        archive = Archive(find_mirrors(), client, cache=cache)
        for name in EMBEDDED_RELEASES:
            releases[name] = Release()
            for suite, component in read_suites(archive, name):
                add_suite(releases[name], suite, component, cache)
                inputs.append(record(suite))
            print(f"{name}: {len(releases[name].main)} packages in main")
    content = encode(derive(releases, max(each["date"] for each in inputs)))
    write_atomically(DATA / GONE_FILE, content)
    document = {"file": GONE_FILE, "sha256": hashlib.sha256(content).hexdigest(), "made_from": inputs}
    write_atomically(RECORDED, (json.dumps(document, indent=1) + "\n").encode())
    load_gone.cache_clear()


def read_suites(archive: Archive, release: str) -> Iterator[tuple[ArchiveSuite, str]]:
    """Yield every suite of a release for each architecture and component; only its updates may be absent."""
    for name in suites_of(release):
        try:
            files = archive.release(name).files
        except MissingFileError as error:
            if not name.endswith("-updates"):
                raise
            print(f"{name}: {error}")
            continue
        components = sorted({found[1] for path in files if (found := COMPONENT.match(path))})
        for architecture in EMBEDDED_ARCHITECTURES:
            for component in components:
                yield archive.suite(name, architecture, component), component


def add_suite(release: Release, suite: ArchiveSuite, component: str, cache: Path) -> None:
    """Add what one index says; the empty packages are told by the index itself, which the cache keeps."""
    for entry in suite.entries:
        package = entry.package
        release.every.add(package.name)
        for provision in package.provides:
            release.provided[provision.name].add(package.name)
        if component == MAIN:
            release.main.add(package.name)
            release.needs[package.name] = package.depends_text
    if component != MAIN or not suite.entries:
        return
    raw = (cache / suite.index.sha256).read_bytes()
    unpack = {".xz": lzma.decompress, ".gz": gzip.decompress}.get(Path(suite.index_path).suffix, bytes)
    for stanza in iterate_stanzas(unpack(raw), frozenset({"package", "description"})):
        if DUMMY.search(stanza.get("description", "")):
            release.dummies.add(stanza["package"])


def derive(releases: dict[str, Release], as_of: str) -> GonePackages:
    """Return the names that are gone in some release, with what took their place and what stands for them now."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    replaced: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    order = list(releases)
    present = {
        name: "\n".join(sorted(release.every | set(release.provided))) for name, release in releases.items()
    }
    for at, had in enumerate(order[:-1]):
        for name in sorted(releases[had].had()):
            lacking = tuple(
                later
                for later in lost_since(releases, order[at + 1 :], name)
                if not is_pattern_of(name, present[later])
            )
            if name not in releases[had].main and any(name in releases[later].provided for later in lacking):
                continue
            if not lacking or not NAME.match(name) or NOT_BY_HAND.match(name):
                continue
            groups[had, lacking].append(name)
            taken = replacement(releases[had], [releases[later] for later in lacking], name)
            if taken:
                replaced[name] = taken
            providers = releases[lacking[-1]].provided.get(name, ())
            if providers and name in releases[had].main:
                several[name] = tuple(sorted(providers))
    return GonePackages(
        as_of=as_of,
        groups=tuple(
            GoneGroup(had, lacking, tuple(names)) for (had, lacking), names in sorted(groups.items())
        ),
        replaced=dict(sorted(replaced.items())),
        several=dict(sorted(several.items())),
    )


def replacement(release: Release, later: list[Release], name: str) -> str:
    """Return the package that an empty one stood for, as later releases have it; "" where that is not certain."""
    wanted = release.must_have(name) if name in release.dummies else set()
    if len(parse_depends(release.needs.get(name, ""))) != len(wanted):
        return ""
    found = [one for one in sorted(wanted) if all(each.brings(one, wanted) for each in later)]
    return found[0] if len(found) == 1 else ""


def lost_since(releases: dict[str, Release], later: Iterable[str], name: str) -> Iterator[str]:
    """Yield the releases after one that has a name which lack it, up to the first that has it again."""
    for release in later:
        if not releases[release].lacks(name):
            return
        yield release


def is_pattern_of(name: str, names: str) -> bool:
    """Tell whether apt would find something by a name that is none: one with a dot or plus is a pattern, too.

    Virtual names count: for `g++-10` apt takes what provides `librust-clang-sys+clang-10-0-dev`.
    """
    if "." not in name and "+" not in name:
        return False
    pattern = re.sub(r"\++", "+", name.replace("-", r"\-"))
    return re.search(pattern, names) is not None


def encode(gone: GonePackages) -> bytes:
    """Return the file: deterministic JSON, gzip without a time."""
    return gzip.compress(msgspec.json.encode(gone) + b"\n", compresslevel=9, mtime=0)


def record(suite: ArchiveSuite) -> dict[str, Any]:
    """Return what was read, without any address."""
    return {
        "suite": suite.release.suite,
        "version": suite.release.version,
        "date": suite.release.date,
        "verified": suite.release.verified,
        "inrelease_sha256": suite.release.sha256,
        "index": suite.index_path,
        "index_sha256": suite.index.sha256,
    }


def check() -> Iterator[str]:
    """Yield what is wrong with the committed files."""
    recorded = json.loads(RECORDED.read_text())
    raw = (DATA / GONE_FILE).read_bytes()
    index = load_gone()
    gone = index.packages
    if recorded["file"] != GONE_FILE or hashlib.sha256(raw).hexdigest() != recorded["sha256"]:
        yield f"{GONE_FILE} is not the file that was made from the recorded inputs"
    if not all(each["verified"] for each in recorded["made_from"]):
        yield "the signature of an input was not checked"
    if gone.as_of != max(each["date"] for each in recorded["made_from"]):
        yield "as_of is not the newest date of the inputs"
    if len(raw) > MAX_BYTES:
        yield f"{len(raw)} bytes; at most {MAX_BYTES} are meant to be embedded"
    names = [name for group in gone.groups for name in group.names]
    if len(names) < LEAST_NAMES:
        yield f"only {len(names)} names, at least {LEAST_NAMES} were before"
    for group in gone.groups:
        if list(group.names) != sorted(set(group.names)):
            yield f"the names that {group.had} had last are not sorted, or repeated"
    yield from (f"{name} in {place} is of no group" for place, of in (("replaced", gone.replaced), ("several", gone.several))
                for name in of if name not in names)  # fmt: skip
    for name, release, had, replaced in KNOWN:
        found = index.find(name, release)
        if found != Gone(name, had, replaced, found.several if found is not None else ()):
            yield f"{name} in {release}: {found}"
    yield from (f"{name} is there, and is said to be gone" for name in KEPT if name in names)


if __name__ == "__main__":
    sys.exit(main())
