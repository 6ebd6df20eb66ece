"""Vulnerabilities of the application's own packages: a list a Python minor, apart from the bases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.store import Store
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.choice import ApplicationFinding, ApplicationVulnerabilities
from basewise.model.evidence import NotCovered
from basewise.operations.application_findings import find_in_application
from basewise.report.application_section import application_section
from basewise.testing.candidates import candidate
from basewise.testing.choices import choice
from basewise.testing.feeds import fact, store_of

TODAY = date(2026, 11, 25)
REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-choose.md"


def affected(identifier: str, package: str, fixed: str) -> Advisory:
    return Advisory(
        id=identifier,
        ecosystem="pypi",
        release="",
        package=package,
        kind=FactKind.AFFECTED,
        origin="osv PyPI",
        ranges=(VersionRange("0", fixed),),
        severity="high",
    )


@pytest.fixture
def store() -> Iterator[Store]:
    with store_of(
        affected("CVE-2023-1", "urllib3", "1.26.18"), affected("CVE-2023-2", "requests", "2.31.0")
    ) as opened:
        yield opened


def test_each_minor_is_judged_by_its_own_versions(store: Store) -> None:
    versions = {
        "3.10": {"urllib3": "1.26.5", "Requests": "2.30.0", "numpy": "1.0"},
        "3.9": {"urllib3": "1.26.18"},
    }
    found = find_in_application(versions, store, TODAY).by_python
    assert [(each.python, each.packages, [one.id for one in each.findings]) for each in found] == [
        ("3.9", 1, []), ("3.10", 3, ["CVE-2023-1", "CVE-2023-2"]),
    ]  # fmt: skip
    assert [(each.vulnerabilities.total, each.vulnerabilities.fixable) for each in found] == [(0, 0), (2, 2)]
    assert found[1].findings[0].fixed_version == "1.26.18"


def test_site_packages_of_the_bases_stay_unseen(store: Store) -> None:
    unseen = find_in_application({"3.12": {}}, store, TODAY).not_covered
    assert (
        NotCovered(
            "site-packages of the base images", "the catalogue does not list their Python distributions"
        )
        in unseen
    )


def test_without_advisories_of_pypi_every_number_is_null() -> None:
    with store_of(fact("CVE-2023-1", FactKind.FIXED, "3.0.11")) as store:
        found = find_in_application({"3.12": {"urllib3": "1.26.5"}}, store, TODAY)
    assert found.by_python[0].vulnerabilities.total is None
    assert (found.by_python[0].packages, found.by_python[0].findings, found.sources) == (1, (), ())


def section(store: Store, versions: dict[str, dict[str, str]]) -> tuple[str, ...]:
    answer = choice([candidate("3.12")])
    by_python = find_in_application(versions, store, TODAY).by_python
    return application_section(
        msgspec.structs.replace(answer, application_vulnerabilities=by_python)
    ).sentences


def test_the_same_findings_on_all_minors_are_said_once(store: Store) -> None:
    same = {"urllib3": "1.26.5"}
    assert section(store, {"3.11": same, "3.12": same}) == (
        "every Python minor: 1 vulnerability in 1 package, 1 fixable",
        "urllib3 1.26.5: CVE-2023-1 (high): raise it to 1.26.18",
    )


def test_minors_that_differ_are_said_apart(store: Store) -> None:
    assert section(store, {"3.11": {"urllib3": "1.26.5"}, "3.12": {"urllib3": "1.26.18"}}) == (
        "versions differ between Python minors, and so do their vulnerabilities; the order above does not weigh them",
        "Python 3.11: 1 vulnerability in 1 package, 1 fixable: urllib3 CVE-2023-1",
        "Python 3.12: no known vulnerability in 1 package",
    )


def test_what_is_unmeasured_has_no_section() -> None:
    with store_of(fact("CVE-2023-1", FactKind.FIXED, "3.0.11")) as store:
        assert section(store, {"3.12": {"urllib3": "1.26.5"}}) == ()


def test_every_field_is_in_the_reference() -> None:
    fields = {*ApplicationFinding.__struct_fields__, *ApplicationVulnerabilities.__struct_fields__}
    assert fields - set(re.findall(r"`([a-z_]+)`", REFERENCE.read_text("utf-8"))) == set()
