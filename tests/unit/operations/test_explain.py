"""Explaining one vulnerability for one image: where, why, how to get the fix; and why it does not apply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.cli.main import run
from basewise.errors import UsageError
from basewise.model.advisory import FactKind, VersionRange
from basewise.model.explanation import Answer, ExplainedPackage, Explanation, Statement
from basewise.operations.explain import explain
from basewise.operations.scan_options import ScanOptions
from basewise.policy.ignore import rules_from
from basewise.report.cvss_words import vector_sentences
from basewise.report.explain import render_explanation
from basewise.testing.feeds import FactsFeed, content_of, fact
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import python_image

NOW = datetime(2026, 11, 25, tzinfo=UTC)
REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-explain.md"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
SITE = "usr/local/lib/python3.12/site-packages"
FACTS = (
    fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1", published="2023-10-25", detail="3.0.11-1", aliases=("GHSA-aaaa-bbbb-cccc",)),
    fact("CVE-2023-2", FactKind.FIXED, "3.0.5-1"),
    fact("CVE-2023-3", FactKind.NOT_AFFECTED, origin="debian_tracker", detail="added later"),
    fact("CVE-2023-4", FactKind.IGNORED, package="zlib", origin="debian_tracker"),
    fact("CVE-2023-5", FactKind.FIXED, "9", package="curl"),
    fact("CVE-2023-9", FactKind.FIXED_ELSEWHERE, "1:1.3-1", package="zlib", detail="trixie"),
    fact("CVE-2023-6", FactKind.FIXED, "3.12.5", package="cpython", ecosystem="cpython", release="3.12", origin="cpython"),
    msgspec.structs.replace(
        fact("GHSA-xxxx", FactKind.AFFECTED, package="requests", ecosystem="pypi", release="", origin="osv_pypi"),
        ranges=(VersionRange("2.0", "2.31.0"),), aliases=("CVE-2023-32681",), cvss=(VECTOR,),
    ),
    msgspec.structs.replace(
        fact("CVE-2023-8", FactKind.AFFECTED, package="requests", ecosystem="pypi", release="", origin="osv_pypi"),
        ranges=(VersionRange("0", "2.1"),),
    ),
)  # fmt: skip


@pytest.fixture
def store() -> Iterator[Store]:
    feeds = (
        FactsFeed("kev", exploited=["CVE-2023-1"], as_of="2026-11-24"),
        FactsFeed("epss", scores=[("CVE-2023-1", 0.42, 0.97)], as_of="2026-11-24"),
        FactsFeed("nvd", vectors=[("CVE-2023-1", "nvd", VECTOR)], rejected=["CVE-2023-7"]),
    )
    content = content_of(*FACTS, feeds=feeds)
    with Store.open_bytes(encode_store(content), "of a test") as opened:
        yield opened


@pytest.fixture
def layout(tmp_path: Path) -> str:
    packages = (
        ("libssl3", "3.0.9-1", "openssl"),
        ("openssl", "3.0.9-1", "openssl"),
        ("zlib1g", "1:1.2.13-1", "zlib"),
    )
    metadata = "Metadata-Version: 2.1\nName: requests\nVersion: 2.30.0\n"
    further = {f"{SITE}/requests-2.30.0.dist-info/METADATA": metadata}
    builder: ImageBuilder = python_image("3.12.3", codename="bookworm", packages=packages, further=further)
    return f"oci:{builder.write_layout(tmp_path / 'layout')}"


def told(found: Explanation) -> str:
    """Return the text on one line."""
    return " ".join(render_explanation(found, "table", width=100, color=False).split())


def test_what_applies_says_where_it_is_and_how_to_get_the_fix(layout: str, store: Store) -> None:
    found = explain("cve-2023-1", layout, now=NOW, store=store)
    assert (found.answer, found.aliases) == (Answer.APPLIES, ("GHSA-aaaa-bbbb-cccc",))
    (package,) = found.packages
    assert (package.binaries, package.layer, package.instruction) == (("libssl3", "openssl"), 0, "ADD")
    assert package.command == "apt-get update && apt-get install -y --only-upgrade libssl3 openssl"
    text = told(found)
    for said in (
        "cve-2023-1 applies to openssl",
        "libssl3, openssl, recorded in var/lib/dpkg/status, brought by layer 0 (made by ADD)",
        "why: fixed: a fixed version is published, and the installed one is older",
        "fixed in: 3.0.11-1 of 2023-10-25",
        "severity: high, says CVSS 3.1 by nvd",
        "attacked over a network, nothing special has to hold, without an account, nobody has to help",
        "everything can be read",
        "exploited: yes: on CISA's list of exploited vulnerabilities as of 2026-11-24",
        "EPSS: 42.0% chance of being exploited within 30 days, more than 97% of all, as of 2026-11-24",
        "debian_archive bookworm says of openssl (CVE-2023-1): fixed 3.0.11-1, 2023-10-25",
    ):
        assert said in text


@pytest.mark.parametrize("name", ["GHSA-AAAA-bbbb-cccc", "CVE-2023-32681", "ghsa-xxxx"])
def test_an_alias_finds_the_same(name: str, layout: str, store: Store) -> None:
    found = explain(name, layout, now=NOW, store=store)
    assert found.answer is Answer.APPLIES
    assert found.packages[0].finding is not None


def test_a_python_package_is_raised_with_pip(layout: str, store: Store) -> None:
    (package,) = explain("CVE-2023-32681", layout, now=NOW, store=store).packages
    assert package.command == "pip install requests==2.31.0"
    assert package.statements[0].ranges == ("from 2.0 before 2.31.0",)


def test_an_interpreter_of_no_package_needs_another_image(layout: str, store: Store) -> None:
    (package,) = explain("CVE-2023-6", layout, now=NOW, store=store).packages
    assert (package.command, package.package.type) == ("", "cpython")
    assert package.how[0].startswith("take an image that has 3.12.5")


@pytest.mark.parametrize(
    ("name", "answer", "why"),
    [
        ("CVE-2023-2", Answer.DOES_NOT_APPLY, "fixed in 3.0.5-1: the installed 3.0.9-1 has the fix"),
        (
            "CVE-2023-3",
            Answer.DOES_NOT_APPLY,
            "debian_tracker says that this release is not affected (added later)",
        ),
        ("CVE-2023-8", Answer.DOES_NOT_APPLY, "the installed 2.30.0 is in none of the affected versions"),
        ("CVE-2023-5", Answer.NOT_INSTALLED, "it is known for curl, not installed here"),
        ("CVE-2023-7", Answer.REJECTED, "was taken back"),
        ("CVE-2023-99", Answer.UNKNOWN, "no source of the advisory store names it, which proves nothing"),
        ("CVE-2023-9", Answer.UNDETERMINED, "it is not known whether CVE-2023-9 applies to zlib"),
        ("CVE-2023-4", Answer.APPLIES, "wont-fix: the distribution has decided not to fix it"),
    ],
)
def test_the_answer_says_why(name: str, answer: Answer, why: str, layout: str, store: Store) -> None:
    found = explain(name, layout, now=NOW, store=store)
    assert found.answer is answer
    text = told(found)
    assert why in text
    denied = answer in {Answer.DOES_NOT_APPLY, Answer.NOT_INSTALLED}
    assert ("not everything was seen, so this is no proof" in text) is denied


def test_an_ignored_finding_is_explained_with_its_reason(layout: str, store: Store) -> None:
    rules = rules_from(
        [{"id": "CVE-2023-1", "reason": "not reachable", "expires": "2027-01-01"}], "policy.toml"
    )
    found = explain("CVE-2023-1", layout, ScanOptions(rules=rules), now=NOW, store=store)
    assert found.answer is Answer.IGNORED
    assert "ignored: not reachable (policy.toml)" in told(found)


@pytest.mark.parametrize("text", ["", "  ", "x" * 200, "CVE\x1b[31m"])
def test_what_is_no_id_is_refused(text: str, layout: str, store: Store) -> None:
    with pytest.raises(UsageError, match="not the id of a vulnerability"):
        explain(text, layout, now=NOW, store=store)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        (VECTOR, ("attacked over a network, nothing special has to hold, without an account, nobody has to help", "everything can be read")),
        (
            "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:C/C:L/I:H/A:L",
            (
                ("attacked by someone who can run something on the machine, circumstances beyond the attacker's control "
                "have to hold, with an administrator's account, a user has to do something"),
                "something can be read, everything can be changed, its service can be disturbed",
                "the effect reaches beyond the vulnerable component",
            ),
        ),
        (
            "CVSS:4.0/AV:P/AC:L/AT:P/PR:L/UI:P/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N",
            (
                ("attacked by someone who can touch the machine, nothing special has to hold, with an ordinary account, a user "
                "has to use the system as usual, the target has to be set up in a certain way"),
                "nothing happens to the component itself",
                "the effect reaches beyond the vulnerable component",
            ),
        ),
        (
            "AV:N/AC:M/Au:S/C:P/I:P/A:C",
            (
                "attacked over a network, some circumstances have to hold, after logging in once",
                "something can be read, something can be changed, it can be put out of service",
            ),
        ),
        ("nonsense", ()),
    ],
)  # fmt: skip
def test_a_vector_is_read_out(vector: str, said: tuple[str, ...]) -> None:
    assert vector_sentences(vector) == said


def test_the_command_answers_with_zero_and_the_document_keeps_its_contract(
    layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "CVE-2023-5363", layout, "--now", "2026-11-25", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["answer"]) == ("basewise.explain/1", "applies")
    assert run(["explain", "CVE-1900-1", layout, "--now", "2026-11-25"]) == 0
    assert "nothing is known of CVE-1900-1" in capsys.readouterr().out


def test_every_field_and_answer_is_in_the_reference() -> None:
    fields = {name for kind in (Explanation, ExplainedPackage, Statement) for name in kind.__struct_fields__}
    assert ({*fields, *Answer}) - set(re.findall(r"`([a-z_-]+)`", REFERENCE.read_text("utf-8"))) == set()
