"""Derive `data/knowledge/sonames.json`: which package brings a shared library, per Debian release.

`--refresh` asks apt for the Contents index of each suite (through apt's own configuration and keyring, in a
private state directory), records the candidates of every wanted soname in `tools/recorded/sonames.json`, and
writes the table. `--write` writes the table from the recorded candidates alone. `--check` compares the
committed table with what the recorded candidates give.

Wanted are the sonames of the embedded wheel table, of the runtime knowledge, and of the list in
`tools/recorded/sonames_wanted.json`.
"""

from __future__ import annotations

import argparse
import datetime
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
WHEELS = DATA / "wheels/facts.json.gz"
RECORDED = ROOT / "tools/recorded/sonames.json"
WANTED = ROOT / "tools/recorded/sonames_wanted.json"
SUITES = ("bullseye", "bookworm", "trixie")
LIBRARY_DIRECTORIES = re.compile(
    r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?(?:(?:pulseaudio|openmpi/lib|odbc)/)?([^/\s]+\.so[^/\s]*)\s+(\S+)\Z"
)
NOT_RUNTIME = re.compile(r"(-dev|-dbg|-dbgsym|-udeb|-cross|-gles|-doc)\Z|^libc6-(i386|x32|amd64)$|^lib(32|64|x32)")
MIN_MAPPED = 150
CONTENTS_TARGET = (
    "MetaKey=$(COMPONENT)/Contents-$(ARCHITECTURE)",
    "ShortDescription=Contents-$(ARCHITECTURE)",
    "Description=$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)",
    "PDiffs=false",
    "KeepCompressed=true",
    "DefaultEnabled=true",
)


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
        mapped = len(json.loads(table)["suites"][suite]["packages"])
        if mapped < MIN_MAPPED:
            problems.append(f"{suite}: only {mapped} sonames are mapped, at least {MIN_MAPPED} were before")
    print("\n".join(problems) or "sonames: ok")
    return 1 if problems else 0


def wanted_names() -> list[str]:
    """Return every soname that the map should know."""
    names: set[str] = set(json.loads(WANTED.read_bytes())["names"])
    if WHEELS.exists():
        for fact in json.loads(gzip.decompress(WHEELS.read_bytes()))["facts"]:
            names.update(fact.get("hard", ()), fact.get("soft", ()))
    if RUNTIME.exists():
        for entry in json.loads(RUNTIME.read_bytes())["entries"]:
            names.update(need["name"] for need in entry.get("needs", ()) if need["kind"] == "soname")
    return sorted(names)


def record(names: Iterable[str]) -> dict[str, Any]:
    """Return the candidates of each name in each suite, from the Contents indexes."""
    wanted = set(names)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    suites = {}
    for suite in SUITES:
        print(f"reading Contents of {suite}")
        content = fetch_contents(suite)
        candidates: dict[str, set[str]] = {name: set() for name in wanted}
        for line in content.decode("utf-8", "replace").splitlines():
            found = LIBRARY_DIRECTORIES.match(line)
            if found is not None and found[1] in wanted:
                candidates[found[1]].update(place.rpartition("/")[2] for place in found[2].split(","))
        suites[suite] = {
            "source": f"Contents-amd64 of Debian {suite}, component main",
            "date": today,
            "sha256": hashlib.sha256(content).hexdigest(),
            "candidates": {name: sorted(packages) for name, packages in sorted(candidates.items())},
        }
    return {"schema": "basewise.recorded-sonames/1", "suites": suites}


def fetch_contents(suite: str) -> bytes:
    """Fetch and verify the Contents index of a suite with apt, in a private state directory."""
    configured = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(REPO_URI)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout.split()
    mirror = next(part for part in configured if re.search(r"/debian/?\Z", part))
    with tempfile.TemporaryDirectory() as directory:
        for part in ("lists/partial", "cache/archives/partial", "etc"):
            (Path(directory) / part).mkdir(parents=True)
        sources = Path(directory) / "etc/sources.list"
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        sources.write_text(f"deb [arch=amd64 signed-by={keyring}] {mirror} {suite} main\n")
        subprocess.run(
            ["apt-get", "update", "-qq", "-o", f"Dir::State::Lists={directory}/lists",
             "-o", f"Dir::Cache={directory}/cache", "-o", f"Dir::Etc::SourceList={sources}",
             "-o", "Dir::Etc::SourceParts=-", "-o", "Acquire::Languages=none",
             *(f"-oAcquire::IndexTargets::deb::Contents-deb::{setting}" for setting in CONTENTS_TARGET),
             "-o", "APT::Sandbox::User=root",
             "-o", "Acquire::Check-Valid-Until=false"],
            check=True,
        )
        found = sorted((Path(directory) / "lists").glob("*main_Contents-amd64*"))
        if len(found) != 1:
            sys.exit(f"expected one Contents index for {suite}, found {len(found)}")
        return subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", str(found[0])], check=True, capture_output=True
        ).stdout


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
    stem = re.sub(r"[^a-z0-9]", "", soname.split(".so")[0].lower())

    def order(name: str) -> tuple[bool, int, str]:
        flat = re.sub(r"[^a-z0-9]", "", name.lower())
        return (not flat.startswith(stem), len(name), name)

    return min(runtime, key=order, default=None)


def encode(document: dict[str, Any]) -> bytes:
    """Return stable JSON, one entry a line."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
