"""Derive `data/wheels/facts.json.gz`: measured facts about the wheels that the examples resolve to.

`--refresh` resolves each example and each replacement for every Python minor with uv, lists the Linux wheels
of all pins, reads their installed sizes by range, and downloads and inspects one Python minor of each release,
C library and architecture. Inspected facts of the committed table are kept by hash. Resolutions are recorded in
`tools/recorded/wheels.json`. `--check` validates the table against them without the network.

Nothing of a wheel is executed; no address is written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from basewise._internal.http import HttpClient, HttpError
from basewise.fit.facts import WheelFact
from basewise.fit.inspect import WheelError, inspect_wheel
from basewise.fit.remote_zip import remote_installed_size
from basewise.fit.wheel_facts import WheelTable
from basewise.fit.wheel_key import WheelKey

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/basewise/data/wheels/facts.json.gz"
RECORDED = ROOT / "tools/recorded/wheels.json"
EXAMPLES = ROOT / "examples"
REPLACEMENTS = ("opencv-python-headless", "psycopg", "psycopg-binary", "psycopg2-binary", "xgboost-cpu")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
PREFERRED_TAGS = ("cp312", "cp311", "cp313", "cp314", "cp310", "cp315")
ARCHITECTURES = ("x86_64", "aarch64", "any")
TAGS = re.compile(
    r"-((?:cp3(?:1[0-5]))-cp3\d+|cp3\d+-abi3|(?:[a-z0-9.]*\bpy3)-none|cp3(?:1[0-5])-none)-[^-]+\.whl\Z"
)
MAX_WHOLE_BYTES = 700 << 20
NEVER_WHOLE = ("nvidia",)
MANYLINUX = re.compile(r"manylinux(?:_(\d+)_(\d+)|(1|2010|2014))")
OLD_LEVELS = {"1": 5, "2010": 12, "2014": 17}
MAX_TABLE_BYTES = 1_500_000
MIN_FACTS = 500


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--max-bytes", type=int, default=MAX_WHOLE_BYTES)
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    recorded, wheels = resolve_all()
    facts = Measurer(known_facts(), arguments.max_bytes).measure(wheels, arguments.workers)
    write(facts)
    RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    return check()


def check() -> int:
    """Validate the committed table against the recorded resolutions."""
    recorded = json.loads(RECORDED.read_bytes())
    raw = TABLE.read_bytes()
    table = msgspec.json.decode(gzip.decompress(raw), type=WheelTable)
    problems = [f"the table has {len(raw)} bytes"] if len(raw) > MAX_TABLE_BYTES else []
    if raw != pack(table.facts, table.as_of):
        problems.append("the table is not written in its stable form")
    if len(table.facts) < MIN_FACTS:
        problems.append(f"only {len(table.facts)} facts, at least {MIN_FACTS} were before")
    if len({fact.sha256 for fact in table.facts}) != len(table.facts):
        problems.append("a hash stands twice")
    problems += [
        f"{fact.filename}: no installed size" for fact in table.facts if fact.installed_bytes is None
    ]
    problems += [
        f"{fact.filename}: inspected but not verified"
        for fact in table.facts
        if fact.inspected > fact.verified
    ]
    keys = {
        (key.name, key.version) for fact in table.facts if (key := WheelKey.of(fact.filename)) is not None
    }
    pins = {tuple(pin.split("==")) for one in recorded["resolutions"].values() for pin in one}
    missing = sorted(f"{name}=={version}" for name, version in pins - keys)
    if missing != recorded["without_linux_wheel"]:
        problems.append(f"pins without a fact: {missing}, recorded: {recorded['without_linux_wheel']}")
    inspected = {WheelKey.of(fact.filename) for fact in table.facts if fact.inspected}
    blind = sorted({str(key) for fact in table.facts if (key := WheelKey.of(fact.filename)) not in inspected})
    print("\n".join(problems) or f"wheels: ok, {len(table.facts)} facts, {len(blind)} releases not inspected")
    return 1 if problems else 0


def known_facts() -> dict[str, WheelFact]:
    """Return the facts of the committed table by hash."""
    if not TABLE.exists():
        return {}
    table = msgspec.json.decode(gzip.decompress(TABLE.read_bytes()), type=WheelTable)
    return {fact.sha256: fact for fact in table.facts}


def resolve_all() -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the recorded resolutions, and the wheels by hash."""
    sets = {path.parent.name: path.read_text() for path in sorted(EXAMPLES.glob("*/requirements.txt"))}
    sets |= {f"replacement {name}": name for name in REPLACEMENTS}
    resolutions: dict[str, list[str]] = {}
    failures: dict[str, str] = {}
    wheels: dict[str, dict[str, Any]] = {}
    pins_with_wheel = set()
    for name, requirements in sets.items():
        for python in PYTHONS:
            label = f"{name} {python}"
            packages = resolve(requirements, python, deps=not name.startswith("replacement"))
            if packages is None:
                failures[label] = "no resolution"
                continue
            resolutions[label] = sorted(
                f"{one['name']}=={one['version']}" for one in packages if "version" in one
            )
            for one in packages:
                found = linux_wheels(one)
                wheels |= found
                if found:
                    pins_with_wheel.add(f"{one['name']}=={one['version']}")
            print(f"{label}: {len(packages)} packages", flush=True)
    pins = {pin for one in resolutions.values() for pin in one}
    recorded = {
        "schema": "basewise.recorded-wheels/1",
        "date": today(),
        "resolutions": resolutions,
        "failures": failures,
        "without_linux_wheel": sorted(pins - pins_with_wheel),
    }
    return recorded, wheels


def resolve(requirements: str, python: str, *, deps: bool) -> list[dict[str, Any]] | None:
    """Resolve with uv for one Python minor, universally; None when that fails."""
    from uv import find_uv_bin  # noqa: PLC0415 - only the refresh needs it

    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "pylock.one.toml"
        done = subprocess.run(
            [
                find_uv_bin(),
                "pip",
                "compile",
                "-",
                "--universal",
                "--python-version",
                python,
                "-q",
                "--no-config",
                "--no-build",
                *([] if deps else ["--no-deps"]),
                "--format",
                "pylock.toml",
                "-o",
                str(output),
            ],
            input=requirements,
            text=True,
            capture_output=True,
            check=False,
            cwd=directory,
            timeout=300,
            env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        )
        if done.returncode != 0:
            print(f"python {python}: {done.stderr.strip()[-300:]}", flush=True)
            return None
        packages: list[dict[str, Any]] = tomllib.loads(output.read_text())["packages"]
        return packages


def linux_wheels(package: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the wheels of a pin for CPython on Linux, by hash."""
    found = {}
    for wheel in package.get("wheels", ()):
        name = wheel.get("name") or wheel["url"].rsplit("/", 1)[1]
        key = WheelKey.of(name)
        if key is not None and key.arch in ARCHITECTURES and TAGS.search(name):
            found[wheel["hashes"]["sha256"]] = {
                "name": name,
                "url": wheel["url"],
                "size": wheel["size"],
                "sha256": wheel["hashes"]["sha256"],
                "key": key,
            }
    return found


class Measurer:
    """Measures wheels; facts that are known already are kept."""

    def __init__(self, known: dict[str, WheelFact], max_bytes: int) -> None:
        self._known = known
        self._max_bytes = max_bytes
        self._client = HttpClient(timeout_seconds=180)
        self._large = threading.Lock()

    def measure(self, wheels: dict[str, dict[str, Any]], workers: int) -> list[WheelFact]:
        """Return a fact for each wheel."""
        chosen = {one["sha256"] for one in self._choose(wheels.values())}
        weight = sum(wheels[sha256]["size"] for sha256 in chosen)
        print(f"{len(wheels)} wheels, {len(chosen)} to inspect ({weight / 1e9:.2f} GB)", flush=True)
        todo = sorted(wheels.values(), key=lambda one: (one["sha256"] in chosen, one["size"]))
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(lambda one: self._one(one, one["sha256"] in chosen), todo))
        return [fact for fact in results if fact is not None]

    def _choose(self, wheels: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the wheels to inspect: one Python minor a release, C library, architecture and platform tag."""
        groups: dict[tuple[WheelKey, str], list[dict[str, Any]]] = {}
        for wheel in wheels:
            groups.setdefault((wheel["key"], wheel["name"].rpartition("-")[2]), []).append(wheel)
        chosen = []
        for group in groups.values():
            fact = [
                one for one in group if one["sha256"] in self._known and self._known[one["sha256"]].inspected
            ]
            wheel = min(group, key=preference)
            if not fact and wheel["size"] <= self._max_bytes and not wheel["name"].startswith(NEVER_WHOLE):
                chosen.append(wheel)
        return chosen

    def _one(self, wheel: dict[str, Any], inspect: bool) -> WheelFact | None:  # noqa: FBT001 - private
        known = self._known.get(wheel["sha256"])
        if known is not None and (known.inspected or not inspect):
            return known
        try:
            fact = self._inspect(wheel) if inspect else self._size(wheel)
        except (HttpError, WheelError) as error:
            print(f"{wheel['name']}: {error}", flush=True)
            return None
        if fact is not None and fact.sha256 != wheel["sha256"]:
            sys.exit(f"{wheel['name']} has another hash than the index states")
        return fact

    def _inspect(self, wheel: dict[str, Any]) -> WheelFact | None:
        """Download and inspect a wheel; large ones one at a time."""
        if wheel["size"] > 150 << 20:
            with self._large:
                return self._download(wheel)
        return self._download(wheel)

    def _download(self, wheel: dict[str, Any]) -> WheelFact | None:
        response = self._client.get(wheel["url"], max_bytes=wheel["size"])
        if response.status != 200:  # noqa: PLR2004 - OK
            print(f"{wheel['name']}: status {response.status}", flush=True)
            return None
        fact = inspect_wheel(io.BytesIO(response.body), filename=wheel["name"], measured=today())
        if not fact.inspected:
            print(f"{wheel['name']}: an ELF file could not be read", flush=True)
        return fact

    def _size(self, wheel: dict[str, Any]) -> WheelFact | None:
        size = remote_installed_size(self._client, wheel["url"], wheel["size"])
        if size is None:
            print(f"{wheel['name']}: no size by range", flush=True)
            return None
        return WheelFact(
            filename=wheel["name"],
            sha256=wheel["sha256"],
            size_bytes=wheel["size"],
            installed_bytes=size.installed_bytes,
            carries=size.libraries,
            measured=today(),
        )


def preference(wheel: dict[str, Any]) -> tuple[int, int, str]:
    """Order the wheels of one release and platform: the Python minor to inspect comes first."""
    tag = wheel["name"].split("-")[-3]
    place = PREFERRED_TAGS.index(tag) if tag in PREFERRED_TAGS else len(PREFERRED_TAGS)
    return place, wheel["size"], wheel["name"]


def pack(facts: Iterable[WheelFact], as_of: str) -> bytes:
    """Return the table as stored: sorted, compact, without a time in the gzip header."""
    table = WheelTable(
        schema="basewise.wheels/1",
        as_of=as_of,
        facts=tuple(sorted(facts, key=lambda fact: (fact.filename, fact.sha256))),
    )
    return gzip.compress(msgspec.json.encode(table) + b"\n", 9, mtime=0)


def write(facts: list[WheelFact]) -> None:
    """Write the table."""
    content = pack(facts, today())
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_bytes(content)
    print(f"wrote {TABLE.relative_to(ROOT)}: {len(facts)} facts, {len(content)} bytes", flush=True)


def today() -> str:
    """Return today's date."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


if __name__ == "__main__":
    sys.exit(main())
