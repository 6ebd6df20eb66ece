"""Every instruction form of the Dockerfile reference: nothing is lost, and everything has its place."""

from __future__ import annotations

import pytest

from basewise.dockerfile.images import image_uses, resolve_stages, stage_chain
from basewise.dockerfile.model import PartKind
from basewise.dockerfile.parse import decode_dockerfile, encode_dockerfile, parse_dockerfile
from basewise.dockerfile.scripts import scripts_of
from basewise.testing.dockerfile_shapes import DIGEST, KEYWORDS, SHAPES

INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


def test_there_are_shapes_of_every_instruction() -> None:
    assert len(SHAPES) >= 60
    assert {keyword for keywords in KEYWORDS.values() for keyword in keywords} >= INSTRUCTIONS


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_read_without_loss(name: str) -> None:
    text = SHAPES[name]
    parsed = parse_dockerfile(text)
    assert str(parsed) == text
    assert encode_dockerfile(decode_dockerfile(text.encode())) == text.encode()
    assert tuple(part.keyword for part in parsed.instructions) == KEYWORDS[name]
    for part in parsed.parts:
        assert text[part.at : part.at + len(part.text)] == part.text
        assert text.count("\n", 0, part.at) + 1 == part.line
    for part in parsed.instructions:
        assert part.kind is PartKind.INSTRUCTION
        for heredoc in part.heredocs:
            assert part.text.startswith(heredoc.body, heredoc.at)


@pytest.mark.parametrize("name", SHAPES)
def test_the_images_of_a_shape_stand_where_it_says(name: str) -> None:
    parsed = parse_dockerfile(SHAPES[name])
    for use in image_uses(parsed, resolve_stages(parsed)):
        assert SHAPES[name][use.start : use.end] == use.written
        assert (use.digest_at is None) == bool(use.no_digest_why)


@pytest.mark.parametrize("name", SHAPES)
def test_the_words_of_a_shape_stand_where_they_say(name: str) -> None:
    text = SHAPES[name]
    parsed = parse_dockerfile(text)
    for part in parsed.instructions:
        for script in scripts_of(part, parsed.escape):
            for command in script.commands:
                for word in command.words:
                    span = script.span(word.start, word.end)
                    if span is None:
                        continue
                    written = text[slice(*span)]
                    if word.text.replace("-", "").isalnum() and "\\" not in written:
                        assert written.strip("'\"") == word.text
                    assert part.line <= script.line_of(word.start) <= part.last_line


def images(name: str) -> list[str | None]:
    parsed = parse_dockerfile(SHAPES[name])
    return [use.image for use in image_uses(parsed, resolve_stages(parsed))]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("from scratch", []),
        ("argument with a default in from", ["python:3.13-slim-trixie"]),
        ("argument with the whole image", ["python:3.13-slim-trixie"]),
        ("argument in the middle of a tag", ["python:3.13-slim"]),
        ("argument without a default in from", [None]),
        ("default beside the variable", ["docker.io/library/python:3.13"]),
        ("stage on a stage", ["python:3.13-slim-trixie"]),
        ("alias that names itself", ["base"]),
        ("stage by number", ["python:3.13", "python:3.13-slim"]),
        ("image in copy", ["python:3.13-slim-trixie", "ghcr.io/astral-sh/uv:0.9"]),
        ("image in a mount", ["python:3.13-slim-trixie", "ghcr.io/astral-sh/uv"]),
        ("from for the builder's platform", ["python:3.13-trixie", "python:3.13-slim-trixie"]),
        ("from a tag with a digest", [f"python:3.13-slim-trixie@{DIGEST}"]),
    ],
)
def test_images_are_told_from_stages_and_variables(name: str, found: list[str | None]) -> None:
    assert images(name) == found


def test_a_build_argument_wins_over_the_default() -> None:
    parsed = parse_dockerfile("ARG V=3.13\nARG W=a-${V}\nFROM python:${V} AS b\nFROM x:$W\n")
    uses = image_uses(parsed, resolve_stages(parsed, build_args={"V": "3.14"}))
    assert [use.image for use in uses] == ["python:3.14", "x:a-3.14"]
    assert uses[0].digest_at is None


def test_the_platform_is_known_to_from() -> None:
    parsed = parse_dockerfile("FROM --platform=$TARGETPLATFORM x AS base-amd64\nFROM base-${TARGETARCH}\n")
    first, second = resolve_stages(parsed)
    assert first.use is not None
    assert (first.use.platform, second.parent) == ("linux/amd64", 0)


def test_the_final_stage_stands_on_its_parents() -> None:
    parsed = parse_dockerfile("FROM a AS one\nFROM one AS two\nFROM b AS three\nFROM two\n")
    resolved = resolve_stages(parsed)
    assert [one.stage.index for one in stage_chain(resolved)] == [0, 1, 3]
    assert [one.stage.index for one in stage_chain(resolved, "Three")] == [2]
    assert [one.stage.index for one in stage_chain(resolved, "1")] == [0, 1]
    assert stage_chain(()) == ()


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("FROM a:1\n", "FROM a:1@D\n"),
        ('FROM "a:1" AS x\n', 'FROM "a:1@D" AS x\n'),
        ("ARG V=1\nFROM a:$V\n", "ARG V=1@D\nFROM a:$V\n"),
        ("ARG X=1 V='1' Y=2\nFROM a:${V}\n", "ARG X=1 V='1@D' Y=2\nFROM a:${V}\n"),
        ("ARG V=0\nARG V=1\nFROM a:$V\n", "ARG V=0\nARG V=1@D\nFROM a:$V\n"),
        ("ARG \\\n  V=a:1 \\\n  W\nFROM $V\nFROM $V\n", "ARG \\\n  V=a:1@D \\\n  W\nFROM $V\nFROM $V\n"),
        ("ARG V=1\nFROM a:$V-slim\n", None),
        ("ARG V=1\nFROM a:$V\nFROM b:$V\n", None),
        ("ARG V=1\nFROM a:$V\nARG V\nRUN echo $V\n", None),
        ("ARG V=1\nARG W=$V\nFROM a:$V\n", None),
        ("FROM a:${V:-1}\n", None),
        ("FROM a:$V\n", None),
        ("FROM x\nCOPY --from=b:2 / /\n", "FROM x@D\nCOPY --from=b:2@D / /\n"),
        (
            "FROM x:1\nRUN --mount=type=bind,from=b:2,target=/b --mount=from=b:2 true\n",
            "FROM x:1@D\nRUN --mount=type=bind,from=b:2@D,target=/b --mount=from=b:2@D true\n",
        ),
    ],
)
def test_a_digest_is_inserted_where_it_holds_for_this_image_alone(text: str, pinned: str | None) -> None:
    parsed = parse_dockerfile(text)
    places = {use.digest_at for use in image_uses(parsed, resolve_stages(parsed))}
    if pinned is None:
        assert None in places
        return
    for at in sorted((place for place in places if place is not None), reverse=True):
        text = f"{text[:at]}@D{text[at:]}"
    assert text == pinned
