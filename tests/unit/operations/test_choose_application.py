"""`choose` shows the vulnerabilities of the application's own packages, and ranks the bases as before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from basewise import ChooseOptions, choose
from basewise.advisories.store import Store
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.choice import Choice
from basewise.testing.feeds import fact, store_of

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
OF_THE_BASE = fact("CVE-2026-1", FactKind.FIXED, "99", package="openssl", release="trixie")
OF_PYPI = Advisory(
    id="CVE-2026-2",
    ecosystem="pypi",
    release="",
    package="jinja2",
    kind=FactKind.AFFECTED,
    origin="osv PyPI",
    ranges=(VersionRange("0", "99.1"),),
)


def chosen(store: Store) -> Choice:
    with store:
        return choose(ROOT / "examples" / "sentiment", ChooseOptions(offline=True), now=NOW, store=store)


def test_the_applications_own_packages_are_shown_and_change_no_rank() -> None:
    plain, with_pypi = chosen(store_of(OF_THE_BASE)), chosen(store_of(OF_THE_BASE, OF_PYPI))
    assert with_pypi.candidates == plain.candidates
    assert with_pypi.application_vulnerabilities
    for found in with_pypi.application_vulnerabilities:
        assert [(one.package, one.id, one.fixed_version) for one in found.findings] == [
            ("jinja2", "CVE-2026-2", "99.1")
        ]
        assert (found.vulnerabilities.total, found.vulnerabilities.fixable) == (1, 1)
    assert {found.vulnerabilities.total for found in plain.application_vulnerabilities} == {None}


def test_coverage_says_whose_python_packages_were_not_seen() -> None:
    plain, with_pypi = chosen(store_of(OF_THE_BASE)), chosen(store_of(OF_THE_BASE, OF_PYPI))
    unseen = [{item.what for item in found.coverage.not_covered} for found in (plain, with_pypi)]
    assert "Python packages of the application" in unseen[0]
    assert "Python packages of the application" not in unseen[1]
    assert "site-packages of the base images" in unseen[1]
    assert "osv PyPI" in {source.name for source in with_pypi.coverage.sources}
