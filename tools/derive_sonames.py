"""Derive `data/knowledge/sonames.json`: which package brings a shared library, per Debian release.

`--refresh` asks apt for the Contents index of each suite (through apt's own configuration and keyring, in a
private state directory), records the candidates of every wanted soname in `tools/recorded/sonames.json`, and
writes the table. `--write` writes the table from the recorded candidates alone. `--check` compares the
committed table with what the recorded candidates give.

Wanted are the sonames of the embedded wheel table, of the runtime knowledge, and of the list in
`tools/recorded/sonames_wanted.json`. The same index tells whether every package that the knowledge tables name for
a suite exists there; `--check` fails when one does not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src/basewise/data"
TABLE = DATA / "knowledge/sonames.json"
RUNTIME = DATA / "knowledge/runtime.json"
BUILD = DATA / "knowledge/build.json"
WHEELS = DATA / "wheels/facts.json.gz"
RECORDED = ROOT / "tools/recorded/sonames.json"
WANTED = ROOT / "tools/recorded/sonames_wanted.json"
SUITES = ("bullseye", "bookworm", "trixie")
LIBRARY_DIRECTORIES = re.compile(
    r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?(?:(?:pulseaudio|openmpi/lib|odbc)/)?([^/\s]+\.so[^/\s]*)\s+(\S+)\Z"
)
NOT_RUNTIME = re.compile(
    r"(-dev|-dbg|-dbgsym|-udeb|-cross|-gles|-doc)\Z|^libc6-(i386|x32|amd64)$|^lib(32|64|x32)"
)
MIN_MAPPED = 150
CONTENTS_TARGET = {
    "MetaKey": "$(COMPONENT)/Contents-$(ARCHITECTURE)",
    "ShortDescription": "Contents-$(ARCHITECTURE)",
    "Description": "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)",
    "PDiffs": "false",
    "KeepCompressed": "true",
    "DefaultEnabled": "true",
}


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true")
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.refresh:
        RECORDED.write_bytes(encode(record(wanted_names())))
    table = encode(derive(json.loads(RECORDED.read_bytes()), json.loads(WANTED.read_bytes())))
    if arguments.check:
        return check(table)
    TABLE.write_bytes(table)
    print(f"wrote {TABLE.relative_to(ROOT)}: {len(table)} bytes")
    return 0


def check(table: bytes) -> int:
    """Compare the committed table with the derived one, and look for wanted names that were not recorded."""
    recorded = json.loads(RECORDED.read_bytes())
    problems = []
    if TABLE.read_bytes() != table:
        problems.append(f"{TABLE.name} is not what the recorded candidates give: run --write")
    for suite in SUITES:
        missing = sorted(set(wanted_names()) - set(recorded["suites"][suite]["candidates"]))
        if missing:
            problems.append(f"{suite}: not looked up yet, run --refresh: {', '.join(missing)}")
        absent = sorted(named_packages(suite) - set(recorded["suites"][suite]["packages"]))
        if absent:
            problems.append(f"{suite}: named in the knowledge, but not in the suite: {', '.join(absent)}")
        mapped = len(json.loads(table)["suites"][suite]["packages"])
        if mapped < MIN_MAPPED:
            problems.append(f"{suite}: only {mapped} sonames are mapped, at least {MIN_MAPPED} were before")
    print("\n".join(problems) or "sonames: ok")
    return 1 if problems else 0


def wanted_names() -> list[str]:
    """Return every soname that the map should know; the C library on Alpine is in no Debian."""
    names: set[str] = set(json.loads(WANTED.read_bytes())["names"])
    if WHEELS.exists():
        for fact in json.loads(gzip.decompress(WHEELS.read_bytes()))["facts"]:
            names.update(fact.get("hard", ()), fact.get("soft", ()))
    if RUNTIME.exists():
        for entry in json.loads(RUNTIME.read_bytes())["entries"]:
            names.update(need["name"] for need in entry.get("needs", ()) if need["kind"] == "soname")
    return sorted(names - set(json.loads(WANTED.read_bytes())["musl"]))


def named_packages(suite: str) -> set[str]:
    """Return the packages that the knowledge tables and the alternatives name for a suite."""
    names = set(json.loads(WANTED.read_bytes())["alternatives"].values())
    if RUNTIME.exists():
        for entry in json.loads(RUNTIME.read_bytes())["entries"]:
            for need in entry.get("needs", ()):
                names.update(need.get("packages", {}).get(suite, ()))
    if BUILD.exists():
        for recipe in json.loads(BUILD.read_bytes())["entries"]:
            names.update(recipe["build"].get(suite, ()), recipe["run"].get(suite, ()))
    return names


def record(names: Iterable[str]) -> dict[str, Any]:
    """Return the candidates of each name in each suite, from the Contents indexes."""
    wanted = set(names)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    suites = {}
    for suite in SUITES:
        print(f"reading Contents of {suite}")
        content, present = fetch_indexes(suite)
        candidates: dict[str, set[str]] = {name: set() for name in wanted}
        for line in content.decode("utf-8", "replace").splitlines():
            found = LIBRARY_DIRECTORIES.match(line)
            if found is not None and found[1] in wanted:
                candidates[found[1]].update(place.rpartition("/")[2] for place in found[2].split(","))
        suites[suite] = {
            "source": f"Contents-amd64 of Debian {suite}, component main",
            "date": today,
            "sha256": hashlib.sha256(content).hexdigest(),
            "packages": sorted(named_packages(suite) & present),
            "candidates": {name: sorted(packages) for name, packages in sorted(candidates.items())},
        }
    return {"schema": "basewise.recorded-sonames/1", "suites": suites}


def fetch_indexes(suite: str) -> tuple[bytes, set[str]]:
    """Fetch and verify the indexes of a suite with apt; return Contents and the names of all packages."""
    with tempfile.TemporaryDirectory() as directory:
        options = private_apt(Path(directory), suite)
        subprocess.run(["apt-get", "update", "-qq", *options], check=True)
        found = sorted((Path(directory) / "lists").glob("*main_Contents-amd64*"))
        if len(found) != 1:
            sys.exit(f"expected one Contents index for {suite}, found {len(found)}")
        contents = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", str(found[0])], check=True, capture_output=True
        ).stdout
        available = subprocess.run(
            ["apt-cache", "dumpavail", *options], check=True, capture_output=True, text=True
        ).stdout
    return contents, set(re.findall(r"^Package: (\S+)$", available, re.MULTILINE))


def private_apt(directory: Path, suite: str) -> list[str]:
    """Return the options that make apt work in a directory of its own, on the mirror that it is set up with."""
    configured = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(REPO_URI)", "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    mirror = next(part for part in configured if re.search(r"/debian/?\Z", part))
    for part in ("lists/partial", "cache/archives/partial", "etc"):
        (directory / part).mkdir(parents=True)
    status, sources = directory / "status", directory / "etc/sources.list"
    status.touch()
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources.write_text(f"deb [arch=amd64 signed-by={keyring}] {mirror} {suite} main\n")
    settings = {
        "Dir::State::Lists": f"{directory}/lists",
        "Dir::State::Status": str(status),
        "Dir::Cache": f"{directory}/cache",
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "-",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
        "APT::Sandbox::User": "root",
        **{
            f"Acquire::IndexTargets::deb::Contents-deb::{key}": value
            for key, value in CONTENTS_TARGET.items()
        },
    }
    return [f"-o{key}={value}" for key, value in settings.items()]


def derive(recorded: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the table: one package for each name that a suite has."""
    suites = {}
    for suite in SUITES:
        part = recorded["suites"][suite]
        chosen = {
            name: package
            for name, packages in part["candidates"].items()
            if name not in wanted["musl"] and (package := choose(name, packages)) is not None
        }
        chosen |= {name: package for name, package in wanted["alternatives"].items() if name not in chosen}
        suites[suite] = {"source": part["source"], "date": part["date"], "packages": chosen}
    return {
        "schema": "basewise.sonames/1",
        "suites": suites,
        "injected": sorted(wanted["injected"]),
        "musl": sorted(wanted["musl"]),
    }


def choose(soname: str, packages: Iterable[str]) -> str | None:
    """Return the run-time package among candidates: real, closest in name, then shortest."""
    runtime = [name for name in packages if not NOT_RUNTIME.search(name)]
    stem = re.sub(r"[^a-z0-9]", "", soname.split(".so", maxsplit=1)[0].lower())

    def order(name: str) -> tuple[bool, int, str]:
        flat = re.sub(r"[^a-z0-9]", "", name.lower())
        return (not flat.startswith(stem), len(name), name)

    return min(runtime, key=order, default=None)


def encode(document: dict[str, Any]) -> bytes:
    """Return stable JSON, one entry a line."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
