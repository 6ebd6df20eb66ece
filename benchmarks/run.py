#!/usr/bin/env python3
"""Measure basewise: medians, and ratios to the start of a bare interpreter.

    python benchmarks/run.py [--json FILE] [--rounds N] [--only TEXT]

Whole processes are timed from outside, the bare interpreter in turn with them, so that a slow moment of the
machine hits both. `cold` means an empty cache of basewise and of uv; it needs the package index. Goals are
those of `docs/benchmarks.md`; nothing fails here, the numbers are for reading. Bytecode is cached apart and
before anything is timed, as pip leaves it after an installation: without it, each start compiles every module.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
BARE = "bare interpreter: `python -c pass`"
COLD_ROUNDS = 3
WARM_ROUNDS = 7
PROCESS_SECONDS = 300
COMPILE_ALL = """
import importlib, pkgutil, basewise
for module in pkgutil.walk_packages(basewise.__path__, "basewise."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import httpx2, packaging.requirements, rich.console, rich.table, uv, yaml
"""


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Args:
        name: As the table shows it.
        run: Runs it once and returns seconds, and the number of things worked on where a rate is of interest.
        rounds: How often.
        goal_seconds: Most seconds that were planned; None where there is no such goal.
        goal_rate: Least things in a second that were planned.
    """

    name: str
    run: Callable[[], tuple[float, int]]
    rounds: int
    goal_seconds: float | None = None
    goal_rate: float | None = None


@dataclass
class Measurement:
    """Seconds of one subject, and of the bare interpreter in the same rounds."""

    name: str
    goal_seconds: float | None
    goal_rate: float | None
    seconds: list[float] = field(default_factory=list)
    bare_seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    things: int = 0
    median: float = 0.0
    ratio_to_bare: float = 0.0
    failed: str = ""


def process(arguments: Sequence[str], **variables: str) -> float:
    """Run a process and return how long it took, in seconds."""
    environment = {**os.environ, **variables}
    start = perf_counter()
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=PROCESS_SECONDS
    )
    elapsed = perf_counter() - start
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"exit code {done.returncode}: {said.splitlines()[0] if said else 'silent'}")
    return elapsed


def processor_seconds() -> float:
    """Return what all finished child processes have used; 0 where the system does not say."""
    used = os.times()
    return used.children_user + used.children_system


def program() -> list[str]:
    """Return the command that a user types, from the environment that runs this."""
    script = Path(sys.executable).with_name("basewise")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "basewise"]


def command(*arguments: str) -> Callable[[], tuple[float, int]]:
    """Return a subject that runs `basewise` with the caches as they are."""
    return lambda: (process([*program(), *arguments]), 0)


def cold_command(*arguments: str) -> Callable[[], tuple[float, int]]:
    """Return a subject that runs `basewise` with empty caches, its own and uv's."""

    def run() -> tuple[float, int]:
        with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as of_uv:
            return process([*program(), *arguments], BASEWISE_CACHE_DIR=own, UV_CACHE_DIR=of_uv), 0

    return run


def part(name: str) -> Callable[[], tuple[float, int]]:
    """Return a subject that times a part inside a fresh process."""

    def run() -> tuple[float, int]:
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "parts.py"), name],
            capture_output=True,
            text=True,
            check=False,
            timeout=PROCESS_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "silent")
        seconds, things = done.stdout.split()
        return float(seconds), int(things)

    return run


def subjects(rounds: int) -> Iterator[Subject]:
    """Yield everything that is measured, in the order of the table."""
    yield Subject("`basewise --version`", command("--version"), rounds, goal_seconds=0.080)
    yield Subject("`basewise --help`", command("--help"), rounds, goal_seconds=0.080)
    for folder, words in (("examples/sentiment", "locked"), ("examples/light-scorer", "unlocked")):
        call = ("choose", folder, "--quiet")
        cold, warm = min(rounds, COLD_ROUNDS), min(rounds, WARM_ROUNDS)
        yield Subject(f"`choose {folder}` ({words}), cold", cold_command(*call), cold)
        goal = 1.0 if words == "locked" else None
        yield Subject(f"`choose {folder}` ({words}), warm", command(*call), warm, goal_seconds=goal)
    few = min(rounds, WARM_ROUNDS)
    yield Subject("load the catalogue", part("load_catalogue"), few)
    yield Subject("load a Debian package index", part("load_suite"), few)
    yield Subject("open the advisory store", part("open_store"), few)
    yield Subject("match 500 packages (store open)", part("match_packages"), few, goal_seconds=0.050)
    name = "match 300 Debian and 200 Python packages (100 000 advisories)"
    yield Subject(name, part("match_full_store"), few, goal_seconds=0.050)
    yield Subject("build a store of 40 000 facts", part("build_store"), few, goal_rate=20_000)


def measure(subject: Subject) -> Measurement:
    """Measure one subject, in turn with the bare interpreter; the first run of all warms the machine's caches."""
    found = Measurement(subject.name, subject.goal_seconds, subject.goal_rate)
    cold = subject.name.endswith("cold")
    try:
        if not cold:
            subject.run()
        for _ in range(subject.rounds):
            found.bare_seconds.append(process([sys.executable, "-c", "pass"]))
            used = processor_seconds()
            seconds, found.things = subject.run()
            found.seconds.append(seconds)
            if subject.name.startswith("`"):
                found.processor_seconds.append(processor_seconds() - used)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        found.failed = str(error)
        return found
    found.median = statistics.median(found.seconds)
    found.ratio_to_bare = found.median / statistics.median(found.bare_seconds)
    return found


def machine() -> dict[str, str]:
    """Describe the machine and how busy it was."""
    model = ""
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    load = " ".join(f"{one:.2f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": model or platform.processor() or "unknown",
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": load,
    }


def shown(seconds: float) -> str:
    """Write seconds as people read them."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def row(found: Measurement) -> list[str]:
    """Return the cells of one line of the table."""
    if found.failed:
        return [found.name, "failed", "", "", "", found.failed]
    spread = f"{shown(min(found.seconds))} to {shown(max(found.seconds))}"
    goal = ""
    if found.goal_seconds is not None:
        met = "met" if found.median < found.goal_seconds else "missed"
        goal = f"under {shown(found.goal_seconds)}: {met}"
    if found.goal_rate is not None:
        rate = found.things / found.median
        goal = (
            f"over {found.goal_rate:,.0f}/s: {rate:,.0f}/s, {'met' if rate > found.goal_rate else 'missed'}"
        )
    used = shown(statistics.median(found.processor_seconds)) if any(found.processor_seconds) else ""
    return [found.name, shown(found.median), spread, f"{found.ratio_to_bare:.1f}", used, goal]


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table whose columns stand under each other."""
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    for number, cells in enumerate(rows):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(f"| {' | '.join(padded)} |")
        if number == 0:
            print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")


@contextmanager
def own_caches() -> Iterator[None]:
    """Give all runs caches of their own, for facts and for bytecode, so that what the user has does not count."""
    with tempfile.TemporaryDirectory() as directory:
        for variable in ("BASEWISE_STORE", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
            os.environ.pop(variable, None)
        os.environ["BASEWISE_CACHE_DIR"] = str(Path(directory, "facts"))
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(directory, "bytecode"))
        process([sys.executable, "-c", "pass"])
        process([sys.executable, "-c", COMPILE_ALL])
        yield


def main() -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description="Measure basewise.")
    parser.add_argument("--json", metavar="FILE", help="write every single number there")
    parser.add_argument("--rounds", type=int, default=15, help="runs of the short ones (default 15)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only what has TEXT in its name")
    options = parser.parse_args()
    before, bare = machine(), Measurement(BARE, None, None)
    found: list[Measurement] = []
    with own_caches():
        for subject in subjects(max(1, options.rounds)):
            if options.only not in subject.name:
                continue
            print(f"measuring {subject.name} …", file=sys.stderr)
            found.append(measure(subject))
            bare.seconds += found[-1].bare_seconds
    if not bare.seconds:
        parser.error(f"nothing was measured: no name has {options.only!r}, or all failed")
    bare.median, bare.ratio_to_bare = statistics.median(bare.seconds), 1.0
    print(f"{datetime.now(UTC).date()}, " + ", ".join(f"{name}: {text}" for name, text in before.items()))
    print()
    print_table([["what", "median", "from … to", "to bare", "processor", "goal"], *map(row, [bare, *found])])
    if options.json:
        document = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": before,
            "measurements": [asdict(one) for one in [bare, *found]],
        }
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    return 1 if any(one.failed for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
