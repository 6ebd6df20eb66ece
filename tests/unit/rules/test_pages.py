"""Every rule has a page, and the examples on it are true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise.model.check import Check
from basewise.rules.builtin import RULES

Look = Callable[..., Check]
PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
NAMES = {check.rule.id: check.rule for check in RULES}


def examples(rule: str) -> list[str]:
    return re.findall(r"```dockerfile\n(.*?)```", (PAGES / f"{rule}.md").read_text(), re.DOTALL)


def test_the_list_is_sorted_and_each_id_and_name_stands_once() -> None:
    ids = [check.rule.id for check in RULES]
    assert ids == sorted(set(ids))
    assert len({check.rule.name for check in RULES}) == len(RULES)


def test_every_rule_has_a_page_and_no_page_lacks_its_rule() -> None:
    assert {path.stem for path in PAGES.glob("BW*.md")} == set(NAMES)


@pytest.mark.parametrize("rule", NAMES)
def test_a_page_says_what_why_and_how_to_repair(rule: str) -> None:
    text = (PAGES / f"{rule}.md").read_text()
    assert text.startswith(f"# {rule}: {NAMES[rule].name}\n\n{NAMES[rule].summary}")
    assert f"Severity: {NAMES[rule].severity}" in text
    assert ("`--fix` repairs it" in text) == NAMES[rule].fixable
    assert "\n## Why\n" in text
    assert "\n## Repair\n" in text
    index = (PAGES / "README.md").read_text()
    assert f"| [{rule}]({rule}.md) | {NAMES[rule].name} | {NAMES[rule].severity}" in index


@pytest.mark.parametrize("rule", [rule for rule in NAMES if examples(rule)])
def test_the_first_example_violates_the_rule_and_the_second_does_not(look: Look, rule: str) -> None:
    violating, fine = examples(rule)
    assert rule in {finding.rule for finding in look(violating).findings}
    assert rule not in {finding.rule for finding in look(fine).findings}
