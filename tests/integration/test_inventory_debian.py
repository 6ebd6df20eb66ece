"""Real Debian root file systems: the inventory is what dpkg itself says, from directory and archive alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from basewise.debian.mirrors import find_mirrors
from basewise.fit.index_settings import read_index_settings
from basewise.image.config import ImageConfig
from basewise.image.image import DirectoryLayer, Image
from basewise.inventory.run import take_inventory
from basewise.model.inventory import InstalledPackage, Inventory
from basewise.model.package import PackageType
from basewise.model.platform import Platform
from basewise.testing.interpreter import copy_interpreter, describe_interpreter

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
LINUX = Platform.parse("linux/amd64")
SUITES = ("bullseye", "bookworm", "trixie")
PACKAGES = ("python3-yaml", "python3-requests", "libstdc++6", "libgomp1")
BUILD_SECONDS = 600


def run(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        arguments,
        check=True,
        capture_output=True,
        timeout=BUILD_SECONDS,
        env={**os.environ, **(environment or {})},
    )
    return done.stdout.decode()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory in which root file systems are kept, across runs where the environment names one."""
    named = os.environ.get("BASEWISE_TEST_CACHE")
    directory = Path(named) if named else tmp_path_factory.getbasetemp() / "root-file-systems"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


@pytest.fixture(scope="module", params=SUITES)
def root(
    request: pytest.FixtureRequest,
    kept: Path,
    require_programs: RequirePrograms,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """Unpack a minimal Debian system with a few Python packages of its own."""
    require_programs("mmdebstrap", "dpkg-query", root=True)
    suite = str(request.param)
    archive = kept / f"inventory-{suite}-{'-'.join(PACKAGES)}.tar"
    with FileLock(archive.with_suffix(".lock"), timeout=BUILD_SECONDS):
        if not archive.is_file():
            bootstrap(suite, archive)
    directory = tmp_path_factory.mktemp(suite)
    run("tar", "-C", str(directory), "--exclude=./dev/*", "-xf", str(archive))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def bootstrap(suite: str, archive: Path) -> None:
    mirrors = find_mirrors()
    proxies = [
        line
        for line in run("apt-config", "dump").splitlines()
        if line.startswith("Acquire::http") and "Proxy" in line
    ]
    partial = archive.with_suffix(".part.tar")
    run(
        "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--components=main",
        f"--include={','.join(PACKAGES)}", *(f"--aptopt={line}" for line in proxies),
        suite, str(partial), f"deb {mirrors.main} {suite} main",
    )  # fmt: skip
    partial.replace(archive)


def look(directory: Path) -> Inventory:
    image = Image(
        reference=f"dir:{directory.name}",
        name="",
        digest=None,
        index_digest=None,
        config_digest=None,
        platform=LINUX,
        config=ImageConfig(platform=LINUX),
        layers=(DirectoryLayer(root=directory),),
    )
    return take_inventory(image, cache=None)


def of_type(inventory: Inventory, kind: PackageType) -> list[InstalledPackage]:
    return [found for found in inventory.packages if found.package.type is kind]


def queried(root: Path) -> set[tuple[str, ...]]:
    form = (
        "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    )
    listed = run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", f"-f={form}")
    lines = [tuple(line.split("\t")) for line in listed.splitlines()]
    return {line[1:] for line in lines if line[0].strip() == "ii"}


def test_the_packages_are_those_that_dpkg_lists(root: Path) -> None:
    found = look(root)
    catalogued = {
        (one.name, one.version, one.arch or "", one.source or "", one.source_version or "")
        for one in (installed.package for installed in of_type(found, PackageType.DEB))
    }
    assert catalogued == queried(root)
    assert len(catalogued) > 80
    assert found.coverage.complete, found.coverage.not_covered
    assert found.distro is not None
    assert found.distro.codename in root.name
    assert found.libc is not None
    libc = next(one.package.version for one in of_type(found, PackageType.DEB) if one.package.name == "libc6")
    assert libc.startswith(found.libc.version)
    assert found.symbols is not None
    assert found.symbols.glibcxx.startswith("3.4.")
    assert {"libc.so.6", "libstdc++.so.6", "libgomp.so.1"} <= (found.sonames or frozenset())


def test_python_packages_of_debian_belong_to_it_and_its_interpreter_is_no_package(root: Path) -> None:
    found = look(root)
    owners = {one.package.name: str(one.owner) for one in of_type(found, PackageType.PYPI)}
    assert owners["pyyaml"] == "deb python3-yaml"
    assert owners["requests"] == "deb python3-requests"
    assert all(owner.startswith("deb ") for owner in owners.values()), owners
    assert not any(one.files_changed for one in of_type(found, PackageType.PYPI))
    assert of_type(found, PackageType.CPYTHON) == []
    (runtime,) = found.pythons
    version = next(
        one.package.version
        for one in of_type(found, PackageType.DEB)
        if one.package.name == "python3-minimal"
    )
    assert runtime.minor == ".".join(version.split(".")[:2])
    assert str(runtime.owner).startswith("deb python3.")


def test_what_uv_installs_has_no_owner_also_over_what_debian_owns(root: Path, tmp_path: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    settings = read_index_settings(os.environ).environment
    # uv takes what Debian put there for installed, or refuses to remove it: other tools lay the new one over it.
    run(
        uv, "pip", "install", "--quiet", "--no-deps", "--no-config", "--link-mode", "copy", "--target", str(tmp_path),
        "PyYAML", "iniconfig", environment=settings,
    )  # fmt: skip
    shutil.copytree(tmp_path, root / "usr/lib/python3/dist-packages", dirs_exist_ok=True)
    found = of_type(look(root), PackageType.PYPI)
    (new,) = (one for one in found if one.package.name == "iniconfig")
    assert (new.installer, new.owner) == ("uv", None)
    yaml = [one for one in found if one.package.name == "pyyaml"]
    assert "uv" in {one.installer for one in yaml}
    assert all(one.files_changed for one in yaml if one.owner is not None)
    assert not any(one.files_changed for one in found if one.package.name == "requests")


def test_an_interpreter_of_this_machine_in_usr_local_has_its_true_version(root: Path) -> None:
    interpreter = describe_interpreter(Path(sys.base_prefix, "bin", "python3"))
    assert interpreter is not None
    local = root / "usr/local"
    shutil.rmtree(local)
    copy_interpreter(interpreter, local)
    found = look(root)
    (python,) = of_type(found, PackageType.CPYTHON)
    assert python.package.version == interpreter.version
    assert python.location == f"usr/local/bin/python{interpreter.minor}"
    for header in (local / "include").rglob("patchlevel.h"):
        header.unlink()
    (same,) = of_type(look(root), PackageType.CPYTHON)
    assert same.package.version == interpreter.version


def test_a_database_cut_out_of_a_real_system_is_noticed(root: Path) -> None:
    (root / "var/lib/dpkg/status").unlink()
    found = look(root)
    assert of_type(found, PackageType.DEB) == []
    assert any("it is gone" in item.why for item in found.coverage.not_covered)
