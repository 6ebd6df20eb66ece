"""`environment.yml`, and the guess from imports where there is no manifest."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from basewise._internal.embedded import decode_embedded
from basewise.app.requirement_text import normalise_name
from basewise.errors import ManifestError, NoManifestError

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

ENVIRONMENT = """\
name: demo
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::libgdal>=3
  - pip
  - numpy=2.*
  - pip:
      - fastapi>=0.115
      - -r more.txt
      - git+https://example.invalid/x
"""


def test_the_pip_part_of_an_environment_is_read_and_conda_packages_are_named(read: ReadFiles) -> None:
    application = read({"environment.yml": ENVIRONMENT, "more.txt": "pandas\n", "environment-dev.yml": "x"})
    assert [(item.name, str(item.location)) for item in application.requirements] == [
        ("fastapi", "environment.yml:9"),
        ("pandas", "more.txt:1"),
    ]
    assert application.stated_python is not None
    assert (application.stated_python.minor, application.stated_python.location.line) == ("3.11", 4)
    left_out = {record.what: record.why for record in application.not_read}
    assert left_out["conda-forge::libgdal>=3"].startswith("conda package: ")
    assert left_out["numpy=2.*"].startswith("conda package: ")
    assert set(left_out) == {
        "conda-forge::libgdal>=3",
        "numpy=2.*",
        "git+https://example.invalid/x",
        "environment-dev.yml",
    }


@pytest.mark.parametrize(
    ("spec", "stated", "requires"),
    [
        ("python=3.10", "3.10", None),
        ("python==3.12.4", "3.12", None),
        ("python=3.12.*", "3.12", None),
        ('"python>=3.10,<3.12"', None, "<3.12,>=3.10"),
        ("python", None, None),
    ],
)
def test_the_python_of_an_environment_is_stated_or_a_range(
    read: ReadFiles, spec: str, stated: str | None, requires: str | None
) -> None:
    application = read({"environment.yml": f"dependencies:\n  - {spec}\n  - pip: [numpy]\n"})
    assert (application.stated_python.minor if application.stated_python else None) == stated
    assert application.requires_python == requires


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [x]\ndependencies: *a\n", "environment.yml:2: YAML aliases are refused"),
        ("dependencies: [a\n", "environment.yml:2: not YAML"),
        ("dependencies: " + "[" * 5000, "nested too deeply"),
        ("name: x\n", "there is no list `dependencies`"),
        ("- a\n", "there is no list `dependencies`"),
    ],
)
def test_an_environment_that_does_not_parse_says_where_and_what(
    read: ReadFiles, text: str, message: str
) -> None:
    with pytest.raises(ManifestError, match=r"environment\.yml") as error:
        read({"environment.yml": text})
    assert message in error.value.message


def test_no_tag_of_yaml_makes_an_object(read: ReadFiles) -> None:
    application = read(
        {"environment.yml": "dependencies:\n  - pip: [numpy]\n  - !!python/object/apply:os.mkdir [made]\n"}
    )
    assert [item.name for item in application.requirements] == ["numpy"]
    assert not os.path.lexists("made")


SOURCE = '''\
"""A service."""
from __future__ import annotations
import os, cv2, sklearn.svm as svm
import numpy
from google.cloud import storage
from mine import thing
from .sibling import other
import helpers
try:
    import torch
except ImportError:
    torch = None
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import pandas
def late():
    import yaml
'''


def test_imports_are_a_guess_without_standard_and_local_modules(read: ReadFiles) -> None:
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": "import markdown_is_no_code"},
            {
                "cell_type": "code",
                "source": ["%matplotlib inline\n", "!pip install x\n", "import lightgbm\n", "lightgbm?\n"],
            },
            {"cell_type": "code", "source": "%%bash\nimport nothing"},
        ]
    }
    application = read(
        {
            "app.py": SOURCE,
            "mine/thing.py": "from PIL import Image\n",
            "src/helpers/__init__.py": "",
            "explore.ipynb": json.dumps(notebook),
            "tests/test_app.py": "import pytest\n",
            "venv/pyvenv.cfg": "",
            "venv/lib.py": "import in_venv\n",
            ".hidden/x.py": "import hidden\n",
            "setup.py": "import setuptools_scm\n",
        }
    )
    assert application.guess
    assert [(item.name, str(item.location)) for item in application.requirements] == [
        ("google-cloud-storage", "app.py:5"),
        ("lightgbm", "explore.ipynb:3"),
        ("numpy", "app.py:4"),
        ("opencv-python", "app.py:3"),
        ("pillow", "mine/thing.py:1"),
        ("pyyaml", "app.py:17"),
        ("scikit-learn", "app.py:3"),
        ("torch", "app.py:10"),
    ]
    assert application.warnings[0].startswith(
        "no manifest was found: 8 requirements are guessed from imports"
    )
    assert ("setup.py", "not read, would execute code") in {
        (item.what, item.why) for item in application.not_read
    }


def test_source_that_does_not_parse_is_named(read: ReadFiles) -> None:
    application = read(
        {"a.py": "import numpy\n", "b.py": "print 'python 2'\n", "c.ipynb": "[]", "d.py": "(" * 9999}
    )
    assert [item.name for item in application.requirements] == ["numpy"]
    assert {record.what for record in application.not_read} == {"b.py", "cannot read c.ipynb", "d.py"}


def test_a_folder_that_says_nothing_names_what_was_looked_for(read: ReadFiles) -> None:
    with pytest.raises(NoManifestError, match=r"requirements\*\.txt") as error:
        read({"README.md": "hello"})
    assert "uv.lock" in error.value.message
    assert error.value.hint == "write a requirements.txt, or name a file with `-r FILE`"
    assert error.value.exit_code == 4


@pytest.mark.parametrize(
    ("name", "said"), [("Pipfile", "`pipenv lock` writes one"), ("setup.py", "would execute code")]
)
def test_a_file_that_is_there_and_not_read_is_named(read: ReadFiles, name: str, said: str) -> None:
    with pytest.raises(NoManifestError) as error:
        read({name: ""})
    assert error.value.hint.startswith(f"{name} is there: ")
    assert said in error.value.hint


def test_the_table_of_import_names_says_only_what_the_name_itself_does_not() -> None:
    table = decode_embedded("knowledge/import_names.json", dict[str, str])
    assert len(table) >= 80
    assert all(normalise_name(name) == name for name in table.values())
    assert not [
        module for module, name in table.items() if normalise_name(module) == name and "." not in module
    ]
    assert table["cv2"] == "opencv-python"
    assert list(table) == sorted(table)
