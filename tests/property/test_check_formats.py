"""Whatever text stands in a check, its forms are valid and hold no command but their own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import cycle

from hypothesis import example, given, settings
from hypothesis import strategies as st

from basewise.report.check_github import render_check_github
from basewise.report.check_gitlab import render_check_gitlab
from basewise.report.check_sarif import render_check_sarif
from basewise.testing.checks import checked
from basewise.testing.scan_documents import problems_of
from basewise.testing.texts import with_texts

AWKWARD = [
    "",
    "::error::",
    "\ud800",
    "\x00\x1b[31m",
    "%0A::stop-commands::x",
    "a,b:c",
    "..",
    "\r\n::set-output::",
]
TEXTS = st.lists(
    st.one_of(st.text(st.characters(), max_size=20), st.sampled_from(AWKWARD)), min_size=1, max_size=7
)


@settings(max_examples=40, deadline=None)
@given(texts=TEXTS)
@example(texts=AWKWARD)
@example(texts=[""])
def test_any_text_in_any_field_gives_valid_forms(texts: Sequence[str]) -> None:
    check = with_texts(checked(), cycle(texts))
    log = render_check_sarif(check, width=100, color=False)
    assert problems_of("sarif", log) == []
    assert len(json.loads(log)["runs"][0]["results"]) == 5
    issues = json.loads(render_check_gitlab(check, width=100, color=False))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 7
    lines = render_check_github(check, width=100, color=False).splitlines()
    commands = [line for line in lines if "::" in line]
    assert len(commands) == 6
    for line in commands:
        assert re.fullmatch(r"::(error|warning|notice) ([A-Za-z]+=[^,:]*,?)+::.*", line)
        assert not re.search(r"::[a-z-]+::", line.partition("::")[2].partition("::")[2])
