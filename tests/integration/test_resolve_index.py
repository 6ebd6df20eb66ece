"""Resolution with the real uv against an index on loopback: what it finds, what it refuses, what it never does."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from basewise.errors import ResolveError
from basewise.fit.completion import CompletionCache
from basewise.fit.facts import BuildRecipe
from basewise.fit.knowledge import Knowledge
from basewise.fit.outcome import ResolutionProblem
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.fit.sdist_metadata import SourceArchives
from basewise.fit.uv_runner import UvRunner
from basewise.fit.wheel_facts import WheelFacts
from basewise.model.base_image import BaseImage
from basewise.model.requirement import Application, IndexLine, Location, Resolution, ResolvedPackage
from basewise.model.verdict import InstallKind, ReasonKind, Verdict
from basewise.testing.fits import (
    EVIDENCE,
    application,
    base_image,
    load_small_suite,
    resolution,
    small_sonames,
)
from basewise.testing.package_index import PackageIndex
from basewise.testing.processes import started_processes

GLIBC = "cp312-cp312-manylinux_2_28_x86_64"
MUSL = "cp312-cp312-musllinux_1_2_x86_64"
WINDOWS = "cp312-cp312-win_amd64"
KNOWLEDGE = Knowledge(
    build=(
        BuildRecipe(
            package="gamma",
            build={"bookworm": ("gcc", "libc6-dev", "libpq-dev")},
            run={"bookworm": ("libpq5",)},
            evidence=EVIDENCE,
        ),
    )
)
CANARY_SETUP = b"import pathlib\npathlib.Path(%r).touch()\nfrom setuptools import setup\nsetup()\n"


class World:
    """An index, a home directory without configuration, and everything that judging asks for."""

    def __init__(self, index: PackageIndex, directory: Path) -> None:
        self.index = index
        self.directory = directory
        self.canary = directory / "executed"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "UV_CACHE_DIR": str(directory / "uv-cache"),
            "UV_DEFAULT_INDEX": index.url_with_credentials,
            "UV_HTTP_RETRIES": "0",
        }

    def runner(self, **options: object) -> UvRunner:
        values: dict[str, object] = {"environ": self.environ, "home": self.directory, **options}
        return UvRunner(**values)  # type: ignore[arg-type]  # options by name

    def judge(
        self,
        app: Application,
        *images: BaseImage,
        runner: UvRunner | None = None,
        options: FitOptions | None = None,
    ) -> FitReport:
        return judge_all(
            app,
            images or (base_image(), base_image("alpine")),
            options or FitOptions(),
            facts=WheelFacts(today="2026-11-22", table=[], knowledge=KNOWLEDGE),
            knowledge=KNOWLEDGE,
            sonames=small_sonames(),
            load_suite=load_small_suite,
            runner=runner or self.runner(),
            cache=CompletionCache(self.directory / "completions"),
            archives=SourceArchives(directory=self.directory / "sources"),
        )

    def setup_script(self) -> bytes:
        return CANARY_SETUP % str(self.canary)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with PackageIndex() as index:
        yield World(index, tmp_path)


def pins_of(report: FitReport, python: str = "3.12") -> dict[str, str]:
    found = report.resolutions[python]
    assert isinstance(found, Resolution), found
    return {package.name: package.version for package in found.packages}


def package_of(report: FitReport, name: str, python: str = "3.12") -> ResolvedPackage:
    found = report.resolutions[python]
    assert isinstance(found, Resolution), found
    return next(package for package in found.packages if package.name == name)


def hashed(name: str, version: str, *hashes: str) -> ResolvedPackage:
    return ResolvedPackage(
        name=name, version=version, files_known=False, hashes=tuple(sorted(f"sha256:{one}" for one in hashes))
    )


def test_versions_are_the_same_on_every_libc_where_one_has_no_wheel(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires=["beta>=1"])
    world.index.add_wheel("beta", "1.0", GLIBC, MUSL)
    world.index.add_wheel("beta", "2.0", GLIBC)
    report = world.judge(application("alpha"))
    assert pins_of(report) == {"alpha": "1.0", "beta": "2.0"}
    assert report.of(base_image()).verdict is Verdict.FITS
    alpine = report.of(base_image("alpine"))
    assert alpine.verdict is Verdict.DOES_NOT_FIT
    assert "beta 2.0 has no musllinux wheel" in alpine.reasons[0].sentence


def test_a_failure_of_another_system_does_not_count(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires=["windows-only ; sys_platform == 'win32'"])
    assert pins_of(world.judge(application("alpha"))) == {"alpha": "1.0"}


def test_a_package_with_windows_wheels_and_a_source_archive_is_built_from_source(world: World) -> None:
    world.index.add_wheel("gamma", "3.0", WINDOWS)
    world.index.add_sdist(
        "gamma", "3.0", requires=["beta"], members={"setup.py": world.setup_script(), "g.c": b""}
    )
    world.index.add_wheel("beta", "1.0")
    report = world.judge(application("gamma"))
    fit = report.of(base_image())
    assert fit.verdict is Verdict.BUILDS_FROM_SOURCE
    assert pins_of(report) == {"beta": "1.0", "gamma": "3.0"}
    assert [one.kind for one in fit.installs] == [InstallKind.WHEEL, InstallKind.SDIST]
    assert [one.name for one in fit.add_packages] == ["libpq5"]
    assert [one.name for one in fit.build_packages] == ["gcc", "libc6-dev", "libpq-dev"]
    assert report.of(base_image("alpine")).reasons[0].kind is ReasonKind.NO_RECIPE
    assert not world.canary.exists()
    lock = report.lock_text("3.12")
    assert lock is not None
    assert (
        world.index.add_sdist(
            "gamma", "3.0", requires=["beta"], members={"setup.py": world.setup_script(), "g.c": b""}
        ).sha256
        in lock
    )


def test_a_source_archive_with_dynamic_metadata_is_listed_and_never_executed(world: World) -> None:
    world.index.add_sdist(
        "gamma", "3.0", metadata_version="2.1", members={"setup.py": world.setup_script(), "g.c": b""}
    )
    report = world.judge(application("gamma"), base_image())
    assert report.of(base_image()).verdict is Verdict.BUILDS_FROM_SOURCE
    assert [gap.what for gap in report.not_covered] == ["dependencies of gamma"]
    assert not world.canary.exists()


def test_pure_source_is_built_without_os_packages(world: World) -> None:
    world.index.add_sdist("pure", "1.0", members={"setup.py": world.setup_script(), "pure.py": b""})
    report = world.judge(application("pure"), base_image())
    fit = report.of(base_image())
    assert fit.verdict is Verdict.BUILDS_FROM_SOURCE
    assert fit.build_packages == ()
    assert not world.canary.exists()


def test_a_source_archive_is_looked_up_where_only_one_libc_has_wheels(world: World) -> None:
    world.index.add_wheel("gamma", "3.0", MUSL)
    world.index.add_sdist("gamma", "3.0", members={"g.c": b""})
    report = world.judge(application("gamma"))
    assert report.of(base_image()).verdict is Verdict.BUILDS_FROM_SOURCE
    assert report.of(base_image("alpine")).verdict is Verdict.FITS
    assert package_of(report, "gamma").sdist is not None


def test_a_conflict_is_not_hidden_by_a_version_without_wheels(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires=["beta<2"])
    world.index.add_wheel("alpha", "2.0", requires=["beta<2"])
    world.index.add_sdist("alpha", "3.0", members={"a.c": b""})
    world.index.add_wheel("beta", "2.0")
    with pytest.raises(ResolveError, match="alpha") as caught:
        world.judge(application("alpha", "beta>=2"))
    assert "beta" in caught.value.message


def test_both_chains_of_a_conflict_are_named_with_their_places(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires=["common<2"])
    world.index.add_wheel("beta", "1.0", requires=["common>=2"])
    world.index.add_wheel("common", "1.0")
    world.index.add_wheel("common", "2.0")
    with pytest.raises(ResolveError) as caught:
        world.judge(application("alpha", "beta"))
    for words in ("alpha", "beta", "common<2", "common>=2", "requirements.txt:1", "requirements.txt:2"):
        assert words in caught.value.message
    assert caught.value.exit_code == 4


def test_a_requirement_that_does_not_exist_is_named_with_its_line(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    with pytest.raises(ResolveError) as caught:
        world.judge(application("alpha", "nowhere"))
    assert "nowhere was not found" in caught.value.message
    assert "requirements.txt:2" in caught.value.message


def test_a_minor_that_a_pin_excludes_is_out_and_the_others_are_judged(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires_python=">=3.12")
    old, new = base_image(python="3.11.9"), base_image()
    report = world.judge(application("alpha==1.0"), old, new)
    assert report.of(new).verdict is Verdict.FITS
    assert report.of(old).verdict is Verdict.DOES_NOT_FIT
    assert report.of(old).reasons[0].kind is ReasonKind.PYTHON
    assert isinstance(report.resolutions["3.11"], ResolutionProblem)


def test_what_differs_between_minors_is_listed(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    world.index.add_wheel("alpha", "2.0", requires_python=">=3.12")
    report = world.judge(application("alpha"), base_image(python="3.11.9"), base_image())
    assert report.python_changes == (("alpha", (("3.11", "1.0"), ("3.12", "2.0"))),)


def test_a_yanked_pin_is_a_warning(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    world.index.yank("alpha-1.0-py3-none-any.whl", "it was broken")
    report = world.judge(application("alpha==1.0"))
    assert report.warnings == ('`alpha==1.0` is yanked (reason: "it was broken")',)


def test_a_lock_of_hashes_is_completed_once_and_then_without_uv(world: World) -> None:
    (good,) = world.index.add_wheel("alpha", "1.0")
    lock = resolution(hashed("alpha", "1.0", good.sha256, "0" * 64))
    first = world.judge(application("alpha==1.0", lock=lock))
    assert first.of(base_image()).verdict is Verdict.FITS
    assert package_of(first, "alpha").wheels[0].size_bytes == len(good.content)
    asked = len(world.index.requests)
    second = world.judge(application("alpha==1.0", lock=lock))
    assert (second.uv_runs, len(world.index.requests)) == (0, asked)
    assert second.fits == first.fits


def test_the_pins_of_a_lock_are_kept_and_its_dependencies_are_not_followed(world: World) -> None:
    (old,) = world.index.add_wheel("alpha", "1.0", requires=["absent"])
    world.index.add_wheel("alpha", "2.0")
    report = world.judge(application(lock=resolution(hashed("alpha", "1.0", old.sha256))))
    assert pins_of(report) == {"alpha": "1.0"}


def test_only_files_with_a_pinned_hash_are_judged(world: World) -> None:
    glibc, _ = world.index.add_wheel("beta", "1.0", GLIBC, MUSL)
    report = world.judge(application(lock=resolution(hashed("beta", "1.0", glibc.sha256))))
    assert report.of(base_image()).verdict is Verdict.FITS
    assert report.of(base_image("alpine")).verdict is Verdict.DOES_NOT_FIT


def test_a_pin_whose_hashes_match_no_file_is_an_error(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    with pytest.raises(ResolveError, match=r"no file of alpha==1\.0 .* has a hash that is pinned"):
        world.judge(application(lock=resolution(hashed("alpha", "1.0", "0" * 64))))


def test_a_locked_application_is_judged_from_what_is_known_when_the_index_is_gone(world: World) -> None:
    world.index.answer_with(500)
    report = world.judge(application(lock=resolution(hashed("alpha", "1.0", "0" * 64))))
    assert report.of(base_image()).verdict is Verdict.UNKNOWN
    assert "cannot be reached" in report.warnings[0]
    assert report.not_covered[0].what == "files of the lock invented.lock"


@pytest.mark.parametrize(
    ("status", "words"), [(401, "answers 401"), (403, "answers 403"), (500, "cannot be reached")]
)
def test_an_index_that_refuses_is_an_error_with_a_hint(world: World, status: int, words: str) -> None:
    world.index.answer_with(status)
    with pytest.raises(ResolveError, match=words) as caught:
        world.judge(
            application("alpha"), base_image(), base_image(python="3.13.1"), base_image(python="3.14.1")
        )
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_an_index_that_cannot_be_reached_is_an_error(world: World) -> None:
    world.environ["UV_DEFAULT_INDEX"] = "http://me:geheim@127.0.0.1:9/simple"
    with pytest.raises(ResolveError, match="cannot be reached") as caught:
        world.judge(application("alpha"))
    assert "geheim" not in caught.value.message


def test_credentials_are_used_and_never_shown(tmp_path: Path) -> None:
    with PackageIndex(user="me:geheim") as index:
        world = World(index, tmp_path)
        index.add_wheel("alpha", "1.0")
        assert pins_of(world.judge(application("alpha"))) == {"alpha": "1.0"}
        world.environ["UV_DEFAULT_INDEX"] = f"http://me:falsch@{index.host}/simple"
        world.environ["UV_CACHE_DIR"] = str(tmp_path / "other-cache")
        with pytest.raises(ResolveError) as caught:
            world.judge(application("alpha"))
        assert "falsch" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_index_that_hangs_meets_the_time_limit_and_uv_is_ended(world: World) -> None:
    world.index.hang()
    expected = pytest.raises(ResolveError, match="did not finish within 1 seconds")
    with started_processes() as started, expected:
        world.judge(application("alpha"), base_image(), runner=world.runner(timeout_seconds=1.0))
    assert started[-1].returncode == -signal.SIGKILL


def test_the_index_of_pip_is_asked_where_uv_has_none(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    world.environ["PIP_INDEX_URL"] = world.environ.pop("UV_DEFAULT_INDEX")
    assert pins_of(world.judge(application("alpha"))) == {"alpha": "1.0"}


@pytest.mark.parametrize("variable", ["UV_NO_CONFIG", "UV_CONFIG_FILE"])
def test_settings_that_switch_files_off_do_not_switch_ours_off(world: World, variable: str) -> None:
    world.index.add_wheel("gamma", "3.0", WINDOWS)
    world.index.add_sdist("gamma", "3.0", members={"g.c": b""})
    settings = world.directory / "mine.toml"
    settings.write_text(f'index-url = "{world.environ.pop("UV_DEFAULT_INDEX")}"\n')
    world.environ[variable] = str(settings) if variable == "UV_CONFIG_FILE" else "1"
    if variable == "UV_NO_CONFIG":
        world.environ["UV_DEFAULT_INDEX"] = world.index.url
    assert (
        world.judge(application("gamma"), base_image()).of(base_image()).verdict is Verdict.BUILDS_FROM_SOURCE
    )


def test_the_width_of_a_terminal_changes_nothing_that_is_read(world: World) -> None:
    world.index.add_wheel("gamma", "3.0", WINDOWS)
    world.index.add_sdist("gamma", "3.0", members={"g.c": b""})
    world.environ["COLUMNS"] = "24"
    report = world.judge(application("gamma"), base_image())
    assert report.of(base_image()).verdict is Verdict.BUILDS_FROM_SOURCE


def test_an_index_line_that_is_not_configured_is_named_and_not_asked(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    with PackageIndex() as other:
        line = IndexLine(url=other.url, location=Location("requirements.txt", 1), packages=("torch",))
        report = world.judge(application("alpha", index_lines=(line,)))
        assert other.requests == []
    (gap,) = report.not_covered
    assert gap.what == "index line requirements.txt:1"
    assert "torch" in gap.why
    assert "--allow-index" in gap.why


def test_an_allowed_index_line_is_asked(world: World) -> None:
    with PackageIndex() as other:
        other.add_wheel("alpha", "7.0")
        line = IndexLine(url=other.url, location=Location("requirements.txt", 1))
        options = FitOptions(allow_index=(f"{other.url}/",))
        report = world.judge(application("alpha", index_lines=(line,)), options=options)
    assert pins_of(report) == {"alpha": "7.0"}
    assert report.not_covered == ()


def test_an_index_line_that_equals_the_configuration_is_honoured(world: World) -> None:
    world.index.add_wheel("alpha", "1.0")
    line = IndexLine(url=f"{world.index.url}/", location=Location("requirements.txt", 1))
    assert world.judge(application("alpha", index_lines=(line,))).not_covered == ()


def test_uv_that_is_absent_is_an_error_with_the_command_that_installs_it(world: World) -> None:
    with pytest.raises(ResolveError, match="cannot start uv") as caught:
        world.judge(application("alpha"), runner=world.runner(binary=str(world.directory / "absent")))
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'uv 0.4.30 (abc 2024-11-04)'", "uv 0.4.30 is not supported"),
        ("echo 'uv 1.0.0'", "uv 1.0.0 is not supported"),
        ("echo something else", "did not answer like uv"),
        ("exit 3", "did not answer like uv"),
        ("sleep 60", "did not finish within 1 seconds"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
def test_a_wrong_uv_is_refused(
    world: World, make_program: Callable[[str], Path], script: str, words: str
) -> None:
    runner = world.runner(binary=str(make_program(script)), timeout_seconds=1.0)
    with pytest.raises(ResolveError, match=words):
        world.judge(application("alpha"), runner=runner)


@pytest.fixture
def make_program(tmp_path: Path) -> Callable[[str], Path]:
    def make(script: str) -> Path:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


def test_uv_gets_no_directory_of_the_application_and_builds_nothing(
    world: World, make_program: Callable[[str], Path]
) -> None:
    record = world.directory / "called"
    program = make_program(
        f'[ "$1" = --version ] && echo \'uv 0.13.9\' && exit\npwd > {record}; echo "$@" >> {record}; exit 1'
    )
    with pytest.raises(ResolveError):
        world.judge(application("alpha"), base_image(), runner=world.runner(binary=str(program)))
    where, arguments = record.read_text().splitlines()
    assert Path(where).name.startswith("basewise-uv-")
    assert not Path(where).exists()
    assert "--no-build" in arguments.split()
    assert sys.executable in arguments


def test_an_upper_bound_of_requires_python_is_read_from_the_wheel_since_uv_ignores_it(world: World) -> None:
    world.index.add_wheel("alpha", "1.0", requires_python=">=3.9,<3.12")
    old, new = base_image(python="3.11.9"), base_image()
    report = world.judge(application("alpha"), old, new)
    assert report.of(old).verdict is Verdict.FITS
    assert report.of(new).verdict is Verdict.DOES_NOT_FIT
    assert "alpha 1.0 requires Python >=3.9,<3.12" in report.of(new).reasons[0].sentence
