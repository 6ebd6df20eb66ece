"""The house rules, checked: lint, types, import directions, public names, nothing that must not be committed."""

from __future__ import annotations

import gzip
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import basewise

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **environment},
    )


def tracked_files() -> list[Path]:
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert listed.returncode == 0, listed.stderr
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports", "--no-cache"),
    ],
    ids=["ruff-check", "ruff-format", "mypy", "import-directions"],
)
def test_a_checker_has_nothing_to_say(command: tuple[str, ...]) -> None:
    outcome = run(str(BIN / command[0]), *command[1:])
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_no_package_registry_is_named_in_any_file() -> None:
    hosts = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("pypi", "python", "org"),
            ("deb", "debian", "org"),
            ("security", "debian", "org"),
            ("registry", "npmjs", "org"),
            ("snapshot", "debian", "org"),
            ("download", "pytorch", "org"),
        )
    ]
    pattern = re.compile("|".join(re.escape(host) for host in hosts).encode(), re.IGNORECASE)
    naming = [str(path.relative_to(ROOT)) for path in tracked_files() if pattern.search(readable_bytes(path))]
    assert naming == []


def readable_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    return content


def modules() -> list[str]:
    return sorted(
        name
        for _, name, _ in pkgutil.walk_packages(basewise.__path__, "basewise.")
        if name != "basewise.__main__"
    )


@pytest.mark.parametrize("name", modules())
def test_a_module_exports_what_it_says(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported), f"{name}.__all__ names {exported}, which is not there"


def test_every_promised_name_can_be_imported() -> None:
    for name in basewise.__all__:
        assert getattr(basewise, name) is not None
    assert dir(basewise) == sorted(basewise.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chose'"):
        _ = basewise.chose


def test_every_dependency_has_a_lower_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        assert ">=" in requirement, requirement


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_the_start_imports_nothing_heavy(arguments: list[str]) -> None:
    outcome = run(sys.executable, "-X", "importtime", "-m", "basewise", *arguments)
    assert outcome.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in outcome.stderr.splitlines()}
    heavy = {
        "msgspec",
        "rich",
        "httpx2",
        "packaging",
        "asyncio",
        "sqlite3",
        "yaml",
        "uv",
        "importlib.metadata",
    }
    assert imported & heavy == set()


def test_the_wheel_stays_small(tmp_path: Path) -> None:
    outcome = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 8_000_000
