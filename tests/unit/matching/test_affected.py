from __future__ import annotations

import pytest

from basewise.matching.affected import decide_affected, decide_fixed_or_affected
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.finding import State
from basewise.testing.feeds import fact
from basewise.versions import apk, pep440

CVE = "CVE-2026-0001"


def affected(*ranges: VersionRange, versions: tuple[str, ...] = ()) -> Advisory:
    return fact(
        CVE,
        FactKind.AFFECTED,
        ecosystem="pypi",
        release="",
        package="numpy",
        ranges=ranges,
        versions=versions,
    )


def span(introduced: str = "0", fixed: str = "", last: str = "") -> VersionRange:
    return VersionRange(introduced, fixed, last)


# Facts, installed version, state (None is no finding), fixed version.
CASES = {
    "introduced 0 alone": ([affected(span())], "1.0", State.OPEN, None),
    "below the fix": ([affected(span(fixed="1.5"))], "1.0", State.FIXED, "1.5"),
    "at the fix": ([affected(span(fixed="1.5"))], "1.5", None, None),
    "a release candidate of the fix": ([affected(span(fixed="1.5"))], "1.5rc1", State.FIXED, "1.5"),
    "only last affected": ([affected(span(last="1.5"))], "1.5", State.OPEN, None),
    "after the last affected": ([affected(span(last="1.5"))], "1.5.1", None, None),
    "fixed equals introduced": ([affected(span("1.5", "1.5"))], "1.5", None, None),
    "fixed below introduced": ([affected(span("1.5", "1.2"))], "1.5.1", None, None),
    "between two ranges": ([affected(span("1.0", "1.2"), span("2.0", "2.3"))], "1.4", None, None),
    "in the second range": ([affected(span("1.0", "1.2"), span("2.0", "2.3"))], "2.1", State.FIXED, "2.3"),
    "in the first range": ([affected(span("1.0", "1.2"), span("2.0", "2.3"))], "1.1", State.FIXED, "1.2"),
    "the fix of a later line": ([affected(span("1.0", last="1.9"), span("2.0", "2.3"))], "1.1", State.FIXED, "2.3"),
    "listed": ([affected(versions=("1.0", "1.1"))], "1.1", State.OPEN, None),
    "listed in another spelling": ([affected(versions=("1.1.0",))], "1.1", State.OPEN, None),
    "not listed": ([affected(versions=("1.0",))], "1.1", None, None),
    "listed, though the range ends before": ([affected(span(fixed="1.2"), versions=("1.3",))], "1.3", State.OPEN, None),
    "not listed, though in the range": ([affected(span(fixed="1.2"), versions=("0.9",))], "1.0", State.FIXED, "1.2"),
    "only commits": ([affected()], "1.0", State.UNDETERMINED, None),
    "an installed version that is none": ([affected(span(fixed="1.2"))], "0.1-bulbasaur", State.UNDETERMINED, None),
    "an installed version that is none, listed": ([affected(versions=("0.1-bulbasaur",))], "0.1-bulbasaur", State.OPEN, None),
    "a bound that is no version": ([affected(span(fixed="soon"))], "1.0", State.UNDETERMINED, None),
    "a bound that is no version beside one that holds": (
        [affected(span(fixed="soon"), span(fixed="1.2"))], "1.0", State.FIXED, "1.2",
    ),
    "a listed text that is no version": ([affected(versions=("banana", "1.0"))], "1.0.0", State.OPEN, None),
    "two sources, one of them later": (
        [affected(span(fixed="1.2")), affected(span(fixed="1.4"))], "1.0", State.FIXED, "1.4",
    ),
    "fixed by one source, not by the other": (
        [affected(span(fixed="1.2")), affected(span(fixed="1.4"))], "1.3", State.FIXED, "1.4",
    ),
    "fixed by one source, open by the other": ([affected(span(fixed="1.2")), affected(span())], "1.0", State.OPEN, None),
    "settled by one source, undetermined by the other": (
        [affected(span(fixed="1.2")), affected()], "1.0", State.FIXED, "1.2",
    ),
    "an epoch": ([affected(span(fixed="1!1.0"))], "99.0", State.FIXED, "1!1.0"),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "installed", "state", "fixed"), CASES.values(), ids=CASES.keys())
def test_ranges_and_lists_give_one_state(
    facts: list[Advisory], installed: str, state: State | None, fixed: str | None
) -> None:
    for order in (facts, facts[::-1]):
        decision = decide_affected(order, installed, pep440.sort_key)
        assert (decision.state if decision else None) is state
        assert (decision.fixed_version if decision else None) == fixed
        assert decision is None or decision.detail


@pytest.mark.parametrize(
    "hostile",
    ["1" + ".0" * 200_000, "9" * 1_000_000, "1." + "9" * 600, "1!" * 500 + "1", "", " ", "\x00", "²"],
)
def test_a_hostile_version_is_undetermined_and_never_dropped(hostile: str) -> None:
    of_installed = decide_affected([affected(span(fixed="1.2"), versions=("1.0",))], hostile, pep440.sort_key)
    assert of_installed is not None
    assert of_installed.state is State.UNDETERMINED
    assert len(of_installed.detail) < 200
    of_bound = decide_affected([affected(span(fixed=hostile or "x"))], "1.0", pep440.sort_key)
    assert of_bound is not None
    assert of_bound.state is State.UNDETERMINED


def secdb(kind: FactKind, version: str = "") -> Advisory:
    return fact(CVE, kind, version, ecosystem="alpine", release="3.20", package="curl", origin="alpine_secdb")


LISTS = {
    "fixed later": ([secdb(FactKind.FIXED, "8.9.0-r0")], "8.5.0-r0", State.FIXED),
    "fixed in what is installed": ([secdb(FactKind.FIXED, "8.5.0-r0")], "8.5.0-r0", None),
    "not affected": ([secdb(FactKind.NOT_AFFECTED), affected(span())], "8.5.0-r0", None),
    "a list of fixes wins over ranges": ([secdb(FactKind.FIXED, "8.5.0-r0"), affected(span(fixed="9"))], "8.5.0-r0", None),
    "ranges where the list is silent": ([affected(span(fixed="9"))], "8.5.0-r0", State.FIXED),
    "a fix that is no version": ([secdb(FactKind.FIXED, "soon")], "8.5.0-r0", State.UNDETERMINED),
    "an installed version that is none": ([secdb(FactKind.FIXED, "8.9.0-r0")], "8.5.0bc", State.UNDETERMINED),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "installed", "state"), LISTS.values(), ids=LISTS.keys())
def test_a_list_of_fixes_comes_before_ranges(
    facts: list[Advisory], installed: str, state: State | None
) -> None:
    decision = decide_fixed_or_affected(facts, installed, apk.sort_key)
    assert (decision.state if decision else None) is state
