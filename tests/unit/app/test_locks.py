"""`uv.lock`, `poetry.lock`, `Pipfile.lock` and `pylock.toml`: the production set and its files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from basewise.errors import ManifestError
from basewise.model.requirement import DistributionFile, Resolution

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

SHA = "a" * 64
URL = "https://example.invalid/files"


def pins(lock: Resolution | None) -> dict[str, str]:
    """Return `name==version` with the marker of each."""
    assert lock is not None
    return {f"{package.name}=={package.version}": package.marker for package in lock.packages}


UV = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "demo"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "numpy", version = "1.26.4", source = {{ registry = "https://example.invalid/simple" }}, marker = "python_full_version < '3.12'" }},
    {{ name = "numpy", version = "2.5.5", source = {{ registry = "https://example.invalid/simple" }}, marker = "python_full_version >= '3.12'" }},
    {{ name = "uvicorn", extra = ["standard"] }},
]

[package.optional-dependencies]
plot = [{{ name = "matplotlib" }}]

[package.dev-dependencies]
dev = [{{ name = "pytest" }}]

[package.metadata]
requires-dist = [
    {{ name = "numpy", specifier = ">=1.26" }},
    {{ name = "matplotlib", marker = "extra == 'plot'" }},
    {{ name = "uvicorn", extras = ["standard"] }},
]

[[package]]
name = "numpy"
version = "1.26.4"
source = {{ registry = "https://example.invalid/simple" }}
sdist = {{ url = "{URL}/numpy-1.26.4.tar.gz", hash = "sha256:{SHA}", size = 15 }}
wheels = [
    {{ url = "{URL}/numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl", hash = "sha256:{SHA}", size = 18 }},
]

[[package]]
name = "numpy"
version = "2.5.5"
source = {{ registry = "https://example.invalid/simple" }}

[[package]]
name = "uvicorn"
version = "0.30"
source = {{ registry = "https://example.invalid/simple" }}
dependencies = [{{ name = "click" }}, {{ name = "colorama", marker = "sys_platform == 'win32'" }}]

[package.optional-dependencies]
standard = [{{ name = "uvloop", marker = "sys_platform != 'win32'" }}, {{ name = "click", marker = "os_name == 'posix'" }}]

[[package]]
name = "click"
version = "8"
source = {{ registry = "https://example.invalid/simple" }}
dependencies = [{{ name = "colorama", marker = "os_name == 'nt'" }}, {{ name = "uvicorn" }}]

[[package]]
name = "colorama"
version = "0.4"
source = {{ registry = "https://example.invalid/simple" }}

[[package]]
name = "uvloop"
version = "0.23+cpu"
source = {{ registry = "https://example.invalid/other" }}
wheels = [{{ url = "{URL}/uvloop-0.23%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl", hash = "sha256:{SHA}" }}]

[[package]]
name = "matplotlib"
version = "3"
source = {{ git = "https://t:k@example.invalid/matplotlib.git?rev=1#abc" }}

[[package]]
name = "pytest"
version = "9"
source = {{ registry = "https://example.invalid/simple" }}
"""


def test_a_uv_lock_gives_the_production_set_with_joined_markers(read: ReadFiles) -> None:
    application = read({"uv.lock": UV})
    assert pins(application.lock) == {
        "click==8": "",
        "colorama==0.4": "os_name == 'nt' or sys_platform == 'win32'",
        "numpy==1.26.4": "python_full_version < '3.12'",
        "numpy==2.5.5": "python_full_version >= '3.12'",
        "uvicorn==0.30": "",
        "uvloop==0.23+cpu": "sys_platform != 'win32'",
    }
    assert application.requires_python == ">=3.11"
    assert [item.text for item in application.requirements] == ["numpy>=1.26", "uvicorn[standard]"]
    assert {record.what for record in application.not_read} == {"extra `plot`", "group `dev`"}


def test_a_uv_lock_carries_files_with_url_hash_and_size(read: ReadFiles) -> None:
    lock = read({"uv.lock": UV}).lock
    assert lock is not None
    by_name = {f"{package.name}=={package.version}": package for package in lock.packages}
    assert by_name["numpy==1.26.4"].wheels == (
        DistributionFile(
            filename="numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl",
            size_bytes=18,
            sha256=SHA,
            url=f"{URL}/numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl",
        ),
    )
    sdist = by_name["numpy==1.26.4"].sdist
    assert sdist is not None
    assert (sdist.filename, sdist.size_bytes) == ("numpy-1.26.4.tar.gz", 15)
    assert by_name["uvloop==0.23+cpu"].wheels[0].filename.startswith("uvloop-0.23+cpu-")
    assert by_name["click==8"].required_by == ("uvicorn",)
    assert by_name["uvicorn==0.30"].required_by == ("click", "the application")


def test_the_index_that_a_uv_lock_uses_beside_its_usual_one_is_named(read: ReadFiles) -> None:
    (line,) = read({"uv.lock": UV}).index_lines
    assert (line.url, line.packages) == ("https://example.invalid/other", ("uvloop",))


def test_extras_and_groups_of_a_uv_lock_are_read_when_asked_for(read: ReadFiles) -> None:
    application = read({"uv.lock": UV}, extras=("plot",), groups=("dev",))
    assert "pytest==9" in pins(application.lock)
    assert "matplotlib==3" not in pins(application.lock)
    (record,) = application.not_read
    assert record.what == "matplotlib @ https://example.invalid/matplotlib.git"
    assert record.why == "git source: not read, would execute code"


def test_conflicting_extras_of_a_uv_lock_are_decided(read: ReadFiles) -> None:
    lock = """\
version = 1
[[package]]
name = "demo"
source = { virtual = "." }
dependencies = [{ name = "torch", version = "1", marker = "extra != 'extra-4-demo-gpu'" }]
[package.optional-dependencies]
gpu = [{ name = "torch", version = "2", marker = "extra == 'extra-4-demo-gpu' and sys_platform == 'linux'" }]
[[package]]
name = "torch"
version = "1"
[[package]]
name = "torch"
version = "2"
"""
    assert pins(read({"uv.lock": lock}).lock) == {"torch==1": ""}
    assert pins(read({"uv.lock": lock}, extras=("gpu",)).lock) == {"torch==2": "sys_platform == 'linux'"}


POETRY_PROJECT = """\
[tool.poetry.dependencies]
python = "^3.11"
uvicorn = { version = "*", extras = ["standard"] }
requests = { version = "*", optional = true }
[tool.poetry.extras]
web = ["requests"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
POETRY = f"""\
[[package]]
name = "uvicorn"
version = "0.30"
optional = false
files = [
    {{file = "uvicorn-0.30-py3-none-any.whl", hash = "sha256:{SHA}"}},
    {{file = "uvicorn-0.30.tar.gz", hash = "sha256:{SHA}"}},
]

[package.dependencies]
click = ">=7"
uvloop = {{version = ">=0.1", optional = true, markers = "sys_platform != \\"win32\\" and extra == \\"standard\\""}}
watch = {{version = ">=0.1", optional = true, markers = "extra == \\"other\\""}}

[package.extras]
standard = ["uvloop (>=0.1) ; sys_platform != \\"win32\\""]
other = ["watch"]

[[package]]
name = "click"
version = "8"
files = [{{file = "click-8-py3-none-any.whl", hash = "sha256:{SHA}"}}]

[[package]]
name = "uvloop"
version = "1"
files = [{{file = "uvloop-1.tar.gz", hash = "md5:00"}}]

[[package]]
name = "watch"
version = "1"

[[package]]
name = "requests"
version = "2"

[[package]]
name = "pytest"
version = "9"
category = "dev"

[metadata]
python-versions = "^3.11"
"""


def test_a_poetry_lock_is_walked_from_the_project(read: ReadFiles) -> None:
    application = read({"poetry.lock": POETRY, "pyproject.toml": POETRY_PROJECT})
    assert pins(application.lock) == {
        "click==8": "",
        "uvicorn==0.30": "",
        "uvloop==1": 'sys_platform != "win32"',
    }
    assert application.lock is not None
    uvicorn = application.lock.packages[1]
    assert uvicorn.wheels == (DistributionFile(filename="uvicorn-0.30-py3-none-any.whl", sha256=SHA),)
    assert uvicorn.sdist == DistributionFile(filename="uvicorn-0.30.tar.gz", sha256=SHA)
    assert application.requires_python == "<4,>=3.11"
    assert {record.what for record in application.not_read} == {"group `dev`", "extra `web`"}
    assert application.warnings == ()


def test_extras_and_groups_of_a_poetry_lock_are_read_when_asked_for(read: ReadFiles) -> None:
    application = read(
        {"poetry.lock": POETRY, "pyproject.toml": POETRY_PROJECT}, extras=("web",), groups=("dev",)
    )
    assert {"requests==2", "pytest==9"} <= set(pins(application.lock))


def test_a_poetry_lock_without_its_project_gives_the_main_group(read: ReadFiles) -> None:
    lock = """\
[[package]]
name = "numpy"
version = "2"
groups = ["main", "dev"]
markers = { main = "python_version < '3.13'", dev = "python_version < '3.14'" }
[[package]]
name = "pytest"
version = "9"
groups = ["dev"]
"""
    assert pins(read({"poetry.lock": lock}).lock) == {"numpy==2": "(python_version < '3.13')"}


PIPFILE = {
    "_meta": {
        "requires": {"python_version": "3.11"},
        "sources": [
            {"name": "main", "url": "https://example.invalid/simple"},
            {"name": "cpu", "url": "https://u:p@example.invalid/cpu"},
        ],
    },
    "default": {
        "numpy": {
            "version": "==2.4.6",
            "hashes": [f"sha256:{SHA}", "md5:00"],
            "markers": "python_version >= '3.10'",
        },
        "torch": {"version": "==2.15", "index": "cpu"},
        "mine": {"git": "https://example.invalid/mine.git", "ref": "abc"},
        "colorama": {"markers": "sys_platform == 'win32'", "version": "*"},
    },
    "develop": {"pytest": {"version": "==9"}},
}


def test_a_pipfile_lock_gives_pins_without_files(read: ReadFiles) -> None:
    application = read({"Pipfile.lock": json.dumps(PIPFILE, indent=4)})
    assert pins(application.lock) == {"numpy==2.4.6": "python_version >= '3.10'", "torch==2.15": ""}
    assert application.lock is not None
    assert application.lock.packages[0].hashes == (f"sha256:{SHA}",)
    assert not application.lock.packages[0].files_known
    assert application.stated_python is not None
    assert (application.stated_python.minor, application.stated_python.location.line) == ("3.11", 4)
    assert [(line.url, line.packages) for line in application.index_lines] == [
        ("https://example.invalid/cpu", ("torch",))
    ]
    assert {record.what for record in application.not_read} == {
        "category `develop`",
        "colorama",
        "mine @ https://example.invalid/mine.git",
    }


def test_a_pipfile_category_is_read_as_a_group(read: ReadFiles) -> None:
    application = read({"Pipfile.lock": json.dumps(PIPFILE)}, groups=("develop",))
    assert "pytest==9" in pins(application.lock)


PYLOCK = f"""\
lock-version = "1.0"
requires-python = ">=3.11"
extras = ["plot"]
dependency-groups = ["dev", "serve"]
default-groups = ["serve"]

[[packages]]
name = "numpy"
version = "2.4.6"
marker = "python_full_version < '3.12'"
index = "https://example.invalid/simple"
dependencies = []
sdist = {{ url = "{URL}/numpy-2.4.6.tar.gz", size = 20, hashes = {{ sha256 = "{SHA}" }} }}
wheels = [{{ url = "{URL}/numpy-2.4.6-cp311-cp311-musllinux_1_2_x86_64.whl", size = 17, hashes = {{ sha256 = "{SHA}" }} }}]

[[packages]]
name = "matplotlib"
version = "3"
marker = "'plot' in extras and sys_platform == 'linux'"
dependencies = [{{ name = "numpy" }}]

[[packages]]
name = "uvicorn"
version = "0.30"
marker = "'serve' in dependency_groups or 'dev' in dependency_groups"

[[packages]]
name = "pytest"
version = "9"
marker = "'dev' in dependency_groups"

[[packages]]
name = "mine"
vcs = {{ type = "git", url = "https://t:k@example.invalid/mine.git", commit-id = "abc" }}

[[packages]]
name = "archived"
archive = {{ url = "{URL}/archived-1.5-py3-none-any.whl", hashes = {{ sha256 = "{SHA}" }} }}
"""


def test_a_pylock_gives_the_default_groups(read: ReadFiles) -> None:
    application = read({"pylock.toml": PYLOCK})
    assert pins(application.lock) == {
        "archived==1.5": "",
        "numpy==2.4.6": "python_full_version < '3.12'",
        "uvicorn==0.30": "",
    }
    assert application.lock is not None
    assert application.lock.packages[1].wheels[0].size_bytes == 17
    assert application.lock.packages[1].required_by == ("matplotlib",)
    assert {record.what for record in application.not_read} == {
        "extra `plot`",
        "group `dev`",
        "mine @ https://example.invalid/mine.git",
    }


def test_a_pylock_is_asked_for_extras_and_groups(read: ReadFiles) -> None:
    application = read({"pylock.toml": PYLOCK}, extras=("plot",), groups=("dev",))
    assert pins(application.lock) == {
        "archived==1.5": "",
        "matplotlib==3": "sys_platform == 'linux'",
        "numpy==2.4.6": "python_full_version < '3.12'",
        "pytest==9": "",
        "uvicorn==0.30": "",
    }


def test_several_named_pylocks_are_not_chosen_from(read: ReadFiles) -> None:
    application = read({"pylock.a.toml": PYLOCK, "pylock.b.toml": PYLOCK, "requirements.txt": "numpy\n"})
    assert application.lock is None
    assert {record.what for record in application.not_read} == {"pylock.a.toml", "pylock.b.toml"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("uv.lock", "version = 2\n", "uv.lock:1: format version 2 is not known"),
        ("uv.lock", "version = 1\n", "uv.lock: it holds no project"),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "a"\nversion = 7\n',
            "uv.lock:2: expected `str`, got `int`",
        ),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "a b"\nversion = "7"\n',
            "uv.lock:2: `a b` is no package name",
        ),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "a"\nversion = "../7"\n',
            "uv.lock:2: `a` has the version `../7`",
        ),
        ("pylock.toml", 'lock-version = "2.0"\n', "pylock.toml:1: lock version '2.0' is not known"),
        (
            "pylock.toml",
            'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\nmarker = "nonsense"\n',
            "pylock.toml:2: not a marker",
        ),
        (
            "poetry.lock",
            '[[package]]\nname = "a"\n',
            "poetry.lock:1: object missing required field `version`",
        ),
        (
            "Pipfile.lock",
            '{"default":\n {"a": 7}}',
            "Pipfile.lock: not a Pipfile.lock: Expected `object`, got `int`",
        ),
        ("Pipfile.lock", '{"default":\n {', "not a Pipfile.lock: Input data was truncated"),
        ("Pipfile.lock", '{\n"default": x}', "Pipfile.lock:2: not a Pipfile.lock: JSON is malformed"),
    ],
)
def test_a_lock_that_does_not_parse_says_where_and_what(
    read: ReadFiles, name: str, text: str, message: str
) -> None:
    with pytest.raises(ManifestError) as error:
        read({name: text})
    assert message in error.value.message
