"""The merged tree: whiteouts, replaced paths, links followed inside the image only."""

from __future__ import annotations

from functools import partial

import pytest

from basewise.image.tree import FileTree, merge_layers
from basewise.testing.layers import content_of
from basewise.testing.tar_writer import Member
from basewise.testing.work import count_lines


def file(path: str, content: str = "x", mode: int = 0o644) -> Member:
    return Member(path=path, content=content.encode(), mode=mode)


def link(path: str, target: str) -> Member:
    return Member(path=path, kind="2", link=target)


def directory(path: str) -> Member:
    return Member(path=path, kind="5", mode=0o755)


def tree_of(*layers: list[Member]) -> FileTree:
    return merge_layers([content_of(members) for members in layers])


def paths(tree: FileTree) -> list[str]:
    return sorted(tree.paths())


MERGES: dict[str, tuple[list[list[Member]], list[str]]] = {
    "a whiteout removes a file": ([[file("d/a"), file("d/b")], [file("d/.wh.a")]], ["d", "d/b"]),
    "a whiteout removes a directory with all": ([[file("d/a/x/y"), file("e")], [file(".wh.d")]], ["e"]),
    "a whiteout does not reach its own layer": ([[file("a")], [file(".wh.a"), file("a")]], ["a"]),
    "nor when it comes later in the tar": ([[file("a")], [file("a"), file(".wh.a")]], ["a"]),
    "a whiteout in the base layer hides nothing": ([[file("a"), file(".wh.a")]], ["a"]),
    "a whiteout of nothing hides nothing": ([[file("a")], [file(".wh.b"), file("c/.wh.d")]], ["a"]),
    "an opaque directory hides what was in it": (
        [[file("d/a"), file("d/s/b"), file("e")], [file("d/.wh..wh..opq"), file("d/new")]],
        ["d", "d/new", "e"],
    ),
    "wherever the mark stands": ([[file("d/a")], [file("d/new"), file("d/.wh..wh..opq")]], ["d", "d/new"]),
    "an opaque root hides everything": ([[file("a"), file("d/b")], [file(".wh..wh..opq"), file("c")]], ["c"]),
    "an opaque mark over a link removes nothing elsewhere": (
        [[file("real/a"), link("d", "real")], [directory("d"), file("d/.wh..wh..opq"), file("d/b")]],
        ["d", "d/b", "real", "real/a"],
    ),
    "a file replaces a directory with all": ([[file("d/a/b")], [file("d")]], ["d"]),
    "a link replaces a directory with all": ([[file("d/a"), file("e")], [link("d", "e")]], ["d", "e"]),
    "a directory replaces a file": ([[file("d")], [directory("d"), file("d/a")]], ["d", "d/a"]),
    "an implied directory replaces a file": ([[file("d")], [file("d/a")]], ["d", "d/a"]),
    "a file, a directory and a file again": ([[file("p")], [file("p/x")], [file("p")]], ["p"]),
    "directories are merged": ([[file("d/a")], [directory("d"), file("d/b")]], ["d", "d/a", "d/b"]),
    "removed and made again": ([[file("d/a")], [file(".wh.d")], [file("d/b")]], ["d", "d/b"]),
}


@pytest.mark.parametrize("name", MERGES)
def test_layers_are_merged(name: str) -> None:
    layers, expected = MERGES[name]
    assert paths(tree_of(*layers)) == expected


def test_the_layer_of_an_entry_is_the_last_that_wrote_it() -> None:
    tree = tree_of([file("a"), file("b")], [file("b", "new")], [directory("d")])
    assert [(path, tree.entry(path).layer) for path in ("a", "b", "d")] == [("a", 0), ("b", 1), ("d", 2)]  # type: ignore[union-attr]
    assert tree.read("b") == b"new"


def test_history_shows_hidden_layers_too() -> None:
    tree = tree_of([file("status", "1")], [file("other")], [file("status", "2")], [file(".wh.status")])
    assert tree.history("status") == [(0, b"1"), (2, b"2")]
    assert tree.read("status") is None
    assert tree.layer_count == 4


def test_a_hard_link_whose_target_is_removed_keeps_its_content() -> None:
    tree = tree_of([file("a", "text"), Member(path="h", kind="1", link="a")], [file(".wh.a")])
    assert tree.read("h") == b"text"


def test_a_hard_link_to_a_lower_layer_has_its_content() -> None:
    tree = tree_of([file("a", "text")], [Member(path="h", kind="1", link="/a")])
    assert tree.read("h") == b"text"


LINKS = [
    link("absolute", "/etc/passwd"),
    link("relative", "etc/passwd"),
    link("climbing", "../" * 100 + "etc/passwd"),
    link("root", "/"),
    link("etc/up", ".."),
    link("self", "self"),
    link("ping", "pong"),
    link("pong", "ping"),
    link("nowhere", "missing"),
    link("empty", ""),
    link("through", "relative/below"),
    file("etc/passwd", "inside"),
]


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("absolute", "etc/passwd"),
        ("relative", "etc/passwd"),
        ("climbing", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "etc/passwd"),
        ("root/etc/up/etc/passwd", "etc/passwd"),
        ("root", ""),
        ("", ""),
        ("self", None),
        ("ping", None),
        ("nowhere", None),
        ("through", None),
        ("missing/etc", None),
    ],
)
def test_links_are_followed_inside_the_image(path: str, real: str | None) -> None:
    tree = tree_of(LINKS)
    assert tree.resolve(path) == real
    entry = tree.lookup(path)
    assert (None if entry is None else entry.path) == real
    assert tree.read(path) == (b"inside" if real == "etc/passwd" else None)


def test_forty_links_are_followed_and_no_more() -> None:
    chain = [link(f"l{number}", f"l{number + 1}") for number in range(41)]
    tree = tree_of([*chain, file("l41")])
    assert tree.resolve("l1") == "l41"
    assert tree.resolve("l0") is None


def test_an_exponential_graph_of_links_costs_no_more_than_the_limit() -> None:
    graph = [link(f"d{number}/x", f"../d{number + 1}/x/../../d{number + 1}/x") for number in range(60)]
    tree = tree_of([*graph, directory("d60/x")])
    count_lines(partial(tree.resolve, "d0/x/d0/x/d0/x"), at_most=10_000)
    assert tree.resolve("d0/x/d0/x/d0/x") is None


def test_a_hundred_thousand_links_in_a_chain_end_at_the_limit() -> None:
    tree = tree_of([link(f"l{number}", f"l{number + 1}") for number in range(100_000)])
    count_lines(partial(tree.resolve, "l0"), at_most=10_000)
    assert tree.resolve("l0") is None


def test_a_file_is_no_directory_on_the_way() -> None:
    tree = tree_of([file("f")])
    assert tree.resolve("f/..") is None
    assert tree.resolve("f/x") is None


def test_entries_can_be_asked_by_mode_pattern_and_directory() -> None:
    tree = tree_of(
        [file("bin/su", mode=0o4755), file("bin/ls", mode=0o755), file("a.txt"), link("sbin", "bin")]
    )
    assert [entry.path for entry in tree.files_with_mode(0o6000)] == ["bin/su"]
    assert sorted(entry.path for entry in tree.files_with_mode(0o111)) == ["bin/ls", "bin/su"]
    assert tree.kept("**/*.txt") == ["a.txt"]
    assert tree.kept("bin/*") == ["bin/ls", "bin/su"]
    assert tree.children("") == ["a.txt", "bin", "sbin"]
    assert tree.children("sbin") == ["ls", "su"]
    assert tree.children("missing") == []
    assert len(tree) == 5
    assert "bin" in tree


def test_hidden_files_are_not_among_the_kept() -> None:
    tree = tree_of([file("d/a"), file("d/b")], [file("d/.wh.a"), file("d/b", "new")])
    assert tree.kept("d/*") == ["d/b"]
    assert sum(entry.is_file for entry in tree.entries()) == 1


def test_condensed_files_are_found_by_their_cataloger() -> None:
    tree = merge_layers(
        [content_of([file("lib/a.so", "12345"), link("b.so", "lib/a.so")], "none", condenses=("lib/*.so",))]
    )
    assert tree.condensed("b.so", "everything") == b"lib/a.so has 5 bytes"
    assert tree.condensed("b.so", "another") is None
    assert tree.condensed_paths("everything") == ["lib/a.so"]
