"""Rules that ignore findings: who they name, when they end, and that nothing of it is silent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from basewise.errors import PolicyError, UsageError
from basewise.model.package import PackageType
from basewise.policy.ignore import apply_rules, read_ignore_file, rules_from
from basewise.testing.scans import finding

TODAY = date(2026, 11, 25)
RULE = {"id": "CVE-2023-1", "reason": "not reachable", "expires": "2027-01-31"}
FINDINGS = (
    finding("CVE-2023-1", "openssl", aliases=("GHSA-aaaa-bbbb-cccc",), binaries=("libssl3", "openssl")),
    finding("CVE-2023-2", "zlib"),
    finding("CVE-2023-3", "Zope.Interface", kind=PackageType.PYPI),
)


def ignored_by(*rules: dict[str, object]) -> list[str]:
    found = apply_rules(FINDINGS, rules_from(list(rules), "a test"), TODAY)
    assert [*found.kept, *(item.finding for item in found.ignored)] == sorted(
        FINDINGS, key=lambda each: each in {item.finding for item in found.ignored}
    )
    return [item.finding.id for item in found.ignored]


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, ["CVE-2023-1"]),
        ({"id": "cve-2023-1"}, ["CVE-2023-1"]),
        ({"id": "GHSA-aaaa-bbbb-cccc"}, ["CVE-2023-1"]),
        ({"package": "openssl"}, ["CVE-2023-1"]),
        ({"package": "libssl3"}, ["CVE-2023-1"]),
        ({"package": "zlib"}, []),
        ({"id": "CVE-2023"}, []),
        ({"id": "*", "package": "zlib"}, ["CVE-2023-2"]),
        ({"id": "*", "package": "zope-interface"}, ["CVE-2023-3"]),
        ({"id": "*"}, ["CVE-2023-1", "CVE-2023-2", "CVE-2023-3"]),
    ],
)
def test_a_rule_names_findings_by_id_alias_and_package(changes: dict[str, object], ids: list[str]) -> None:
    assert ignored_by({**RULE, **changes}) == ids


@pytest.mark.parametrize(
    ("expires", "holds"), [("2026-11-24", False), ("2026-11-25", True), (date(2026, 11, 26), True)]
)
def test_a_rule_holds_up_to_and_with_its_last_day(expires: object, *, holds: bool) -> None:
    rules = rules_from([{**RULE, "expires": expires}], "a test")
    found = apply_rules(FINDINGS, rules, TODAY)
    assert bool(found.ignored) is holds
    assert any("ended on" in note for note in found.notes) is not holds


def test_an_ignored_finding_carries_reason_last_day_and_file() -> None:
    item = apply_rules(FINDINGS, rules_from([RULE], "policy.toml"), TODAY).ignored[0]
    assert (item.reason, item.expires, item.source) == ("not reachable", "2027-01-31", "policy.toml")


def test_rules_that_match_nothing_or_everything_are_mentioned() -> None:
    rules = rules_from([{**RULE, "id": "CVE-1999-9"}, {**RULE, "id": "*", "reason": "a demo"}], "policy.toml")
    assert apply_rules(FINDINGS, rules, TODAY).notes == (
        "rule 1 of policy.toml (`CVE-1999-9`) matches nothing in this image",
        "rule 2 of policy.toml (`*`) ignores every finding until 2027-01-31: a demo",
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"reason": "x", "expires": "2027-01-01"}, "has no `id`"),
        ({"id": "CVE-1", "expires": "2027-01-01"}, "has no `reason`"),
        ({"id": "CVE-1", "reason": " ", "expires": "2027-01-01"}, "has no `reason`"),
        ({"id": "CVE-1", "reason": "x"}, "has no `expires`"),
        ({"id": "CVE-1", "reason": "x", "expires": "never"}, "no day"),
        ({"id": "CVE-1", "reason": "x", "expires": 20270101}, "no day"),
        ({"id": "*", "expires": "2027-01-01"}, "has no `reason`"),
        ({"id": "CVE-1", "reason": "x" * 2000, "expires": "2027-01-01"}, "longer than"),
        ({**RULE, "until": "2027"}, "unknown field `until`"),
        ("CVE-1", "is no table"),
    ],
)
def test_a_rule_without_id_reason_or_last_day_is_refused(rule: object, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        rules_from([RULE, rule], "policy.toml")
    assert "rule 2 of policy.toml" in error.value.message


def test_a_table_of_tables_names_the_ids() -> None:
    rules = rules_from({"CVE-2023-1": {"reason": "x", "expires": date(2027, 1, 1)}}, "a test")
    assert [(rule.id, rule.expires) for rule in rules] == [("CVE-2023-1", date(2027, 1, 1))]


def test_a_file_holds_rules_as_toml(tmp_path: Path) -> None:
    path = tmp_path / "ignore.toml"
    path.write_text('[[ignore]]\nid = "CVE-2023-1"\nreason = "x"\nexpires = 2027-01-31\n')
    assert read_ignore_file(path) == rules_from(
        [{"id": "CVE-2023-1", "reason": "x", "expires": "2027-01-31"}], str(path)
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"[[ignore]\n", PolicyError),
        (b"\xff\xfe", PolicyError),
        (b"a." * 2000 + b"b = 1", UsageError),
        (b"[" * 5000, PolicyError),
        (b"ignore = 3\n", UsageError),
        (b'[[rules]]\nid = "x"\n', UsageError),
    ],
)
def test_a_damaged_file_is_said(content: bytes, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "ignore.toml"
    path.write_bytes(content)
    with pytest.raises(error, match=r"ignore\.toml"):
        read_ignore_file(path)


def test_a_missing_file_and_a_folder_are_no_empty_list_of_rules(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(PolicyError, match="cannot read the ignore rules"):
            read_ignore_file(path)
