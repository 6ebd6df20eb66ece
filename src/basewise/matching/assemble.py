"""From a decision to a finding: severity, exploitation and its probability are looked up and attached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from basewise.advisories.store import Store
from basewise.matching.aliases import Vulnerability
from basewise.matching.decision import Decision
from basewise.matching.severity import rate
from basewise.model.finding import Finding
from basewise.model.package import Package

__all__ = ["assemble"]

_CVE = "CVE-"


def assemble(
    vulnerability: Vulnerability,
    decision: Decision,
    package: Package,
    binaries: Sequence[str],
    store: Store,
) -> Finding:
    """Return the finding of a decision.

    Args:
        vulnerability: Its ids, and everything that is said of it.
        decision: State of the installed version.
        package: The source package's representative.
        binaries: Names of all installed packages of that source.
        store: Where exploitation, its probability and further scores are.
    """
    cve_ids = [name for name in (vulnerability.id, *vulnerability.aliases) if name.startswith(_CVE)]
    known_on = min([fact.published for fact in vulnerability.facts if fact.published], default="")
    rating = rate(vulnerability.facts, cve_ids, store)
    epss = max([score for cve in cve_ids if (score := store.epss(cve)) is not None], default=None)
    return Finding(
        id=vulnerability.id,
        package=package,
        binaries=tuple(binaries),
        state=decision.state,
        aliases=vulnerability.aliases,
        fixed_version=decision.fixed_version,
        fixed_on=decision.fixed_on,
        severity=rating.severity,
        severity_source=rating.source,
        exploited=_exploited(cve_ids, known_on, store),
        origins=tuple(sorted({fact.origin for fact in decision.facts})),
        detail=decision.detail,
        cvss=rating.cvss,
        epss=epss[0] if epss else None,
        epss_percentile=epss[1] if epss else None,
    )


def _exploited(cve_ids: Iterable[str], known_on: str, store: Store) -> bool | None:
    """Tell whether one of the ids is listed; None where the list could not know all of them, or there is none."""
    answers = {store.exploited(cve, known_on) for cve in cve_ids}
    if True in answers:
        return True
    return False if answers == {False} else None
