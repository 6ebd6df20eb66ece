"""Whatever text stands in a scan, every form of it is a valid document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from basewise.model.scan import Scan, Scans
from basewise.report.scan import ONE_IMAGE_FORMATS, SCAN_FORMATS, render_scan
from basewise.testing.scan_documents import problems_of, rows_of
from basewise.testing.scans import scanned
from basewise.testing.texts import with_texts

DOCUMENTS = tuple(form for form in SCAN_FORMATS if form not in {"table", "json", "html"})
ANY_TEXT = st.text(st.characters(), max_size=20)
AWKWARD = [
    "",
    "::error::",
    "\ud800",
    "\x00\x1b[31m",
    "a|b`c`",
    "[x](javascript:1)",
    "<!--",
    "]]>",
    "CVE-2024-1",
    "@all",
    "..",
    "pkg:x/y",
]
TEXTS = st.lists(st.one_of(ANY_TEXT, st.sampled_from(AWKWARD)), min_size=1, max_size=7)


def small() -> Scan:
    whole = scanned()
    return msgspec.structs.replace(whole, findings=whole.findings[:3], packages=whole.packages[:3])


def test_every_text_of_a_scan_is_replaced() -> None:
    made = with_texts(small(), cycle(["x"]))
    texts = {text for text in _texts(msgspec.to_builtins(made)) if text != "x"}
    words = {str(word) for word in _texts(msgspec.to_builtins(small()))}
    assert texts <= words
    assert not {"openssl", "CVE-2024-3094", "registry.example/team/app:1.4", "conda packages"} & texts


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


@pytest.mark.parametrize("form", DOCUMENTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=TEXTS)
@example(texts=AWKWARD)
@example(texts=[""])
def test_any_text_in_any_field_gives_a_valid_document(form: str, texts: Sequence[str]) -> None:
    made = with_texts(small(), cycle(texts))
    several = Scans(scans=(made, small()), failed=tuple(texts))
    result: Scan | Scans = made if form in ONE_IMAGE_FORMATS else several
    text = render_scan(result, form, width=100, color=False)
    assert problems_of(form, text) == []
    if form not in {"markdown", "openvex"}:  # whose rows are told by their words
        assert rows_of(form, text) == (3 if form in ONE_IMAGE_FORMATS else 6)
    assert set(text) - {"…"} <= set(map(chr, range(32, 127))) | {"\n"} or form == "markdown"
