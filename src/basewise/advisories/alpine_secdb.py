"""Feeds over the security databases of Alpine, Wolfi and Chainguard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.feed import FeedResult, Input, Skipped, each_once
from basewise.advisories.read_input import input_of, read_input
from basewise.advisories.secdb import Fix, read_database
from basewise.errors import StoreError
from basewise.model.advisory import Advisory, FactKind, SourceStatus
from basewise.progress import Progress

__all__ = ["AlpineSecdb", "ChainguardSecdb", "WolfiSecdb"]

MAX_SKIPPED_LISTED = 1000


class AlpineSecdb:
    """Reads the databases of one branch of Alpine.

    Args:
        paths: Those of its repositories, `main` and `community`.
        branch: `3.22`, or `edge`.
        as_of: Date on which they were fetched, `YYYY-MM-DD`: they carry none.
    """

    name = "alpine_secdb"

    def __init__(self, paths: Sequence[Path], branch: str, *, as_of: str) -> None:
        self.name = f"{AlpineSecdb.name} {branch}"
        self._paths = tuple(paths)
        self._branch = branch
        self._as_of = as_of

    def collect(self, progress: Progress) -> FeedResult:
        """Read them.

        Raises:
            StoreError: One is missing, of another shape or branch, or cannot be read for the most part.
        """
        where = ("alpine", self._branch)
        return _collect(self.name, self._paths, where, self._as_of, progress)


class WolfiSecdb:
    """Reads the database of Wolfi.

    Args:
        paths: Its file.
        as_of: Date on which it was fetched, `YYYY-MM-DD`: it carries none.
    """

    name = "wolfi_secdb"

    def __init__(self, paths: Sequence[Path], *, as_of: str) -> None:
        self._paths = tuple(paths)
        self._as_of = as_of

    def collect(self, progress: Progress) -> FeedResult:
        """Read it. See `AlpineSecdb.collect`."""
        return _collect(self.name, self._paths, ("wolfi", ""), self._as_of, progress)


class ChainguardSecdb:
    """Reads the database of Chainguard.

    Args:
        paths: Its files, one for each repository.
        as_of: Date on which they were fetched, `YYYY-MM-DD`: they carry none.
    """

    name = "chainguard_secdb"

    def __init__(self, paths: Sequence[Path], *, as_of: str) -> None:
        self._paths = tuple(paths)
        self._as_of = as_of

    def collect(self, progress: Progress) -> FeedResult:
        """Read them. See `AlpineSecdb.collect`."""
        return _collect(self.name, self._paths, ("chainguard", ""), self._as_of, progress)


def _collect(
    name: str, paths: Sequence[Path], where: tuple[str, str], as_of: str, progress: Progress
) -> FeedResult:
    """Read the files of one source, which speak of one release."""
    if not as_of:
        raise StoreError(
            f"cannot use {name}: it carries no date", hint="give the date on which it was fetched"
        )
    progress.step(f"reading {name}")
    ecosystem, release = where
    facts: list[Advisory] = []
    packages: set[str] = set()
    skipped: list[Skipped] = []
    inputs: list[Input] = []
    for path in paths:
        raw = read_input(path)
        database = read_database(raw, path)
        if release and database.branch not in {"", release}:
            raise StoreError(
                f"cannot use `{path}`: it is about branch `{database.branch[:20]}`, not {release}",
                hint="fetch it again",
            )
        refuse_bad(path, max(len(database.packages), database.entries), database.skipped)
        facts += [_fact(fix, ecosystem, release, name) for fix in database.fixes]
        packages.update(database.packages)
        skipped += database.skipped
        inputs.append(input_of(path, raw, as_of))
    advisories = each_once(facts)
    status = SourceStatus(
        name=name, ecosystem=ecosystem, as_of=as_of, entries=len(advisories), verified=False
    )
    return FeedResult(
        sources=(status,),
        advisories=advisories,
        covered=tuple((ecosystem, release, package) for package in sorted(packages)),
        skipped=tuple(sorted(skipped))[:MAX_SKIPPED_LISTED],
        inputs=tuple(inputs),
    )


def _fact(fix: Fix, ecosystem: str, release: str, name: str) -> Advisory:
    """Return what a database says of one package and vulnerability."""
    return Advisory(
        id=fix.id,
        ecosystem=ecosystem,
        release=release,
        package=fix.package,
        kind=FactKind.FIXED if fix.version else FactKind.NOT_AFFECTED,
        version=fix.version,
        origin=name.partition(" ")[0],
        aliases=fix.aliases,
    )
