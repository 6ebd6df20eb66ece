"""Which files are checked, how compose files lead to them, and what the command says and returns."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest

from basewise.cli.main import run
from basewise.dockerfile.find import MAX_DOCKERFILE_BYTES, find_files, kind_of
from basewise.errors import InputError
from basewise.model.check import (
    Check,
    CheckedFile,
    CheckFinding,
    CheckImage,
    CheckSummary,
    Fix,
    FixEdit,
    IgnoredCheck,
    Rule,
)
from basewise.model.lock import ImageLock, Pin
from basewise.model.pin import Pinned, PinRow
from basewise.operations.check import check
from basewise.testing.dockerfile_shapes import DIGEST
from basewise.testing.work import assert_linear, count_lines

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FINE = f"FROM team/base:1@{DIGEST}\nUSER 1\n"
LATEST = "FROM python\nUSER 1\n"
# Ten times what the costliest small file below takes, with all that is imported and read the first time.
MOST_LINES = 15_000_000


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def places(result: Check, folder: Path) -> list[tuple[str, int, str]]:
    return [
        (finding.path.removeprefix(f"{folder.as_posix()}/"), finding.line, finding.rule)
        for finding in result.findings
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dockerfile", "dockerfile"),
        ("dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"),
        ("Dockerfile.gpu", "dockerfile"),
        ("Containerfile.prod", "dockerfile"),
        ("train.Dockerfile", "dockerfile"),
        ("a.b.containerfile", "dockerfile"),
        ("compose.yaml", "compose"),
        ("docker-compose.yml", "compose"),
        ("docker-compose.override.yml", "compose"),
        ("compose.prod.yaml", "compose"),
        ("Dockerfile.dockerignore", None),
        ("Dockerfile.md", None),
        ("Dockerfile.j2", None),
        ("MyDockerfile", None),
        ("composer.yaml", None),
        ("values.yaml", None),
    ],
)
def test_files_are_known_by_their_names(name: str, kind: str | None) -> None:
    assert kind_of(Path(name)) == kind


def test_a_folder_is_searched_but_for_what_others_made(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Dockerfile": FINE,
            "docker/Dockerfile.gpu": FINE,
            "a/b/c/Containerfile": FINE,
            "node_modules/x/Dockerfile": LATEST,
            ".git/Dockerfile": LATEST,
            ".venv/lib/Dockerfile": LATEST,
            "templates/Dockerfile.j2": "FROM {{ base }}\n",
        },
    )
    found = find_files(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "Dockerfile", "a/b/c/Containerfile", "docker/Dockerfile.gpu",
    ]  # fmt: skip
    assert [item.what.rpartition("/")[2] for item in found.not_covered] == ["Dockerfile.j2"]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
def test_links_and_pipes_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"Dockerfile": LATEST})
    inside = write(tmp_path / "inside", {"Dockerfile": FINE})
    (inside / "loop").symlink_to(inside)
    (inside / "Dockerfile.link").symlink_to(outside / "Dockerfile")
    os.mkfifo(inside / "Dockerfile.pipe")
    result = check([inside], now=NOW)
    assert [file.path for file in result.files] == [f"{inside.as_posix()}/Dockerfile"]
    assert any("it is a link" in item.why for item in result.coverage.not_covered)


@pytest.mark.parametrize("name", ["absent", "folder", "pipe"])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    if name == "pipe":
        if os.name != "posix":
            pytest.skip("this system has no pipes among its files")
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError):
        check([tmp_path / name], now=NOW)


def test_a_file_without_from_is_an_error_when_named_and_not_covered_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": FINE, "Dockerfile.notes": "just notes\n"})
    with pytest.raises(InputError, match="no FROM"):
        check([tmp_path / "Dockerfile.notes"], now=NOW)
    result = check([tmp_path], now=NOW)
    assert len(result.files) == 1
    assert any("no FROM" in item.why for item in result.coverage.not_covered)


def test_a_file_of_fifty_megabytes_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    with path.open("wb") as file:
        file.truncate(50 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=str(MAX_DOCKERFILE_BYTES)):
            check([path], now=NOW)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most_bytes < 25 << 20


HOSTILE: dict[str, tuple[int, Callable[[int], str]]] = {
    "continuations": (100_000, lambda size: "FROM x:1\nRUN a" + " \\\n b" * size),
    "commands": (40_000, lambda size: "FROM x:1\nRUN " + "apt-get install a && " * size + "true"),
    "variables": (50_000, lambda size: "FROM x:1\nENV " + "A=$A$A$A " * size),
    "arguments": (
        5_000,
        lambda size: "".join(f"ARG A{n}=$A{n - 1}$A{n - 1}\n" for n in range(size)) + f"FROM $A{size - 1}\n",
    ),
    "stages": (8_000, lambda size: "FROM a AS b\nFROM b AS a\n" * size),
    "heredocs": (20_000, lambda size: "FROM x:1\n" + "RUN <<A\n" * size),
    "ignore": (100_000, lambda size: "# basewise: ignore[" + "BW001," * size + "] x\nFROM x\n"),
    "dollars": (500_000, lambda size: "FROM " + "$" * size),
    "installations": (20_000, lambda size: "FROM python:3.12\n" + "RUN apt-get install gcc\n" * size),
    "updates": (20_000, lambda size: "FROM x:1\n" + "RUN apt-get update\n" * size),
    "pip": (20_000, lambda size: "FROM x:1\n" + "RUN pip install a\n" * size),
    "unknown images": (20_000, lambda size: "FROM x:1\n" + "RUN apt-get install a\n" * size),
    "ignores": (10_000, lambda size: "# basewise: ignore[BW001] x\n" * size + "FROM x\n"),
    "images": (6_000, lambda size: "FROM x:1\n" + "COPY --from=y:1 a b\n" * size),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_file_costs_as_much_as_it_is_long(tmp_path: Path, shape: str) -> None:
    def checked(size: int) -> Callable[[], object]:
        path = tmp_path / "Dockerfile"
        path.write_text(HOSTILE[shape][1](size))
        return partial(check, [path], now=NOW)

    assert_linear(checked, 200)


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_file_of_any_size_has_an_answer(tmp_path: Path, shape: str) -> None:
    size, make = HOSTILE[shape]
    path = tmp_path / "Dockerfile"
    path.write_text(make(size))
    assert [file.path for file in check([path], now=NOW).files] == [path.as_posix()]


COMPOSE = """\
x-base: &base
  image: "postgres:latest"   # comment
services:
  db:
    <<: *base
  web:
    image: shop/web:1
    build:
      context: ./web
      dockerfile: prod.Dockerfile
      target: run
      args:
        TAG: latest
  tool:
    image: 'redis'
  short:
    build: ./short
  inline:
    build:
      context: .
      dockerfile_inline: |
        FROM busybox
        USER 1
  elsewhere:
    build: https://example.com/a.git
  outside:
    build: ../outside
  hidden:
    image: ${REGISTRY}/a:1
"""


def test_a_compose_file_leads_to_images_and_dockerfiles(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "project",
        {
            ".git/HEAD": "",
            "compose.yaml": COMPOSE,
            "web/prod.Dockerfile": f"ARG TAG=1\nFROM python:$TAG AS run\nUSER 1\nFROM team/x:1@{DIGEST}\nUSER root\n",
            "short/Dockerfile": LATEST,
        },
    )
    result = check([folder / "compose.yaml"], now=NOW)
    named = [place for place in places(result, folder) if place[2] in {"BW001", "BW020", "BW011"}]
    assert named == [
        ("compose.yaml", 2, "BW001"),
        ("compose.yaml", 15, "BW001"),
        ("compose.yaml", 29, "BW011"),
        ("compose.yaml", 22, "BW001"),
        ("short/Dockerfile", 1, "BW001"),
        ("web/prod.Dockerfile", 2, "BW001"),
    ]
    whys = " ".join(item.why for item in result.coverage.not_covered)
    assert "its context is elsewhere" in whys
    assert "lies outside of" in whys
    assert [file.kind for file in result.files].count("compose") == 1


def test_a_dockerfile_that_compose_builds_is_checked_once_and_with_its_arguments(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Dockerfile": "ARG TAG\nFROM python:$TAG\nUSER 1\n",
            "compose.yaml": "services: {a: {build: {context: ., args: ['TAG=latest']}}}\n",
        },
    )
    result = check([tmp_path], now=NOW)
    assert [(line, rule) for path, line, rule in places(result, tmp_path) if rule in {"BW001", "BW011"}] == [
        (2, "BW001")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "services: [",
        "a: &a [*a, *a]\nservices: *a\n",
        "services:\n" + "".join(f"  s{n}: &s{n}\n    <<: [*s{n - 1}, *s{n - 1}]\n" for n in range(1, 40)),
        "[" * 500,
        "services: \x00",
        "services: {a: {build: {dockerfile_inline: 'nothing'}}}\n",
        "services: {a: &a {<<: *a, image: b}}\n",
    ],
)
def test_a_hostile_compose_file_costs_little(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"Dockerfile": FINE, "compose.yaml": text})
    results: list[Check] = []
    count_lines(lambda: results.append(check([tmp_path], now=NOW)), at_most=MOST_LINES)
    assert (tmp_path / "Dockerfile").as_posix() in [file.path for file in results[0].files]


def test_an_alias_bomb_is_read_without_being_blown_up(tmp_path: Path) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    write(tmp_path, {"compose.yaml": f"a0: &a0 x\n{levels}services:\n  s:\n    image: redis\n    x: *a29\n"})
    results: list[Check] = []
    count_lines(lambda: results.append(check([tmp_path], now=NOW)), at_most=MOST_LINES)
    assert [finding.rule for finding in results[0].findings][:1] == ["BW001"]


@pytest.mark.parametrize(
    ("text", "flags", "code"),
    [
        (LATEST, [], 1),
        (FINE, [], 3),
        (LATEST, ["--fail-on", "note"], 1),
        (f"# basewise: ignore[*] a reason\n{LATEST}", [], 3),
    ],
)
def test_the_exit_code_says_violated_or_incomplete(
    tmp_path: Path, text: str, flags: list[str], code: int
) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    assert run(["check", str(path), "-q", "--now", "2026-11-23", *flags]) == code


def test_a_file_that_passes_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM python:3.14-slim-trixie\nUSER 1\n")
    assert run(["check", str(path), "--fix", "--now", "2026-11-23"]) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("1 file: nothing to say -- passed\n")
    assert "repaired" in captured.err


@pytest.mark.parametrize(
    "arguments",
    [["absent"], ["--policy", "absent", "Dockerfile"], ["empty"]],
    ids=["path", "policy", "folder"],
)
def test_what_is_not_there_ends_with_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(FINE)
    (tmp_path / "empty").mkdir()
    assert run(["check", *arguments]) == 4


@pytest.mark.parametrize("form", ["table", "json", "sarif", "github", "gitlab"])
def test_every_form_names_the_violated_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(LATEST)
    assert run(["check", str(path), "--format", form, "-q"]) == 1
    assert "BW001" in capsys.readouterr().out


def test_diff_writes_nothing_and_shows_the_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM python:3.14-slim-trixie\nUSER 1\n")
    run(["check", str(path), "--fix", "--diff", "--now", "2026-11-23"])
    assert path.read_text() == "FROM python:3.14-slim-trixie\nUSER 1\n"
    assert "+FROM python:3.14-slim-trixie@sha256:" in capsys.readouterr().out


def test_the_document_is_the_contract_and_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"Dockerfile": LATEST, "compose.yaml": COMPOSE})
    texts = []
    for _ in range(2):
        run(["check", "--format", "json", "--now", "2026-11-23"])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    document = json.loads(texts[0])
    assert document["schema"] == "basewise.check/1"
    assert set(document) == {
        "schema", "generated_at", "version", "platform", "files", "findings", "ignored", "rules", "notes",
        "summary", "coverage",
    }  # fmt: skip
    assert {file["path"] for file in document["files"]} >= {"Dockerfile", "compose.yaml"}
    ids = [rule["id"] for rule in document["rules"]]
    assert ids == sorted(set(ids))
    assert all(Path(__file__).parents[3].joinpath(rule["page"]).is_file() for rule in document["rules"])


def test_hostile_names_reach_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(
        b"FROM \x1b]0;x\x07evil\nRUN apt-get install \x1b[31m\xe2\x80\xaea '::error::x'\nUSER 1\n"
    )
    run(["check", str(path), "--no-color"])
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "::error" not in text


def test_no_socket_is_opened_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    write(
        tmp_path,
        {"Dockerfile": "FROM ghcr.io/team/a:1\nRUN pip install -r r.txt\n", "r.txt": "numpy==2.5.5\n"},
    )
    check([tmp_path], now=NOW)


def test_the_pre_commit_hooks_name_what_is_checked() -> None:
    import re  # noqa: PLC0415 - one test of many

    import yaml  # noqa: PLC0415 - the same

    hooks = yaml.safe_load((Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text())
    assert [hook["entry"] for hook in hooks] == ["basewise check", "basewise check --fix"]
    for hook in hooks:
        pattern = re.compile(hook["files"])
        for name in ("Dockerfile", "a/b/Containerfile.gpu", "train.Dockerfile", "docker-compose.prod.yml"):
            assert pattern.search(name), name
            assert kind_of(Path(name)) is not None
        for name in ("MyDockerfile", "composer.yaml", "a/Dockerfile/readme"):
            assert not pattern.search(name), name


@pytest.mark.parametrize(
    ("page", "structs"),
    [
        (
            "json-check.md",
            (Check, CheckedFile, CheckImage, CheckFinding, CheckSummary, Fix, FixEdit, IgnoredCheck, Rule),
        ),
        ("json-pin.md", (Pinned, PinRow, ImageLock, Pin)),
    ],
)
def test_every_field_of_a_document_is_explained(page: str, structs: tuple[type[msgspec.Struct], ...]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "reference" / page).read_text()
    for struct in structs:
        for field in msgspec.structs.fields(struct):
            assert f"`{field.encode_name}" in text or f".{field.encode_name}[]" in text, (struct, field.name)
