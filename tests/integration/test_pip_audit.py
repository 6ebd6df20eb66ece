"""Findings in old machine-learning packages, beside those of pip-audit on the same advisories.

Both read the records of one zip file: basewise through its own feed and store, pip-audit through the query interface of
OSV, which is answered here from the zip with the `packaging` library.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uv
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from basewise.advisories.content import gather
from basewise.advisories.osv import Osv
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.model.finding import State
from basewise.model.scan import Scan, ScanFinding
from basewise.operations.scan import scan
from basewise.progress import SilentProgress
from basewise.testing.fake_http import Answer, ScriptedServer, Seen

pytestmark = pytest.mark.online

SITE = "usr/local/lib/python3.6/site-packages"
# Versions with small wheels. The wheels of Windows are the smallest of tensorflow, and metadata is all that is read.
OLD = {
    "3.6": (
        "aiohttp==3.7.3", "certifi==2022.9.14", "cryptography==3.2", "Flask==0.12", "gradio==2.0.0", "idna==3.4", "ipython==5.0.0",
        "Jinja2==2.8", "joblib==1.0.1", "jupyter-server==1.0.5", "lxml==4.2.0", "mlflow==1.7.2", "notebook==5.0.0", "numpy==1.13.3",
        "pandas==0.25.0", "Pillow==5.0.0", "Pygments==2.0.2", "pytorch-lightning==1.5.9", "PyYAML==5.1.2", "requests==2.2.1",
        "setuptools==40.0.0", "tensorflow==1.2.0", "tornado==4.5", "urllib3==1.18", "Werkzeug==0.11",
    ),
    "3.9": ("distributed==2021.8.1", "langchain==0.0.99"),
}  # fmt: skip
LEAST_PACKAGES, LEAST_FINDINGS = 20, 60


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root file system with the old packages in it."""
    root = tmp_path_factory.mktemp("old-packages")
    for python, requirements in OLD.items():
        command = [
            uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--target", str(root / SITE), "--no-deps", "--no-build",
            "--no-compile-bytecode", "--link-mode", "hardlink", "--python-version", python, "--python-platform", "windows",
            *requirements,
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=300)
    return root


@pytest.fixture(scope="module")
def records(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the records by package name."""
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with zipfile.ZipFile(shared_data / "osv" / "PyPI" / "all.zip") as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            for package in {
                canonicalize_name(part["package"]["name"]) for part in record.get("affected", [])
            }:
                by_name[package].append(record)
    return by_name


def is_affected(record: dict[str, Any], name: str, version: str) -> bool:
    """Evaluate a record as the schema of OSV says, by the `packaging` library."""
    at = Version(version)
    for part in record["affected"]:
        if canonicalize_name(part["package"]["name"]) != name:
            continue
        if any(is_equal(listed, at) for listed in part.get("versions", [])):
            return True
        events = [item["events"] for item in part.get("ranges", []) if item["type"] == "ECOSYSTEM"]
        if any(holds(item, at) for item in events):
            return True
    return False


def is_equal(listed: str, at: Version) -> bool:
    try:
        return Version(listed) == at
    except InvalidVersion:
        return False


def holds(events: list[dict[str, str]], at: Version) -> bool:
    """Walk the events in order; the state after the last one at or before the version counts."""
    state = False

    def place(event: dict[str, str]) -> tuple[bool, Version]:
        ((_, text),) = event.items()
        return text != "0", Version(text)

    for event in sorted(events, key=place):
        ((kind, text),) = event.items()
        if kind == "introduced" and (text == "0" or at >= Version(text)):
            state = True
        elif (kind == "fixed" and at >= Version(text)) or (kind == "last_affected" and at > Version(text)):
            state = False
    return state


class OsvQueries(ScriptedServer):
    """Answers `/v1/query` from records."""

    def __init__(self, records: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__()
        self.records = records

    def answer(self, request: Seen) -> Answer:
        query = json.loads(request.body)
        name = canonicalize_name(query["package"]["name"])
        found = [item for item in self.records.get(name, []) if is_affected(item, name, query["version"])]
        return Answer(
            headers={"Content-Type": "application/json"},
            body=json.dumps({"vulns": found} if found else {}).encode(),
        )


@pytest.fixture(scope="module")
def audited(
    tree: Path, records: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """Return what pip-audit finds, by package name."""
    with OsvQueries(records) as server:
        command = [
            sys.executable, "-m", "pip_audit", "--path", str(tree / SITE), "-s", "osv", "--osv-url", f"{server.url}/v1/query", "-f",
            "json", "--aliases", "on", "--desc", "off", "--progress-spinner", "off", "--cache-dir",
            str(tmp_path_factory.mktemp("pip-audit")),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    return {item["name"]: item["vulns"] for item in json.loads(done.stdout)["dependencies"]}


@pytest.fixture(scope="module")
def scanned(tree: Path, shared_data: Path) -> Iterator[Scan]:
    feed = Osv(shared_data / "osv" / "PyPI" / "all.zip", "PyPI")
    content = gather([(feed.name, feed.collect(SilentProgress()))])
    with Store.open_bytes(encode_store(content), "of a test") as store:
        yield scan(f"dir:{tree}", store=store, now=datetime(2026, 11, 27, tzinfo=UTC))


def by_package(found: Scan) -> dict[str, list[ScanFinding]]:
    grouped: dict[str, list[ScanFinding]] = defaultdict(list)
    for finding in found.findings:
        grouped[canonicalize_name(finding.package.name)].append(finding)
    return grouped


def test_the_tree_holds_twenty_packages_with_sixty_findings(scanned: Scan) -> None:
    assert len(by_package(scanned)) >= LEAST_PACKAGES
    assert len(scanned.findings) >= LEAST_FINDINGS
    assert {"mlflow", "numpy", "pillow", "tensorflow", "urllib3"} <= set(by_package(scanned))


def test_every_vulnerability_is_found_by_both(
    scanned: Scan, audited: dict[str, list[dict[str, Any]]]
) -> None:
    """What either finds, the other finds under one of its ids, in the same package; nothing is left to explain."""
    ours = by_package(scanned)
    for name in {*ours, *audited}:
        theirs = audited.get(name, [])
        ids_of_ours = {identifier for item in ours.get(name, []) for identifier in (item.id, *item.aliases)}
        ids_of_theirs = {identifier for item in theirs for identifier in (item["id"], *item["aliases"])}
        assert [
            item["id"] for item in theirs if ids_of_ours.isdisjoint((item["id"], *item["aliases"]))
        ] == [], name
        assert [
            item.id for item in ours.get(name, []) if ids_of_theirs.isdisjoint((item.id, *item.aliases))
        ] == [], name
    assert sum(map(len, audited.values())) >= LEAST_FINDINGS


def test_counts_differ_only_where_records_share_an_alias(
    scanned: Scan, audited: dict[str, list[dict[str, Any]]]
) -> None:
    """pip-audit lists records; here records with a common id are one vulnerability."""
    ours = by_package(scanned)
    for name, theirs in audited.items():
        groups: list[set[str]] = []
        for item in theirs:
            ids = {item["id"], *item["aliases"]}
            touching = [group for group in groups if group & ids]
            groups = [group for group in groups if not group & ids] + [ids.union(*touching)]
        assert len(ours.get(name, [])) == len(groups), name
    assert [len(audited["distributed"]), len(ours["distributed"])] == [2, 1]


def test_the_fixed_version_is_the_first_of_those_that_pip_audit_names_that_is_not_affected(
    scanned: Scan, audited: dict[str, list[dict[str, Any]]], records: dict[str, list[dict[str, Any]]]
) -> None:
    """pip-audit names the fixes of all lines; here the one to install is named, or none where all are affected."""
    fixed = 0
    for name, findings in by_package(scanned).items():
        by_id = {record["id"]: record for record in records[name]}
        for finding in findings:
            ids = {finding.id, *finding.aliases}
            said = [item for item in audited[name] if not ids.isdisjoint((item["id"], *item["aliases"]))]
            installed = Version(finding.package.version)
            named = sorted({Version(text) for item in said for text in item["fix_versions"]})
            clean = [
                version
                for version in named
                if version > installed
                and not any(is_affected(by_id[item["id"]], name, str(version)) for item in said)
            ]
            if finding.state is State.FIXED:
                fixed += 1
                assert finding.fixed_version is not None
                assert Version(finding.fixed_version) == clean[0], (name, finding.id)
            else:
                assert finding.state is State.OPEN
                assert clean == [], (name, finding.id)
    assert fixed >= LEAST_FINDINGS
