"""Deciding and joining markers keeps their meaning, as `packaging` evaluates it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment

from basewise.app.lock_graph import Edge, Key, Node, reach
from basewise.app.markers import ALWAYS, Disjunction, conjoin, decide, disjoin, marker_text

ATOMS = {
    "sys_platform == 'linux'": ("sys_platform", "linux"),
    "sys_platform == 'win32'": ("sys_platform", "win32"),
    "os_name == 'posix'": ("os_name", "posix"),
    "platform_machine == 'aarch64'": ("platform_machine", "aarch64"),
    "implementation_name == 'cpython'": ("implementation_name", "cpython"),
}
MARKERS = st.recursive(
    st.sampled_from(sorted(ATOMS)),
    lambda inner: st.builds(
        lambda word, terms: f"({f' {word} '.join(terms)})",
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=6,
)
ENVIRONMENTS = st.fixed_dictionaries(
    {
        "sys_platform": st.sampled_from(["linux", "win32", "darwin"]),
        "os_name": st.sampled_from(["posix", "nt"]),
        "platform_machine": st.sampled_from(["x86_64", "aarch64"]),
        "implementation_name": st.sampled_from(["cpython", "pypy"]),
    }
)
BASE: dict[str, str] = {name: str(value) for name, value in default_environment().items()}


def holds(marker: str, environment: dict[str, str]) -> bool:
    return not marker or Marker(marker).evaluate({**BASE, **environment})


@given(MARKERS, ENVIRONMENTS, st.sets(st.sampled_from(sorted(ATOMS))))
def test_deciding_some_comparisons_keeps_the_meaning(
    marker: str, environment: dict[str, str], decided: set[str]
) -> None:
    def known(comparison: str) -> bool | None:
        name, value = ATOMS[comparison]
        return environment[name] == value if comparison in decided else None

    left = decide(marker, known)
    assert (left if isinstance(left, bool) else holds(left, environment)) == holds(marker, environment)


@given(st.lists(st.lists(MARKERS, max_size=3), min_size=1, max_size=4), ENVIRONMENTS)
def test_paths_are_joined_by_or_and_their_steps_by_and(
    paths: list[list[str]], environment: dict[str, str]
) -> None:
    alternatives: list[Disjunction] = []
    for path in paths:
        under = ALWAYS
        for marker in path:
            under = conjoin(under, marker)
        alternatives.append(under)
    wanted = any(all(holds(marker, environment) for marker in path) for path in paths)
    assert holds(marker_text(disjoin(alternatives)), environment) == wanted


NAMES = ["a", "b", "c", "d"]
GRAPHS = st.fixed_dictionaries(
    {
        name: st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.just(""), MARKERS)), max_size=3)
        for name in NAMES
    }
)


@given(GRAPHS, ENVIRONMENTS)
def test_a_package_is_wanted_exactly_where_a_path_leads_to_it(
    graph: dict[str, list[tuple[str, str]]], environment: dict[str, str]
) -> None:
    nodes: dict[Key, Node] = {
        (name, "1"): Node(tuple(Edge(target, marker=marker) for target, marker in edges))
        for name, edges in graph.items()
    }
    found = reach([Edge("a")], nodes, "root")
    here = {name for (name, _), state in found.items() if holds(state.marker, environment)}
    seen, pending = set[str](), ["a"]
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += [target for target, marker in graph[name] if holds(marker, environment)]
    assert here == seen
