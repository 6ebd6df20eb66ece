#!/usr/bin/env python3
"""Measure the advisory store: from OSV's zip file to a store file, and a store of full size.

    python -m benchmarks.advisories [--pypi ZIP] [--rounds N] [--json FILE]

`--pypi` names OSV's bulk file of PyPI (default: that of `$BASEWISE_TEST_DATA`); its records are read as they are, and
repeated under other names. The store of full size is made of facts with the distribution of real ones. Each task
runs in a process of its own, without imports and without the making of its input; goals are those of
`docs/benchmarks.md`. Nothing fails here.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from basewise.advisories.feed import FeedResult

from benchmarks.run import COMPILE_ALL, ROOT, machine, print_table, shown

REPEATED = 12
FACTS = 300_000
SCORES = 320_000
RATED = 300_000
SOURCES = 6_000
NAMES = 4_000
GOAL_RATE = 20_000
GOAL_MATCH_SECONDS = 0.050
PROCESS_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """What one run of a task took.

    Args:
        clock: Seconds by the clock.
        processor: Seconds of the processor.
        things: Number of things worked on.
        peak_bytes: Largest resident set of the process, 0 where the system does not say.
        file_bytes: Size of the file that was written or read.
    """

    clock: float
    processor: float
    things: int
    peak_bytes: int
    file_bytes: int


def timed(work: Callable[[], int], things: int) -> Run:
    """Time `work`, which returns the size of a file."""
    clock, processor = perf_counter(), process_time()
    file_bytes = work()
    return Run(perf_counter() - clock, process_time() - processor, things, peak_bytes(), file_bytes)


def peak_bytes() -> int:
    """Return the largest resident set of this process."""
    try:
        import resource  # noqa: PLC0415 - POSIX only
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def build_of_zip(archive: Path, store: Path) -> Run:
    """Read OSV's bulk file of PyPI, and write a store."""
    from basewise.advisories.content import gather  # noqa: PLC0415 - imports are not timed
    from basewise.advisories.osv import Osv  # noqa: PLC0415 - the same
    from basewise.advisories.write import write_store  # noqa: PLC0415 - the same
    from basewise.progress import SilentProgress  # noqa: PLC0415 - the same

    feed = Osv(archive)
    with zipfile.ZipFile(archive) as opened:
        records = len(opened.namelist())
    return timed(lambda: write_store(store, gather([(feed.name, feed.collect(SilentProgress()))])), records)


def build_full(_: Path, store: Path) -> Run:
    """Merge facts, scores and vectors of full size, and write a store."""
    from basewise.advisories.content import gather  # noqa: PLC0415 - imports are not timed
    from basewise.advisories.write import write_store  # noqa: PLC0415 - the same

    results = full_world()
    return timed(lambda: write_store(store, gather(results)), FACTS)


def open_full(_: Path, store: Path) -> Run:
    """Check a store of full size as a whole, and open it."""
    from basewise.advisories.store import Store  # noqa: PLC0415 - imports are not timed

    Store.open_embedded().close()

    def work() -> int:
        Store.open_path(store).close()
        return store.stat().st_size

    return timed(work, FACTS)


def match_full(_: Path, store: Path) -> Run:
    """Match 300 Ubuntu and 200 Python packages, mostly up to date, against a store of full size that is open."""
    from basewise.advisories.store import Store  # noqa: PLC0415 - imports are not timed
    from basewise.matching.match import match  # noqa: PLC0415 - the same
    from basewise.model.distro import Distro  # noqa: PLC0415 - the same
    from basewise.model.package import Package, PackageType  # noqa: PLC0415 - the same

    Store.open_embedded().close()  # the modules that read embedded files are imported when the first one is read
    packages = [
        Package(type=PackageType.DEB, name=f"lib{number}", version="8.0-1", source=f"source-{number}")
        for number in range(300)
    ] + [Package(type=PackageType.PYPI, name=f"name-{number}", version="8.0") for number in range(200)]
    with Store.open_path(store) as opened:

        def work() -> int:
            found = match(packages, Distro("ubuntu", "22.04", "jammy"), opened)
            assert len(found.findings) > len(packages) // 2, len(found.findings)
            return store.stat().st_size

        return timed(work, len(packages))


def full_world() -> list[tuple[str, FeedResult]]:
    """Return results of feeds as large as all of them together, the same in every run."""
    from basewise.advisories.feed import FeedResult  # noqa: PLC0415 - only where it is measured
    from basewise.model.advisory import Advisory, FactKind, SourceStatus, VersionRange  # noqa: PLC0415 - the same

    chance = random.Random(4)  # noqa: S311 - the same numbers in every run
    metrics = ["AV:NALP", "AC:LH", "PR:NLH", "UI:NR", "S:UC", "C:NLH", "I:NLH", "A:NLH"]
    choices = [
        [f"{name}:{value}" for value in values] for name, _, values in (m.partition(":") for m in metrics)
    ]
    texts = ["/".join(("CVSS:3.1", *parts)) for parts in product(*choices)]
    chance.shuffle(texts)
    # A few vectors are those of most vulnerabilities.
    vectors = chance.choices(texts, weights=[1 / place for place in range(1, len(texts) + 1)], k=2**16)
    places = (
        ("debian", "bookworm"),
        ("debian", "trixie"),
        ("ubuntu", "22.04"),
        ("ubuntu", "24.04"),
        ("rhel", "9"),
        ("pypi", ""),
    )

    def cve(number: int) -> str:
        return f"CVE-{2000 + number % 27}-{1000 + number // 27:05d}"

    def advisory(number: int) -> Advisory:
        ecosystem, release = places[number % len(places)]
        python = ecosystem == "pypi"
        suffix = "" if python else f"-{chance.randrange(7)}+deb12u{chance.randrange(5)}"
        version = f"{chance.randrange(9)}.{chance.randrange(40)}{suffix}"
        return Advisory(
            id=f"GHSA-{number:08x}" if python else cve(number // len(places)),
            ecosystem=ecosystem,
            release=release,
            package=f"name-{chance.randrange(NAMES)}" if python else f"source-{chance.randrange(SOURCES)}",
            kind=FactKind.AFFECTED,
            origin="osv",
            published=f"{2010 + number % 17}-{1 + number % 12:02}-{1 + number % 28:02}",
            aliases=(cve(number // len(places)),) if python else (),
            ranges=(VersionRange("0", version),),
            cvss=(chance.choice(vectors),),
        )

    def source(name: str, ecosystem: str, entries: int) -> tuple[SourceStatus]:
        return (
            SourceStatus(name=name, ecosystem=ecosystem, as_of="2026-11-01", entries=entries, verified=False),
        )

    facts = tuple(sorted(advisory(number) for number in range(FACTS)))
    scores = tuple(sorted((cve(number), chance.random(), chance.random()) for number in range(SCORES)))
    rated = {
        (cve(number), who, chance.choice(vectors))
        for number in range(RATED)
        for who in ("nvd@nist.gov", "cna@example.org")[: 1 + number % 2]
    }
    return [
        ("osv", FeedResult(sources=source("osv", "debian", FACTS), advisories=facts)),
        ("epss", FeedResult(sources=source("epss", "scores", SCORES), scores=scores)),
        ("nvd", FeedResult(sources=source("nvd", "vectors", len(rated)), vectors=tuple(sorted(rated)))),
    ]


def repeat_records(archive: Path, output: Path, times: int) -> None:
    """Write a bulk file with the records of `archive` several times, under other ids and names of packages."""
    with zipfile.ZipFile(archive) as opened:
        records = [(name.removesuffix(".json"), opened.read(name)) for name in opened.namelist()]
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as written:
        for number in range(times):
            for name, content in records:
                family, year, serial = name.split("-")
                other = f"{family}-{year}-{int(serial) + 100_000 * number}"
                renamed = content.replace(name.encode(), other.encode())
                suffix = f'-copy{number}","ecosystem":"PyPI"'.encode()
                renamed = renamed.replace(b'","ecosystem":"PyPI"', suffix)
                written.writestr(f"{other}.json", renamed)


TASKS: dict[str, Callable[[Path, Path], Run]] = {
    task.__name__: task for task in (build_of_zip, build_full, open_full, match_full)
}


def run_apart(task: str, archive: Path, store: Path) -> Run:
    """Run a task in a process of its own."""
    arguments = [sys.executable, "-m", "benchmarks.advisories", "--run", task, str(archive), str(store)]
    done = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PROCESS_SECONDS
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "silent")
    return Run(**json.loads(done.stdout))


def measured(archive: Path | None, directory: Path, rounds: int) -> dict[str, list[Run]]:
    """Run everything, round by round, so that a slow moment of the machine hits all tasks."""
    store, full = directory / "store.sqlite", directory / "full.sqlite"
    tasks: list[tuple[str, str, Path, Path]] = []
    if archive is not None:
        many = directory / "many.zip"
        repeat_records(archive, many, REPEATED)
        tasks += [
            ("PyPI's zip file → store", "build_of_zip", archive, store),
            (f"its records {REPEATED} times → store", "build_of_zip", many, store),
        ]
    tasks += [
        (f"{FACTS:,} facts, {SCORES:,} scores, {RATED:,} rated → store", "build_full", directory, full),
        ("check and open this store", "open_full", directory, full),
        ("match 300 Ubuntu and 200 Python packages against it", "match_full", directory, full),
    ]
    found: dict[str, list[Run]] = {name: [] for name, *_ in tasks}
    for number in range(rounds + 1):
        for name, task, one, other in tasks:
            print(f"round {number} of {rounds}: {name} …", file=sys.stderr)
            run = run_apart(task, one, other)
            if number:  # the first round warms the machine's caches
                found[name].append(run)
    return found


def rows(found: dict[str, list[Run]]) -> list[list[str]]:
    """Return the lines of the table."""
    lines = [["what", "clock", "from … to", "processor", "per second", "peak memory", "file", "goal"]]
    for name, runs in found.items():
        clock = statistics.median(run.clock for run in runs)
        processor = statistics.median(run.processor for run in runs)
        rate = runs[0].things / processor
        goal = ""
        if name.endswith("→ store"):
            goal = f"over {GOAL_RATE:,}/s: {'met' if rate > GOAL_RATE else 'missed'}"
        elif name.startswith("match"):
            goal = (
                f"under {shown(GOAL_MATCH_SECONDS)}: {'met' if processor < GOAL_MATCH_SECONDS else 'missed'}"
            )
        lines.append(
            [
                name,
                shown(clock),
                f"{shown(min(run.clock for run in runs))} to {shown(max(run.clock for run in runs))}",
                shown(processor),
                f"{rate:,.0f}" if name.endswith("→ store") else "",
                f"{max(run.peak_bytes for run in runs) / 1024**2:.0f} MiB",
                f"{runs[0].file_bytes / 1e6:.1f} MB",
                goal,
            ]
        )
    return lines


def main() -> int:
    """Measure everything and print it."""
    data = os.environ.get("BASEWISE_TEST_DATA", ROOT.parent / "shared" / "data")
    parser = argparse.ArgumentParser(description="Measure the advisory store.")
    parser.add_argument("--pypi", type=Path, default=Path(data) / "osv" / "PyPI" / "all.zip", metavar="ZIP")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="write every single number there")
    parser.add_argument("--run", nargs=3, metavar=("TASK", "ZIP", "STORE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        task, archive, store = options.run
        print(json.dumps(asdict(TASKS[task](Path(archive), Path(store)))))
        return 0
    archive = options.pypi if options.pypi.is_file() else None
    if archive is None:
        print(f"{options.pypi} is not there: its rows are left out", file=sys.stderr)
    before = machine()
    subprocess.run([sys.executable, "-c", COMPILE_ALL], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as directory:
        found = measured(archive, Path(directory), max(1, options.rounds))
    print(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in before.items()))
    print_table(rows(found))
    if options.json:
        document = {
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": before,
            "runs": {name: [asdict(run) for run in runs] for name, runs in found.items()},
        }
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
