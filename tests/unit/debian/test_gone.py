"""The embedded names of packages that are gone, and the tool that derives them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from basewise._internal.embedded import read_embedded
from basewise.debian.gone import GONE_FILE, Gone, GoneGroup, GoneIndex, GonePackages, load_gone
from basewise.debian.suite import EMBEDDED_ARCHITECTURES, EMBEDDED_RELEASES, load_suite

TOOL = Path(__file__).resolve().parents[3] / "tools" / "derive_gone_packages.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("derive_gone_packages", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def release(tool: ModuleType, needs: dict[str, str], dummies: str = "", **provided: str) -> object:
    made = tool.Release()
    made.main = made.every = set(needs)
    made.needs = needs
    made.dummies = set(dummies.split())
    made.provided.update({name.replace("_", "-"): set(by.split()) for name, by in provided.items()})
    return made


@pytest.mark.parametrize("name", EMBEDDED_RELEASES)
@pytest.mark.parametrize("architecture", EMBEDDED_ARCHITECTURES)
def test_no_package_of_a_release_is_said_to_be_gone_from_it(name: str, architecture: str) -> None:
    index = load_suite(name, architecture)
    there = [package.name for package in index.packages]
    assert [one for one in there if load_gone().find(one, name) is not None] == []


def test_no_replacement_is_gone_itself() -> None:
    gone = load_gone()
    for group in gone.packages.groups:
        for name in set(group.names) & set(gone.packages.replaced):
            for lacking in group.lacking:
                assert gone.find(gone.packages.replaced[name], lacking) is None


def test_the_file_names_no_address_and_is_small() -> None:
    assert b"://" not in read_embedded(GONE_FILE)


def test_a_name_is_found_in_the_releases_that_lack_it() -> None:
    index = GoneIndex(
        GonePackages(
            as_of="2026-11-26",
            groups=(GoneGroup("bullseye", ("bookworm",), ("back", "one")),),
            replaced={"one": "two"},
            several={},
        )
    )
    assert index.find("one", "bookworm") == Gone("one", "bullseye", "two")
    assert index.find("one", "trixie") is None
    assert index.find("other", "bookworm") is None


def test_what_is_gone_is_derived_from_the_indexes(tool: ModuleType) -> None:
    releases = {
        "bullseye": release(
            tool,
            {"aa": "", "back": "", "dummy": "real, part", "nc": "nc-one", "stays": "", "virtual": "", "x1.0": "", "y++-2": ""},
            "dummy",
            python="stays",
            several="aa stays",
        ),
        "bookworm": release(
            tool,
            {"real": "part (>= 1)", "part": "", "nc-one": "", "nc-two": "", "stays": "", "lib-x1.0-y": "", "linux-image-1": ""},
            nc="nc-one nc-two",
            virtual="stays",
            any_y_2="stays",
        ),
        "trixie": release(tool, {"back": "", "real": "part", "part": "", "stays": "", "nc-one": ""}, nc="nc-one nc-two"),
    }  # fmt: skip
    gone = tool.derive(releases, "2026-11-26")
    found = {(group.had, group.lacking): group.names for group in gone.groups}
    assert found["bullseye", ("bookworm",)] == ("back",)
    assert found["bullseye", ("bookworm", "trixie")] == ("aa", "dummy", "nc", "python")
    assert found["bullseye", ("trixie",)] == ("x1.0", "y++-2")
    assert found["bookworm", ("trixie",)] == ("lib-x1.0-y", "nc-two", "virtual")
    assert gone.replaced == {"dummy": "real"}
    assert gone.several == {"nc": ("nc-one", "nc-two")}


def test_a_replacement_that_leaves_something_out_is_not_stated(tool: ModuleType) -> None:
    old = release(tool, {"dummy": "one, two", "choice": "one | two", "real": "one"}, "dummy choice")
    new = release(tool, {"one": "", "two": ""})
    for name in ("dummy", "choice", "real"):
        assert tool.replacement(old, [new], name) == ""


def test_a_damaged_file_does_not_pass_the_check(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(tool.check()) == []
    wrong = GonePackages(
        as_of="1999-01-01",
        groups=(GoneGroup("bookworm", ("trixie",), ("netcat", "curl")),),
        replaced={"other": "x"},
        several={},
    )
    monkeypatch.setattr(tool, "load_gone", lambda: GoneIndex(wrong))
    said = " ".join(tool.check())
    for problem in (
        "as_of",
        "only 2 names",
        "not sorted",
        "other in replaced is of no group",
        "libgl1-mesa-glx",
        "curl is there",
    ):
        assert problem in said
