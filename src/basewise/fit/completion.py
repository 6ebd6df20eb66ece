"""Completing a lock that names no files: its pins are kept, its hashes are compared, nothing is resolved.

First from what is known by hash (the embedded table and the cache of wheel facts), then from the index,
once: the answer is cached by the lock's content, and a warm run calls no uv.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from basewise._internal.paths import cache_directory, write_atomically
from basewise._internal.prepared import prepared
from basewise.errors import OutputError
from basewise.fit.facts import WheelFact
from basewise.fit.markers import is_wanted
from basewise.fit.other_files import other_file
from basewise.fit.outcome import ResolutionProblem
from basewise.fit.tags import WheelIndex
from basewise.fit.targets import Target
from basewise.fit.uv_request import CompileRequest
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage

__all__ = [
    "CompletionCache",
    "completion_request",
    "is_enough",
    "known_files",
    "merge_files",
    "needs_completion",
]

_CACHE_SCHEMA = 1
_PREFIX = "sha256:"

FactByHash = Callable[[str], WheelFact | None]
"""Returns the fact of a wheel by the sha256 of its file, in hexadecimal."""


def needs_completion(lock: Resolution) -> bool:
    """Say whether a lock lacks file names or sizes."""
    return any(
        not package.files_known or any(file.size_bytes is None for file in package.wheels)
        for package in lock.packages
    )


def known_files(lock: Resolution, fact_by_hash: FactByHash) -> Resolution:
    """Return the lock with the files whose hashes are known facts; `files_known` says whether all are."""
    return msgspec.structs.replace(
        lock, packages=tuple(_known_package(package, fact_by_hash) for package in lock.packages)
    )


def is_enough(resolution: Resolution, targets: Sequence[Target]) -> bool:
    """Say whether the known files decide each wanted package on each target, so that no index must be asked.

    A platform wheel decides. A pure one decides when at most one hash is of an unknown file: that one is the
    source archive.
    """
    for package in resolution.packages:
        if package.files_known and all(file.size_bytes is not None for file in package.wheels):
            continue
        index = WheelIndex(package.wheels)
        for target in targets:
            if is_wanted(package.marker, f"{target.python}.0", target.machine) is False:
                continue
            best = index.best(target)
            if best is None or best[0].size_bytes is None:
                return False
            if best[1] and len(package.hashes) - len(package.wheels) > 1:
                return False
    return True


def completion_request(lock: Resolution, python: str, machines: tuple[str, ...]) -> CompileRequest:
    """Return what to ask uv: the pins themselves, without dependencies."""
    return CompileRequest(
        python=python,
        requirements=tuple(
            f"{package.name}=={package.version}" + (f" ; {package.marker}" if package.marker else "")
            for package in lock.packages
        ),
        machines=machines,
        dependencies=False,
    )


def merge_files(lock: Resolution, answer: Resolution) -> tuple[Resolution, tuple[str, ...]]:
    """Return the lock with the files of the answer whose hashes it pins, and names where no hash agrees."""
    offered = {(package.name, package.version): package for package in answer.packages}
    merged, mismatched = [], []
    for package in lock.packages:
        found = offered.get((package.name, package.version))
        if found is None:
            merged.append(package)
            continue
        if package.files_known and package.wheels:
            merged.append(_with_sizes(package, found))
            continue
        pinned = {value.removeprefix(_PREFIX) for value in package.hashes}
        files = [file for file in found.wheels if not pinned or file.sha256 in pinned]
        known = {file.filename for file in files}
        files += [file for file in package.wheels if file.filename not in known]
        sdist = (
            found.sdist if found.sdist is not None and (not pinned or found.sdist.sha256 in pinned) else None
        )
        if pinned and not files and sdist is None and (found.wheels or found.sdist):
            mismatched.append(f"{package.name}=={package.version}")
        merged.append(
            msgspec.structs.replace(
                package, wheels=tuple(sorted(files)), sdist=sdist or package.sdist, files_known=True
            )
        )
    return msgspec.structs.replace(lock, packages=tuple(merged)), tuple(mismatched)


class CompletionCache:
    """Completed locks by content, in the cache directory; a damaged entry is as none.

    Args:
        directory: Where; None for `completions` in the cache directory.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory if directory is not None else cache_directory() / "completions"

    def read(self, request: CompileRequest, indexes: frozenset[str]) -> Resolution | ResolutionProblem | None:
        """Return what was answered before, None when nothing was."""
        try:
            entry = msgspec.json.decode(self._path(request, indexes).read_bytes(), type=prepared(_Entry))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return entry.resolution if entry.resolution is not None else entry.problem

    def write(
        self, request: CompileRequest, indexes: frozenset[str], result: Resolution | ResolutionProblem
    ) -> None:
        """Keep an answer; an unwritable cache costs time, nothing else."""
        entry = _Entry(
            resolution=result if isinstance(result, Resolution) else None,
            problem=result if isinstance(result, ResolutionProblem) else None,
        )
        try:
            write_atomically(self._path(request, indexes), msgspec.json.encode(entry), private=True)
        except OutputError:
            return

    def _path(self, request: CompileRequest, indexes: frozenset[str]) -> Path:
        content = msgspec.json.encode([_CACHE_SCHEMA, msgspec.to_builtins(request), sorted(indexes)])
        return self._directory / f"{sha256(content).hexdigest()}.json"


class _Entry(msgspec.Struct):
    resolution: Resolution | None = None
    problem: ResolutionProblem | None = None


def _known_package(package: ResolvedPackage, fact_by_hash: FactByHash) -> ResolvedPackage:
    if package.files_known:
        sized = tuple(_sized(file, fact_by_hash) for file in package.wheels)
        return package if sized == package.wheels else msgspec.structs.replace(package, wheels=sized)
    files = []
    for value in package.hashes:
        fact = fact_by_hash(value.removeprefix(_PREFIX))
        if fact is not None:
            files.append(
                DistributionFile(filename=fact.filename, size_bytes=fact.size_bytes, sha256=fact.sha256)
            )
        elif (other := other_file(value.removeprefix(_PREFIX))) is not None:
            files.append(other)
    complete = bool(package.hashes) and len(files) == len(package.hashes)
    return msgspec.structs.replace(
        package,
        wheels=tuple(sorted(file for file in files if file.is_wheel)),
        sdist=next((file for file in files if not file.is_wheel), package.sdist),
        files_known=complete,
    )


def _sized(file: DistributionFile, fact_by_hash: FactByHash) -> DistributionFile:
    if file.size_bytes is not None or file.sha256 is None:
        return file
    fact = fact_by_hash(file.sha256)
    return file if fact is None else msgspec.structs.replace(file, size_bytes=fact.size_bytes)


def _with_sizes(package: ResolvedPackage, found: ResolvedPackage) -> ResolvedPackage:
    by_hash = {file.sha256: file for file in found.wheels}
    wheels = tuple(
        msgspec.structs.replace(file, size_bytes=known.size_bytes, url=file.url or known.url)
        if file.size_bytes is None and (known := by_hash.get(file.sha256)) is not None
        else file
        for file in package.wheels
    )
    return msgspec.structs.replace(package, wheels=wheels)
