"""Every form of a scan: valid, complete, the same bytes, and no place for somebody else's commands."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from basewise.errors import InvalidValueError, UsageError
from basewise.model.evidence import Coverage, NotCovered
from basewise.model.finding import Severity, State, Vulnerabilities
from basewise.model.scan import Gate, Scan, ScanFilter, Scans
from basewise.report.scan import ONE_IMAGE_FORMATS, SCAN_FORMATS, render_scan
from basewise.testing.scan_documents import problems_of, rows_of
from basewise.testing.scans import finding, ignored, scan_coverage, scan_image, scan_of, scanned

DOCUMENTS = tuple(form for form in SCAN_FORMATS if form not in {"table", "json", "html"})
SEVERAL = tuple(form for form in DOCUMENTS if form not in ONE_IMAGE_FORMATS)
CLEAN = scan_of(coverage=scan_coverage(complete=True))
UNSEEN = Coverage(complete=False, not_covered=(NotCovered("everything", "the store is empty"),))
EMPTY = scan_of(coverage=UNSEEN, distro=None, support=None)
HOSTILE = "\x1b]0;x\x07\x9b \u202e\u200b|`a`[x](javascript:1)<script>\r::error::##[error]@all #1 www.evil.example '\"&\x00\ud800😀\ufffe"


def rendered(result: Scan | Scans, form: str) -> str:
    return render_scan(result, form, width=100, color=False)


def document(result: Scan | Scans, form: str = "sarif") -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(rendered(result, form))


def hostile() -> Scan:
    """Every text that comes from an image, an advisory or a rule is from somebody who wants to be noticed."""
    found = finding(
        HOSTILE, HOSTILE, version=HOSTILE, binaries=(HOSTILE,), aliases=(HOSTILE, HOSTILE), location=f"../{HOSTILE}//a:b",
        instruction=HOSTILE, detail=HOSTILE, advice=HOSTILE, fixed_version=HOSTILE, severity_source=HOSTILE,
        origins=(HOSTILE,), vex=HOSTILE,
    )  # fmt: skip
    other = msgspec.structs.replace(found, id=f"{HOSTILE}2")
    return scan_of(
        found,
        other,
        ignored=(ignored(found, HOSTILE, source=HOSTILE, expires=HOSTILE),),
        notes=(HOSTILE,),
        gate=Gate(conditions=("high",), violations=(HOSTILE,), passed=False),
        coverage=Coverage(complete=False, not_covered=(NotCovered(HOSTILE, HOSTILE),)),
        image=scan_image(reference=HOSTILE, digest=HOSTILE, index_digest=HOSTILE, platform=HOSTILE),
    )


SCANS = [
    pytest.param(scanned(), id="an image"),
    pytest.param(CLEAN, id="a clean image"),
    pytest.param(EMPTY, id="an image of which nothing is known"),
    pytest.param(hostile(), id="a hostile image"),
]


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("scan", SCANS)
def test_every_document_is_valid(scan: Scan, form: str) -> None:
    assert problems_of(form, rendered(scan, form)) == []


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("sarif", '"level": "error"', '"level": "dire"'),
        ("cyclonedx", '"state": "not_affected"', '"state": "fine"'),
        ("spdx", '"annotationType": "OTHER"', '"annotationType": "PRAISE"'),
        ("openvex", '"status": "affected"', '"status": "bad"'),
        ("gitlab", '"severity": "High"', '"severity": "Dire"'),
        ("junit", 'failures="1"', 'failures="2"'),
        ("markdown", "| high", "| ![high](https://evil.example)"),
    ],
)
def test_the_judges_do_refuse_something(form: str, good: str, bad: str) -> None:
    text = rendered(scanned(), form)
    assert good in text
    assert problems_of(form, text.replace(good, bad)) != []


@pytest.mark.parametrize("form", DOCUMENTS)
def test_every_document_says_image_tool_evidence_and_what_was_not_seen(form: str) -> None:
    text = rendered(scanned(), form)
    if form == "markdown":
        text = text.replace("\\_", "_")
    for said in (
        "registry.example/team/app:1.4", f"sha256:{'a' * 64}", "linux/amd64", "basewise", "1.2", "findings",
        "debian_archive bookworm", "2026-11-22", "osv PyPI", "2026-11-20", "not verified by signature",
        "conda packages: no source covers them", "the rule for CVE-2019-1 matches nothing", "2026-11-23",
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.parametrize("form", ["table", "json", "html"])
def test_forms_for_people_say_the_same_evidence(form: str) -> None:
    scan = scanned()
    text = " ".join(rendered(scan, form).split())
    counts = scan.summary.vulnerabilities
    for said in (
        scan.image.reference, str(scan.image.digest), "linux/amd64", scan.version, scan.generated_at[:10],
        *(source.as_of for source in scan.coverage.sources),
        *(item.why for item in scan.coverage.not_covered),
        *(found.id for found in scan.findings if found.state in {State.FIXED, State.OPEN, State.WONT_FIX}),
    ):  # fmt: skip
        assert said in text, said
    assert counts.total == sum(found.state is not State.UNDETERMINED for found in scan.findings)
    if form != "json":
        assert f"{counts.total} vulnerabilities, {counts.fixable} fixable" in text


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("scan", [scanned(), CLEAN, EMPTY])
def test_counts_in_the_summary_are_the_rows(scan: Scan, form: str) -> None:
    text = rendered(scan, form)
    counts = scan.summary.vulnerabilities
    assert rows_of(form, text) == len(scan.findings) == (counts.total or 0) + (counts.undetermined or 0)
    if form == "markdown":
        assert f": {counts.total} findings, {counts.fixable} fixable" in text
    elif form == "junit":
        stated = {each.get("name"): each.get("value") for each in ET.fromstring(text).iter("property")}  # noqa: S314 - written above
        assert stated["basewise:count:findings"] == str(len(scan.findings))
        assert stated["basewise:count:total"] == str(counts.total)
    else:
        assert "count:findings" in text
        assert str(len(scan.findings)) in text.partition("count:findings")[2][:40]


@pytest.mark.parametrize("form", DOCUMENTS)
def test_what_a_filter_hides_is_counted(form: str) -> None:
    whole = scanned()
    shown = ScanFilter(only_fixable=True, severity=None, hidden=4)
    scan = msgspec.structs.replace(whole, findings=whole.findings[:3], shown=shown)
    text = rendered(scan, form)
    assert rows_of(form, text) == 3
    assert "4 of 7 findings are left out" in text if form == "markdown" else "count:hidden" in text


@pytest.mark.parametrize("form", DOCUMENTS)
def test_an_unmeasured_count_is_unknown_and_never_zero(form: str) -> None:
    summary = msgspec.structs.replace(EMPTY.summary, vulnerabilities=Vulnerabilities())
    text = rendered(msgspec.structs.replace(EMPTY, summary=summary), form)
    if form == "markdown":
        assert "**incomplete**, **the evidence is incomplete**: ? findings, ? fixable" in text
    else:
        assert "unknown" in text.partition("count:total")[2][:40]


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_same_scan_gives_the_same_bytes(form: str) -> None:
    assert rendered(scanned(), form) == rendered(scanned(), form)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_nothing_from_an_image_can_command_a_terminal_or_a_build_service(form: str) -> None:
    text = rendered(hostile(), form)
    outside = set(text) - set(map(chr, range(32, 127))) - {"\n", "😀", "…"}
    assert outside == set()
    for line in text.splitlines():
        assert not line.lstrip().startswith("::")
    if form not in {"cyclonedx", "spdx"}:  # whose packages keep their exact names
        assert "##[error]" not in text


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_text_of_ten_megabytes_is_cut(form: str) -> None:
    long = "A" * 10_000_000
    found = finding(long, advice=long, detail=long, aliases=(long,), location=long, severity_source=long)
    scan = scan_of(
        found, notes=(long,), coverage=Coverage(complete=False, not_covered=(NotCovered(long, long),))
    )
    scan = msgspec.structs.replace(scan, packages=())
    text = rendered(scan, form)
    assert len(text) < 10_100_000 if form in {"cyclonedx", "spdx"} else len(text) < 60_000
    assert problems_of(form, text) == []


@pytest.mark.parametrize("form", SEVERAL)
def test_several_images_are_one_document_and_a_failed_one_is_named(form: str) -> None:
    other = msgspec.structs.replace(scanned(), image=scan_image(reference="registry.example/other:1"))
    several = Scans(scans=(scanned(), other), failed=("oci:gone: no such folder",))
    text = rendered(several, form)
    assert problems_of(form, text) == []
    assert rows_of(form, text) == 14
    for said in ("registry.example/team/app:1.4", "registry.example/other:1", "oci:gone: no such folder"):
        assert said in text


@pytest.mark.parametrize("form", SEVERAL)
def test_where_every_image_failed_the_document_says_which(form: str) -> None:
    failed = Scans(
        generated_at="2026-11-23T12:00:00Z", version="1.2", scans=(), failed=("oci:gone: no such folder",)
    )
    text = rendered(failed, form)
    assert problems_of(form, text) == []
    assert "oci:gone: no such folder" in text


@pytest.mark.parametrize("form", ONE_IMAGE_FORMATS)
def test_a_document_about_one_image_takes_no_second(form: str) -> None:
    assert rendered(Scans(scans=(scanned(),), failed=()), form) == rendered(scanned(), form)
    with pytest.raises(UsageError, match=f"`{form}` describes one image, and 2 were named"):
        rendered(Scans(scans=(scanned(),), failed=("oci:gone",)), form)


@pytest.mark.parametrize("form", [form for form in DOCUMENTS if form != "markdown"])
def test_a_scan_without_a_time_is_refused(form: str) -> None:
    with pytest.raises(InvalidValueError, match="says no time"):
        rendered(msgspec.structs.replace(scanned(), generated_at="yesterday"), form)


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_the_identity_of_a_finding_outlives_another_build(form: str) -> None:
    def identities(scan: Scan) -> list[str]:
        made = document(scan, form)
        if form == "gitlab":
            return [each["id"] for each in made["vulnerabilities"]]
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in made["runs"][0]["results"]]

    tag = "registry.example/team/app:1.5" if form == "sarif" else "registry.example/team/app:1.4"
    rebuilt = msgspec.structs.replace(
        scanned(),
        image=scan_image(reference=tag, digest=f"sha256:{'d' * 64}"),
        generated_at="2026-12-01T00:00:00Z",
    )
    assert identities(rebuilt) == identities(scanned())
    assert len(set(identities(scanned()))) == len(scanned().findings)


def test_states_and_severities_are_all_told_apart_somewhere() -> None:
    assert {found.state for found in scanned().findings} == set(State)
    assert {found.severity for found in scanned().findings} == set(Severity)
