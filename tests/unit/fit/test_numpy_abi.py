"""Wheels that were built for NumPy 1 and come with NumPy 2 are named before an import fails."""

from __future__ import annotations

import pytest

from basewise.fit.numpy_abi import NumpyAbi, numpy_abi_entries, warn_of_numpy
from basewise.fit.outcome import ResolutionProblem
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage
from basewise.versions import pep440

TABLE = (
    NumpyAbi(
        package="pandas",
        since="2.2.2",
        effect="it fails when it is imported",
        source="a test",
        date="2026-11-27",
    ),
)


def package(name: str, version: str, tag: str = "cp311-cp311") -> ResolvedPackage:
    wheel = DistributionFile(filename=f"{name}-{version}-{tag}-manylinux_2_28_x86_64.whl")
    return ResolvedPackage(name=name, version=version, wheels=(wheel,))


def resolution(*packages: ResolvedPackage) -> Resolution:
    return Resolution(python="3.11", packages=packages, origin="a test")


def test_a_wheel_built_for_numpy_1_is_named_with_what_to_ask_for() -> None:
    older = resolution(package("numpy", "2.2.6", "cp310-cp310"), package("pandas", "1.5.3", "cp310-cp310"))
    found = resolution(package("numpy", "2.10.0"), package("pandas", "1.5.3"))
    refused = ResolutionProblem(python="3.12", kind="unsatisfiable", sentence="no")
    (sentence,) = warn_of_numpy({"3.10": older, "3.11": found, "3.12": refused}, TABLE)
    assert sentence == (
        "pandas 1.5.3 was built for NumPy 1 and gets numpy 2.10.0: it fails when it is imported; "
        "ask for `numpy<2`, or for pandas 2.2.2 or later"
    )


@pytest.mark.parametrize(
    "packages",
    [
        (package("numpy", "1.26.4"), package("pandas", "1.5.3")),
        (package("numpy", "2.2.6"), package("pandas", "2.2.2")),
        (package("numpy", "2.2.6"), package("pandas", "1.5.3", "cp310-cp310")),
        (package("numpy", "1.26.4"), package("numpy", "2.2.6"), package("pandas", "1.5.3")),
        (package("pandas", "1.5.3"),),
    ],
    ids=["numpy 1", "a newer version", "built from source there", "a fork of the lock", "no numpy"],
)
def test_what_runs_or_cannot_be_told_is_not_named(packages: tuple[ResolvedPackage, ...]) -> None:
    assert warn_of_numpy({"3.11": resolution(*packages)}, TABLE) == ()


def test_every_entry_has_a_version_a_source_and_a_date() -> None:
    entries = numpy_abi_entries()
    assert {"pandas", "scikit-learn", "torch"} <= {entry.package for entry in entries}
    for entry in entries:
        assert pep440.compare(entry.since, "0") > 0
        assert entry.source
        assert entry.date
