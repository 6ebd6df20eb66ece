"""VEX statements: which finding they are about, which of several wins, and what they take out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from basewise.errors import PolicyError
from basewise.model.scan import IgnoredStatus, ScanFinding
from basewise.policy.purl import parse_purl
from basewise.policy.read_vex import read_vex_file
from basewise.policy.vex import InstalledComponents, VexStatement, apply_vex
from basewise.testing.scans import finding

DIGEST = f"sha256:{'a' * 64}"
OPENSSL = finding("CVE-2023-1", "openssl", aliases=("GHSA-aaaa-bbbb-cccc",), binaries=("libssl3", "openssl"))
ZLIB = finding("CVE-2023-1", "zlib", version="1.2.13-1", binaries=("zlib1g",))
LIBSSL = "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl"
PURLS = {
    ("deb", "libssl3"): LIBSSL,
    ("deb", "openssl"): "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12",
    ("deb", "zlib1g"): "pkg:deb/debian/zlib1g@1.2.13-1?arch=amd64&distro=debian-12&upstream=zlib",
}
IMAGE = f"pkg:oci/app@{DIGEST}?arch=amd64&repository_url=registry.example/team/app&tag=1"
INSTALLED = InstalledComponents(
    digests=frozenset({DIGEST}),
    image=parse_purl(IMAGE),
    binaries={name: tuple(filter(None, (parse_purl(text),))) for name, text in PURLS.items()},
)


def openvex(*statements: dict[str, Any], **document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [
            {"vulnerability": {"name": "CVE-2023-1"}, "status": "not_affected", **each} for each in statements
        ],
        **document,
    }


def cyclonedx(analysis: dict[str, Any], *affects: dict[str, Any], **document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "bomFormat": "CycloneDX",
        "vulnerabilities": [{"id": "CVE-2023-1", "analysis": analysis, "affects": list(affects)}],
        **document,
    }


def applied(
    folder: Path, *documents: dict[str, Any], findings: tuple[ScanFinding, ...] = (OPENSSL, ZLIB)
) -> tuple[list[str], list[str]]:
    """Return the packages of ignored findings with the status, and what VEX says of the kept ones."""
    statements: list[VexStatement] = []
    for number, document in enumerate(documents):
        path = folder / f"{number}.vex.json"
        path.write_text(json.dumps(document))
        statements += read_vex_file(path)
    found = apply_vex(findings, statements, INSTALLED)
    ignored = [f"{item.finding.package.source} {item.status}" for item in found.ignored]
    return ignored, [f"{each.package.source} {each.vex}" for each in found.kept if each.vex]


@pytest.mark.parametrize(
    ("product", "ignored"),
    [
        ({"@id": "pkg:deb/debian/openssl"}, ["openssl not_affected"]),
        ({"@id": "pkg:deb/debian/openssl@3.0.9-1?arch=source"}, ["openssl not_affected"]),
        ({"identifiers": {"purl": "pkg:deb/debian/zlib1g@1.2.13-1"}}, ["zlib not_affected"]),
        ({"@id": "pkg:deb/debian/openssl@1.1.1"}, []),
        ({"@id": LIBSSL}, []),
        ({"@id": IMAGE}, ["openssl not_affected", "zlib not_affected"]),
        ({"@id": f"pkg:oci/other@{DIGEST}"}, ["openssl not_affected", "zlib not_affected"]),
        ({"@id": f"pkg:oci/app@sha256:{'b' * 64}"}, []),
        ({"@id": "pkg:oci/app?repository_url=registry.example/team/app"}, ["openssl not_affected", "zlib not_affected"]),
        ({"@id": "pkg:oci/app?repository_url=registry.example/other/app"}, []),
        ({"@id": "pkg:oci/app@v9?repository_url=registry.example/team/app"}, []),
        ({"@id": "pkg:oci/app@1?repository_url=registry.example/team/app"}, []),
        ({"@id": f"pkg:oci/app@sha512:{'a' * 128}?repository_url=registry.example/team/app"}, []),
        ({"@id": f"pkg:oci/app@SHA256:{'B' * 64}?repository_url=registry.example/team/app"}, []),
        ({"@id": f"pkg:oci/app@{DIGEST.upper()}"}, ["openssl not_affected", "zlib not_affected"]),
        ({"@id": "pkg:oci/app"}, []),
        ({"hashes": {"sha-256": "A" * 64}}, ["openssl not_affected", "zlib not_affected"]),
        ({"hashes": {"sha-256": "b" * 64}}, []),
        ({"@id": IMAGE, "subcomponents": [{"@id": "pkg:deb/debian/zlib1g"}]}, ["zlib not_affected"]),
        ({"@id": "registry.example/team/app:1"}, []),
        ({"@id": "*"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_a_statement_is_about_the_product_that_it_names(
    product: dict[str, Any], ignored: list[str], tmp_path: Path
) -> None:
    assert applied(tmp_path, openvex({"products": [product]})) == (ignored, [])


def test_single_binary_packages_take_their_source_out_only_all_together(tmp_path: Path) -> None:
    both = openvex({"products": [{"@id": LIBSSL}, {"@id": PURLS["deb", "openssl"]}]})
    assert applied(tmp_path, both)[0] == ["openssl not_affected"]
    contradicted = openvex(
        {"products": [{"@id": LIBSSL}], "status": "affected"}, timestamp="2026-02-01T00:00:00Z"
    )
    assert applied(tmp_path, both, contradicted) == ([], ["openssl affected"])


@pytest.mark.parametrize(
    ("status", "ignored", "said"),
    [
        ("not_affected", ["openssl not_affected"], []),
        ("fixed", ["openssl fixed"], []),
        ("affected", [], ["openssl affected: wait"]),
        ("under_investigation", [], ["openssl under_investigation: wait"]),
    ],
)
def test_two_of_the_four_statuses_take_a_finding_out(
    status: str, ignored: list[str], said: list[str], tmp_path: Path
) -> None:
    statement = {
        "products": [{"@id": "pkg:deb/debian/openssl"}],
        "status": status,
        "action_statement": "wait",
    }
    assert applied(tmp_path, openvex(statement)) == (ignored, said)


@pytest.mark.parametrize(
    ("first", "second", "ignored"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", []),
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", ["openssl not_affected"]),
        ("2026-01-02T00:30:00+02:00", "2026-01-01T23:00:00Z", ["openssl not_affected"]),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", ["openssl not_affected"]),
        ("2026-01-01T00:00:00Z", "soon", []),
    ],
)
def test_the_latest_statement_wins(first: str, second: str, ignored: list[str], tmp_path: Path) -> None:
    products = [{"@id": "pkg:deb/debian/openssl"}]
    documents = (
        openvex({"products": products, "status": "affected", "timestamp": first}),
        openvex({"products": products, "timestamp": second}),
    )
    assert applied(tmp_path, *documents)[0] == ignored


def test_an_alias_names_the_vulnerability_and_the_old_form_is_read(tmp_path: Path) -> None:
    old = openvex({"vulnerability": "GHSA-aaaa-bbbb-cccc", "products": ["pkg:deb/debian/openssl"]})
    alias = openvex(
        {"vulnerability": {"name": "X-1", "aliases": ["cve-2023-1"]}, "products": ["pkg:deb/debian/openssl"]}
    )
    other = openvex({"vulnerability": {"name": "CVE-2023-10"}, "products": ["pkg:deb/debian/openssl"]})
    assert [applied(tmp_path, document)[0] for document in (old, alias, other)] == [
        ["openssl not_affected"], ["openssl not_affected"], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "ignored"),
    [
        ("not_affected", ["zlib not_affected"]),
        ("false_positive", ["zlib not_affected"]),
        ("resolved", ["zlib fixed"]),
        ("resolved_with_pedigree", ["zlib fixed"]),
        ("in_triage", []),
        ("exploitable", []),
    ],
)
def test_the_states_of_cyclonedx_are_those_of_vex(state: str, ignored: list[str], tmp_path: Path) -> None:
    document = cyclonedx({"state": state}, {"ref": "pkg:deb/debian/zlib1g@1.2.13-1"})
    found, said = applied(tmp_path, document)
    assert found == ignored
    assert bool(said) is (not ignored)


@pytest.mark.parametrize(
    ("affected", "ignored"),
    [
        ({"ref": "z"}, ["zlib"]),
        ({"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Adeb%2Fdebian%2Fzlib1g"}, ["zlib"]),
        ({"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#z"}, ["zlib"]),
        ({"ref": "image"}, ["openssl", "zlib"]),
        ({"ref": "z", "versions": [{"version": "1.2.13-1"}]}, ["zlib"]),
        ({"ref": "z", "versions": [{"version": "1.2.13-1", "status": "unaffected"}]}, []),
        ({"ref": "z", "versions": [{"range": "vers:deb/<2"}]}, []),
        ({"ref": "nothing"}, []),
    ],
)
def test_cyclonedx_names_products_by_reference(
    affected: dict[str, Any], ignored: list[str], tmp_path: Path
) -> None:
    document = cyclonedx(
        {"state": "not_affected", "justification": "code_not_present"},
        affected,
        metadata={"component": {"bom-ref": "image", "hashes": [{"alg": "SHA-256", "content": "a" * 64}]}},
        components=[{"bom-ref": "z", "purl": "pkg:deb/debian/zlib1g"}],
    )
    assert [text.partition(" ")[0] for text in applied(tmp_path, document)[0]] == ignored


def test_a_vulnerability_without_analysis_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-2023-1"}]}))
    assert read_vex_file(path) == ()


def test_a_file_of_which_nothing_matches_is_mentioned(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(openvex({"products": [{"@id": "pkg:pypi/requests"}]})))
    found = apply_vex((OPENSSL,), read_vex_file(path), INSTALLED)
    assert found.notes == (f"none of the 1 VEX statement of {path} is about a finding of this image",)
    assert found.kept == (OPENSSL,)


def test_an_ignored_finding_says_status_words_and_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    statement = {
        "products": [{"@id": "pkg:deb/debian/openssl"}],
        "justification": "vulnerable_code_not_present",
        "impact_statement": "built without it",
    }
    path.write_text(json.dumps(openvex(statement)))
    item = apply_vex((OPENSSL,), read_vex_file(path), INSTALLED).ignored[0]
    assert item.reason == "not_affected: vulnerable_code_not_present; built without it"
    assert (item.expires, item.source, item.status) == (None, str(path), IgnoredStatus.NOT_AFFECTED)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b'{"@context": "https://example.org"}',
        b'{"@context": 3}',
        b'{"bomFormat": "CycloneDX", "vulnerabilities": [{"analysis": {"state": "fine"}}]}',
        b'{"@context": "https://openvex.dev/ns", "statements": [{"status": "maybe"}]}',
        b'{"@context": "https://openvex.dev/ns", "statements": {"a": 1}}',
        b'{"@context": "https://openvex.dev/ns", "statements": ' + b"[" * 100_000,
        b'{"bomFormat": "CycloneDX", "components": "\xff"}',
    ],
)
def test_a_hostile_or_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.json"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"cannot read the VEX document .*hostile\.json"):
        read_vex_file(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("basewise.policy.read_vex.MAX_FILE_BYTES", 100)
    path = tmp_path / "large.json"
    path.write_text(json.dumps(openvex({"products": []})))
    with pytest.raises(PolicyError, match="more than 100 bytes"):
        read_vex_file(path)
    monkeypatch.undo()
    monkeypatch.setattr("basewise.policy.read_vex.MAX_STATEMENTS", 0)
    with pytest.raises(PolicyError, match="more than 0 statements"):
        read_vex_file(path)
