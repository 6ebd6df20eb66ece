"""Write `data/lifecycles.json`: ends of support of Python, Debian, Ubuntu and Alpine.

Debian and Ubuntu come from the Debian package `distro-info-data`; the dates of Python and Alpine are the
facts of the table below. `--refresh` downloads the package with apt and writes the data and the recorded
inputs; `--check` derives the data from the recorded inputs, without the network, and compares.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import msgspec

from basewise.candidates.lifecycle import LIFECYCLES_FILE, Cycle, Lifecycles, LifecycleSource

__all__ = ["build", "main"]

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "src" / "basewise" / "data" / LIFECYCLES_FILE
RECORDED = ROOT / "tools" / "recorded" / "lifecycles.json"
PACKAGE = "distro-info-data"
SCHEMA = "basewise.lifecycles/1"
OLDEST_DEBIAN = 8
OLDEST_UBUNTU = 18

# Release schedules: PEP 596 (3.9), 619, 664, 693, 719, 745, 790 (3.15); first release as the NEWS file of the
# release states it. A PEP names the month of the end; its last day is taken.
PYTHON = {
    "3.9": ("2020-10-05", "2025-10-31"),
    "3.10": ("2021-10-04", "2026-10-31"),
    "3.11": ("2022-10-24", "2027-10-31"),
    "3.12": ("2023-10-02", "2028-10-31"),
    "3.13": ("2024-10-07", "2029-10-31"),
    "3.14": ("2025-10-07", "2030-10-31"),
    "3.15": ("2026-10-09", "2031-10-31"),
}
PYTHON_AS_OF = date(2026, 11, 23)

# Alpine's release table; a branch is supported for two years, to the first day of the month named.
ALPINE = {
    "3.16": ("2022-05-23", "2024-05-23"),
    "3.17": ("2022-11-22", "2024-11-22"),
    "3.18": ("2023-05-09", "2025-05-09"),
    "3.19": ("2023-12-07", "2025-11-01"),
    "3.20": ("2024-05-22", "2026-04-01"),
    "3.21": ("2024-12-05", "2026-11-01"),
    "3.22": ("2025-05-30", "2027-05-01"),
    "3.23": ("2025-12-04", "2027-11-01"),
    "3.24": ("2026-06-09", "2028-06-01"),
}
ALPINE_AS_OF = date(2026, 8, 22)


class RecordedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """The package as it was read: version, hash of the `.deb`, day, and its two tables."""

    package: str
    version: str
    sha256: str
    read_on: date
    debian_csv: str
    ubuntu_csv: str


def build(recorded: RecordedPackage) -> bytes:
    """Return the content of the data file."""
    lifecycles = Lifecycles(
        schema=SCHEMA,
        sources=(
            LifecycleSource(products=("python",), name="release schedule PEPs and NEWS", as_of=PYTHON_AS_OF),
            LifecycleSource(
                products=("debian", "ubuntu"),
                name=f"{recorded.package} {recorded.version}",
                as_of=recorded.read_on,
                sha256=recorded.sha256,
            ),
            LifecycleSource(products=("alpine",), name="Alpine release table", as_of=ALPINE_AS_OF),
        ),
        products={
            "python": _from_table(PYTHON),
            "debian": _from_csv(recorded.debian_csv, OLDEST_DEBIAN, "eol-lts"),
            # Ubuntu's `eol` of an LTS release is its standard support; there is no free phase after it.
            "ubuntu": _from_csv(recorded.ubuntu_csv, OLDEST_UBUNTU, ""),
            "alpine": _from_table(ALPINE),
        },
    )
    return msgspec.json.format(msgspec.json.encode(lifecycles), indent=1) + b"\n"


def _from_table(table: dict[str, tuple[str, str]]) -> tuple[Cycle, ...]:
    return tuple(
        Cycle(cycle=cycle, released=date.fromisoformat(first), eol=date.fromisoformat(last))
        for cycle, (first, last) in table.items()
    )


def _from_csv(text: str, oldest: int, lts_column: str) -> tuple[Cycle, ...]:
    cycles = []
    for row in csv.DictReader(text.splitlines()):
        version = (row["version"] or "").removesuffix(" LTS")
        if not version or int(version.split(".")[0]) < oldest:
            continue
        cycles.append(
            Cycle(
                cycle=version,
                codename=row["series"],
                released=_day(row.get("release")),
                eol=_day(row.get("eol")),
                lts_eol=_day(row.get(lts_column)) if lts_column else None,
            )
        )
    return tuple(cycles)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _download() -> RecordedPackage:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive.name, "content"], cwd=folder, check=True)
        shown = subprocess.run(
            ["dpkg-deb", "-f", archive.name, "Version"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        tables = Path(folder) / "content" / "usr" / "share" / "distro-info"
        return RecordedPackage(
            package=PACKAGE,
            version=shown.stdout.strip(),
            sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
            read_on=date.today(),  # noqa: DTZ011 - the day of the person who refreshes
            debian_csv=(tables / "debian.csv").read_text(encoding="utf-8"),
            ubuntu_csv=(tables / "ubuntu.csv").read_text(encoding="utf-8"),
        )


def main(arguments: list[str] | None = None) -> int:
    """Refresh or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--refresh", action="store_true", help="download the package and write the data")
    choice.add_argument("--check", action="store_true", help="derive from the recorded inputs and compare")
    if parser.parse_args(arguments).refresh:
        recorded = _download()
        RECORDED.parent.mkdir(parents=True, exist_ok=True)
        RECORDED.write_bytes(msgspec.json.format(msgspec.json.encode(recorded), indent=1) + b"\n")
        OUTPUT.write_bytes(build(recorded))
        print(f"wrote {OUTPUT.relative_to(ROOT)} from {recorded.package} {recorded.version}")
        return 0
    recorded = msgspec.json.decode(RECORDED.read_bytes(), type=RecordedPackage)
    if build(recorded) != OUTPUT.read_bytes():
        print(
            f"{OUTPUT.relative_to(ROOT)} does not follow from {RECORDED.relative_to(ROOT)}", file=sys.stderr
        )
        return 1
    print(f"{OUTPUT.relative_to(ROOT)} follows from {recorded.package} {recorded.version}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
