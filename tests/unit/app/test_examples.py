"""The example applications: what they ask for, that they compile, and that their lock belongs to them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from basewise.app.read import read_application

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NAMES = ["churn-api", "defect-vision", "feature-store", "light-scorer", "sentiment"]


def test_every_example_is_tested() -> None:
    assert (
        sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name[0] not in "._")
        == NAMES
    )


@pytest.mark.parametrize(
    ("name", "requirements", "command"),
    [
        ("churn-api", {"pandas", "scikit-learn", "lightgbm", "fastapi", "uvicorn"}, "uvicorn app:app"),
        (
            "defect-vision",
            {"torch", "torchvision", "opencv-python", "pillow", "numpy", "fastapi", "uvicorn"},
            "uvicorn service:app",
        ),
        ("feature-store", {"psycopg2", "pyodbc", "pyarrow", "polars"}, "python main.py"),
        ("light-scorer", {"numpy", "fastapi", "uvicorn"}, "uvicorn main:app"),
    ],
)
def test_an_unlocked_example_asks_for_lower_bounds(name: str, requirements: set[str], command: str) -> None:
    application = read_application(EXAMPLES / name)
    assert {item.name for item in application.requirements} == requirements
    assert all(item.specifier.startswith(">=") for item in application.requirements)
    assert application.lock is None
    assert (application.warnings, application.not_read, application.guess) == ((), (), False)
    assert " ".join(application.command).startswith(command)


def test_the_sentiment_example_is_locked_with_hashes_and_serves_on_cpu() -> None:
    application = read_application(EXAMPLES / "sentiment")
    assert application.lock is not None
    assert application.lock.origin == "lock requirements.txt"
    assert {"torch", "transformers", "tokenizers"} <= {package.name for package in application.lock.packages}
    assert all(package.hashes for package in application.lock.packages)
    assert application.warnings == ()
    assert application.requires_python == ">=3.11"
    assert application.command[:2] == ("uvicorn", "app:app")
    settings = tomllib.loads((EXAMPLES / "sentiment" / "basewise.toml").read_text())
    assert settings == {"accelerator": "cpu"}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_compiles_and_says_what_it_is(name: str) -> None:
    for path in (EXAMPLES / name).glob("*.py"):
        compile(path.read_text(), str(path), "exec")
        assert path.read_text().startswith(f'"""{name}: ')


@pytest.mark.parametrize("path", [path for path in sorted(EXAMPLES.rglob("*")) if path.is_file()], ids=str)
def test_no_example_names_a_host(path: Path) -> None:
    if path.suffix in {".txt", ".in", ".toml", ".py"}:
        assert "://" not in path.read_text()
