"""Alpine's version order against the rules of apk-tools, written anew as that program applies them: token by token.

Reference: apk-tools, its comparison of versions: where two versions part, the kind of the token decides first (a number
is newer than a letter, that than a suffix, its number, a commit, a revision, the end), but a suffix before the
release is older than anything. Numbers after the first one of which either begins with `0` compare as text.
"""

from __future__ import annotations

import random
import re

import pytest

from basewise.versions.apk import compare

PAIRS = 20_000
SEED = 326
KINDS = ("first", "number", "letter", "suffix", "suffix number", "commit", "revision", "end")
SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")
NO_SUFFIX = SUFFIXES.index("")
Token = tuple[str, str]


def tokens(version: str) -> list[Token]:
    """Cut a valid version into tokens."""
    found: list[Token] = []
    rest = version
    patterns = [
        ("revision", r"-r(\d+)"),
        ("commit", r"~([0-9a-f]+)"),
        ("suffix", r"_([a-z]+)"),
        ("letter", r"([a-z])"),
    ]
    while rest:
        if not found:
            kind, match = "first", re.match(r"(\d+)", rest)
        elif rest[0] == ".":
            kind, match = "number", re.match(r"\.(\d+)", rest)
        elif rest[0].isdigit():
            kind, match = "suffix number", re.match(r"(\d+)", rest)
        else:
            kind, match = next((name, hit) for name, text in patterns if (hit := re.match(text, rest)))
        assert match is not None
        found.append((kind, match[1]))
        rest = rest[match.end() :]
    return [*found, ("end", "")]


def sign(left: str | int, right: str | int) -> int:
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    return (int(left) > int(right)) - (int(left) < int(right))


def by_tokens(left: str, right: str) -> int:
    """Compare as apk-tools does."""
    for (kind, text), (other_kind, other_text) in zip(tokens(left), tokens(right), strict=False):
        if kind != other_kind:
            for own, word, result in ((kind, text, -1), (other_kind, other_text, 1)):
                if own == "suffix" and SUFFIXES.index(word) < NO_SUFFIX:
                    return result
            return sign(KINDS.index(other_kind), KINDS.index(kind))
        if kind == "suffix":
            part = sign(SUFFIXES.index(text), SUFFIXES.index(other_text))
        elif kind in {"letter", "commit"} or (kind == "number" and "0" in {text[0], other_text[0]}):
            part = sign(text, other_text)
        else:
            part = sign(int(text or "0"), int(other_text or "0"))
        if part:
            return part
    return 0


def made(chance: random.Random) -> str:
    """Return a valid version of few different parts, so that pairs often share a beginning."""
    numbers = ".".join(
        chance.choice(("0", "1", "2", "10", "01", "00", "010")) for _ in range(chance.randint(1, 4))
    )
    suffixes = "".join(
        f"_{chance.choice([word for word in SUFFIXES if word])}{chance.choice(('', '', '1', '2', '10'))}"
        for _ in range(chance.choice((0, 0, 1, 1, 2)))
    )
    letter = chance.choice(("", "", "a", "b"))
    commit = chance.choice(("", "", "", "~ab", "~c0"))
    return f"{numbers}{letter}{suffixes}{commit}{chance.choice(('', '-r0', '-r1', '-r10'))}"


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_versions_compare_as_apk_tools_compares_them(cut: int) -> None:
    chance = random.Random(SEED + cut)  # noqa: S311 - test data, the same each time
    kinds = set()
    for _ in range(PAIRS // 4):
        left = made(chance)
        right = made(chance)
        if chance.random() < 0.5:
            right = (
                left[: len(left) - cut] if re.fullmatch(r"[0-9.]+", left[: len(left) - cut] or "x") else right
            )
        if right.endswith(".") or not right:
            continue
        expected = by_tokens(left, right)
        kinds.add(expected)
        assert compare(left, right) == expected, (left, right)
    assert kinds == {-1, 0, 1}


# Facts of the program's own behaviour, one a rule.
FACTS = [
    ("1.4_beta_rc3", "1.4_beta", -1),
    ("2.1_rc2-r3", "2.1.1", -1),
    ("007", "6.9.9", 1),
    ("3.08-r2", "007", -1),
    ("1.2.3-r4", "1.2.3.0", -1),
    ("1.0_p11-r0", "1.0_p2-r7", 1),
    ("4.5-r9", "4.5b", -1),
    ("1.03.08", "1.03.10", -1),
    ("0.9", "0.10_alpha1", -1),
    ("5.0.10", "5.0.9", 1),
]


@pytest.mark.parametrize(("left", "right", "expected"), FACTS)
def test_the_rules_written_anew_hold_for_known_facts(left: str, right: str, expected: int) -> None:
    assert by_tokens(left, right) == expected
    assert compare(left, right) == expected
