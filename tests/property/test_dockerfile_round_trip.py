"""Any text parses as a Dockerfile, and its parts put together are the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from basewise.dockerfile.images import image_uses, resolve_stages
from basewise.dockerfile.model import PartKind
from basewise.dockerfile.parse import decode_dockerfile, encode_dockerfile, parse_dockerfile, stages
from basewise.dockerfile.scripts import scripts_of
from basewise.dockerfile.shell import installed_packages
from basewise.dockerfile.variables import argument_defaults, expand
from basewise.dockerfile.words import read_commands
from basewise.testing.dockerfile_shapes import SHAPES

LINES = st.sampled_from(
    [
        "FROM python:3.12 AS a",
        "from --platform=$X a",
        "RUN apt-get install -y a \\",
        "  && true `",
        "RUN <<EOF",
        "COPY <<'A' <<-B /",
        "EOF",
        "\tB",
        "A",
        "# comment",
        "# escape=`",
        "# syntax=x",
        "",
        "   ",
        "ARG X=${Y:-1}",
        'CMD ["a"]',
        "\\",
        "`",
        "\ufeffFROM x",
        "ONBUILD RUN <<EOF",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", " \n", ""])
DOCKERFILES = st.lists(st.tuples(LINES, ENDS), max_size=25).map(
    lambda pairs: "".join(line + end for line, end in pairs)
)


@given(st.one_of(st.text(), DOCKERFILES))
def test_the_parts_are_the_text(text: str) -> None:
    parsed = parse_dockerfile(text)
    assert str(parsed) == text
    line = 1
    for part in parsed.parts:
        assert part.line == line
        line += part.text.count("\n")
        assert part.text
        assert not part.keyword or part.kind in (PartKind.INSTRUCTION, PartKind.DIRECTIVE)


@given(st.one_of(st.text(), DOCKERFILES))
def test_reading_further_never_fails(text: str) -> None:
    parsed = parse_dockerfile(text)
    values = argument_defaults(parsed.instructions)
    for stage in stages(parsed):
        expand(stage.base, values)
        installed_packages(stage.parts)


@given(st.one_of(st.text(), DOCKERFILES), st.data())
def test_replacing_a_part_changes_nothing_else(text: str, data: st.DataObject) -> None:
    parts = parse_dockerfile(text).parts
    at = data.draw(st.integers(0, len(parts)))
    before = "".join(part.text for part in parts[:at])
    assert text.startswith(before)
    assert before + "".join(part.text for part in parts[at:]) == text


@given(st.binary(max_size=300))
def test_any_bytes_come_back(content: bytes) -> None:
    assert encode_dockerfile(str(parse_dockerfile(decode_dockerfile(content)))) == content


@given(st.lists(st.sampled_from(sorted(SHAPES.values())), min_size=1, max_size=4).map("\n".join), st.data())
def test_shapes_that_are_joined_and_damaged_come_back(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    parsed = parse_dockerfile(damaged)
    assert str(parsed) == damaged
    for part in parsed.parts:
        assert damaged.startswith(part.text, part.at)
    for use in image_uses(parsed, resolve_stages(parsed)):
        written = damaged[use.start : use.end]
        assert written == use.written or "\n" in written
    for part in parsed.instructions:
        for script in scripts_of(part, parsed.escape):
            for word in (word for command in script.commands for word in command.words):
                span = script.span(word.start, word.end)
                assert span is None or part.at <= span[0] <= span[1] <= part.at + len(part.text)


@given(st.text(alphabet="ab '\"\\$`(){}<>|&;\n#-=*EOF", max_size=80))
def test_any_script_is_read(script: str) -> None:
    at = 0
    for command in read_commands(script).found:
        for word in command.words:
            assert at <= word.start <= word.end <= len(script)
            at = word.end
