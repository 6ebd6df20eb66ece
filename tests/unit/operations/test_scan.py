from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.cli.main import run
from basewise.model.advisory import FactKind
from basewise.operations.scan import scan
from basewise.testing.feeds import fact, store_of
from basewise.testing.python_images import python_image

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> str:
    packages = (("libssl3", "3.0.9-1", "openssl"), ("openssl", "3.0.9-1", "openssl"))
    return f"oci:{python_image(codename='bookworm', packages=packages).write_layout(tmp_path / 'layout')}"


def test_a_finding_says_package_layer_and_what_to_do(layout: str) -> None:
    store = store_of(fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1~deb12u2"))
    found = scan(layout, now=NOW, store=store).findings
    assert [(one.id, one.package.source, one.binaries, one.layer, one.instruction) for one in found] == [
        ("CVE-2023-1", "openssl", ("libssl3", "openssl"), 0, "ADD")
    ]
    assert "apt-get install -y --only-upgrade libssl3 openssl" in found[0].advice


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_command_prints_findings_and_coverage(
    form: str, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", layout, "--format", form, "--now", "2026-11-25"]) == 0
    printed = capsys.readouterr().out
    assert "CVE-2023-5363" in printed
    assert "debian_archive bookworm" in printed
    if form == "json":
        assert json.loads(printed)["schema"] == "basewise.scan/1"
