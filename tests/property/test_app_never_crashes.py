"""Whatever a manifest holds: a result or an error of basewise, never anything else."""

from __future__ import annotations

import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from basewise.app.poetry_specifier import to_pep440
from basewise.app.read import read_application
from basewise.errors import BasewiseError

NAMES = [
    "requirements.txt",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "pylock.toml",
    "environment.yml",
]
PIECES = st.sampled_from(
    [
        "numpy", ">=2", "==1.0", " ; ", "os_name == 'nt'", "\n", "\\\n", "--hash=sha256:ab", "-r x", "-e .", "# via a", "[", "]",
        "[[package]]\n", "[[packages]]\n", "[project]\n", "[tool.poetry.dependencies]\n", "name = 'a'\n", "version = '1'\n", "version = 1\n",
        "dependencies = ['a']\n", "dependencies:\n", "  - pip:\n", "    - a\n", "{", "}", '"default": ', '"a": {"version": "==1"}', ", ",
        "lock-version = '1.0'\n", "source = { virtual = '.' }\n", "marker = \"'x' in extras\"\n", "a.b.c = 1\n", "\u202e", "\x1b", "${X}", "@ https://u:p@example.invalid/x",
    ]
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200), st.lists(PIECES, max_size=20).map(lambda parts: "".join(parts).encode())
    )
)
def test_any_manifest_is_read_or_refused(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        try:
            application = read_application(Path(folder))
        except BasewiseError:
            return
        assert list(application.requirements) == sorted(application.requirements)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=3),
    st.sampled_from("^~"),
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
)
def test_caret_and_tilde_allow_what_they_keep(release: list[int], operator: str, other: list[int]) -> None:
    """Caret keeps the first number that is not zero, tilde the minor one (or the major where it stands alone)."""
    specifier = to_pep440(operator + ".".join(map(str, release)))
    assert specifier is not None
    place = min(1, len(release) - 1)
    if operator == "^":
        place = next((at for at, number in enumerate(release) if number), len(release) - 1)
    padded, wanted = [*other, 0, 0, 0][:3], [*release, 0, 0, 0][:3]
    expected = padded >= wanted and padded[: place + 1] == wanted[: place + 1]
    assert SpecifierSet(specifier).contains(".".join(map(str, padded))) == expected


@given(st.text(alphabet=string.printable, max_size=30))
def test_any_constraint_is_translated_or_refused(text: str) -> None:
    specifier = to_pep440(text)
    assert specifier is None or isinstance(specifier, str)
