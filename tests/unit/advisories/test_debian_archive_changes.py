"""What a changelog entry says of a CVE: a table of sentences for each trap."""

from __future__ import annotations

import pytest

from basewise.advisories.debian_archive_changes import RULES, classify_entry, classify_text, cve_ids
from basewise.debian.changelog import ChangelogEntry, ChangelogItem
from basewise.model.advisory import FactKind

FIXED, MENTIONED, REVERTED = FactKind.FIXED, FactKind.MENTIONED, FactKind.REVERTED

FIXES = [
    "CVE-2026-1001: heap overflow in the parser",
    "Fix CVE-2026-1001.",
    "Fix a framing bypass (CVE-2026-1001) (Closes: #1)",
    "New upstream release, fixes CVE-2026-1001 and CVE-2026-1002",
    "d/p/CVE-2026-1001.patch: new patch, checks the length first",
    "Do not load plug-ins from the current directory (CVE-2026-1001)",
    "parser: remove the unsafe fast path (CVE-2026-1001)",
    'Revert "cache: reuse freed entries" (CVE-2026-1001)',
    "Revert the switch to lazy tables, fixes CVE-2026-1001",
    "Re-apply the patch for CVE-2026-1001, which now builds everywhere",
    "net: fix crash if the protocol is disabled (CVE-2026-1001)",
    "CVE-2026-1001: Incomplete cleanup in the proxy",
    "CVE-2026-1001: ignored length field lets a peer read further",
    "The cache did not check names. Similar checks exist elsewhere. Fix CVE-2026-1001",
    "Avoid a circular dependency of locks (CVE-2026-1001)",
    "Cherry-pick the upstream fix and tests for CVE-2026-1001",
    "possible code execution when names are complete, CVE-2026-1001",
    "Address CAN-2026-1001 by checking the header",
]
MENTIONS = {
    "not yet": [
        "The parser is newer now, but this does not yet address CVE-2026-1001",
        "CVE-2026-1001 is not yet fixed",
        "CVE-2026-1001: not yet addressed upstream",
        "We are not backporting CVE-2026-1001, the change is too large",
        "No upstream fix for CVE-2026-1001 so far",
        "CVE-2026-1001 remains unfixed in this version",
    ],
    "not affected": [
        "CVE-2026-1001 does not affect this package",
        "This version is not affected by CVE-2026-1001",
        "Fix CVE-2026-1001 (not affected, the module is not built)",
        "CVE-2026-1001: vulnerable code not present",
        "CVE-2026-1001 (Windows only)",
    ],
    "alike": [
        "Harden the loader. This is similar to libother's CVE-2026-1001.",
        "See also CVE-2026-1001",
        "Document the limits of the server (related to CVE-2026-1001)",
        "Same problem as CVE-2026-1001 but in the writer",
    ],
    "completion": [
        "Completing the fix for CVE-2026-1001",
        "Complete the upstream fix for CVE-2026-1001: also check the tail",
        "An incomplete fix of CVE-2026-1001 let names through",
        "Follow-up fix for CVE-2026-1001",
        "Add the missing hunk to the CVE-2026-1001 patch",
        "The patch for CVE-2026-1001 turned out to be incomplete, replace it",
    ],
    "bypass": [
        "A bypass of CVE-2026-1001 was found",
        "Names with a slash bypassed the fix for CVE-2026-1001",
    ],
    "regression": [
        "Fix a regression introduced by the fix for CVE-2026-1001",
        "Fix regression of CVE-2026-1001: empty files were refused",
        "Fix CVE-2026-1001 regression",
        "The fix for CVE-2026-1001 caused crashes on start",
        "d/p/CVE-2026-1001-regression.patch: accept empty names again",
    ],
    "upkeep": [
        "Drop CVE-2026-1001.patch, applied upstream",
        "d/p/CVE-2026-1001.patch: remove, merged upstream",
        "Refresh patches: a.patch, CVE-2026-1001.patch",
        "Rename the CVE-2026-1001 patch",
    ],
    "bookkeeping": [
        "debian/changelog: mention CVE-2026-1001 in 1.2-1",
        "Mention CVE-2026-1001 in the previous changelog entry",
        "Acknowledge previously fixed CVE: CVE-2026-1001",
        "CVE-2026-1001 was already fixed in 1.2-1",
        "Add a test for CVE-2026-1001",
    ],
    "others": [
        "Build-depend on libother-dev (>= 1.3) which has the fix for CVE-2026-1001",
        "Rebuild against libother with CVE-2026-1001 fixed",
    ],
}
REVERTS = [
    "Revert the fix for CVE-2026-1001, it breaks big-endian machines",
    "Revert CVE-2026-1001.patch",
    'Revert "Fix CVE-2026-1001 in the reader"',
    "Back out the patch for CVE-2026-1001 for now",
    "Disable the patch for CVE-2026-1001, it makes the tests hang",
    "The fix for CVE-2026-1001 was reverted upstream",
    "Drop the patch for CVE-2026-1001 because it breaks every caller",
]


@pytest.mark.parametrize("sentence", FIXES)
def test_a_sentence_that_fixes_is_read_as_a_fix(sentence: str) -> None:
    assert classify_text(sentence)["CVE-2026-1001"] is FIXED


@pytest.mark.parametrize(
    ("trap", "sentence"), [(trap, one) for trap, many in MENTIONS.items() for one in many]
)
def test_a_sentence_that_only_names_an_id_is_no_fix(trap: str, sentence: str) -> None:
    assert classify_text(sentence) == {"CVE-2026-1001": MENTIONED}, trap


@pytest.mark.parametrize("sentence", REVERTS)
def test_a_sentence_that_takes_a_fix_back_is_a_revert(sentence: str) -> None:
    assert classify_text(sentence) == {"CVE-2026-1001": REVERTED}


def test_two_ids_of_one_sentence_are_judged_apart() -> None:
    read = classify_text("Fix CVE-2026-1002: the fix for CVE-2026-1001 was incomplete")
    assert read == {"CVE-2026-1001": MENTIONED, "CVE-2026-1002": FIXED}
    read = classify_text("Use lchown. (CVE-2026-1002. Related to CVE-2026-1001 in libother)")
    assert read == {"CVE-2026-1001": MENTIONED, "CVE-2026-1002": FIXED}


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Security fixes:", FIXED),
        ("Drop patches applied upstream:", MENTIONED),
        ("Revert the following fixes, they break the build:", REVERTED),
    ],
)
def test_the_heading_of_a_list_decides_for_its_items(heading: str, kind: FactKind) -> None:
    assert classify_text("CVE-2026-1001.patch", heading) == {"CVE-2026-1001": kind}


def test_the_text_of_an_item_outweighs_a_file_name_in_it() -> None:
    read = classify_text("Fix a regression introduced by CVE-2026-1001 (d/p/CVE-2026-1001-2.patch)")
    assert read == {"CVE-2026-1001": MENTIONED}


def test_a_fix_of_an_entry_outweighs_what_else_it_says() -> None:
    items = (
        ChangelogItem("Revert the fix for CVE-2026-1001"),
        ChangelogItem("Fix CVE-2026-1001 as upstream does now"),
        ChangelogItem("Add a test for CVE-2026-1002"),
    )
    entry = ChangelogEntry(source="a", version="1", date="", items=items)
    assert classify_entry(entry) == {"CVE-2026-1001": FIXED, "CVE-2026-1002": MENTIONED}


def test_ids_are_found_with_other_hyphens_and_old_names() -> None:
    text = "CAN-2005-0001, CVE\u20112026\u20111001 (CVE_2026-1002), XCVE-2026-1003, CVE-2026-12"
    assert cve_ids(text) == ("CVE-2005-0001", "CVE-2026-1001", "CVE-2026-1002")


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert {rule.where for rule in RULES} <= {"before", "after", "around", "above"}


def test_a_long_hostile_text_is_read_in_linear_time() -> None:
    text = "revert " + "the fix for " * 20_000 + "CVE-2026-1001 " + "not " * 20_000
    assert set(classify_text(text)) == {"CVE-2026-1001"}
