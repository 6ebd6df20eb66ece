"""Variables as FROM sees them, and the OS packages that RUN lines install."""

from __future__ import annotations

import pytest

from basewise.dockerfile.parse import parse_dockerfile
from basewise.dockerfile.scripts import json_words
from basewise.dockerfile.shell import InstalledPackages, installed_packages
from basewise.dockerfile.variables import argument_defaults, expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("python:3.12", "python:3.12"),
        ("python:$V", "python:3.12"),
        ("python:${V}-slim", "python:3.12-slim"),
        ("${ABSENT:-python}:$V", "python:3.12"),
        ("${EMPTY:-x}", "x"),
        ("a${EMPTY-x}", "a"),
        ("${V:+python}:1", "python:1"),
        ("a${ABSENT:+python}", "a"),
        (r"a\$b", None),
        ("$ABSENT", None),
        ("${NONE}", None),
        ("${V#3.}", None),
        ("${V", None),
        ("$(date)", None),
    ],
)
def test_variables_are_expanded_or_left_to_the_build(text: str, expanded: str | None) -> None:
    assert expand(text, {"V": "3.12", "EMPTY": "", "NONE": None}) == expanded


def test_arguments_build_on_each_other() -> None:
    parsed = parse_dockerfile(
        'ARG A=1 B="x y"\nARG C=${A}.2\nARG D\nENV E 5 6\nENV F=$C G=$D\nRUN x\nARG H=$MISSING\n'
    )
    assert argument_defaults(parsed.parts) == {
        "A": "1",
        "B": "x y",
        "C": "1.2",
        "D": None,
        "E": "5 6",
        "F": "1.2",
        "G": None,
        "H": None,
    }


def test_a_bare_argument_takes_the_value_from_before() -> None:
    assert argument_defaults(parse_dockerfile("ARG A\n").parts, {"A": "7"}) == {"A": "7"}


@pytest.mark.parametrize(
    ("run", "apt", "apk", "unread"),
    [
        (
            "apt-get update && apt-get install -y --no-install-recommends libgomp1 curl && rm -rf /x",
            ("libgomp1", "curl"),
            (),
            (),
        ),
        (
            "apt-get -qq -o Dpkg::Use-Pty=0 install -t bookworm libgl1=1.6 </dev/null >/dev/null 2>&1",
            ("libgl1=1.6",),
            (),
            (),
        ),
        ("DEBIAN_FRONTEND=noninteractive apt install -y 'libgl1' \"curl\"", ("libgl1", "curl"), (), ()),
        ("sudo /usr/bin/apt-get install -y a; apt-get remove b; apt-get install c", ("a", "c"), (), ()),
        (
            "apk add --no-cache --virtual .deps gcc && apk add libgomp && apk del .deps",
            (),
            ("gcc", "libgomp"),
            (),
        ),
        ("apk update; (apk add a)", (), ("a",), ()),
        ("if true; then apt-get install -y a; fi", ("a",), (), ()),
        ("apt-get install -y $PACKAGES a `cat x`", ("a",), (), ("$PACKAGES", "`cat x`")),
        ("echo apt-get install a", (), (), ()),
        ("pip install numpy", (), (), ()),
        ('["apt-get", "install", "-y", "a"]', ("a",), (), ()),
        ('["/bin/bash", "-ec", "apt-get install -y a && true"]', ("a",), (), ()),
        ("<<EOF\n# it's a comment\napt-get install -y \\\n  a\nEOF", ("a",), (), ()),
        ("apt-get install 'open", (), (), ()),
    ],
)
def test_packages_that_run_lines_install_are_found(
    run: str, apt: tuple[str, ...], apk: tuple[str, ...], unread: tuple[str, ...]
) -> None:
    parsed = parse_dockerfile(f"FROM x\nRUN {run}\nCOPY a b\n")
    assert installed_packages(parsed.instructions) == InstalledPackages(apt, apk, unread)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ("[]", ()),
        ("a b", None),
        ("['a']", None),
        ("[1]", None),
        ("[" * 5000, None),
    ],
)
def test_the_json_form_is_told_from_the_shell_form(text: str, words: tuple[str, ...] | None) -> None:
    assert json_words(text) == words
