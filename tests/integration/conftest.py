"""What integration tests share: programs of the machine, and look-alikes of base images.

`BASEWISE_TEST_CACHE` names a directory in which look-alikes are kept from one run to the next,
`BASEWISE_TEST_PYTHON` the CPython that they get; by default it is the newest one that is found here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from basewise.candidates.catalogue import load_catalogue
from basewise.model.base_image import BaseImage
from basewise.testing.buildah import Buildah
from basewise.testing.debian_root import make_debian_root
from basewise.testing.interpreter import Interpreter, describe_interpreter, find_interpreters
from basewise.testing.look_alike import ENVIRONMENT, make_root_archive, pip_configuration

RequirePrograms = Callable[..., None]
LookAlikeOf = Callable[[BaseImage], str]
LookAlikeArchive = Callable[[BaseImage], Path]
DebianArchive = Callable[[str], Path]
BASE_RELEASE = "trixie"


@pytest.fixture(scope="session")
def require_programs() -> RequirePrograms:
    """Return a function that skips a test whose programs are missing; with CI=true it fails instead.

    `require_programs("mmdebstrap", "buildah", root=True)` says everything that is missing.
    """

    def require(*programs: str, root: bool = False) -> None:
        missing = [f"`{program}`" for program in programs if shutil.which(program) is None]
        if root and (not hasattr(os, "geteuid") or os.geteuid() != 0):
            missing.append("the rights of root")
        if missing:
            skip_or_fail(f"this machine has not {', '.join(missing)}")

    return require


def skip_or_fail(reason: str) -> None:
    """Skip with a reason; with CI=true that is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{reason}; with CI=true that is a failure")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """Return the newest CPython of this machine for which the catalogue has a slim image."""
    minors = {
        image.python_minor
        for image in load_catalogue().images
        if image.variant == "slim" and image.distro.codename == BASE_RELEASE and not image.prerelease
    }
    stated = os.environ.get("BASEWISE_TEST_PYTHON")
    found = find_interpreters(minors)
    if stated:
        one = describe_interpreter(stated)
        found = (one,) if one is not None and one.minor in minors else ()
    if not found:
        skip_or_fail(
            f"no CPython here is of a minor that the catalogue has slim images of: {', '.join(sorted(minors))}"
        )
    return found[0]


@pytest.fixture(scope="session")
def buildah(require_programs: RequirePrograms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """Return a buildah with a storage that this process alone uses and that is removed at the end."""
    require_programs("buildah", "mmdebstrap", root=True)
    directory = tmp_path_factory.mktemp("buildah")
    yield Buildah(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def kept_archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of root file systems; of the session, because each test cuts the environment that names it."""
    return shared_directory(tmp_path_factory)


@pytest.fixture(scope="session")
def look_alike_archive(
    kept_archives: Path, interpreter: Interpreter, require_programs: RequirePrograms
) -> LookAlikeArchive:
    """Return a function that gives the root file system of a look-alike, made once for all processes of a test run."""

    def archive_of(image: BaseImage) -> Path:
        require_programs("mmdebstrap", root=True)
        archive = kept_archives / f"{archive_key(image, interpreter)}.tar"
        with FileLock(archive.with_suffix(".lock"), timeout=900):
            if not archive.is_file():
                make_root_archive(image, interpreter, archive)
        return archive

    return archive_of


@pytest.fixture(scope="session")
def debian_archive(kept_archives: Path, require_programs: RequirePrograms) -> DebianArchive:
    """Return a function that gives the root file system of Debian's minimal system of a release, made once."""

    def archive_of(suite: str) -> Path:
        require_programs("mmdebstrap", root=True)
        archive = kept_archives / f"{suite}-minbase.tar"
        with FileLock(archive.with_suffix(".lock"), timeout=900):
            if not archive.is_file():
                partial = archive.with_suffix(".partial.tar")
                make_debian_root(suite, partial)
                partial.replace(archive)
        return archive

    return archive_of


@pytest.fixture(scope="session")
def look_alike_of(buildah: Buildah, look_alike_archive: LookAlikeArchive) -> LookAlikeOf:
    """Return a function that makes a look-alike of a base image, once, and returns its name."""
    made: dict[str, str] = {}

    def look_alike(image: BaseImage) -> str:
        if image.name not in made:
            name = f"localhost/look-alike/{image.name}"
            buildah.import_root(look_alike_archive(image), name, ENVIRONMENT)
            made[image.name] = name
        return made[image.name]

    return look_alike


def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that all processes of this test run see."""
    kept = os.environ.get("BASEWISE_TEST_CACHE")
    base = tmp_path_factory.getbasetemp()
    if kept:
        directory = Path(kept)
    elif os.environ.get("PYTEST_XDIST_WORKER"):
        directory = base.parent / "look-alikes"
    else:
        directory = base / "look-alikes"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def archive_key(image: BaseImage, interpreter: Interpreter) -> str:
    """Name everything that an archive depends on, but for the state of the mirror."""
    names = sorted(package.name for package in image.packages or ())
    parts = [interpreter.prefix, *names, *sorted(map(str, pip_configuration(os.environ).items()))]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{image.distro.codename}-{interpreter.version}-{digest[:16]}"
