#!/usr/bin/env python3
"""Measure reading an image: cold, warm, and beside a bare gunzip and syft 1.18 in the same rounds.

    python -m benchmarks.images [--root TAR] [--directory DIR] [--rounds N] [--json FILE] [--profile]

The image is one gzip layer (zlib, level 6) in an OCI layout, and the same files once more in four layers. They are
those of `--root`, a tar of a root file system; without it, a look-alike of the full `python` image is made with
mmdebstrap (root, about 1 GB, minutes). With `--directory` the images are kept there and taken from there the next
time. Goals are those of `docs/benchmarks.md`;
nothing fails here. Whole processes are timed from outside, one after the other in each round; the bare gunzip is
timed inside, bound to one core, with the module that basewise uses. Memory is the peak resident set of the process.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.run import COMPILE_ALL, machine, print_table, program, shown

GUNZIP = """
import sys, time
from isal import igzip
start = time.perf_counter()
count = 0
with open(sys.argv[1], "rb") as file:
    stream = igzip.GzipFile(fileobj=file, mode="rb")
    while part := stream.read(512 * 1024):
        count += len(part)
print(time.perf_counter() - start, count)
"""
COLD_TO_GUNZIP = 1.5
SYFT_TO_COLD = 12.0
COLD_PEAK_BYTES = 256 * 1024**2
WARM_SECONDS = 0.3
PROCESS_SECONDS = 900
COMPRESSION_LEVEL = 6
LAYERS = 4
_CHUNK_BYTES = 1024**2
SUITE, VARIANT = "trixie", "full"


@dataclass
class Subject:
    """What is measured, and what each round gave.

    Args:
        name: As the table shows it.
        run: Runs it once and returns seconds by the clock, seconds of the processor and peak bytes.
    """

    name: str
    run: Callable[[], tuple[float, float, int]] = field(repr=False)
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median of the seconds by the clock."""
        return statistics.median(self.seconds)

    @property
    def processor(self) -> float:
        """Median of the seconds of the processor."""
        return statistics.median(self.processor_seconds)


def spawn(
    arguments: Sequence[str], *, one_core: bool = False, **variables: str
) -> tuple[float, float, int, bytes]:
    """Run a process; return its time by the clock, of the processor, its peak memory and what it wrote.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryFile() as output:
        start = perf_counter()
        process = subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.DEVNULL, env={**os.environ, **variables}
        )
        if one_core:
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        _, status, used = os.wait4(process.pid, 0)
        elapsed = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        written = output.read()
    if process.returncode != 0:
        raise RuntimeError(f"{Path(arguments[0]).name} ended with exit code {process.returncode}")
    return elapsed, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, written


def bare_gunzip(blob: Path) -> tuple[float, float, int]:
    """Inflate a layer and forget it."""
    _, processor, peak, written = spawn([sys.executable, "-c", GUNZIP, str(blob)], one_core=True)
    return float(written.split()[0]), processor, peak


def sbom(layout: Path, cache: Path) -> tuple[float, float, int]:
    """Run `basewise sbom` with this cache."""
    call = [*program(), "sbom", f"oci:{layout}", "--format", "json", "--quiet"]
    return spawn(call, BASEWISE_CACHE_DIR=str(cache))[:3]


def cold_sbom(layout: Path) -> tuple[float, float, int]:
    """Run `basewise sbom` with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        return sbom(layout, Path(cache))


def scan(layout: Path, cache: Path) -> tuple[float, float, int]:
    """Run `basewise scan` with this cache and the embedded advisories."""
    call = [*program(), "scan", f"oci:{layout}", "--format", "json", "--quiet"]
    return spawn(call, BASEWISE_CACHE_DIR=str(cache))[:3]


def syft(layout: Path, directory: Path) -> tuple[float, float, int]:
    """Run syft from the environment that runs this."""
    call = [
        str(Path(sys.executable).with_name("syft")),
        "scan",
        "--quiet",
        "--output",
        "json",
        f"oci-dir:{layout}",
    ]
    return spawn(call, SYFT_CHECK_FOR_APP_UPDATE="false", SYFT_CACHE_DIR=str(directory))[:3]


def make_layout(tars: Sequence[Path], directory: Path) -> Path:
    """Write an OCI layout with a gzip layer of each tar."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layers = [put_layer(tar, blobs) for tar in tars]
    kind = "application/vnd.oci.image"
    rootfs = {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]}
    config = put({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}, blobs)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": {**config, "mediaType": f"{kind}.config.v1+json"},
        "layers": [{"mediaType": f"{kind}.layer.v1.tar+gzip", **layer} for layer, _ in layers],
    }
    entry = {**put(manifest, blobs), "mediaType": f"{kind}.manifest.v1+json"}
    (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return directory


def put_layer(tar: Path, blobs: Path) -> tuple[dict[str, object], str]:
    """Write a layer, hashed and compressed in one pass; return what a descriptor says of it, and its diff id."""
    partial, inflated = blobs / "partial", hashlib.sha256()
    with (
        tar.open("rb") as source,
        partial.open("wb") as target,
        gzip.GzipFile("", "wb", COMPRESSION_LEVEL, target, mtime=0) as packed,
    ):
        while part := source.read(_CHUNK_BYTES):
            inflated.update(part)
            packed.write(part)
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    partial.rename(blobs / digest)
    layer = {"digest": f"sha256:{digest}", "size": (blobs / digest).stat().st_size}
    return layer, f"sha256:{inflated.hexdigest()}"


def split(root: Path, directory: Path) -> list[Path]:
    """Write the members of a tar, in their order, to tars of about the same size."""
    parts = [directory / f"part-{number}.tar" for number in range(LAYERS)]
    share = root.stat().st_size // LAYERS + 1
    with tarfile.open(root) as whole:
        member = whole.next()
        for number, part in enumerate(parts):
            with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as target:
                while member is not None and member.offset < (number + 1) * share:
                    target.addfile(member, whole.extractfile(member) if member.isreg() else None)
                    member = whole.next()
    return parts


def put(value: object, blobs: Path) -> dict[str, object]:
    """Write a JSON blob and return what a descriptor says of it."""
    content = json.dumps(value).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def make_root(directory: Path) -> Path:
    """Make the root file system of a full `python` image with mmdebstrap."""
    from basewise.candidates.catalogue import load_catalogue  # noqa: PLC0415 - only without `--root`
    from basewise.testing.interpreter import find_interpreters  # noqa: PLC0415 - the same
    from basewise.testing.look_alike import make_root_archive  # noqa: PLC0415 - the same

    images = {
        image.python_minor: image
        for image in load_catalogue().images
        if (image.variant, image.distro.codename) == (VARIANT, SUITE) and image.packages
    }
    interpreter = find_interpreters(images)[0]
    make_root_archive(images[interpreter.minor], interpreter, directory / "root.tar")
    return directory / "root.tar"


def layer_of(layout: Path) -> Path:
    """Return the largest blob, which is the layer."""
    return max((layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)


def measure(layout: Path, layers: Path, rounds: int, scratch: Path) -> list[Subject]:
    """Run everything in turn; one warm run before anything is timed fills the cache of the warm ones."""
    blob, cache = layer_of(layout), scratch / "warm"
    subjects = [
        Subject("bare gunzip, one core", lambda: bare_gunzip(blob)),
        Subject("`basewise sbom`, cold", lambda: cold_sbom(layout)),
        Subject("`basewise sbom`, warm", lambda: sbom(layout, cache)),
        Subject("`syft` 1.18, cold", lambda: syft(layout, scratch / "syft")),
        Subject("`basewise scan`, warm", lambda: scan(layout, cache)),
        Subject(f"`basewise sbom`, cold, {LAYERS} layers", lambda: cold_sbom(layers)),
        Subject(f"`syft` 1.18, cold, {LAYERS} layers", lambda: syft(layers, scratch / "syft")),
    ]
    sbom(layout, cache)
    for number in range(rounds):
        for subject in subjects:
            print(f"round {number + 1} of {rounds}: {subject.name} …", file=sys.stderr)
            seconds, processor, peak = subject.run()
            subject.seconds.append(seconds)
            subject.processor_seconds.append(processor)
            subject.peak_bytes.append(peak)
    return subjects


def rows(subjects: Sequence[Subject]) -> list[list[str]]:
    """Return the table of times."""
    found = [["what", "median", "from … to", "processor", "peak memory"]]
    for subject in subjects:
        spread = f"{shown(min(subject.seconds))} to {shown(max(subject.seconds))}"
        peak = f"{max(subject.peak_bytes) / 1024**2:.0f} MiB"
        found.append([subject.name, shown(subject.median), spread, shown(subject.processor), peak])
    return found


def goals(subjects: Sequence[Subject]) -> list[list[str]]:
    """Return the table of goals; by the clock, and by the processor, which other work disturbs less."""
    bare, cold, warm, other, scanned, cold_layers, other_layers = subjects
    peak = max(cold.peak_bytes)
    return [
        ["goal", "planned", "by the clock", "by the processor", ""],
        compared(
            "cold / bare gunzip",
            f"at most {COLD_TO_GUNZIP}",
            cold,
            bare,
            lambda ratio: ratio <= COLD_TO_GUNZIP,
        ),
        *(
            compared(name, f"at least {SYFT_TO_COLD:.0f}", one, two, lambda ratio: ratio >= SYFT_TO_COLD)
            for name, one, two in (
                ("syft / cold", other, cold),
                (f"syft / cold, {LAYERS} layers", other_layers, cold_layers),
            )
        ),
        *(
            [
                name,
                f"under {shown(WARM_SECONDS)}",
                shown(subject.median),
                shown(subject.processor),
                said(subject.median < WARM_SECONDS),
            ]
            for name, subject in (("warm", warm), ("scan, warm", scanned))
        ),
        ["peak memory, cold", "under 256 MiB", f"{peak / 1024**2:.0f} MiB", "", said(peak < COLD_PEAK_BYTES)],
    ]


def compared(
    name: str, planned: str, one: Subject, other: Subject, holds: Callable[[float], bool]
) -> list[str]:
    """Return a line that compares medians; the clock decides."""
    ratio = one.median / other.median
    return [name, planned, f"{ratio:.2f}", f"{one.processor / other.processor:.2f}", said(holds(ratio))]


def said(holds: bool) -> str:  # noqa: FBT001 - the one thing it is about
    """Say whether a goal holds."""
    return "met" if holds else "missed"


def profile(layout: Path) -> None:
    """Print where the time of a cold run goes. Work of other threads is counted by nobody here."""
    command = [
        sys.executable,
        "-m",
        "cProfile",
        "-s",
        "tottime",
        "-m",
        "basewise",
        "sbom",
        f"oci:{layout}",
        "-q",
    ]
    with tempfile.TemporaryDirectory() as cache:
        *_, written = spawn([*command, "--format", "json", "-o", os.devnull], BASEWISE_CACHE_DIR=cache)
    print("\n".join(written.decode(errors="replace").splitlines()[:40]))


def main() -> int:
    """Make the image where it is missing, measure, print."""
    parser = argparse.ArgumentParser(description="Measure reading an image.")
    parser.add_argument("--root", type=Path, metavar="TAR", help="tar of a root file system")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where the images are kept")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--json", metavar="FILE", help="write every single number there")
    parser.add_argument(
        "--profile", action="store_true", help="show where the time of a cold run goes instead"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(scratch / "bytecode")
        spawn([sys.executable, "-c", COMPILE_ALL])
        layout, layers = prepare(options.root, options.directory or scratch)
        if options.profile:
            profile(layout)
            return 0
        before = machine()
        subjects = measure(layout, layers, max(1, options.rounds), scratch)
        blob = layer_of(layout)
        inflated = int(spawn([sys.executable, "-c", GUNZIP, str(blob)])[3].split()[1])
        print(
            f"{datetime.now(UTC):%Y-%m-%d}, {', '.join(f'{name} {value}' for name, value in before.items())}"
        )
        print(
            f"as one layer, {blob.stat().st_size / 1e6:.0f} MB as stored, {inflated / 1e6:.0f} MB inflated\n"
        )
        print_table(rows(subjects))
        print()
        print_table(goals(subjects))
        if options.json:
            numbers = [
                {name: value for name, value in asdict(one).items() if name != "run"} for one in subjects
            ]
            Path(options.json).write_text(json.dumps({"machine": before, "subjects": numbers}, indent=1))
    return 0


def prepare(root: Path | None, directory: Path) -> tuple[Path, Path]:
    """Return the layouts of one layer and of several, made when they are not there."""
    layout, layers = directory / "image", directory / "layers"
    if not (layout / "index.json").is_file():
        shutil.rmtree(layout, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)
        print("making the image …", file=sys.stderr)
        make_layout([root or make_root(directory)], layout)
    if not (layers / "index.json").is_file():
        shutil.rmtree(layers, ignore_errors=True)
        print(f"making the image with {LAYERS} layers …", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=directory) as scratch:
            whole = Path(scratch) / "whole.tar"
            with gzip.open(layer_of(layout)) as packed, whole.open("wb") as target:
                shutil.copyfileobj(packed, target, _CHUNK_BYTES)
            make_layout(split(whole, Path(scratch)), layers)
    return layout, layers


if __name__ == "__main__":
    sys.exit(main())
