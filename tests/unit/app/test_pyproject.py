"""`pyproject.toml`: PEP 621, PEP 735, Poetry's tables and uv's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from basewise.app.poetry_specifier import marker_of_python, to_pep440
from basewise.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

PROJECT = """\
[project]
name = "demo"
requires-python = ">=3.11,<3.13"
dependencies = [
  "numpy>=2",
  "pandas; python_version >= '3.12'",
]

[project.optional-dependencies]
plot = ["matplotlib"]
all = ["Demo[plot]", "seaborn"]

[dependency-groups]
dev = ["pytest", { include-group = "lint" }]
lint = ["ruff"]
serve = ["uvicorn"]
"""


def test_the_projects_dependencies_are_read_with_their_lines(read: ReadFiles) -> None:
    application = read({"pyproject.toml": PROJECT})
    assert [(item.name, str(item.location)) for item in application.requirements] == [
        ("numpy", "pyproject.toml:5"),
        ("pandas", "pyproject.toml:6"),
    ]
    assert application.requires_python == "<3.13,>=3.11"
    assert {(record.what, str(record.location)) for record in application.not_read} == {
        ("extra `plot`", "pyproject.toml:10"),
        ("extra `all`", "pyproject.toml:11"),
        ("group `dev`", "pyproject.toml:14"),
        ("group `lint`", "pyproject.toml:15"),
        ("group `serve`", "pyproject.toml:16"),
    }


def test_extras_and_groups_are_read_when_asked_for(read: ReadFiles) -> None:
    application = read({"pyproject.toml": PROJECT}, extras=("All",), groups=("dev",))
    assert [item.name for item in application.requirements] == [
        "matplotlib",
        "numpy",
        "pandas",
        "pytest",
        "ruff",
        "seaborn",
    ]


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"extras": ("gpu",)}, "pyproject.toml has no extra `gpu`", "there are: all, plot"),
        ({"groups": ("gpu",)}, "pyproject.toml has no group `gpu`", "there are: dev, lint, serve"),
    ],
)
def test_an_extra_that_is_not_there_is_refused_with_those_that_are(
    read: ReadFiles, options: dict[str, tuple[str, ...]], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as error:
        read({"pyproject.toml": PROJECT}, **options)
    assert (error.value.message, error.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ('a = [{include-group = "b"}]\nb = [{include-group = "a"}]', "group `a` includes itself"),
        ('a = [{include-group = "c"}]', "includes `c`, which is not there"),
    ],
)
def test_groups_that_do_not_resolve_are_an_error(read: ReadFiles, groups: str, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        read({"pyproject.toml": f"[dependency-groups]\n{groups}\n"}, groups=("a",))


def test_dynamic_dependencies_are_not_computed_and_requirements_count_instead(read: ReadFiles) -> None:
    application = read(
        {
            "pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n',
            "requirements.txt": "numpy\n",
        }
    )
    assert [item.name for item in application.requirements] == ["numpy"]
    (record,) = application.not_read
    assert (record.what, str(record.location)) == ("dynamic `dependencies`", "pyproject.toml:3")
    assert "would execute code" in record.why


def test_a_pyproject_that_only_configures_tools_does_not_count(read: ReadFiles) -> None:
    application = read({"pyproject.toml": "[tool.ruff]\nline-length = 100\n", "requirements.txt": "numpy\n"})
    assert application.manifests[0].path == "requirements.txt"


def test_uv_sources_and_indexes_are_named(read: ReadFiles) -> None:
    application = read(
        {
            "pyproject.toml": """\
[project]
name = "demo"
dependencies = ["torch", "local", "numpy"]

[tool.uv]
constraint-dependencies = ["numpy<3"]
override-dependencies = ["numpy==2"]

[[tool.uv.index]]
name = "cpu"
url = "https://user:word@example.invalid/cpu"
explicit = true

[tool.uv.sources]
torch = { index = "cpu" }
local = { path = "../local", editable = true }
"""
        }
    )
    assert [item.name for item in application.requirements] == ["numpy", "torch"]
    (line,) = application.index_lines
    assert (line.url, line.packages, line.location.line) == ("https://example.invalid/cpu", ("torch",), 11)
    assert [(item.name, item.specifier) for item in application.constraints] == [("numpy", "<3")]
    assert {record.what: record.why for record in application.not_read}["local"].startswith("path source")
    assert "[tool.uv] override-dependencies" in {record.what for record in application.not_read}


POETRY = """\
[tool.poetry]
name = "demo"

[tool.poetry.dependencies]
python = "^3.11"
numpy = "^2.0"
Torch_Vision = { version = "~0.20", source = "cpu" }
pandas = [
  { version = "<3", python = "<3.12" },
  { version = ">=3", python = ">=3.12" },
]
uvloop = { version = "*", markers = "sys_platform != 'win32'", extras = ["fast"] }
requests = { version = "2.32.0", optional = true }
mine = { git = "https://t:k@example.invalid/mine.git" }

[tool.poetry.extras]
web = ["requests"]

[tool.poetry.group.dev.dependencies]
pytest = "*"

[[tool.poetry.source]]
name = "cpu"
url = "https://example.invalid/cpu"
"""


def test_poetry_tables_are_read_as_pep_508(read: ReadFiles) -> None:
    application = read({"pyproject.toml": POETRY})
    assert [(item.name, item.specifier, item.marker) for item in application.requirements] == [
        ("numpy", "<3,>=2.0", ""),
        ("pandas", "<3", 'python_version < "3.12"'),
        ("pandas", ">=3", 'python_version >= "3.12"'),
        ("torch-vision", "<0.21,>=0.20", ""),
        ("uvloop", "", 'sys_platform != "win32"'),
    ]
    assert application.requires_python == "<4,>=3.11"
    assert [(line.url, line.packages) for line in application.index_lines] == [
        ("https://example.invalid/cpu", ("torch-vision",))
    ]
    assert {record.what for record in application.not_read} == {
        "mine @ https://example.invalid/mine.git",
        "group `dev`",
        "extra `web`",
    }


def test_poetry_extras_and_groups_are_read_when_asked_for(read: ReadFiles) -> None:
    application = read({"pyproject.toml": POETRY}, extras=("web",), groups=("dev",))
    assert {"requests", "pytest"} <= {item.name for item in application.requirements}


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("*", ""),
        ("1.2.*", "==1.2.*"),
        ("1.2.3", "==1.2.3"),
        ("=1.2.3", "==1.2.3"),
        (">=1 <2", ">=1,<2"),
        (">= 2.0, != 2.1.*", ">=2.0,!=2.1.*"),
        ("~=1.4", "~=1.4"),
        ("^2.0.0b1", ">=2.0.0b1,<3"),
        ("^3.9 || ^2.7", None),
        ("?", None),
    ],
)
def test_a_poetry_constraint_is_pep_440(constraint: str, specifier: str | None) -> None:
    assert to_pep440(constraint) == specifier


def test_a_poetry_python_is_a_marker() -> None:
    assert marker_of_python(">=3.8,<3.10.1") == 'python_version >= "3.8" and python_full_version < "3.10.1"'


def test_a_constraint_that_pep_440_cannot_say_is_a_warning(read: ReadFiles) -> None:
    application = read({"pyproject.toml": '[tool.poetry.dependencies]\nnumpy = "^1 || ^2"\n'})
    assert application.requirements[0].specifier == ""
    assert application.warnings == (
        "pyproject.toml:2: `numpy` has a constraint that PEP 440 cannot say; any version is taken",
    )
