"""Documentation is part of the build: generated pages and samples are compared, links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from basewise.advisories.store import Store
from basewise.settings import ENVIRONMENT_NAMES, FileSettings
from basewise.testing.sample_day import SAMPLE_DAY

ROOT = Path(__file__).resolve().parents[2]
# Registries, layers, package databases, advisories, cache: the last number of each group.
CASES = (("R", 30), ("L", 25), ("P", 17), ("M", 20), ("D", 14), ("C", 12), ("O", 11))
WITHOUT_DATA = {"M19"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def test_generated_pages_and_samples_are_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/build_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name in FileSettings.__struct_fields__:
        assert f"`{name.replace('_', '-')}`" in page
    for variable in ENVIRONMENT_NAMES:
        assert f"`{variable}`" in page


def test_every_environment_variable_of_the_code_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for variable in sorted(set(re.findall(r"BASEWISE_[A-Z_]+[A-Z]\b", code))):
        assert f"`{variable}`" in page, variable


def test_the_readme_starts_with_the_two_commands() -> None:
    commands = re.findall(r"^python3 tools/start\.py .+$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands == [
        f"python3 tools/start.py choose examples/sentiment --now {SAMPLE_DAY}",
        "python3 tools/start.py test",
    ]


def test_all_samples_have_one_clock_that_is_not_before_the_embedded_advisories() -> None:
    clocks = {
        (day, str(page.relative_to(ROOT)))
        for page in PAGES
        if page.parent.name != "reference"
        for day in re.findall(
            r"^(?:<!-- run: |basewise|python3).*--now (\S+)", page.read_text(), re.MULTILINE
        )
    }
    assert len(clocks) >= 3
    assert {day for day, _ in clocks} == {SAMPLE_DAY}, clocks
    with Store.open_embedded() as store:
        assert store.newest <= SAMPLE_DAY


@pytest.mark.parametrize("page", ["README.md", "docs/reference/library.md"])
def test_the_python_samples_run(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "BASEWISE_OFFLINE": "1"},
        )
        assert done.returncode == 0, done.stderr
        assert "python:3." in done.stdout


def test_every_test_that_a_page_names_is_there() -> None:
    page = (ROOT / "docs" / "reference" / "hostile-input.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:unit|property|integration)/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 100
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_case_of_the_page_has_a_test() -> None:
    page = (ROOT / "docs" / "reference" / "hostile-input.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| [RLPMDCO]\d\d", line)]
    assert all("::test_" in row for row in rows)
    cases = {case for row in rows for case in re.findall(r"\b[RLPMDCO]\d\d\b", row.split("|")[1])}
    expected = {f"{group}{number:02}" for group, last in CASES for number in range(1, last + 1)}
    assert expected - cases == WITHOUT_DATA


def test_the_picture_of_the_catalogue_is_there_and_small() -> None:
    assert 5_000 < (ROOT / "docs" / "picture.svg").stat().st_size < 200_000
