"""One production set: precedence, named files, and manifests that disagree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from basewise.app.read import ReadOptions, read_application
from basewise.errors import ApplicationError, ManifestError, UsageError
from basewise.model.requirement import Accelerator

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

SHA = "a" * 64
LOCKED = f"numpy==2.4.6 --hash=sha256:{SHA}\n"
FILES = {
    "pylock.toml": 'lock-version = "1.0"\n[[packages]]\nname = "numpy"\nversion = "2.4.6"\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "demo"\nsource = { virtual = "." }\ndependencies = [{ name = "numpy" }]\n[[package]]\nname = "numpy"\nversion = "2.4.6"\n',
    "poetry.lock": '[[package]]\nname = "numpy"\nversion = "2.4.6"\n',
    "Pipfile.lock": '{"default": {"numpy": {"version": "==2.4.6"}}}',
    "pyproject.toml": '[project]\nname = "demo"\ndependencies = ["numpy"]\n',
    "requirements.txt": "numpy\n",
    "environment.yml": "dependencies:\n  - pip: [numpy]\n",
    "main.py": "import numpy\n",
}


def test_the_first_manifest_by_precedence_counts(read: ReadFiles) -> None:
    files = dict(FILES)
    for name in FILES:
        application = read(files)
        assert application.manifests[0].path == name
        assert application.guess == (name == "main.py")
        assert (application.lock is not None) == name.endswith(".lock") or name == "pylock.toml"
        assert {item.role for item in application.manifests[1:]} <= {"compared"}
        del files[name]
        (read.folder / name).unlink()


def test_a_pinned_requirements_file_is_before_pyproject(read: ReadFiles) -> None:
    application = read({"pyproject.toml": FILES["pyproject.toml"], "requirements.txt": LOCKED})
    assert [(item.path, item.role) for item in application.manifests] == [
        ("requirements.txt", "requirements"),
        ("pyproject.toml", "compared"),
    ]


def test_ranges_that_no_version_fulfils_are_a_warning_with_both_lines(read: ReadFiles) -> None:
    application = read(
        {
            "pyproject.toml": '[project]\nname = "demo"\ndependencies = [\n  "numpy<2",\n  "pandas>=2",\n]\n',
            "requirements.txt": "pandas>=1\nnumpy>=2\n",
        }
    )
    (warning,) = application.warnings
    assert warning == (
        "pyproject.toml:4 asks for `numpy<2` and requirements.txt:2 for `numpy>=2`, which no version fulfils:"
        " pyproject.toml is taken"
    )


def test_requirements_of_another_manifest_only_are_a_warning(read: ReadFiles) -> None:
    application = read(
        {
            "pyproject.toml": FILES["pyproject.toml"],
            "requirements.txt": "numpy\nlightgbm\npywin32; sys_platform == 'win32'\n",
        }
    )
    assert application.warnings == (
        "requirements.txt asks for `lightgbm` (line 2), which pyproject.toml does not have",
    )


def test_a_lock_that_is_out_of_date_is_a_warning(read: ReadFiles) -> None:
    application = read({"requirements.txt": LOCKED, "requirements.in": "numpy>=3\npandas\n"})
    assert application.warnings == (
        "requirements.in:1 asks for `numpy>=3`, requirements.txt:1 pins 2.4.6: the lock is out of date, and its pin is taken",
        "requirements.in asks for `pandas` (line 2), which requirements.txt does not pin",
    )


def test_a_broken_manifest_that_does_not_count_is_a_warning(read: ReadFiles) -> None:
    application = read({"requirements.txt": LOCKED, "pyproject.toml": "[project\n"})
    assert application.lock is not None
    assert application.warnings[0].startswith("cannot read pyproject.toml:1: not TOML")


def test_a_broken_manifest_that_counts_is_an_error(read: ReadFiles) -> None:
    with pytest.raises(ManifestError) as error:
        read(
            {
                "requirements.txt": "numpy\n",
                "pyproject.toml": '[project]\nname = "x"\ndependencies = "numpy"\n',
            }
        )
    assert error.value.message == (
        "cannot read pyproject.toml:3: expected `array | null`, got `str` - at `$.project.dependencies`"
    )


def test_a_named_file_is_read_instead_of_everything(read: ReadFiles) -> None:
    application = read({**FILES, "deploy.txt": "pandas\n"}, requirement_files=(Path("deploy.txt"),))
    assert [item.name for item in application.requirements] == ["pandas"]
    assert {record.what for record in application.not_read} == set(FILES) - {"main.py"}


def test_several_named_files_are_read_together(read: ReadFiles) -> None:
    application = read(
        {"a.txt": "pandas\n", "b.txt": "numpy\n"}, requirement_files=(Path("a.txt"), Path("b.txt"))
    )
    assert [str(item.location) for item in application.requirements] == ["b.txt:1", "a.txt:1"]


def test_a_named_lock_or_project_is_read_by_its_own_reader(read: ReadFiles) -> None:
    assert read(FILES, requirement_files=(Path("uv.lock"),)).lock is not None
    assert read(FILES, requirement_files=(Path("pyproject.toml"),)).manifests[0].format == "pyproject"


def test_a_named_file_is_found_from_the_working_directory_first(
    read: ReadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    read({"requirements.txt": "numpy\n", "requirements/requirements.txt": "pandas\n"})
    monkeypatch.chdir(read.folder / "requirements")
    application = read_application(read.folder, ReadOptions(requirement_files=(Path("requirements.txt"),)))
    assert str(application.requirements[0].location) == "requirements/requirements.txt:1"


def test_a_named_file_that_is_missing_is_wrong_usage(read: ReadFiles) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read({"requirements.txt": "numpy\n"}, requirement_files=(Path("absent.txt"),))


def test_a_parent_folder_is_reached_only_with_a_project_root(read: ReadFiles, tmp_path: Path) -> None:
    (tmp_path / "shared.txt").write_text("pandas\n")
    files = {"requirements.txt": "-r ../shared.txt\nnumpy\n"}
    with pytest.raises(ManifestError) as error:
        read(files)
    assert "it leads outside the application folder" in error.value.message
    assert "--project-root" in error.value.hint
    with pytest.raises(UsageError, match="lies outside the application folder"):
        read(files, requirement_files=(tmp_path / "shared.txt",))
    application = read(files, project_root=tmp_path)
    assert [str(item.location) for item in application.requirements] == [
        "requirements.txt:2",
        "../shared.txt:1",
    ]


def test_a_project_root_must_contain_the_application(read: ReadFiles, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(ApplicationError, match="does not lie beneath the project root"):
        read({"requirements.txt": "numpy\n"}, project_root=tmp_path / "other")


def test_extras_of_a_manifest_without_any_name_where_they_are(read: ReadFiles) -> None:
    project = '[project]\nname = "x"\ndependencies = []\n[project.optional-dependencies]\ngpu = ["torch"]\n'
    with pytest.raises(UsageError) as error:
        read({"requirements.txt": LOCKED, "pyproject.toml": project}, extras=("gpu",))
    assert error.value.message == "requirements.txt has no extra `gpu`"
    assert error.value.hint == "pyproject.toml has it: `-r pyproject.toml --extra gpu`"


def test_the_accelerator_and_other_files_are_passed_on(read: ReadFiles) -> None:
    application = read({"requirements.txt": "", "setup.cfg": ""}, accelerator=Accelerator.CPU)
    assert application.accelerator is Accelerator.CPU
    assert application.warnings == ("requirements.txt asks for no packages",)
    assert [record.what for record in application.not_read] == ["setup.cfg"]
