"""What the services read: SARIF for code scanning, GitLab's report, JUnit for build servers."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from basewise.model.finding import Cvss, Severity, State
from basewise.model.scan import Gate, Scan, ScanFilter, Scans
from basewise.report.scan import render_scan
from basewise.testing.scans import finding, ignored, scan_coverage, scan_image, scan_of, scanned


def rendered(result: Scan | Scans, form: str) -> str:
    return render_scan(result, form, width=100, color=False)


def sarif(result: Scan | Scans) -> list[Any]:
    runs: list[Any] = json.loads(rendered(result, "sarif"))["runs"]
    return runs


def gitlab(result: Scan | Scans) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(rendered(result, "gitlab"))


def suite(scan: Scan) -> ET.Element:
    (found,) = ET.fromstring(rendered(scan, "junit")).iter("testsuite")  # noqa: S314 - written above
    return found


def failing(scan: Scan) -> list[str]:
    return [case.attrib["name"] for case in suite(scan).iter("testcase") if case.find("failure") is not None]


def test_a_result_points_to_the_record_of_its_package() -> None:
    (run,) = sarif(scanned())
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert places[0] == "var/lib/dpkg/status"
    assert places[2] == "usr/local/lib/python3.12/site-packages/requests-2.30.0.dist-info/METADATA"


@pytest.mark.parametrize(
    ("location", "uri"),
    [
        ("/etc/../../passwd", "etc/passwd"),
        ("c:/x", "c%3A/x"),
        ("//evil.example/x", "evil.example/x"),
        ("a b/ü#?.py", "a%20b/%C3%BC%23%3F.py"),
        ("", "image"),
        ("..", "image"),
    ],
)
def test_a_location_is_always_a_path_inside(location: str, uri: str) -> None:
    (run,) = sarif(scan_of(finding(location=location)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_rule_stands_once_and_has_the_worst_score_of_its_findings() -> None:
    low = Cvss(version="3.1", vector="CVSS:3.1/AV:L", score=3.1, source="nvd")
    (run,) = sarif(
        scan_of(finding(cvss=low), finding(package="nodejs"), finding("CVE-2024-1", "perl", cvss=None))
    )
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["CVE-2023-5363", "CVE-2024-1"]
    assert [rule["properties"].get("security-severity") for rule in rules] == ["7.5", None]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 0, 1]
    assert rules[0]["helpUri"] == "https://www.cve.org/CVERecord?id=CVE-2023-5363"
    assert "which layer brought it" in rules[0]["help"]["text"]


@pytest.mark.parametrize(
    ("severity", "state", "level"),
    [
        (Severity.CRITICAL, State.FIXED, "error"),
        (Severity.HIGH, State.OPEN, "error"),
        (Severity.MEDIUM, State.FIXED, "warning"),
        (Severity.UNKNOWN, State.OPEN, "warning"),
        (Severity.LOW, State.FIXED, "note"),
        (Severity.HIGH, State.MINOR, "note"),
        (Severity.HIGH, State.UNDETERMINED, "note"),
    ],
)
def test_the_level_follows_severity_and_state(severity: Severity, state: State, level: str) -> None:
    (run,) = sarif(scan_of(finding(severity=severity, state=state)))
    assert run["results"][0]["level"] == level


def test_incomplete_evidence_ignored_findings_and_notes_are_notifications() -> None:
    (run,) = sarif(scanned())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    said = [(each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]]
    assert said[0] == ("warning", "incomplete: not covered: conda packages: no source covers them")
    assert ("note", "the rule for CVE-2019-1 matches nothing") in said
    assert [text for _, text in said if "CVE-2020-1 in perl 3.0.9-1 is ignored" in text] != []
    assert not any("CVE-2020-1" in each["message"]["text"] for each in run["results"])


def test_a_clean_image_has_a_run_without_results() -> None:
    (run,) = sarif(scan_of(coverage=scan_coverage(complete=True)))
    assert run["results"] == run["tool"]["driver"]["rules"] == []
    assert run["invocations"][0]["toolExecutionNotifications"] == []


def test_brackets_of_a_name_are_no_link_of_a_message() -> None:
    (run,) = sarif(scan_of(finding(package="a[x](https://evil.example)")))
    assert r"a\[x\](https://evil.example)" in run["results"][0]["message"]["text"]


def test_alerts_outlive_a_tag_but_two_images_never_share_a_category() -> None:
    def categories(*references: str) -> list[str]:
        scans = tuple(
            msgspec.structs.replace(scanned(), image=scan_image(reference=each)) for each in references
        )
        return [run["automationDetails"]["id"] for run in sarif(Scans(scans=scans, failed=()))]

    assert categories("quay.io/team/app:1", "oci:dist/app") == [
        "basewise-scan/quay.io/team/app/",
        "basewise-scan/oci:dist/app/",
    ]
    assert categories("quay.io/team/app:1", "quay.io/team/app:2", "quay.io/team/app:2") == [
        "basewise-scan/quay.io/team/app:1 linux/amd64/",
        "basewise-scan/quay.io/team/app:2 linux/amd64/",
        "basewise-scan/quay.io/team/app:2 linux/amd64 2/",
    ]


def test_more_runs_than_a_service_takes_are_said() -> None:
    scans = tuple(
        msgspec.structs.replace(scanned(), image=scan_image(reference=f"quay.io/team/app-{at}:1"))
        for at in range(21)
    )
    for run in sarif(Scans(scans=scans, failed=())):
        said = [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]
        assert any("code scanning takes 20 runs in a file" in text for text in said)


def test_an_image_that_was_not_scanned_is_a_run_that_failed() -> None:
    good, bad = sarif(Scans(scans=(scanned(),), failed=("oci:gone: no such folder",)))
    assert good["invocations"][0]["executionSuccessful"] is True
    assert bad["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": "not scanned: oci:gone: no such folder"}}
            ],
        }
    ]


def test_gitlab_gets_package_system_image_and_solution() -> None:
    found = {each["name"]: each for each in gitlab(scanned())["vulnerabilities"]}
    first = found["CVE-2023-5363"]
    assert first["location"] == {
        "dependency": {"package": {"name": "openssl"}, "version": "3.0.9-1"},
        "operating_system": "debian:12",
        "image": "registry.example/team/app:1.4",
    }
    assert first["severity"] == "High"
    assert first["solution"].startswith("upgrade `openssl` to 3.0.11-1")
    assert first["cvss_vectors"] == [
        {"vendor": "nvd", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
    ]
    assert first["identifiers"] == [
        {
            "type": "cve",
            "name": "CVE-2023-5363",
            "value": "CVE-2023-5363",
            "url": "https://www.cve.org/CVERecord?id=CVE-2023-5363",
        }
    ]
    assert [each["type"] for each in found["GHSA-aaaa-bbbb-cccc"]["identifiers"]] == ["ghsa", "cve", "pysec"]
    assert found["CVE-2011-3374"]["severity"] == "Info"


def test_a_vector_that_gitlab_cannot_read_is_left_out() -> None:
    four = Cvss(version="4.0", vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H", score=8.7, source="nvd")
    (found,) = gitlab(scan_of(finding(cvss=four)))["vulnerabilities"]
    assert "cvss_vectors" not in found


def test_gitlab_is_warned_of_what_was_not_seen_and_told_of_a_failure() -> None:
    whole = gitlab(scanned())["scan"]
    assert whole["status"] == "success"
    warned = [each["value"] for each in whole["messages"] if each["level"] == "warn"]
    assert warned == [
        "registry.example/team/app:1.4: coverage:not-covered: conda packages: no source covers them"
    ]
    failed = gitlab(Scans(scans=(scanned(),), failed=("oci:gone",)))["scan"]
    assert failed["status"] == "failure"
    assert failed["messages"][-1] == {"level": "fatal", "value": "not scanned: oci:gone"}


def test_without_a_gate_every_finding_fails() -> None:
    scan = msgspec.structs.replace(scanned(), gate=None)
    assert len(failing(scan)) == len(scan.findings)


def test_with_a_gate_only_what_violates_it_fails() -> None:
    assert failing(scanned()) == ["CVE-2024-3094 in xz-utils 5.6.0-0.2"]
    passed = Gate(conditions=("exploited",), violations=(), passed=True)
    assert failing(msgspec.structs.replace(scanned(), gate=passed)) == []


def test_a_violation_that_a_filter_hides_fails_nevertheless() -> None:
    shown = ScanFilter(only_fixable=False, severity=Severity.LOW, hidden=7)
    scan = msgspec.structs.replace(scanned(), findings=(), shown=shown)
    assert failing(scan) == ["CVE-2024-3094"]


def test_incomplete_evidence_is_an_error_and_complete_evidence_a_passed_case() -> None:
    unseen = suite(scan_of())
    assert unseen.attrib["errors"] == "1"
    (error,) = unseen.iter("error")
    assert "conda packages: no source covers them" in (error.text or "")
    seen = suite(scan_of(coverage=scan_coverage(complete=True)))
    assert (seen.attrib["tests"], seen.attrib["errors"], seen.attrib["failures"]) == ("1", "0", "0")


def test_an_ignored_finding_is_skipped_with_its_reason() -> None:
    (skipped,) = suite(scan_of(ignored=(ignored(finding()),))).iter("skipped")
    assert skipped.attrib["message"] == (
        "CVE-2023-5363 in openssl 3.0.9-1 is ignored: the risk is accepted: not reachable from outside "
        "(basewise.toml, until 2027-01-31)"
    )
