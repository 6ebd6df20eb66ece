"""The judged resolution as a hash-pinned requirements file: what is built is then what was judged."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.errors import ResolveError
from basewise.fit.markers import simplified
from basewise.fit.tags import WheelIndex
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage

__all__ = ["lock_text"]


def lock_text(resolution: Resolution, python: str, *, machines: tuple[str, ...]) -> str:
    r"""Return `name==version --hash=sha256:…` lines, sorted, without any index line.

    Args:
        resolution: The pins.
        python: Minor that the file is for.
        machines: Machines that it is for; a pin for some of them carries a marker.

    Raises:
        ResolveError: A pin has no file with a hash.
    """
    lines = []
    for package in resolution.packages:
        marker = simplified(package.marker, python, machines)
        if marker is None:
            continue
        hashes = sorted({*_hashes(package, python, machines)})
        if not hashes:
            raise ResolveError(
                f"{package.name} {package.version} has no file with a hash, so no lock can be written",
                hint="ask an index that gives sha256 hashes, or lock the application with `uv pip compile --generate-hashes`",
            )
        pin = f"{package.name}=={package.version}" + (f" ; {marker}" if marker else "")
        lines.append(" \\\n    ".join([pin, *(f"--hash=sha256:{value}" for value in hashes)]))
    return "".join(f"{line}\n" for line in lines)


def _hashes(package: ResolvedPackage, python: str, machines: tuple[str, ...]) -> Iterable[str]:
    """Return the hashes of the files that can be installed: wheels for this Python, and the source archive."""
    for file in _usable(package, python, machines):
        if file.sha256 is not None:
            yield file.sha256
    if not package.files_known or not (package.wheels or package.sdist):
        yield from (value.removeprefix("sha256:") for value in package.hashes)


def _usable(package: ResolvedPackage, python: str, machines: tuple[str, ...]) -> Iterable[DistributionFile]:
    minor = int(python.split(".")[1])
    index = WheelIndex(package.wheels)
    for machine in machines:
        yield from index.installable(minor, machine)
    if package.sdist is not None and not index.covers(python, machines):
        yield package.sdist
