"""Pinning: nothing but the digest is inserted, what stands there stays, and the lock says where it comes from."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.cli.main import run
from basewise.dockerfile.lock import project_root, read_lock
from basewise.dockerfile.parse import encode_dockerfile
from basewise.errors import ImageError, InputError
from basewise.model.pin import PinChange, Pinned
from basewise.model.platform import LINUX_ARM64
from basewise.operations.check import check
from basewise.operations.check_options import CheckOptions
from basewise.operations.pin import PinOptions, pin
from basewise.operations.read_image import ImageAccess
from basewise.testing.dockerfile_shapes import DIGEST, SHAPES
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.python_images import push, python_image

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TRIXIE = "python:3.13-slim-trixie"
BOOKWORM = "python:3.11-bookworm"
TEAM = "team/python"


def digest(name: str) -> str:
    return str(load_catalogue().find(name).index_digest)


def superseded(name: str) -> str:
    return next(build.index_digest for build in load_catalogue().superseded if build.image == name)


def write(folder: Path, text: str, name: str = "Dockerfile") -> Path:
    path = folder / name
    path.write_bytes(encode_dockerfile(text))
    return path


def offline(*paths: Path, **options: Any) -> Pinned:  # noqa: ANN401 - passed on
    return pin(paths, PinOptions(offline=True, **options), now=NOW)


def changes(result: Pinned) -> list[tuple[str, str]]:
    return [(row.image, str(row.change)) for row in result.images]


def test_the_digest_is_inserted_and_nothing_else_changes(tmp_path: Path) -> None:
    text = f'# c\r\nFROM  {TRIXIE}   AS x\r\n\tRUN true\r\nCOPY --from={BOOKWORM} / /\nFROM "{TRIXIE}"'
    path = write(tmp_path, text)
    result = offline(path)
    assert path.read_bytes().decode() == text.replace(TRIXIE, f"{TRIXIE}@{digest(TRIXIE)}").replace(
        BOOKWORM, f"{BOOKWORM}@{digest(BOOKWORM)}"
    )
    assert changes(result) == [(TRIXIE, "pinned"), (BOOKWORM, "pinned"), (TRIXIE, "pinned")]


@pytest.mark.parametrize("name", SHAPES)
def test_pinning_a_shape_inserts_digests_alone_and_once(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, SHAPES[name])
    result = offline(path)
    after = path.read_bytes().decode()
    digests = {row.digest for row in result.images if row.change is PinChange.PINNED}
    bare = after
    for value in digests:
        bare = bare.replace(f"@{value}", "")
    assert bare == SHAPES[name]
    lock = (tmp_path / "basewise.lock").read_bytes() if (tmp_path / "basewise.lock").exists() else b""
    again = offline(path)
    assert again.changed == ()
    assert path.read_bytes().decode() == after
    assert lock == ((tmp_path / "basewise.lock").read_bytes() if lock else b"")
    assert PinChange.PINNED not in {row.change for row in again.images}


def test_the_lock_says_what_when_and_why(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM {TRIXIE}\nUSER 1\n")
    offline(path)
    lock = read_lock(tmp_path)
    assert lock is not None
    (entry,) = lock.pins
    assert (entry.file, entry.image, entry.digest) == ("Dockerfile", TRIXIE, digest(TRIXIE))
    assert (entry.evidence, entry.evidence_date) == ("catalogue", load_catalogue().as_of.isoformat())
    assert entry.created == load_catalogue().find(TRIXIE).created.date().isoformat()
    assert entry.refresh == "basewise pin --refresh Dockerfile"
    assert entry.reasons
    assert entry.distro is not None
    assert entry.distro.codename == "trixie"
    document = json.loads((tmp_path / "basewise.lock").read_text())
    assert document["schema"] == "basewise.lock/1"


def test_a_pinned_file_passes_check_and_a_moved_one_is_out_of_date(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM {TRIXIE}\nUSER 1\n")
    offline(path)
    assert check([path], now=NOW).findings == ()
    path.write_text(f"FROM {TRIXIE}@{superseded(TRIXIE)}\nUSER 1\n")
    said = [finding.message for finding in check([path], now=NOW).findings if finding.rule == "BW060"]
    assert len(said) == 1
    assert digest(TRIXIE) in said[0]
    path.write_text("FROM scratch\nUSER 1\n")
    (finding,) = [found for found in check([path], now=NOW).findings if found.rule == "BW060"]
    assert "does not name any more" in finding.message
    offline(path)
    assert check([path], now=NOW).findings == ()


def test_the_lock_tells_the_age_of_a_digest_that_the_catalogue_does_not_know(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM team/base:1@{DIGEST}\nUSER 1\n")
    (tmp_path / "basewise.lock").write_text(
        json.dumps(
            {
                "schema": "basewise.lock/1",
                "pins": [
                    {
                        "file": "Dockerfile", "image": "team/base:1", "digest": DIGEST, "created": "2026-01-01",
                        "python": None, "distro": None, "evidence": "registry", "evidence_date": "2026-01-02",
                        "reasons": [], "refresh": "",
                    }
                ],
            }
        )
    )  # fmt: skip
    (finding,) = [found for found in check([path], now=NOW).findings if found.rule == "BW003"]
    assert "2026-01-01" in finding.message
    assert str(finding.severity) == "note"


def test_a_digest_of_the_lock_that_is_older_than_the_newest_build_is_superseded(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM {BOOKWORM}\nUSER 1\n")
    offline(path)
    for file in (path, tmp_path / "basewise.lock"):
        file.write_text(file.read_text().replace(digest(BOOKWORM), DIGEST))
    stored = json.loads((tmp_path / "basewise.lock").read_text())
    stored["pins"][0]["created"] = "2026-01-01"
    (tmp_path / "basewise.lock").write_text(json.dumps(stored))
    found = {finding.rule: finding for finding in check([path], now=NOW).findings}
    assert str(found["BW003"].severity) == "warning"
    assert "no newer one is known" not in found["BW003"].message
    assert "CVE-" in found["BW004"].message
    (row,) = offline(path, refresh=True).images
    assert (row.change, row.digest) == (PinChange.REFRESHED, digest(BOOKWORM))


def test_a_tag_that_changed_its_distribution_since_the_lock_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM python:3.13-slim@{digest(TRIXIE)}\nUSER 1\n")
    offline(path)
    lock = tmp_path / "basewise.lock"
    lock.write_text(lock.read_text().replace('"version": "13"', '"version": "12"'))
    (finding,) = [found for found in check([path], now=NOW).findings if found.rule == "BW006"]
    assert "debian 12" in finding.message


def test_what_is_pinned_stays_until_a_refresh_moves_it(tmp_path: Path) -> None:
    text = f"FROM {BOOKWORM}@{superseded(BOOKWORM)}\nUSER 1\n"
    path = write(tmp_path, text)
    assert changes(offline(path)) == [(BOOKWORM, "unchanged")]
    assert path.read_text() == text
    result = offline(path, refresh=True)
    assert path.read_text() == f"FROM {BOOKWORM}@{digest(BOOKWORM)}\nUSER 1\n"
    (row,) = result.images
    assert (row.change, row.before) == (PinChange.REFRESHED, superseded(BOOKWORM))
    assert row.removes
    lock = read_lock(tmp_path)
    assert lock is not None
    assert any("removes CVE-" in reason for reason in lock.pins[0].reasons)
    assert changes(offline(path, refresh=True)) == [(BOOKWORM, "unchanged")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"FROM {TRIXIE}@{DIGEST}\n", "may be newer"),
        (f"FROM python@{DIGEST}\n", "no tag"),
        (f"FROM team/x:1@{DIGEST}\n", "no build of its tag"),
        (f"FROM {TRIXIE}@{digest(TRIXIE)}\n", "the newest"),
        (f"FROM python:3.13-slim@{digest('python:3.13-slim-bookworm')}\n", "change the distribution"),
    ],
)
def test_a_refresh_leaves_alone_what_it_cannot_judge(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path, text)
    (row,) = offline(path, refresh=True).images
    assert row.change is PinChange.UNCHANGED
    assert why in row.why
    assert path.read_text() == text


def test_a_digest_in_the_default_of_an_argument_is_refreshed_there(tmp_path: Path) -> None:
    text = f"ARG BASE={BOOKWORM}@{superseded(BOOKWORM)}\nFROM $BASE\n"
    path = write(tmp_path, text)
    offline(path, refresh=True)
    assert path.read_text() == f"ARG BASE={BOOKWORM}@{digest(BOOKWORM)}\nFROM $BASE\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FROM python\n", "no tag"),
        ("FROM python:latest\n", "no tag"),
        ("ARG A\nFROM $A\n", "cannot resolve"),
        ("ARG V=3.13\nFROM python:$V-slim-trixie\n", "holds a variable"),
        ("FROM python:3.11-slim\n", "has moved since"),
        ("FROM team/x:1\n", "the catalogue does not know it"),
    ],
)
def test_what_cannot_be_pinned_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path, text)
    (row,) = offline(path).images
    assert row.change is PinChange.NOT_PINNED
    assert why in row.why
    assert path.read_text() == text


def test_a_lock_keeps_the_pins_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a").mkdir()
    first, second = write(tmp_path, f"FROM {TRIXIE}\n"), write(tmp_path / "a", f"FROM {BOOKWORM}\n")
    result = offline(first)
    assert result.changed[-1].endswith("basewise.lock")
    offline(second)
    lock = read_lock(tmp_path)
    assert lock is not None
    assert [(entry.file, entry.image) for entry in lock.pins] == [
        ("Dockerfile", TRIXIE), ("a/Dockerfile", BOOKWORM),
    ]  # fmt: skip


@pytest.mark.parametrize("marker", ["pyproject.toml", "requirements.txt", "basewise.lock", ".git"])
def test_the_root_of_a_project_is_the_nearest_folder_with_a_manifest(tmp_path: Path, marker: str) -> None:
    (tmp_path / "deploy" / "docker").mkdir(parents=True)
    (tmp_path / marker).mkdir() if marker == ".git" else (tmp_path / marker).write_text("")
    assert project_root(tmp_path / "deploy" / "docker" / "Dockerfile") == tmp_path.resolve()


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff",
        b'{"schema": "other/1", "pins": []}',
        b"[" * 100_000,
        b'{"schema":"basewise.lock/1","pins":[{}]}',
    ],
)
def test_a_damaged_lock_is_an_error_and_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, f"FROM {TRIXIE}\n")
    (tmp_path / "basewise.lock").write_bytes(content)
    with pytest.raises(InputError, match=r"basewise\.lock"):
        offline(path)
    assert path.read_text() == f"FROM {TRIXIE}\n"
    assert (tmp_path / "basewise.lock").read_bytes() == content


@pytest.mark.parametrize("field", ["created", "evidence_date"])
@pytest.mark.parametrize("day", ["yesterday", "", "2026-13-01", "20260101"])
def test_a_date_of_a_lock_that_is_none_is_an_error(tmp_path: Path, field: str, day: str) -> None:
    path = write(tmp_path, f"FROM {TRIXIE}\nUSER 1\n")
    offline(path)
    lock = tmp_path / "basewise.lock"
    stored = json.loads(lock.read_text())
    stored["pins"][0][field] = day
    lock.write_text(json.dumps(stored))
    with pytest.raises(InputError, match="is no date"):
        check([path], now=NOW)


def test_a_python_of_a_lock_that_is_no_version_judges_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, f"FROM {BOOKWORM}\nUSER 1\n")
    offline(path)
    for file in (path, tmp_path / "basewise.lock"):
        file.write_text(file.read_text().replace(digest(BOOKWORM), DIGEST))
    stored = json.loads((tmp_path / "basewise.lock").read_text())
    stored["pins"][0] |= {"created": "2026-01-01", "python": "\u0000 nonsense"}
    (tmp_path / "basewise.lock").write_text(json.dumps(stored))
    assert "BW003" in {finding.rule for finding in check([path], now=NOW).findings}


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_mode_and_link_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = write(tmp_path / "real", f"FROM {TRIXIE}\n")
    real.chmod(0o600)
    (tmp_path / "Dockerfile").symlink_to(real)
    offline(tmp_path / "Dockerfile")
    assert (tmp_path / "Dockerfile").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert "@sha256:" in real.read_text()


def test_the_images_of_a_compose_file_are_pinned(tmp_path: Path) -> None:
    text = f'services:\n  a:\n    image: "{TRIXIE}"  # c\n  b: {{image: {BOOKWORM}}}\n'
    path = write(tmp_path, text, "compose.yaml")
    offline(path)
    assert path.read_text() == text.replace(TRIXIE, f"{TRIXIE}@{digest(TRIXIE)}").replace(
        BOOKWORM, f"{BOOKWORM}@{digest(BOOKWORM)}"
    )


def test_a_folder_may_have_a_number_sign_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "c#"
    folder.mkdir()
    path = write(folder, f"FROM {TRIXIE}\nUSER 1\n")
    assert any(finding.fix for finding in check([path], now=NOW).findings)
    assert changes(offline(path)) == [(TRIXIE, "pinned")]


def test_a_difference_says_beside_it_what_stays_without_a_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, f"FROM {TRIXIE}\nCOPY --from=nobody/knows:1 / /\n")
    assert run(["pin", "--offline", "--diff", str(path)]) == 4
    said = capsys.readouterr()
    assert f"+FROM {TRIXIE}@" in said.out
    assert "nobody/knows:1: the catalogue does not know it" in said.err


def test_the_command_prints_the_refresh_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, f"FROM {TRIXIE}\n")
    assert run(["pin", "--offline", "--diff", "--now", "2026-11-23"]) == 0
    captured = capsys.readouterr()
    assert f"+FROM {TRIXIE}@{digest(TRIXIE)}" in captured.out
    assert "+++ b/basewise.lock" in captured.out
    assert path.read_text() == f"FROM {TRIXIE}\n"
    assert run(["pin", "--offline", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert "basewise pin --refresh Dockerfile" in captured.err
    assert json.loads(captured.out)["schema"] == "basewise.pin/1"
    path.write_text("FROM team/x:1\n")
    assert run(["pin", "--offline", "-q"]) == 4


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as server:
        yield server


def test_the_registry_says_what_a_tag_leads_to(registry: FakeRegistry, tmp_path: Path) -> None:
    host = f"127.0.0.1:{registry.port}"
    push(registry, TEAM, {"1.0": python_image("3.13.5")})
    access = ImageAccess(plain_http=(host,))
    path = write(tmp_path, f"FROM {host}/{TEAM}:1.0\nUSER 1\n")
    (row,) = pin([path], PinOptions(access=access), now=NOW).images
    assert row.change is PinChange.PINNED
    assert path.read_text() == f"FROM {host}/{TEAM}:1.0@{row.digest}\nUSER 1\n"
    lock = read_lock(tmp_path)
    assert lock is not None
    assert (lock.pins[0].evidence, lock.pins[0].evidence_date) == ("registry", "2026-11-23")
    push(registry, TEAM, {"1.0": python_image("3.13.6")})
    (kept,) = pin([path], PinOptions(access=access), now=NOW).images
    assert kept.change is PinChange.UNCHANGED
    result = check([path], CheckOptions(online=True, access=access), now=NOW)
    assert result.files[0].images[0].newest_digest not in {None, row.digest}
    assert any("what a refresh of" in item.what for item in result.coverage.not_covered)
    (moved,) = pin([path], PinOptions(access=access, refresh=True), now=NOW).images
    assert (moved.change, moved.before) == (PinChange.REFRESHED, row.digest)
    assert path.read_text() == f"FROM {host}/{TEAM}:1.0@{moved.digest}\nUSER 1\n"


def test_a_digest_of_one_platform_is_not_old_while_its_index_is_what_the_tag_leads_to(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{registry.port}"
    image = python_image("3.13.5")
    index = push(registry, TEAM, {"1.0": image})["1.0"]
    access = ImageAccess(plain_http=(host,))
    path = write(tmp_path, f"FROM {host}/{TEAM}:1.0@{image.digest}\nUSER 1\n")
    result = check([path], CheckOptions(online=True, access=access), now=NOW)
    assert result.files[0].images[0].newest_digest == index
    assert not any("what a refresh of" in item.what for item in result.coverage.not_covered)
    (row,) = pin([path], PinOptions(access=access, refresh=True), now=NOW).images
    assert row.change is PinChange.UNCHANGED
    push(registry, TEAM, {"1.0": python_image("3.13.6")})
    (moved,) = pin([path], PinOptions(access=access, refresh=True), now=NOW).images
    assert (moved.change, moved.before) == (PinChange.REFRESHED, str(image.digest))


@pytest.mark.parametrize("command", [["pin"], ["check", "--online"]])
def test_a_limit_of_reading_holds_for_what_a_registry_says(
    command: list[str], registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = f"127.0.0.1:{registry.port}"
    push(registry, TEAM, {"1.0": python_image("3.13.5")})
    path = write(tmp_path, f"FROM {host}/{TEAM}:1.0\nUSER 1\n")
    run([*command, "--plain-http", host, "--limit", "manifest_bytes=10", str(path)])
    assert "larger than 10 bytes" in " ".join(capsys.readouterr().out.split())
    assert run([*command, "--limit", "nothing=10", str(path)]) == 2
    assert "nothing" in capsys.readouterr().err


def test_a_digest_is_dated_on_the_platform_that_its_line_names(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{registry.port}"
    image = python_image("3.13.5", platform=LINUX_ARM64)
    push(registry, TEAM, {"1.0": image})
    path = write(tmp_path, f"FROM --platform=linux/arm64 {host}/{TEAM}:1.0@{image.digest}\nUSER 1\n")
    online = CheckOptions(online=True, access=ImageAccess(plain_http=(host,)))
    result = check([path], online, now=NOW)
    assert result.files[0].images[0].created is not None
    assert not any("what the registry says" in item.what for item in result.coverage.not_covered)


def test_a_registry_that_does_not_answer_leaves_the_file_as_it_is(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{registry.port}"
    path = write(tmp_path, f"FROM {host}/absent/image:1.0\n")
    (row,) = pin([path], PinOptions(access=ImageAccess(plain_http=(host,))), now=NOW).images
    assert row.change is PinChange.NOT_PINNED
    assert "--offline" in row.why
    assert path.read_text() == f"FROM {host}/absent/image:1.0\n"
    assert not (tmp_path / "basewise.lock").exists()


def test_the_catalogue_does_not_speak_for_a_registry_that_was_to_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise ImageError("cannot reach it")

    monkeypatch.setattr("basewise.oci.registry.resolve_reference", fail)
    old = superseded(BOOKWORM)
    text = f"FROM {TRIXIE}\nCOPY --from={BOOKWORM}@{old} / /\n"
    path = write(tmp_path, text)
    assert run(["pin", "--refresh", str(path)]) == 4
    assert path.read_text() == text
    assert "`--offline` takes the catalogue's word" in " ".join(capsys.readouterr().out.split())
    lock = read_lock(tmp_path)
    assert [(pin.digest, pin.evidence) for pin in (lock.pins if lock is not None else ())] == [(old, "file")]
    assert run(["pin", "--refresh", "--offline", str(path)]) == 0
    assert path.read_text() != text


def test_a_check_tells_that_a_registry_did_not_answer(registry: FakeRegistry, tmp_path: Path) -> None:
    host = f"127.0.0.1:{registry.port}"
    path = write(tmp_path, f"FROM {host}/absent/image:1.0@{DIGEST}\nUSER 1\n")
    result = check([path], CheckOptions(online=True, access=ImageAccess(plain_http=(host,))), now=NOW)
    assert any("what the registry says" in item.what for item in result.coverage.not_covered)
    assert result.summary.verdict == "incomplete"
