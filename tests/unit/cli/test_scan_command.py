"""`basewise scan` as a command: exit codes, several images, rules of files, and stores that must not be believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from basewise.advisories.write import encode_store
from basewise.cli.main import run
from basewise.model.advisory import FactKind
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.feeds import fact
from basewise.testing.python_images import push, python_image
from basewise.testing.whole_stores import whole_store_content

NOW = ("--now", "2026-11-25")
PACKAGES = (("libssl3", "3.0.9-1", "openssl"), ("zlib1g", "1:1.2.13.dfsg-1", "zlib"))
SEVERE = fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1", severity="high")
KNOWN = fact("CVE-2023-1001", FactKind.FIXED, "3.0.11-1", severity="high", published="2023-05-01")
MILD = fact("CVE-2023-2", FactKind.OPEN, package="zlib", origin="debian_tracker", severity="low")
UseStore = Callable[..., Path]


@pytest.fixture
def use_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseStore:
    """Return a function that makes a store which knows everything, and these facts, the default one."""

    def use(*facts: Any, **content: Any) -> Path:  # noqa: ANN401 - as `whole_store_content` takes them
        path = tmp_path / "store.sqlite"
        path.write_bytes(encode_store(whole_store_content(*facts, **content)))
        monkeypatch.setenv("BASEWISE_STORE", str(path))
        return path

    monkeypatch.chdir(tmp_path)
    return use


@pytest.fixture
def layout(tmp_path: Path) -> str:
    return f"oci:{image().write_layout(tmp_path / 'layout')}"


def image() -> Any:  # noqa: ANN401 - a builder
    return python_image(codename="bookworm", packages=PACKAGES, python="")


def document(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("facts", "content", "flags", "code"),
    [
        ([SEVERE], {}, [], 0),
        ([], {}, ["--fail-on", "any"], 0),
        ([MILD], {}, ["--fail-on", "high"], 0),
        ([SEVERE], {}, ["--fail-on", "high"], 1),
        ([SEVERE], {}, ["--fail-on", "critical"], 0),
        ([MILD], {}, ["--fail-on", "critical", "--fail-on", "low"], 1),
        ([MILD], {}, ["--fail-on", "fixable"], 0),
        ([SEVERE], {}, ["--fail-on", "fixable"], 1),
        ([SEVERE], {}, ["--fail-on", "exploited"], 3),
        ([KNOWN], {"exploited": ["CVE-2020-1"]}, ["--fail-on", "exploited"], 0),
        ([SEVERE], {"exploited": ["CVE-2023-1"]}, ["--fail-on", "exploited"], 1),
        ([], {"as_of": "2026-01-01"}, ["--fail-on", "any"], 3),
        ([MILD], {"as_of": "2026-01-01"}, ["--fail-on", "high"], 3),
        ([SEVERE], {"as_of": "2026-01-01"}, ["--fail-on", "high"], 1),
        ([], {"as_of": "2026-01-01"}, [], 0),
        ([], {"sources": ["zlib"]}, ["--fail-on", "any"], 3),
        ([], {"release": "trixie"}, ["--fail-on", "any"], 3),
        ([SEVERE], {}, ["--fail-on", "high", "--only-fixable", "--severity", "critical"], 1),
    ],
)
def test_exit_codes_of_the_gate(  # noqa: PLR0917 - what a row of the table needs
    facts: list[Any],
    content: dict[str, Any],
    flags: list[str],
    code: int,
    layout: str,
    use_store: UseStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_store(*facts, **content)
    assert run(["scan", layout, *NOW, *flags]) == code
    printed = capsys.readouterr().out
    last = " ".join(printed.partition("Coverage")[2].split())
    assert ("clean: no known" in last) is (not facts and not content)
    assert ("evidence incomplete" in last or "incomplete:" in last) is bool(content.keys() - {"exploited"})


@pytest.mark.parametrize("damage", ["missing", "empty file", "cut", "no facts", "no store"])
def test_a_store_that_cannot_be_believed_ends_the_scan(
    damage: str, layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    path = use_store(SEVERE)
    content = {"empty file": b"", "cut": path.read_bytes()[:-4096], "no store": b"x" * 9000}
    if damage == "missing":
        path.unlink()
    elif damage == "no facts":
        use_store(sources=(), exploited=())
        path.write_bytes(b"SQLite format 3\0" + b"\0" * 4080)
    else:
        path.write_bytes(content[damage])
    assert run(["scan", layout, *NOW]) == 4
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "store" in printed.err
    assert "hint:" in printed.err


def test_one_image_that_fails_stops_none_of_the_others(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use_store(SEVERE)
    second = f"oci:{python_image(codename='bookworm', packages=PACKAGES[1:], python='').write_layout(tmp_path / 'second')}"
    missing = f"oci:{tmp_path / 'missing'}"
    code = run(["scan", layout, missing, second, *NOW, "--format", "json", "--fail-on", "high"])
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert code == 4
    assert found["schema"] == "basewise.scans/1"
    assert [scan["image"]["reference"] for scan in found["scans"]] == [layout, second]
    assert [scan["summary"]["verdict"] for scan in found["scans"]] == ["findings", "clean"]
    assert len(found["failed"]) == 1
    assert found["failed"][0].startswith(missing)
    assert f"error: {missing}" in printed.err


def test_several_images_share_a_gate_and_the_table_has_all(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use_store(SEVERE)
    second = f"oci:{python_image(codename='bookworm', packages=PACKAGES[1:], python='').write_layout(tmp_path / 'second')}"
    assert run(["scan", second, layout, layout, *NOW, "--fail-on", "high", "-v"]) == 1
    printed = capsys.readouterr()
    assert "2 scanned, 0 failed" in printed.out
    assert "image 2 of 2" in printed.err
    assert run(["scan", second, second, *NOW, "--fail-on", "high"]) == 0


def test_a_registry_gives_the_same_findings_as_a_layout(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    use_store(SEVERE, MILD)
    assert run(["scan", layout, *NOW, "--format", "json"]) == 0
    local = document(capsys)
    with FakeRegistry() as server:
        push(server, "team/app", {"1": image()})
        host = f"127.0.0.1:{server.port}"
        assert run(["scan", f"{host}/team/app:1", "--plain-http", host, *NOW, "--format", "json"]) == 0
    assert document(capsys)["findings"] == local["findings"] != []


def test_hash_seed_time_zone_and_locale_change_no_byte(
    layout: str, use_store: UseStore, tmp_path: Path
) -> None:
    use_store(SEVERE, MILD)
    found = []
    for seed, zone, locale in (("1", "UTC", "C"), ("2", "Pacific/Kiritimati", "de_DE.UTF-8")):
        output = tmp_path / f"{seed}.json"
        subprocess.run(
            [sys.executable, "-m", "basewise", "scan", layout, *NOW, "--format", "json", "-o", str(output)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale},
            timeout=120,
        )
        found.append(output.read_bytes())
    assert found[0] == found[1]


RULE = '[[{table}]]\nid = "CVE-2023-1"\nreason = "not reachable"\nexpires = {day}\n'


def test_an_ignored_finding_leaves_gate_and_count_and_is_listed(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use_store(SEVERE, MILD)
    rules = tmp_path / "ignore.toml"
    rules.write_text(RULE.format(table="ignore", day="2026-12-31"))
    flags = ["scan", layout, *NOW, "--fail-on", "high", "--ignore-file", str(rules)]
    assert run([*flags, "--format", "json"]) == 0
    found = document(capsys)
    assert [item["finding"]["id"] for item in found["ignored"]] == ["CVE-2023-1"]
    assert (found["summary"]["vulnerabilities"]["total"], found["summary"]["ignored"]) == (1, 1)
    assert run(flags) == 0
    table = capsys.readouterr().out
    assert "Ignored: 1" in table
    assert "not reachable (until 2026-12-31," in table
    rules.write_text(RULE.format(table="ignore", day="2026-11-24"))
    assert run(flags) == 1
    assert "ended on 2026-11-24 and ignores nothing: not reachable" in " ".join(
        capsys.readouterr().out.split()
    )


def test_rules_and_gates_of_the_working_directory_count(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use_store(SEVERE)
    (tmp_path / "pyproject.toml").write_text('[tool.basewise]\nfail-on = ["high"]\n')
    assert run(["scan", layout, *NOW]) == 1
    (tmp_path / "pyproject.toml").write_text(
        '[tool.basewise]\nfail-on = ["high"]\n' + RULE.format(table="tool.basewise.ignore", day="2026-12-31")
    )
    assert run(["scan", layout, *NOW]) == 0
    capsys.readouterr()
    (tmp_path / "pyproject.toml").write_text('[tool.basewise.ignore]\n"CVE-2023-1" = {reason = "x"}\n')
    assert run(["scan", layout, *NOW]) == 2
    assert "rule 1 of [tool.basewise.ignore] has no `expires`" in capsys.readouterr().err


def test_a_gate_of_the_environment_counts(
    layout: str, use_store: UseStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_store(SEVERE)
    monkeypatch.setenv("BASEWISE_FAIL_ON", "exploited high")
    assert run(["scan", layout, *NOW]) == 1
    monkeypatch.setenv("BASEWISE_FAIL_ON", "severe")
    assert run(["scan", layout, *NOW]) == 2
    assert "no gate `severe`" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["openvex", "cyclonedx"])
def test_what_is_written_as_vex_is_read_as_vex(
    form: str, layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use_store(SEVERE, MILD)
    stated = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-11-01T00:00:00Z",
        "statements": [
            {
                "vulnerability": {"name": "CVE-2023-1"},
                "products": [{"@id": "pkg:deb/debian/openssl"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
            }
        ],
    }
    (tmp_path / "first.json").write_text(json.dumps(stated))
    written = tmp_path / "second.json"
    flags = ["scan", layout, *NOW]
    assert run([*flags, "--vex", "first.json", "--format", form, "-o", str(written)]) == 0
    assert run([*flags, "--vex", str(written), "--fail-on", "high", "--format", "json"]) == 0
    found = document(capsys)
    assert [(item["finding"]["id"], item["status"]) for item in found["ignored"]] == [
        ("CVE-2023-1", "not_affected")
    ]
    (kept,) = found["findings"]
    # CycloneDX has no word for "affected, and this is all that is known", so nothing is said of it there.
    assert (kept["id"], kept["vex"].partition(":")[0]) == (
        "CVE-2023-2",
        "affected" if form == "openvex" else "",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Missing argument"),
        ([""], 2, "not an image"),
        (["x:y", "--fail-on", "severe"], 2, "is not one of"),
        (["x:y", "--severity", "unknown"], 2, "is not one of"),
        (["oci:nowhere"], 4, "no directory"),
        (["oci:nowhere", "--ignore-file", "missing.toml"], 4, "cannot read the ignore rules `missing.toml`"),
        (["oci:nowhere", "--vex", "missing.json"], 4, "cannot read the VEX document `missing.json`"),
    ],
)
def test_wrong_usage_and_what_cannot_be_read_are_told_apart(
    arguments: list[str],
    code: int,
    said: str,
    use_store: UseStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_store()
    assert run(["scan", *arguments]) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_filter_is_said_in_the_table(
    layout: str, use_store: UseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    use_store(SEVERE, MILD)
    assert run(["scan", layout, *NOW, "--only-fixable"]) == 0
    table = capsys.readouterr().out
    assert "1 finding is not shown because of --only-fixable; counts and gate include them" in table
    assert "CVE-2023-2" not in table
    assert "2 vulnerabilities, 1 fixable" in table


@pytest.mark.parametrize(("form", "beginning"), [("svg", b"<svg "), ("png", b"\x89PNG")])
def test_scanned_images_are_drawn(
    use_store: UseStore, layout: str, tmp_path: Path, form: str, beginning: bytes
) -> None:
    use_store(SEVERE, MILD)
    file = tmp_path / f"picture.{form}"
    assert run(["scan", layout, layout, "--format", form, "-o", str(file), "-q", *NOW]) == 0
    assert file.read_bytes().startswith(beginning)
    if form == "svg":
        words = "".join(ET.fromstring(file.read_text()).itertext())  # noqa: S314 - written above
        assert "size of the image on disk" in words
        assert "2 vulnerabilities" in words
