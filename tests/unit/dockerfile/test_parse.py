"""Dockerfiles: instructions with their exact text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from basewise.dockerfile.model import Heredoc, PartKind
from basewise.dockerfile.parse import parse_dockerfile, stages
from basewise.testing.work import assert_linear

TEXT = """\
# syntax=docker/dockerfile:1
# escape=`

# a comment
ARG VERSION=3.12
FROM --platform=$BUILDPLATFORM python:${VERSION}-slim AS Build
RUN apt-get update `
    # between
    && apt-get install -y `

      libgomp1
\tcopy --from=build --chown=1:1 a b
"""


def test_the_parts_are_the_file() -> None:
    parsed = parse_dockerfile(TEXT)
    assert str(parsed) == TEXT
    assert parsed.escape == "`"
    assert [(part.kind.value, part.keyword, part.line, part.last_line) for part in parsed.parts] == [
        ("directive", "syntax", 1, 1),
        ("directive", "escape", 2, 2),
        ("blank", "", 3, 3),
        ("comment", "", 4, 4),
        ("instruction", "ARG", 5, 5),
        ("instruction", "FROM", 6, 6),
        ("instruction", "RUN", 7, 11),
        ("instruction", "COPY", 12, 12),
    ]


def test_continued_lines_are_joined_without_comments_and_blanks() -> None:
    run = parse_dockerfile(TEXT).instructions[2]
    assert run.arguments.split() == ["apt-get", "update", "&&", "apt-get", "install", "-y", "libgomp1"]


def test_flags_stand_apart_from_arguments() -> None:
    copy = parse_dockerfile(TEXT).instructions[3]
    assert copy.flags == ("--from=build", "--chown=1:1")
    assert copy.arguments == "a b"
    assert (copy.flag("from"), copy.flag("chown"), copy.flag("link")) == ("build", "1:1", None)


def test_stages_have_name_base_and_platform() -> None:
    text = "FROM a\nRUN x\nFROM --platform=linux/arm64 b:1@sha256:00 as Two\nRUN y\nRUN z\n"
    assert [
        (stage.index, stage.name, stage.base, stage.platform, len(stage.parts))
        for stage in stages(parse_dockerfile(text))
    ] == [(0, "", "a", None, 1), (1, "two", "b:1@sha256:00", "linux/arm64", 2)]


def test_only_arguments_above_the_first_from_are_global() -> None:
    parsed = parse_dockerfile("ARG A=1\nFROM x\nARG B=2\n")
    assert [part.arguments for part in parsed.global_arguments] == ["A=1"]


@pytest.mark.parametrize(
    ("text", "heredocs", "rest"),
    [
        ("RUN <<EOF\na\nb\nEOF\nUSER 1\n", (Heredoc("EOF", expands=True, body="a\nb\n"),), 1),
        ("RUN <<'EOF'\n$a\nEOF\n", (Heredoc("EOF", expands=False, body="$a\n"),), 0),
        (
            "COPY <<A <<-B /x/\n1\nA\n2\n\tB\nUSER 1\n",
            (Heredoc("A", True, "1\n"), Heredoc("B", True, "2\n")),
            1,
        ),
        ("RUN <<EOF\nnever ends\n", (), 1),
        ("ENV A=<<EOF\nUSER 1\n", (), 1),
        ("RUN cat <<EOF > /x\n  EOF\nEOF\n", (Heredoc("EOF", expands=True, body="  EOF\n"),), 0),
    ],
)
def test_here_documents_belong_to_their_instruction(
    text: str, heredocs: tuple[Heredoc, ...], rest: int
) -> None:
    parsed = parse_dockerfile(f"FROM x\n{text}")
    assert str(parsed) == f"FROM x\n{text}"
    _, first, *others = parsed.instructions
    assert [msgspec.structs.replace(found, at=0) for found in first.heredocs] == list(heredocs)
    for found in first.heredocs:
        assert first.text.startswith(found.body, found.at)
    assert len(others) == rest


@pytest.mark.parametrize(
    ("text", "escape"),
    [
        ("# escape=`\nFROM x\n", "`"),
        ("#escape = `\nFROM x\n", "`"),
        ("\n# escape=`\nFROM x\n", "\\"),
        ("# a comment\n# escape=`\nFROM x\n", "\\"),
        ("# escape=x\nFROM x\n", "\\"),
        ("\ufeff# escape=`\r\nFROM x\r\n", "`"),
        ("# syntax=a\n# escape=`\n# escape=\\\nFROM x\n", "`"),
    ],
)
def test_the_escape_directive_holds_only_at_the_top(text: str, escape: str) -> None:
    parsed = parse_dockerfile(text)
    assert (parsed.escape, str(parsed)) == (escape, text)


def test_a_byte_order_mark_does_not_hide_the_first_instruction() -> None:
    assert parse_dockerfile("\ufeffFROM x").instructions[0].keyword == "FROM"


HOSTILE: dict[str, Callable[[int], str]] = {
    "here-documents without an end": lambda size: "FROM x\n" + "RUN <<A\n" * size,
    "here-documents of one name": lambda size: "FROM x\n" + "RUN <<A\n" * size + "A\n",
    "here-documents of one line": lambda size: "FROM x\nRUN " + "<<A " * size + "\nA\n",
    "continued lines": lambda size: "FROM x\nRUN a" + "\\\n" * size,
    "continued lines of nothing": lambda size: "\\\n" * size,
    "flags": lambda size: "FROM x\nRUN " + "--a " * size,
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_no_text_takes_quadratic_work(shape: str) -> None:
    assert_linear(lambda size: partial(parse_dockerfile, HOSTILE[shape](size)), 300)


@pytest.mark.parametrize(
    "text",
    [
        "#" + " " * 3_000_000 + "escape" + " " * 3_000_000 + "=\nFROM x\n",
        "FROM x\nRUN " + "--a=" + "\"'" * 3_000_000,
        "FROM x\nRUN <<" + "\"'" * 3_000_000,
        "FROM x\nRUN " + "\\" * 3_000_000 + "<<",
    ],
    ids=["directive", "flag", "quotes", "escapes"],
)
def test_no_pattern_goes_back_and_forth_in_a_long_line(text: str) -> None:
    """Each of them would go on for hours, until the watchdog of pytest ends it."""
    assert str(parse_dockerfile(text)) == text


def test_kinds_are_named() -> None:
    assert {part.kind for part in parse_dockerfile(TEXT).parts} == set(PartKind)
