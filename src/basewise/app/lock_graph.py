"""The production set of a lock: what is reached from the project's own requirements, and under which markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from basewise.app.markers import ALWAYS, Disjunction, conjoin, disjoin, marker_text

__all__ = ["Edge", "Key", "Node", "Reached", "reach"]

Key = tuple[str, str]
"""Normalised name and version."""

_State = tuple[Key, str]


class Edge(msgspec.Struct, frozen=True):
    """A dependency: name, version where the lock says which of several, marker, and the extras it asks for."""

    name: str
    version: str = ""
    marker: str = ""
    extras: tuple[str, ...] = ()


class Node(msgspec.Struct, frozen=True):
    """A pinned package: its dependencies, and those that each of its extras adds."""

    dependencies: tuple[Edge, ...] = ()
    extras: Mapping[str, tuple[Edge, ...]] = {}


class Reached(msgspec.Struct, frozen=True):
    """A package of the production set: when it is wanted ("" for always), and who asks for it."""

    marker: str
    required_by: tuple[str, ...]


class _Reaching(msgspec.Struct):
    """The production set while it grows."""

    nodes: Mapping[Key, Node]
    versions: dict[str, list[Key]] = {}
    wanted: dict[_State, Disjunction] = {}
    askers: dict[Key, set[str]] = {}
    pending: dict[_State, None] = {}

    def arrive(self, edge: Edge, under: Disjunction, asker: str) -> None:
        """Follow one edge, under the markers that lead to its start."""
        alternatives = conjoin(under, edge.marker)
        for key in self.versions.get(edge.name, ()):
            if edge.version and key[1] != edge.version:
                continue
            self.askers.setdefault(key, set()).add(asker)
            for extra in ("", *edge.extras):
                state = (key, extra)
                before = self.wanted.get(state, frozenset())
                after = disjoin((before, alternatives))
                if after != before:
                    self.wanted[state] = after
                    self.pending[state] = None

    def leave(self, state: _State) -> None:
        """Follow the edges of a package, or those of one of its extras."""
        key, extra = state
        node = self.nodes[key]
        for edge in node.extras.get(extra, ()) if extra else node.dependencies:
            self.arrive(edge, self.wanted[state], key[0])


def reach(roots: Sequence[Edge], nodes: Mapping[Key, Node], asker: str) -> dict[Key, Reached]:
    """Walk a lock from the project's requirements.

    Args:
        roots: What the project asks for.
        nodes: Every pinned package.
        asker: Who the roots belong to, for `required_by`.

    Returns:
        The packages reached, with the markers of all paths joined. A requirement that the lock does not pin is left
        out here; whoever compares the manifests says so.
    """
    walk = _Reaching(nodes)
    for key in sorted(nodes):
        walk.versions.setdefault(key[0], []).append(key)
    for edge in roots:
        walk.arrive(edge, ALWAYS, asker)
    while walk.pending:
        state = next(iter(walk.pending))
        del walk.pending[state]
        walk.leave(state)
    return {
        key: Reached(marker_text(walk.wanted[key, ""]), tuple(sorted(walk.askers[key])))
        for key in sorted({key for key, _ in walk.wanted})
    }
