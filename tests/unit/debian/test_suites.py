"""The embedded package indexes, and the tool that makes them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from basewise._internal.embedded import read_embedded
from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.debian.suite import EMBEDDED_ARCHITECTURES, EMBEDDED_RELEASES, load_suite, suite_file
from basewise.errors import KnowledgeError

TOOL = Path(__file__).resolve().parents[3] / "tools" / "build_suites.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("build_suites", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_committed_indexes_are_those_of_the_recorded_inputs(tool: ModuleType) -> None:
    assert list(tool.check()) == []


def test_a_damaged_index_does_not_pass_the_check(tool: ModuleType) -> None:
    name = suite_file("bookworm", "amd64")
    made_from = json.loads(tool.RECORDED.read_text())["inputs"][2]["made_from"]
    embedded = tool.msgspec.json.decode(read_embedded(name), type=tool.EmbeddedSuite)
    lacking = tuple(one for one in embedded.packages if one.name != "libgomp1")
    replaced = tool.msgspec.structs.replace(
        embedded, packages=tuple(reversed(lacking)), as_of="1999-01-01", verified=False
    )
    found = " ".join(tool.check_suite(name, b"", replaced, made_from))
    assert "as_of" in found
    assert "not sorted" in found
    assert "verified" in found


def test_an_index_names_no_address() -> None:
    for release in EMBEDDED_RELEASES:
        assert b"://" not in read_embedded(suite_file(release, "amd64"))


def test_the_closure_of_seeds_follows_first_alternatives_and_seeded_ones(tool: ModuleType) -> None:
    def package(name: str, depends: str = "", provides: str = "") -> BinaryPackage:
        return BinaryPackage(name, "1", "amd64", name, "1", 1, 1, depends, provides)

    index = SuiteIndex(
        "bookworm",
        "amd64",
        "2026-09-28",
        [
            package("a", "gone | b | c | d, virtual"),
            package("b"),
            package("c"),
            package("d"),
            package("e", provides="virtual"),
            package("unreached"),
        ],
    )
    assert [one.name for one in tool.close_over_dependencies(index, ("a", "d"))] == ["a", "b", "d", "e"]


@pytest.mark.parametrize("release", EMBEDDED_RELEASES)
@pytest.mark.parametrize("architecture", EMBEDDED_ARCHITECTURES)
def test_each_index_loads_with_its_date(release: str, architecture: str) -> None:
    index = load_suite(release, architecture)
    assert (index.release, index.architecture) == (release, architecture)
    assert index.as_of > "2026-01-01"
    assert load_suite(release, architecture) is index


@pytest.mark.parametrize(
    ("release", "architecture"), [("forky", "amd64"), ("bookworm", "riscv64"), ("../x", "amd64")]
)
def test_a_release_that_is_not_embedded_is_an_error(release: str, architecture: str) -> None:
    with pytest.raises(KnowledgeError, match="embedded"):
        load_suite(release, architecture)
