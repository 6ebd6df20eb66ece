"""What installing packages brings along."""

from __future__ import annotations

import pytest

from basewise.debian.closure import closure
from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.debian.suite import load_suite

Text = str


def package(
    name: str, version: str = "1-1", depends: str = "", provides: str = "", **more: object
) -> BinaryPackage:
    source = str(more.get("source", name))
    priority = str(more.get("priority", "optional"))
    return BinaryPackage(name, version, "amd64", source, version, 10, 100, depends, provides, priority)


def suite(*packages: BinaryPackage) -> SuiteIndex:
    return SuiteIndex("bookworm", "amd64", "2026-09-28", packages)


def brought(wanted: list[str], installed: dict[str, str], index: SuiteIndex) -> list[list[str]]:
    return [[one.name for one in item.brings] for item in closure(wanted, installed, index).wanted]


def test_each_dependency_is_followed_to_its_end_before_the_next() -> None:
    index = suite(
        package("a", depends="b, d"),
        package("b", depends="c"),
        package("c", provides="d"),
        package("d"),
    )
    assert brought(["a"], {}, index) == [["a", "b", "c"]]


def test_a_deep_chain_needs_no_recursion() -> None:
    chain = [package(f"p{number}", depends=f"p{number + 1}") for number in range(5000)]
    assert len(brought(["p0"], {}, suite(*chain, package("p5000")))[0]) == 5001


def test_dependencies_come_after_what_needs_them_and_only_once() -> None:
    index = suite(package("a", depends="b, c"), package("b", depends="c"), package("c", depends="a"))
    assert brought(["a"], {}, index) == [["a", "b", "c"]]


def test_what_is_installed_is_not_brought() -> None:
    index = suite(package("a", depends="b (>= 1), c"), package("b"), package("c"))
    assert brought(["a"], {"b": "1-1"}, index) == [["a", "c"]]


def test_what_an_earlier_name_brought_is_not_brought_again() -> None:
    index = suite(package("a", depends="c"), package("b", depends="c"), package("c"))
    found = closure(["a", "b", "c"], {}, index)
    assert brought(["a", "b", "c"], {}, index) == [["a", "c"], ["b"], []]
    assert [item.installed for item in found.wanted] == [False, False, True]
    assert (found.download_bytes, found.installed_bytes) == (30, 300)


def test_the_first_alternative_that_can_be_installed_is_taken() -> None:
    index = suite(package("a", depends="gone | b (>= 2) | c"), package("b"), package("c"))
    assert brought(["a"], {}, index) == [["a", "c"]]


def test_an_installed_alternative_wins_over_an_earlier_one() -> None:
    index = suite(package("a", depends="b | c"), package("b"), package("c"))
    assert brought(["a"], {"c": "1-1"}, index) == [["a"]]


def test_a_virtual_name_is_given_by_its_best_provider() -> None:
    index = suite(
        package("a", depends="mail"),
        package("z-mail", provides="mail", priority="standard"),
        package("b-mail", provides="mail"),
    )
    assert brought(["a"], {}, index) == [["a", "z-mail"]]
    assert brought(["mail"], {}, index) == [["z-mail"]]
    assert brought(["a"], {"b-mail": "1-1"}, index) == [["a"]]


def test_a_provider_of_the_same_source_is_preferred() -> None:
    index = suite(
        package("a", depends="api", source="s"),
        package("first", provides="api", priority="required"),
        package("other", provides="api", source="s"),
    )
    assert brought(["a"], {}, index) == [["a", "other"]]


@pytest.mark.parametrize(
    ("provides", "expected"),
    [("api", [["a"]]), ("api (= 2)", [["a", "b"]]), ("api (= 1)", [["a"]])],
)
def test_a_relation_with_a_version_needs_a_provision_with_one(
    provides: str, expected: list[list[str]]
) -> None:
    index = suite(package("a", depends="api (>= 2)"), package("b", provides=provides))
    found = closure(["a"], {}, index)
    assert brought(["a"], {}, index) == expected
    assert bool(found.missing) is (len(expected[0]) == 1)


def test_an_installed_package_that_is_too_old_is_upgraded() -> None:
    index = suite(package("a", depends="b (>= 2)"), package("b", "2-1", depends="c"), package("c"))
    [item] = closure(["a"], {"b": "1-1"}, index).wanted
    assert [one.name for one in item.brings] == ["a", "c"]
    assert [(one.package.name, one.installed_version) for one in item.upgrades] == [("b", "1-1")]
    assert item.download_bytes == 30
    assert item.installed_bytes == 200


def test_installed_packages_of_the_same_source_are_upgraded_along() -> None:
    index = suite(
        package("lib-dev", "2-1", depends="lib (= 2-1)", source="s"),
        package("lib", "2-1", source="s"),
        package("tool", "2-1", source="s"),
        package("other", "2-1"),
    )
    [item] = closure(["lib-dev"], {"lib": "1-1", "tool": "1-1", "other": "1-1"}, index).wanted
    assert sorted(one.package.name for one in item.upgrades) == ["lib", "tool"]


def test_asking_for_an_installed_package_by_name_upgrades_it() -> None:
    index = suite(package("a", "2-1"))
    [old] = closure(["a"], {"a": "1-1"}, index).wanted
    assert old.installed
    assert [one.package.version for one in old.upgrades] == ["2-1"]
    [newer] = closure(["a"], {"a": "3-1"}, index).wanted
    assert (newer.installed, newer.upgrades, newer.brings) == (True, (), ())


def test_what_the_suite_cannot_give_is_missing() -> None:
    index = suite(package("a", depends="gone (>= 1) | lost"))
    found = closure(["a", "nothing"], {}, index)
    assert found.missing == ("nothing", "gone (>= 1) | lost")
    assert found.wanted[1].package is None


def test_installed_packages_that_the_suite_does_not_know_stay() -> None:
    index = suite(package("a", depends="local"))
    assert brought(["a"], {"local": "weird version!"}, index) == [["a"]]


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_everything_in_an_embedded_index_can_be_installed(release: str, architecture: str) -> None:
    index = load_suite(release, architecture)
    found = closure([one.name for one in index.packages], {}, index)
    assert found.missing == ()
    assert len(found.packages) == len(index)


def test_old_names_lead_to_renamed_packages_on_trixie() -> None:
    index = load_suite("trixie", "amd64")
    [item] = closure(["libglib2.0-0"], {}, index).wanted
    assert item.package is not None
    assert item.package.name == "libglib2.0-0t64"
    [there] = closure(["libglib2.0-0"], {"libglib2.0-0t64": item.package.version}, index).wanted
    assert there.installed
    assert there.package == item.package
