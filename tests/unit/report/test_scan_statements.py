"""What trackers and other scanners read: CycloneDX, SPDX and OpenVEX, and what comes back from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.model.finding import Cvss, State
from basewise.model.inventory import ImageSurface
from basewise.model.sbom import Sbom
from basewise.model.scan import IgnoredStatus, Scan
from basewise.operations.scan_vex import installed_components
from basewise.policy.read_vex import read_vex_file
from basewise.policy.vex import apply_vex
from basewise.report.scan import render_scan
from basewise.testing.scans import finding, ignored, installed, scan_of, scanned


def rendered(scan: Scan, form: str) -> str:
    return render_scan(scan, form, width=100, color=False)


def document(scan: Scan, form: str) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(rendered(scan, form))


def set_aside(status: IgnoredStatus, justification: str = "") -> Scan:
    return scan_of(ignored=(ignored(finding(), "says so", status=status, justification=justification),))


def two_binaries() -> Scan:
    """A finding in a source of which two packages are installed."""
    found = finding(binaries=("libssl3", "openssl"))
    package = msgspec.structs.replace(found.package, name="libssl3")
    found = msgspec.structs.replace(found, package=package)
    other = msgspec.structs.replace(installed(found), name="openssl")
    return scan_of(found, packages=(installed(found), other))


def test_a_vulnerability_affects_every_installed_package_of_its_source() -> None:
    made = document(two_binaries(), "cyclonedx")
    (found,) = made["vulnerabilities"]
    names = {each["bom-ref"]: each["name"] for each in made["components"]}
    assert [names[each["ref"]] for each in found["affects"]] == ["libssl3", "openssl"]
    assert found["affects"][0]["versions"] == [{"version": "3.0.9-1", "status": "affected"}]


def test_a_finding_whose_package_is_not_listed_affects_the_image() -> None:
    scan = scan_of(finding(), packages=())
    (found,) = document(scan, "cyclonedx")["vulnerabilities"]
    assert [each["ref"] for each in found["affects"]] == ["image"]
    (image,) = document(scan, "spdx")["packages"][:1]
    assert image["annotations"][0]["comment"].startswith("finding: CVE-2023-5363 in openssl 3.0.9-1")


def test_a_rating_names_score_method_and_who_gave_it() -> None:
    (found,) = document(scan_of(finding(aliases=("GHSA-aaaa-bbbb-cccc", "odd"))), "cyclonedx")[
        "vulnerabilities"
    ]
    assert found["ratings"] == [
        {
            "source": {"name": "nvd"},
            "score": 7.5,
            "severity": "high",
            "method": "CVSSv31",
            "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        }
    ]
    assert found["source"] == {"name": "CVE", "url": "https://www.cve.org/CVERecord?id=CVE-2023-5363"}
    assert found["references"] == [
        {
            "id": "GHSA-aaaa-bbbb-cccc",
            "source": {"name": "GHSA", "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"},
        },
        {"id": "odd", "source": {"name": "basewise"}},
    ]


def test_an_unknown_severity_stays_unknown_and_negligible_is_info() -> None:
    severities = {
        each["id"]: each["ratings"][0]["severity"]
        for each in document(scanned(), "cyclonedx")["vulnerabilities"]
    }
    assert severities["CVE-2022-0563"] == "unknown"
    assert severities["CVE-2011-3374"] == "info"


def test_another_method_of_scoring_is_called_other() -> None:
    odd = Cvss(version="5.0", vector="CVSS:5.0/X", score=5.0, source="nvd")
    (found,) = document(scan_of(finding(cvss=odd)), "cyclonedx")["vulnerabilities"]
    assert found["ratings"][0]["method"] == "other"


@pytest.mark.parametrize(
    ("status", "justification", "analysis", "vex"),
    [
        (
            IgnoredStatus.ACCEPTED,
            "",
            {"state": "exploitable", "response": ["will_not_fix"]},
            {"status": "affected"},
        ),
        (IgnoredStatus.FIXED, "", {"state": "resolved"}, {"status": "fixed"}),
        (
            IgnoredStatus.NOT_AFFECTED,
            "vulnerable_code_not_in_execute_path",
            {"state": "not_affected", "justification": "code_not_reachable"},
            {"status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"},
        ),
        (IgnoredStatus.NOT_AFFECTED, "made up", {"state": "not_affected"}, {"status": "not_affected"}),
    ],
)
def test_an_ignored_finding_says_what_whoever_ignores_it_says(
    status: IgnoredStatus, justification: str, analysis: dict[str, Any], vex: dict[str, str]
) -> None:
    scan = set_aside(status, justification)
    (found,) = document(scan, "cyclonedx")["vulnerabilities"]
    assert found["analysis"] == {**analysis, "detail": "says so (basewise.toml, until 2027-01-31)"}
    (statement,) = document(scan, "openvex")["statements"]
    assert {name: statement.get(name) for name in vex} == vex
    assert ("justification" in statement) == ("justification" in vex)


@pytest.mark.parametrize("form", ["cyclonedx", "openvex"])
@pytest.mark.parametrize("status", [IgnoredStatus.NOT_AFFECTED, IgnoredStatus.FIXED])
def test_what_is_written_as_not_affected_is_taken_out_when_read_back(
    form: str, status: IgnoredStatus, tmp_path: Path
) -> None:
    whole = two_binaries()
    (found,) = whole.findings
    stated = msgspec.structs.replace(whole, findings=(), ignored=(ignored(found, status=status),))
    path = tmp_path / "vex.json"
    path.write_text(rendered(stated, form), "utf-8")
    read = apply_vex((found,), read_vex_file(path), installed_components(sbom_of(whole)))
    assert read.kept == ()
    assert [each.status for each in read.ignored] == [status]


@pytest.mark.parametrize("form", ["cyclonedx", "openvex"])
def test_an_accepted_risk_is_not_taken_out_when_read_back(form: str, tmp_path: Path) -> None:
    whole = two_binaries()
    stated = msgspec.structs.replace(whole, findings=(), ignored=(ignored(whole.findings[0]),))
    path = tmp_path / "vex.json"
    path.write_text(rendered(stated, form), "utf-8")
    read = apply_vex(whole.findings, read_vex_file(path), installed_components(sbom_of(whole)))
    assert (len(read.kept), read.ignored) == (1, ())


def sbom_of(scan: Scan) -> Sbom:
    surface = ImageSurface(
        executables=None, setuid=None, setgid=None, shells=(), package_managers=(), compilers=(), kernel_headers=None,
        default_user=None, exposed_ports=(), environment=(),
    )  # fmt: skip
    return Sbom(
        image=scan.image, distro=scan.distro, libc=None, packages=scan.packages, pythons=(), embedded=(), surface=surface,
        coverage=scan.coverage,
    )  # fmt: skip


def test_a_statement_names_image_digest_and_package() -> None:
    (statement,) = document(two_binaries(), "openvex")["statements"]
    (product,) = statement["products"]
    assert product["hashes"] == {"sha-256": "a" * 64}
    assert product["@id"].startswith("pkg:oci/app@sha256")
    assert [part["@id"] for part in product["subcomponents"]] == [
        "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl",
        "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12",
    ]
    assert statement["action_statement"].startswith("upgrade `openssl`")


def test_what_is_undetermined_is_under_investigation() -> None:
    (statement,) = document(scan_of(finding(state=State.UNDETERMINED)), "openvex")["statements"]
    assert statement["status"] == "under_investigation"
    assert "action_statement" not in statement


def test_an_spdx_package_links_its_public_records() -> None:
    made = document(two_binaries(), "spdx")
    packages = {each["name"]: each for each in made["packages"]}
    for name in ("libssl3", "openssl"):
        assert {
            "referenceCategory": "SECURITY",
            "referenceType": "advisory",
            "referenceLocator": "https://www.cve.org/CVERecord?id=CVE-2023-5363",
        } in packages[name]["externalRefs"]
    assert len(packages["libssl3"]["annotations"]) == 1
    assert "annotations" not in packages["openssl"]


@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "openvex"])
def test_the_clock_changes_no_identifier(form: str) -> None:
    later = msgspec.structs.replace(scanned(), generated_at="2026-12-24T00:00:00Z")
    name = {"cyclonedx": "serialNumber", "spdx": "documentNamespace", "openvex": "@id"}[form]
    assert document(later, form)[name] == document(scanned(), form)[name]
    other = msgspec.structs.replace(scanned(), findings=())
    assert document(other, form)[name] != document(scanned(), form)[name]
