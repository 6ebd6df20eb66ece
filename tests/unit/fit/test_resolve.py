from __future__ import annotations

from pathlib import Path

import pytest

from basewise.errors import ResolveError
from basewise.fit.index_settings import comparable_url, read_index_settings
from basewise.fit.messages import FailureKind, read_failure, read_yanked
from basewise.fit.pylock import read_pylock
from basewise.fit.resolve import request_for, requirement_line
from basewise.fit.sdist_metadata import read_archive
from basewise.fit.uv_request import CompileRequest
from basewise.fit.uv_runner import UvRunner
from basewise.testing.fits import application, requirement
from basewise.testing.package_index import PackageIndex

ENVIRONMENT = (
    "python_full_version < '3.13' and implementation_name == 'cpython' and "
    "((platform_machine == 'aarch64' and sys_platform == 'linux') or "
    "(platform_machine == 'x86_64' and sys_platform == 'linux'))"
)
UNSATISFIABLE = f"""\
warning: something
error: No solution found when resolving dependencies for split (markers: {ENVIRONMENT})
  cause: Because all of:
             pandas>=3.0.0,<=3.0.3
         depend on numpy>=2.3.3 and you require numpy<2, we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `pandas` because building from source is disabled for all packages
"""


def test_the_reasoning_is_one_sentence_without_our_own_markers() -> None:
    failure = read_failure(UNSATISFIABLE)
    assert failure.kind is FailureKind.UNSATISFIABLE
    assert failure.sentence == (
        "Because all of: pandas>=3.0.0,<=3.0.3 depend on numpy>=2.3.3 and you require numpy<2"
    )
    assert failure.packages == ("numpy", "pandas")
    assert failure.without_wheels == ("pandas",)


@pytest.mark.parametrize(
    "words",
    [
        f"gamma==3.0 has no `{ENVIRONMENT}`-compatible wheels and you require gamma",
        "all versions of gamma have no usable wheels and you require gamma",
        "gamma<=2.9.8 has no usable wheels",
        "gamma==3.0 has no wheels with a matching platform tag (e.g., `manylinux_2_28_x86_64`)",
        "Wheels are required for `gamma` because building from source is disabled",
    ],
)
def test_a_distribution_without_wheels_is_named(words: str) -> None:
    failure = read_failure(f"error: No solution found\n  cause: Because {words}")
    assert failure.without_wheels == ("gamma",)
    assert "python_full_version" not in failure.sentence


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        ("error: Because x was not found in the package registry and you require x", FailureKind.MISSING),
        ("hint: An index URL (http://h/s) could not be queried (401 Unauthorized)", FailureKind.DENIED),
        ("hint: An index (http://h/s) returned a 403 Forbidden error.", FailureKind.DENIED),
        (
            "error: Request failed after 3 retries\n  cause: Failed to fetch: http://h/s/x/",
            FailureKind.UNREACHABLE,
        ),
        ("cause: HTTP status server error (500 Internal Server Error)", FailureKind.UNREACHABLE),
        ("hint: Packages were unavailable because the network was disabled", FailureKind.OFFLINE),
        (
            "cause: the requested Python version (>=3.12) does not satisfy Python>=3.13 and a==1 depends on Python>=3.13",
            FailureKind.PYTHON,
        ),
        ("error: No solution found when resolving dependencies", FailureKind.UNSATISFIABLE),
        ("error: Failed to parse `uv.toml`", FailureKind.OTHER),
    ],
)
def test_a_failure_is_told_by_what_uv_says(messages: str, kind: FailureKind) -> None:
    assert read_failure(messages).kind is kind


def test_credentials_and_control_characters_never_pass() -> None:
    failure = read_failure(
        "error: Failed to fetch: https://me:geheim@host.example/simple/x/?token=abc \x1b[31m"
    )
    assert "geheim" not in failure.sentence
    assert "token" not in failure.sentence
    assert "\x1b" not in failure.sentence
    assert "https://host.example/simple/x/" in failure.sentence


def test_yanked_pins_are_read_from_the_warnings() -> None:
    text = 'warning: `beta==2.0` is yanked (reason: "broken")\nwarning: other\nResolved 1 package'
    assert read_yanked(text) == ('`beta==2.0` is yanked (reason: "broken")',)


def test_a_lock_of_uv_is_read_with_names_from_addresses() -> None:
    packages = read_pylock(
        """
lock-version = "1.0"
[[packages]]
name = "beta"
version = "1.0"
marker = "sys_platform == 'linux'"
sdist = { url = "http://127.0.0.1/files/beta-1.0.tar.gz", upload-time = 2026-01-01T00:00:00Z, size = 5, hashes = { sha256 = "ab" } }
wheels = [{ url = "http://127.0.0.1/files/beta-1.0%2Bcpu-py3-none-any.whl", size = 7, hashes = { sha256 = "cd" } }]
"""
    )
    assert packages[0].wheels[0].filename == "beta-1.0+cpu-py3-none-any.whl"
    assert packages[0].wheels[0].size_bytes == 7
    assert packages[0].sdist is not None
    assert packages[0].sdist.filename == "beta-1.0.tar.gz"


@pytest.mark.parametrize("text", ["[[packages]", "packages = 3", "[[packages]]\nversion = '1'"])
def test_an_answer_that_does_not_parse_is_an_error(text: str) -> None:
    with pytest.raises(ResolveError, match="cannot be read"):
        read_pylock(text)


def test_requirements_are_written_from_their_parts() -> None:
    app = application("alpha>=1 ; python_version < '3.13'", "beta", "beta")
    request = request_for(app, "3.12", ("x86_64",))
    assert request.requirements == ("alpha>=1 ; python_version < '3.13'", "beta")
    assert requirement_line(requirement("gamma==2")) == "gamma==2"


@pytest.mark.parametrize(
    "line", ["--index-url http://evil.example", "alpha\n--pre", "-e .", " -r /etc/passwd", ""]
)
def test_a_line_that_is_no_requirement_never_reaches_uv(line: str) -> None:
    with pytest.raises(ResolveError, match="cannot be given to the resolver"):
        UvRunner(environ={"PATH": "/usr/bin:/bin"}).compile(
            CompileRequest(python="3.12", requirements=(line,))
        )


def test_pip_configuration_is_handed_to_uv(tmp_path: Path) -> None:
    pip = tmp_path / ".config" / "pip"
    pip.mkdir(parents=True)
    (pip / "pip.conf").write_text(
        "[global]\nindex-url = https://me:geheim@mirror.example/simple/\n"
        "[install]\nextra-index-url =\n    https://a.example/s\n    https://b.example/s\n"
    )
    found = read_index_settings({}, home=tmp_path)
    assert found.environment["UV_DEFAULT_INDEX"] == "https://me:geheim@mirror.example/simple/"
    assert found.environment["UV_EXTRA_INDEX_URL"] == "https://a.example/s https://b.example/s"
    assert found.urls >= {"https://mirror.example/simple", "https://a.example/s", "https://b.example/s"}
    assert found.source == "pip"


def test_a_variable_of_pip_wins_over_its_file(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex_url = https://file.example/s\n")
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_INDEX_URL": "https://variable.example/s"}
    assert (
        read_index_settings(environ, home=tmp_path).environment["UV_DEFAULT_INDEX"]
        == "https://variable.example/s"
    )


@pytest.mark.parametrize(
    "environ", [{"UV_DEFAULT_INDEX": "https://uv.example/s"}, {"UV_INDEX": "name=https://uv.example/s"}]
)
def test_an_index_of_uv_wins_over_the_one_of_pip(environ: dict[str, str], tmp_path: Path) -> None:
    found = read_index_settings({**environ, "PIP_INDEX_URL": "https://pip.example/s"}, home=tmp_path)
    assert "UV_DEFAULT_INDEX" not in found.environment
    assert "https://uv.example/s" in found.urls
    assert "https://pip.example/s" not in found.urls
    assert found.source == "uv"


def test_an_index_in_the_settings_file_of_uv_decides(tmp_path: Path) -> None:
    settings = tmp_path / ".config" / "uv"
    settings.mkdir(parents=True)
    (settings / "uv.toml").write_text('[[index]]\nurl = "https://uv.example/s"\ndefault = true\n')
    found = read_index_settings({"PIP_INDEX_URL": "https://pip.example/s"}, home=tmp_path)
    assert "UV_DEFAULT_INDEX" not in found.environment
    assert "https://uv.example/s" in found.urls


@pytest.mark.parametrize("text", ["[global", "[global]\nindex-url = %(x)s\n", "\x00"])
def test_a_damaged_pip_configuration_is_not_ours_to_refuse(text: str, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(text)
    read_index_settings({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}, home=tmp_path)


def test_addresses_are_compared_without_credentials_and_closing_slash() -> None:
    assert comparable_url("https://me:geheim@host.example/simple/") == "https://host.example/simple"


def archive_of(metadata_version: str, *requires: str, members: dict[str, bytes] | None = None) -> bytes:
    with PackageIndex() as index:
        return index.add_sdist(
            "demo", "1.0", requires=requires, metadata_version=metadata_version, members=members
        ).content


def test_certain_metadata_of_a_source_archive_is_read() -> None:
    metadata = read_archive(archive_of("2.2", "alpha>=1", "beta ; extra == 'x'", members={"demo.py": b""}))
    assert metadata.requires_dist == ("alpha>=1", "beta ; extra == 'x'")
    assert metadata.doubt == ""
    assert metadata.compiled is False


def test_old_metadata_of_a_source_archive_is_doubted() -> None:
    metadata = read_archive(archive_of("2.1", members={"demo/fast.c": b"", "setup.py": b"raise SystemExit"}))
    assert "older than version 2.2" in metadata.doubt
    assert metadata.compiled is True


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00"])
def test_what_is_no_archive_is_said(content: bytes) -> None:
    metadata = read_archive(content)
    assert "PKG-INFO" in metadata.doubt
    assert metadata.compiled is None
