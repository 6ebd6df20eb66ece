"""Settings: who wins, what files may not say, and errors that name the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.errors import InvalidValueError, ManifestError, UsageError
from basewise.model.requirement import Accelerator
from basewise.operations.options import ChooseOptions, check_options, options_from_settings
from basewise.settings import FileSettings, environment_flag, load_settings


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return folder


def test_each_place_wins_over_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", '[tool.basewise]\nprefer = "size"\npython = "3.11"\nlibc = "musl"\n')
    write(tmp_path, "basewise.toml", 'python = "3.12"\nprefer = "security"\n')
    settings = load_settings(tmp_path, {"BASEWISE_PYTHON": "3.13"})
    assert (settings.libc, settings.prefer, settings.python) == ("musl", "security", "3.13")
    options = options_from_settings(settings, tmp_path, {"python": "3.14", "prefer": None})
    assert (options.libc, options.prefer, options.python) == ("musl", "security", "3.14")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == FileSettings()
    assert options_from_settings(FileSettings(), tmp_path, {}) == ChooseOptions()


def test_an_unknown_setting_is_named_with_its_file_and_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path, "basewise.toml", 'accellerator = "cpu"\n')
    with pytest.raises(UsageError, match=r"unknown setting `accellerator` in .*basewise\.toml") as caught:
        load_settings(tmp_path, {})
    assert "accelerator" in caught.value.hint


@pytest.mark.parametrize("name", ["allow-index", "offline", "index-url", "store", "insecure", "project-root"])
def test_a_file_cannot_open_a_door(tmp_path: Path, name: str) -> None:
    write(tmp_path, "basewise.toml", f'"{name}" = "x"\n')
    with pytest.raises(UsageError, match="unknown setting"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    "text", ["python = 3.12\n", 'allow-lts = "yes"\n', 'extra = "one"\n', "weights = [1]\n"]
)
def test_a_value_of_the_wrong_type_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, "basewise.toml", text)
    with pytest.raises(UsageError, match=r"wrong value in .*basewise\.toml"):
        load_settings(tmp_path, {})


def test_a_damaged_settings_file_is_an_error_and_a_damaged_pyproject_is_the_readers_matter(
    tmp_path: Path,
) -> None:
    write(tmp_path, "pyproject.toml", "[tool.basewise\n")
    assert load_settings(tmp_path, {}) == FileSettings()
    write(tmp_path, "basewise.toml", "a = = 1\n")
    with pytest.raises(ManifestError, match="no valid TOML"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("no", False), ("", False)])
def test_a_flag_of_the_environment_is_read(text: str, value: bool) -> None:
    assert environment_flag("X", {"X": text}) is value


def test_a_flag_that_is_neither_is_refused() -> None:
    with pytest.raises(UsageError, match="neither yes nor no"):
        environment_flag("X", {"X": "perhaps"})


def test_the_accelerator_of_a_file_becomes_a_value(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "basewise.toml", 'accelerator = "cpu"\nmax-size = "1GiB"\n'), {})
    options = options_from_settings(settings, tmp_path, {})
    assert options.accelerator is Accelerator.CPU
    assert options.max_size_bytes == 1 << 30


@pytest.mark.parametrize(
    "text",
    [
        'accelerator = "tpu"\n',
        'libc = "newlib"\n',
        'prefer = "cheap"\n',
        'max-size = "huge"\n',
        'platform = "windows/amd64"\n',
    ],
)
def test_a_value_that_is_not_allowed_is_refused(tmp_path: Path, text: str) -> None:
    settings = load_settings(write(tmp_path, "basewise.toml", text), {})
    with pytest.raises(UsageError):
        options_from_settings(settings, tmp_path, {})


@pytest.mark.parametrize("python", ["3", "3.x", "three", "3.", "3.12.1"])
def test_a_python_that_is_no_minor_is_refused(python: str) -> None:
    with pytest.raises(InvalidValueError, match="not a Python minor"):
        check_options(ChooseOptions(python=python))
