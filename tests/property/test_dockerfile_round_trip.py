"""Any text parses as a Dockerfile, and its parts put together are the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from basewise.dockerfile.model import PartKind
from basewise.dockerfile.parse import parse_dockerfile, stages
from basewise.dockerfile.shell import installed_packages
from basewise.dockerfile.variables import argument_defaults, expand

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
