"""Reports compared with files. `BASEWISE_REWRITE_GOLDEN=1` writes the files anew; look at the difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from basewise.model.build_plan import BuildPlan, PlannedPackage, RequirementsFile
from basewise.model.choice import Choice
from basewise.report.dockerfile import render_dockerfile, render_dockerignore
from basewise.report.render import render
from basewise.testing.candidates import candidate, family
from basewise.testing.choices import choice

HERE = Path(__file__).parent
REWRITE = os.environ.get("BASEWISE_REWRITE_GOLDEN") == "1"
# Read when the module is loaded: a fixture clears the variables of basewise for each test.
DIGEST = "sha256:" + "ab" * 32
ONE_STAGE = BuildPlan(
    image="python:3.14-slim-trixie",
    digest=DIGEST,
    base_name="docker.io/library/python:3.14-slim-trixie",
    package_manager="apt",
    packages=(PlannedPackage("libgomp1", "lightgbm loads libgomp.so.1"),),
    upgrades=("libssl3t64", "openssl", "perl-base"),
    requirements=(RequirementsFile("requirements.lock", hashed=True),),
    command=("uvicorn", "app:api", "--host", "0.0.0.0"),  # noqa: S104 - text of a start command; nothing listens
    command_source="Procfile:1",
    application="churn-api",
)
PLANS = {
    "one-stage": ONE_STAGE,
    "two-stages": BuildPlan(
        image="python:3.13-slim-trixie",
        digest=DIGEST,
        base_name="docker.io/library/python:3.13-slim-trixie",
        package_manager="apt",
        packages=(
            PlannedPackage("libpq5", "psycopg2 loads libpq.so.5"),
            PlannedPackage("libodbc2", "pyodbc loads libodbc.so.2"),
        ),
        build_packages=(
            PlannedPackage("gcc", "psycopg2 is compiled"),
            PlannedPackage("libc6-dev", "psycopg2 is compiled"),
            PlannedPackage("libpq-dev", "psycopg2 is compiled"),
        ),
        source_distributions=("psycopg2",),
        requirements=(RequirementsFile("requirements.lock", hashed=True),),
        application="feature-store",
    ),
    "alpine": BuildPlan(
        image="python:3.14-alpine3.24",
        digest=DIGEST,
        base_name="docker.io/library/python:3.14-alpine3.24",
        package_manager="apk",
        packages=(PlannedPackage("libgomp"),),
        upgrades=("libcrypto3",),
        requirements=(RequirementsFile("requirements/prod.txt", hashed=False),),
        extra_files=("requirements/base lines.txt",),
        command=("python", "main.py"),
        application="light-scorer",
    ),
    "cuda": BuildPlan(
        image="python:3.12-slim-trixie",
        digest=DIGEST,
        base_name="docker.io/library/python:3.12-slim-trixie",
        package_manager="apt",
        requirements=(RequirementsFile("requirements.txt", hashed=True),),
        environment=(("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"), ("NVIDIA_VISIBLE_DEVICES", "all")),
        notes=("CUDA 13 needs a driver of the host of at least 580.",),
        application="defect-vision",
    ),
}


def compare(name: str, text: str) -> None:
    path = HERE / name
    if REWRITE:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, f"{name} differs; BASEWISE_REWRITE_GOLDEN=1 rewrites it"


def choices() -> dict[str, Choice]:
    return {
        "churn": choice(),
        "open": choice(family("3.13", "3.14"), swaps=()),
        "nothing": choice([candidate("3.10"), candidate("3.15.0rc1")], swaps=()),
    }


@pytest.mark.parametrize("name", ["churn", "open", "nothing"])
def test_a_table_of_100_columns_reads_as_it_did(name: str) -> None:
    compare(f"table-{name}.txt", render(choices()[name], "table", width=100, color=False))


@pytest.mark.parametrize("name", ["churn", "nothing"])
def test_a_markdown_document_reads_as_it_did(name: str) -> None:
    compare(f"markdown-{name}.md", render(choices()[name], "markdown"))


def test_the_json_document_has_the_same_bytes() -> None:
    small = choice([candidate("3.14"), candidate("3.14", "3.24", "alpine"), candidate("3.10")])
    compare("choice.json", render(small, "json"))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_dockerfile_reads_as_it_did(name: str) -> None:
    compare(f"{name}.Dockerfile", render_dockerfile(PLANS[name]))


def test_the_dockerignore_reads_as_it_did() -> None:
    compare("dockerignore.txt", render_dockerignore())
