"""Addresses of a lock's files: never those that the lock itself writes, only those of the configured index.

A lock belongs to the application, which may be somebody else's: following its addresses would let a folder
choose which host is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from basewise.fit.markers import is_wanted
from basewise.fit.tags import WheelIndex
from basewise.fit.targets import Target
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage

__all__ = ["wants_addresses", "with_addresses", "without_addresses"]


def without_addresses(lock: Resolution) -> Resolution:
    """Return the lock with no address in it."""
    return _with_urls(lock, lambda _: None)


def with_addresses(lock: Resolution, answer: Resolution) -> Resolution:
    """Return the lock with the addresses that an index gave for files of the same hash."""
    urls = {file.sha256: file.url for package in answer.packages for file in package.wheels if file.sha256}
    return _with_urls(lock, lambda file: urls.get(file.sha256) if file.sha256 else None)


def wants_addresses(
    lock: Resolution, targets: Sequence[Target], is_known: Callable[[DistributionFile], bool]
) -> bool:
    """Say whether a wheel that a target would take is not known yet, so that its bytes are wanted."""
    for package in lock.packages:
        index = WheelIndex(package.wheels)
        for target in targets:
            if is_wanted(package.marker, f"{target.python}.0", target.machine) is False:
                continue
            best = index.best(target)
            if best is not None and not is_known(best[0]):
                return True
    return False


def _with_urls(lock: Resolution, url_of: Callable[[DistributionFile], str | None]) -> Resolution:
    def file(one: DistributionFile) -> DistributionFile:
        return msgspec.structs.replace(one, url=url_of(one))

    def package(one: ResolvedPackage) -> ResolvedPackage:
        return msgspec.structs.replace(
            one,
            wheels=tuple(file(wheel) for wheel in one.wheels),
            sdist=None if one.sdist is None else file(one.sdist),
        )

    return msgspec.structs.replace(lock, packages=tuple(package(one) for one in lock.packages))
