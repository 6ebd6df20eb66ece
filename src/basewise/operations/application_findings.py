"""Findings of the application's own Python packages: one set of versions for each Python minor, apart from every base."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.matching.count import count_findings
from basewise.matching.pypi import match_pypi
from basewise.matching.risk import by_risk
from basewise.model.choice import ApplicationFinding, ApplicationVulnerabilities
from basewise.model.evidence import CoverageSource, NotCovered
from basewise.model.finding import Finding
from basewise.model.package import Package, PackageType

__all__ = ["ApplicationFindings", "find_in_application"]

_PYPI = "pypi"


class ApplicationFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What applies to the application's packages, with what was used and what could not be seen."""

    by_python: tuple[ApplicationVulnerabilities, ...]
    sources: tuple[CoverageSource, ...]
    not_covered: tuple[NotCovered, ...]


def find_in_application(
    versions: Mapping[str, Mapping[str, str]], store: Store, today: date
) -> ApplicationFindings:
    """Match the packages that an application installs with the advisories of PyPI.

    Args:
        versions: Per Python minor: name and version of each distribution; the same on all of its images.
        store: Where the facts are.
        today: The clock's date.

    Returns:
        Counts and findings per minor. Every number is None where the store has no advisories of PyPI; the matching
        of the bases says that it is so.
    """
    if _PYPI not in store.ecosystems():
        unmeasured = tuple(
            ApplicationVulnerabilities(
                python=minor,
                packages=len(versions[minor]),
                vulnerabilities=count_findings((), measured=False),
            )
            for minor in _in_order(versions)
        )
        return ApplicationFindings(by_python=unmeasured, sources=(), not_covered=())
    of_pypi = [source for source in store.sources() if source.ecosystem == _PYPI]
    sources, unseen = coverage_of(of_pypi, today)
    not_covered = {
        *unseen,
        NotCovered(
            "site-packages of the base images", "the catalogue does not list their Python distributions"
        ),
    }
    found = []
    for minor in _in_order(versions):
        packages = [
            Package(type=PackageType.PYPI, name=name, version=version)
            for name, version in versions[minor].items()
            if version
        ]
        part = match_pypi(packages, store)
        not_covered.update(part.not_covered)
        found.append(
            ApplicationVulnerabilities(
                python=minor,
                packages=len(packages),
                vulnerabilities=count_findings(part.findings, sources=of_pypi, measured=part.measured),
                findings=tuple(map(_finding, by_risk(part.findings))),
            )
        )
    return ApplicationFindings(
        by_python=tuple(found), sources=sources, not_covered=tuple(sorted(not_covered))
    )


def _in_order(versions: Mapping[str, object]) -> list[str]:
    """Return the minors, oldest first."""
    return sorted(versions, key=lambda minor: tuple(int(part) for part in minor.split(".")))


def _finding(found: Finding) -> ApplicationFinding:
    return ApplicationFinding(
        id=found.id,
        aliases=found.aliases,
        package=found.package.name,
        version=found.package.version,
        state=found.state,
        severity=found.severity,
        severity_source=found.severity_source,
        epss=found.epss,
        exploited=found.exploited,
        fixed_version=found.fixed_version,
    )
