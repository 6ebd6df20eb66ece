from __future__ import annotations

import re

import msgspec
import pytest

from basewise.errors import UsageError
from basewise.model.choice import Choice, Recommendation
from basewise.model.evidence import Coverage, NotCovered, Support, SupportPhase
from basewise.model.finding import ByState, Vulnerabilities
from basewise.model.verdict import Swap, Verdict
from basewise.report.builtin import FORMATS
from basewise.report.cells import row_of, swap_sentence
from basewise.report.markdown_text import escape_markdown, fenced
from basewise.report.plain import plain_line
from basewise.report.render import render
from basewise.report.support_words import distro_end, support_until
from basewise.report.words import shortened
from basewise.testing.candidates import added, candidate, counts, family, sizes
from basewise.testing.choices import choice, coverage

HOSTILE = "\x1b]0;x\x07 <script> [x](javascript:1) a|b `c` \u202e \r::error:: \x9b caf\udce9"


def table(made: Choice, width: int = 100, **options: bool) -> str:
    return render(made, "table", width=width, **options)


def row(text: str, image: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if re.match(rf" *\d+\*? {re.escape(image)} ", line)]
    return line.split()


def advice(made: Choice) -> Recommendation:
    assert made.recommendation is not None
    return made.recommendation


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_table_keeps_to_the_width_of_the_terminal(width: int) -> None:
    text = table(choice(), width, with_dockerfile=False)
    long = [line for line in text.splitlines() if len(line) > width and not line.startswith("FROM")]
    assert long == []


def test_a_narrow_terminal_leaves_columns_out_but_never_image_size_and_counts() -> None:
    narrow = table(choice(), 60)
    (heading,) = [line for line in narrow.splitlines() if " image " in line and " disk " in line]
    assert "adds" not in heading
    assert {"image", "disk", "able", "open"} <= set(heading.split())


def test_a_table_is_ascii_and_has_no_escapes_without_color() -> None:
    text = table(choice())
    assert text.isascii()
    assert "\x1b" not in text


def test_color_changes_nothing_but_styles() -> None:
    colored = table(choice(), color=True)
    assert "\x1b[1;32m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == table(choice())


def test_the_unmeasured_show_question_marks_and_never_zero() -> None:
    text = table(choice(family("3.14")))
    assert row(text, "python:3.14-alpine3.24")[-5:-1] == ["?"] * 4
    assert "unmeasured, below all that is measured: python:3.14-alpine3.24" in text


def test_a_measured_zero_is_a_zero() -> None:
    text = table(choice([candidate("3.14", vulnerabilities=counts(0, 0, 0))]))
    assert row(text, "python:3.14-slim-trixie")[-5:-1] == ["0"] * 4


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_count_without_coverage_is_not_printed(form: str) -> None:
    made = choice(
        [candidate("3.14", vulnerabilities=counts(777, 888, 999))], coverage=Coverage(complete=False)
    )
    text = render(msgspec.structs.replace(made, recommendation=None, alternatives=()), form)
    assert not re.search("777|888|999", text)
    assert "no count is shown" in text


def test_a_computed_list_shows_what_stays_and_not_what_is_fixable() -> None:
    state = ByState(open=36, wont_fix=1, minor=16, undetermined=4)
    found = Vulnerabilities(after_rebuild=53, undetermined=4, by_state=state)
    text = table(choice([candidate("3.14", vulnerabilities=found)]))
    assert row(text, "python:3.14-slim-trixie")[-5:-1] == ["?", "37", "16", "4"]


def test_an_exploited_finding_that_stays_is_marked() -> None:
    found = counts(1, 5, 0, exploited=2, exploited_after_rebuild=1)
    text = table(choice([candidate("3.14", vulnerabilities=found)]))
    assert "5!" in row(text, "python:3.14-slim-trixie")
    assert "2 findings of the digest as pulled: known to be exploited, 1 of them after a rebuild too" in text


def test_a_size_of_the_base_alone_is_a_lower_bound() -> None:
    text = table(choice([candidate("3.14", size=sizes(wheels=False))]))
    assert ">127 MB" in text


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ((), "nothing"),
        (("libgomp1",), "libgomp1"),
        (("libgl1", "libglib2.0-0t64", "libgomp1"), "libgl1 +2"),
        (("libpango-1.0-0",), "libpango-.."),
        (("libpango-1.0-0", "x"), "libpan.. +1"),
    ],
)
def test_added_packages_are_shortened(names: tuple[str, ...], shown: str) -> None:
    made = candidate("3.14", rank=1, add_packages=tuple(added(name) for name in names))
    assert row_of(made, counts_are_covered=True).adds == shown


def test_it_is_not_known_what_is_added_where_nobody_knows_whether_the_application_fits() -> None:
    unknown = candidate("3.14", rank=1, verdict=Verdict.UNKNOWN)
    assert row_of(unknown, counts_are_covered=True).adds == "?"
    page = render(choice([unknown, candidate("3.13", rank=2)]), "html")
    assert "No OS package is missing on 1 image: python:3.13-slim-trixie." in page


def test_a_count_without_coverage_is_on_no_tile_and_has_no_mark() -> None:
    exploited = candidate("3.14", rank=1)
    known = msgspec.structs.replace(exploited.vulnerabilities, exploited=1, exploited_after_rebuild=1)
    exploited = msgspec.structs.replace(exploited, vulnerabilities=known)
    assert row_of(exploited, counts_are_covered=True).open.endswith("!")
    assert row_of(exploited, counts_are_covered=False).open == "?"
    page = render(choice([exploited], coverage=coverage(sources=())), "html")
    for words in ("vulnerabilities as pulled", "of them fixable", "after a rebuild"):
        assert f"<strong>?</strong> {words}" in page


@pytest.mark.parametrize(
    ("release", "minor", "shown"),
    [
        ("trixie", "3.14", "2028-08"),
        ("trixie", "3.11", "2027-10"),
        ("bookworm", "3.14", "lts 2028-06"),
        ("bullseye", "3.14", "eol 2026-08"),
        ("forky", "3.14", "?"),
    ],
)
def test_support_ends_with_its_phase(release: str, minor: str, shown: str) -> None:
    assert row_of(candidate(minor, release, rank=1), counts_are_covered=True).support == shown


@pytest.mark.parametrize(
    ("release", "minor", "shown"),
    [
        ("trixie", "3.14", "2028-08-09 (regular)"),
        ("trixie", "3.11", "2027-10-31 (regular)"),
        ("bookworm", "3.14", "2028-06-30 (lts)"),
        ("forky", "3.14", "?"),
    ],
)
def test_a_page_says_the_end_of_support_that_the_table_says(release: str, minor: str, shown: str) -> None:
    page = render(choice([candidate(minor, release, rank=1)]), "html")
    assert f"<td>{shown}</td>" in page
    until = distro_end(candidate(minor, release).support) or "?"
    assert f"<strong>{until}</strong> distribution supported until" in page
    assert ("distribution until 2028-06-30 (lts)" in page) is (release == "bookworm")


def test_the_end_of_python_alone_says_nothing_of_an_unknown_distribution() -> None:
    known = Support(
        python_eol="2028-10-31", distro_eol=None, distro_lts_eol="2030-06-30", phase=SupportPhase.LTS
    )
    assert support_until(known) == "lts 2028-10-31"
    assert support_until(msgspec.structs.replace(known, distro_lts_eol=None)) == "lts ?"
    assert support_until(None) == "?"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_short_word(verdict: Verdict) -> None:
    assert row_of(candidate(verdict=verdict, rank=1), counts_are_covered=True).verdict


def test_the_reasons_for_leaving_out_are_grouped() -> None:
    text = table(choice())
    assert "Left out (7)" in text
    assert "- 4: Python 3.10 is end-of-life since 2026-10-31" in text
    assert "scikit-learn have no musl wheel and no build recipe" in text


def test_the_recommendation_stands_on_one_line_with_its_digest() -> None:
    made = choice()
    line = f"FROM {advice(made).image}@{advice(made).digest}"
    assert line in table(made, 60).splitlines()
    assert line in render(made, "markdown").splitlines()


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_the_dockerfile_is_printed_only_when_asked_for(form: str) -> None:
    assert "# Written by hand" in render(choice(), form)
    assert "# Written by hand" not in render(choice(), form, with_dockerfile=False)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_age_fixes_and_the_command_that_refreshes_are_printed(form: str) -> None:
    text = render(choice(), form)
    assert "83 days old; 30 known fixes were published since" in text
    assert "docker buildx imagetools inspect python:3.14-slim-trixie" in text


def test_sources_have_their_dates_and_what_is_not_covered_is_listed() -> None:
    text = table(choice())
    assert "debian_archive bookworm, trixie: 2026-11-22, 1 day old, 1751 entries, signature checked" in text
    assert "not covered: OS packages of alpine 3.24: no source covers them" in text
    assert "Coverage: incomplete" in text
    assert "Coverage: complete" in table(choice(coverage=coverage(complete=True)))


def test_long_lists_are_cut_and_say_so() -> None:
    missing = tuple(NotCovered(f"thing {number:02}", "why") for number in range(40))
    text = table(choice(coverage=coverage(not_covered=missing)))
    assert "28 more in `--format json`" in text


def test_when_nothing_can_be_recommended_the_causes_stand_there() -> None:
    text = table(choice([candidate("3.10")]))
    assert "Nothing can be recommended" in text
    assert "`--include-eol` admits it" in text
    assert "FROM" not in text


def hostile_choice() -> Choice:
    made = choice([candidate("3.14", add_packages=(added("libgomp1", why=HOSTILE),))])
    app = msgspec.structs.replace(made.app, path=HOSTILE, sources=(HOSTILE,), warnings=(HOSTILE,))
    swap = Swap(
        replace=HOSTILE, with_=HOSTILE, saves_download_bytes=None, saves_disk_bytes=1, why="x" * 10_000_000
    )
    recommended = msgspec.structs.replace(
        advice(made), why=(HOSTILE,), dockerfile=HOSTILE, refresh_reason=HOSTILE
    )
    return msgspec.structs.replace(
        made,
        app=app,
        swaps=(swap,),
        recommendation=recommended,
        coverage=coverage(not_covered=(NotCovered(HOSTILE, HOSTILE),)),
    )


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_text_from_elsewhere_cannot_control_the_terminal(form: str) -> None:
    text = render(hostile_choice(), form)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert len(text) < 30_000
    text.encode("utf-8")


def test_text_from_elsewhere_is_no_markup_in_markdown() -> None:
    text = render(hostile_choice(), "markdown")
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)<script", outside)
    assert not re.search(r"(?<!\\)\]\(", outside)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("use `python:3.12-slim`", "use `python:3.12-slim`"),
        ("one ` tick", r"one \` tick"),
        ("`<b>`", r"\`\<b\>\`"),
        ("**x** _y_ ~z~ $m$ &amp;", r"\*\*x\*\* \_y\_ \~z\~ \$m\$ \&amp;"),
        ("http://evil", r"http\://evil"),
        ("a\nb", r"a\\nb"),
    ],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("````\nx", "text").splitlines()[0] == "`````text"


def test_every_row_of_the_markdown_table_has_the_same_number_of_cells() -> None:
    lines = [line for line in render(choice(), "markdown").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {12}


def test_an_unknown_format_is_a_usage_error_that_names_the_known() -> None:
    with pytest.raises(UsageError) as raised:
        render(choice(), "yaml")
    assert all(name in raised.value.hint for name in FORMATS)


def test_a_swap_of_unknown_saving_says_so() -> None:
    swap = Swap(replace="a", with_="b", saves_download_bytes=None, saves_disk_bytes=None, why="")
    assert swap_sentence(swap) == "a -> b: how much it saves is not known"


def test_a_swap_that_needs_more_room_says_so() -> None:
    swap = Swap(
        replace="a", with_="b", saves_download_bytes=-2_400_000, saves_disk_bytes=5_000_000, why="faster"
    )
    assert swap_sentence(swap) == "a -> b: saves 5.0 MB on disk, costs 2.4 MB more to download; faster"


def test_names_beyond_the_limit_are_counted() -> None:
    assert shortened(["a", "b"], 2) == "a, b"
    assert shortened(["a", "b", "c"], 2) == "a, b and 1 more"


@pytest.mark.parametrize("text", ["::error::x", ":::error:::x", "a::::b", "##[error]", "###[error]"])
def test_no_run_of_colons_leaves_a_command(text: str) -> None:
    shown = plain_line(text)
    assert "::" not in shown
    assert "##[" not in shown
    assert shown.replace(" ", "") == text
