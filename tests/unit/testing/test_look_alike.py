"""What a look-alike takes from this machine: an interpreter, and where its package index is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.errors import InputError
from basewise.testing.buildah import Buildah
from basewise.testing.interpreter import copy_interpreter, describe_interpreter, find_interpreters
from basewise.testing.look_alike import make_root_archive, pip_configuration

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="look-alikes are made on Linux")


def test_an_interpreter_describes_itself() -> None:
    one = describe_interpreter(sys.executable)
    assert one is not None
    assert one.minor == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert one.prefix == sys.base_prefix
    assert Path(one.stdlib, "os.py").is_file()


@pytest.mark.parametrize("program", ["/nowhere/python3", "/bin/true"])
def test_what_does_not_answer_is_no_interpreter(program: str) -> None:
    assert describe_interpreter(program) is None


@linux_only
def test_only_wanted_minors_are_found_newest_first() -> None:
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert [one.minor for one in find_interpreters([running])] == [running]
    found = find_interpreters([f"3.{minor}" for minor in range(10, 16)])
    assert [one.order for one in found] == sorted((one.order for one in found), reverse=True)
    assert find_interpreters(["2.7"]) == ()


@linux_only
def test_a_copied_interpreter_has_its_library_and_none_of_its_packages(tmp_path: Path) -> None:
    one = describe_interpreter(sys.executable)
    assert one is not None
    copy_interpreter(one, tmp_path / "local")
    library = tmp_path / "local" / "lib" / f"python{one.minor}"
    assert (tmp_path / "local" / "bin" / "python3").resolve().name == f"python{one.minor}"
    assert (library / "os.py").is_file()
    assert list((library / "site-packages").iterdir()) == []
    assert not list(library.rglob("__pycache__"))
    assert not (library / "EXTERNALLY-MANAGED").exists()


def test_the_index_that_pip_uses_is_found_in_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "7")
    monkeypatch.setenv("PIP_NO_COLOR", "1")
    found = pip_configuration(os.environ)
    assert found["index-url"] == "http://127.0.0.1:9/simple"
    assert found["timeout"] == "7"
    assert "no-color" not in found


def test_uvs_index_stands_in_where_pip_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/of-uv")
    assert pip_configuration(os.environ)["index-url"] == "http://127.0.0.1:9/of-uv"


def test_an_image_of_another_distribution_is_refused(tmp_path: Path) -> None:
    one = describe_interpreter(sys.executable)
    alpine = next(image for image in load_catalogue().images if image.distro.id == "alpine")
    assert one is not None
    with pytest.raises(InputError, match="no Debian based image"):
        make_root_archive(alpine, one, tmp_path / "root.tar")
    assert not (tmp_path / "root.tar").exists()


def test_a_missing_buildah_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="cannot run `buildah"):
        Buildah(tmp_path / "storage").configuration("localhost/any")
