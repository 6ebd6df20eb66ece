from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise.report.html.markup import code_lines, external_link, join, prose, tag, text
from basewise.report.html.shell import embedded_json, page
from basewise.report.html.table import Cell, Column, TableRow, number_cell, table
from basewise.report.render import render
from basewise.testing.choices import choice


class Elements(HTMLParser):
    """Collects start tags with attributes, and the text of script and style elements."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.programs: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        last, attributes = self.tags[-1] if self.tags else ("", {})
        if last in {"script", "style"} and "type" not in attributes and data.strip():
            self.programs.append(data)


@pytest.fixture(scope="module")
def document() -> str:
    return render(choice(), "html")


def policy(document: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', document)
    assert found is not None
    return found[1]


def test_the_policy_allows_exactly_the_programs_of_the_page_by_hash(document: str) -> None:
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()}'"
        for program in Elements(document).programs
    }
    assert hashes == set(re.findall(r"'sha256-[^']+'", policy(document)))
    assert policy(document).startswith("default-src 'none'; ")
    assert "unsafe" not in policy(document)


def test_the_policy_stands_before_anything_that_it_governs(document: str) -> None:
    assert document.index("Content-Security-Policy") < document.index("<style")
    assert document.index("<style") < document.index("<script")


def test_a_page_has_no_inline_handler_no_inline_style_and_loads_nothing(document: str) -> None:
    for name, attributes in Elements(document).tags:
        assert name not in {"img", "link", "iframe", "object", "embed", "base", "video", "audio"}
        assert not [key for key in attributes if key.startswith("on") or key in {"style", "src"}]
        assert (attributes.get("href") or "#").startswith(("#", "https://"))


def test_a_page_is_under_one_and_a_half_megabytes(document: str) -> None:
    assert len(document.encode()) < 1_500_000


def test_ids_are_unique(document: str) -> None:
    ids = [attributes["id"] for _, attributes in Elements(document).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@given(st.text(), st.text())
def test_text_is_never_markup(inside: str, value: str) -> None:
    made = tag("p", inside, prose(inside), title=value, class_=value)
    found = Elements(made).tags
    assert {name for name, _ in found} <= {"p", "code"}
    assert set(found[0][1]) == {"title", "class"}
    assert made.isprintable()


@given(
    st.recursive(
        st.text() | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_embedded_json_is_the_value_and_cannot_end_its_element(value: Any) -> None:  # noqa: ANN401 - any JSON
    made = embedded_json(value)
    assert not set("<>&\u2028\u2029") & set(made)
    assert json.loads(made) == value


def test_code_keeps_its_lines_and_nothing_else() -> None:
    assert "FROM a\nRUN &lt;b&gt; \\x1b" in code_lines("FROM a\nRUN <b> \x1b\n")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x", "HTTPS:x", "https://" + "x" * 700]
)
def test_only_a_plain_web_address_becomes_a_link(url: str) -> None:
    assert external_link(url, "words") == "words"


def test_a_link_tells_its_target_nothing() -> None:
    assert external_link("https://example.org/?a=1&b", "x") == (
        '<a href="https://example.org/?a=1&amp;b" rel="noopener noreferrer">x</a>'
    )


def test_attributes_that_are_false_or_none_are_left_out() -> None:
    assert (
        tag("input", checked=True, hidden=False, value=None, aria_label="x")
        == '<input checked aria-label="x">'
    )
    assert join(["a<", None, tag("br")], ", ") == "a&lt;, , <br>"
    assert text("x" * 700).endswith("\N{HORIZONTAL ELLIPSIS}")


def test_an_unknown_number_is_a_question_mark_that_sorts_as_unknown() -> None:
    made = table(
        "words", [Column(title="n", numeric=True)], [TableRow(cells=(number_cell(None),)), TableRow(cells=(number_cell(0),))], name="t"
    )  # fmt: skip
    assert ">?<" in made
    assert made.count("data-order") == 1
    assert 'data-order="0"' in made
    assert Cell(content="x").order is None


@pytest.mark.parametrize(("number", "shown"), [(0, "0"), (12_345_678, "12345678"), (7.5, "7.5"), (9.0, "9")])
def test_a_number_is_written_without_an_exponent(number: float, shown: str) -> None:
    assert number_cell(number).content == shown


def test_a_page_without_any_program_allows_none() -> None:
    assert "script-src 'none'" in policy(page(title="x", body=tag("p", "y"), scripts=()))
