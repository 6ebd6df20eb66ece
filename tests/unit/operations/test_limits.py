"""The limits of reading an image: set by flag or environment, named where they are met, written down."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise.cli.main import run
from basewise.errors import UsageError
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.model.platform import LINUX_ARM64
from basewise.oci.registry_options import RegistryLimits
from basewise.operations.limits import image_limits, limit_names, parse_limits, registry_limits
from basewise.testing.fake_registry import Answer, FakeRegistry
from basewise.testing.image_builder import ImageBuilder, write_index_layout
from basewise.testing.python_images import push
from basewise.testing.tar_writer import Member, pax_records, tar_bytes, zstd_bytes

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "images.md"
OS_RELEASE = "ID=debian\nVERSION_ID=13\n"
STATUS = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n"
Write = Callable[[Path], object]


def image() -> ImageBuilder:
    return (
        ImageBuilder()
        .layer({"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS})
        .layer({"srv/a/b/c/name": "x" * 3000})
    )


def layout(directory: Path) -> Path:
    return image().write_layout(directory)


def index_layout(directory: Path) -> Path:
    images = (image(), ImageBuilder(LINUX_ARM64).layer({"a": "b"}))
    return write_index_layout(directory, {}, index=images)


def docker_archive(directory: Path) -> Path:
    return image().write_docker_archive(directory / "image.tar")


def compressed_archive(directory: Path) -> Path:
    plain = docker_archive(directory)
    plain.with_suffix(".gz").write_bytes(gzip.compress(plain.read_bytes()))
    return plain.with_suffix(".gz")


def with_long_header(directory: Path) -> Path:
    tar = tar_bytes(
        [
            Member(path="PaxHeaders/x", kind="x", content=pax_records({"path": b"a" * 200})),
            Member(path="short"),
        ]
    )
    return ImageBuilder().layer(tar).write_layout(directory)


def with_zstd(directory: Path) -> Path:
    tar = tar_bytes([Member(path="a", content=b"x" * 2**21)])
    return ImageBuilder().layer(tar, stored=zstd_bytes(tar, window_log=20)).write_layout(directory)


ERRORS: dict[str, tuple[str, Write]] = {
    "manifest_bytes": ("100", layout),
    "manifest_bytes, docker save": ("10", docker_archive),
    "config_bytes": ("100", layout),
    "config_bytes, docker save": ("10", docker_archive),
    "index_entries": ("1", index_layout),
    "layers": ("1", layout),
    "archive_members": ("1", docker_archive),
    "image_bytes, compressed": ("1500", compressed_archive),
    "header_bytes": ("20", with_long_header),
    "zstd_window_bytes": ("64KiB", with_zstd),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_limit_that_ends_the_reading_is_named_in_the_error(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value, write = ERRORS[case]
    name = case.partition(",")[0]
    path = write(tmp_path)
    assert run(["sbom", str(path), "--limit", f"{name}={value}"]) == 4
    assert f"`{name}`" in (said := capsys.readouterr().err) or f"`--limit {name}=…`" in said
    assert run(["sbom", str(path)]) == 0


REMARKS: dict[str, str] = {
    "entries": "1",
    "path_bytes": "12",
    "path_depth": "4",
    "file_bytes": "30",
    "kept_bytes": "30",
    "layer_bytes": "1500",
    "image_bytes": "1500",
}


@pytest.mark.parametrize("name", REMARKS)
def test_a_limit_that_leaves_something_out_is_named_in_the_coverage(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cache serves both runs: what was left out once is not left out for ever."""
    call = ["sbom", str(layout(tmp_path)), "--format", "json"]
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "cache"))
    for limits, met in ((f"{name}={REMARKS[name]}", True), ("", False)):
        monkeypatch.setenv("BASEWISE_LIMITS", limits)
        assert run(call) == 0
        found = json.loads(capsys.readouterr().out)
        assert (f"`{name}`" in str(found["coverage"]["not_covered"])) is met


def test_the_cache_of_layers_has_the_stated_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "cache"))
    path = str(layout(tmp_path / "layout"))
    assert run(["sbom", path, "-o", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "cache").rglob("*.layer"))) == 2
    other = str(ImageBuilder().layer({"other": "x"}).write_layout(tmp_path / "other"))
    assert run(["sbom", other, "-o", str(tmp_path / "out"), "--limit", "layer_cache_bytes=1"]) == 0
    assert not list((tmp_path / "cache").rglob("*.layer"))


def test_a_limit_of_the_registry_is_set_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path))
    with FakeRegistry() as server:
        host = f"127.0.0.1:{server.port}"
        push(server, "team/base", {"1": image()})
        server.script("GET .*/manifests/.*", Answer(status=503), times=-1)
        call = ["sbom", f"{host}/team/base:1", "--plain-http", host]
        assert run([*call, "--limit", "retry_attempts=2", "--limit", "retry_wait_seconds=5"]) == 4
        assert "`retry_attempts`" in capsys.readouterr().err
        assert len(server.seen_paths("/manifests/")) == 2


def test_flags_win_over_the_environment() -> None:
    environment = {"BASEWISE_LIMITS": "layers=1000  layer_bytes=40GiB idle_seconds=2.5"}
    stated = parse_limits(["layers=7", "layers=8"], environment)
    assert stated == {"layers": 8, "layer_bytes": 40 * 2**30, "idle_seconds": 2.5}
    assert image_limits(stated).layers == 8
    assert image_limits(stated).layer_bytes == 40 * 2**30
    assert registry_limits(stated).idle_seconds == 2.5
    assert image_limits({}) == DEFAULT_LIMITS
    assert registry_limits({}) == RegistryLimits()
    assert registry_limits({"retry_attempts": 2}).retry.attempts == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers", "has no value"),
        ("layer=3", "names no limit"),
        ("layers=0", "whole number"),
        ("layers=-3", "whole number"),
        ("layers=1e9", "whole number"),
        ("layers=٣", "whole number"),
        ("layer_bytes=lots", "not a size"),
        ("layer_bytes=0", "not a size"),
        ("idle_seconds=0", "seconds"),
        ("idle_seconds=inf", "seconds"),
        ("retry=3", "names no limit"),
        ("\x1b[31m=3", "names no limit"),
    ],
)
def test_what_is_no_limit_is_wrong_usage_and_says_where(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"`--limit`.*{message}"):
        parse_limits([text], {})
    with pytest.raises(UsageError, match=f"`BASEWISE_LIMITS`.*{message}"):
        parse_limits([], {"BASEWISE_LIMITS": text})


def test_a_limit_that_is_misspelt_is_guessed() -> None:
    with pytest.raises(UsageError) as caught:
        parse_limits(["layer_byte=3"], {})
    assert "layer_bytes" in caught.value.hint


def test_no_file_of_the_working_directory_sets_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = layout(tmp_path / "layout")
    (tmp_path / "basewise.toml").write_text("limit = ['layers=1']\n")
    (tmp_path / "pyproject.toml").write_text("[tool.basewise]\nlimits = {layers = 1}\n")
    monkeypatch.chdir(tmp_path)
    assert run(["sbom", str(path)]) == 0
    capsys.readouterr()


def test_every_limit_is_documented_with_its_default() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for name in limit_names():
        assert any(f"`{name}`" in row.split("|")[1] for row in rows), name
    assert set(limit_names()) >= set(Limits.__struct_fields__)


def test_every_command_that_reads_images_takes_limits(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        "sbom",
        "scan",
        "choose",
        "compare",
        "check",
        "explain CVE-1",
        "pin",
        "candidates add",
        "candidates refresh",
    ]
    for command in commands:
        name = command.removesuffix(" CVE-1").split()
        assert run([*name, "--help"]) == 0
        assert "--limit NAME=VALUE" in capsys.readouterr().out
        assert run([*command.split(), "--limit", "nothing=1", "."]) == 2, command
        assert "names no limit: `nothing`" in capsys.readouterr().err, command
