"""Merging layers, against a small model of an overlay file system; walking tars, against the standard library."""

from __future__ import annotations

import io
import tarfile
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise._internal.tar import TarError, walk_tar
from basewise.image.limits import DEFAULT_LIMITS
from basewise.image.patterns import PatternSet, compile_pattern
from basewise.image.tree import FileTree, merge_layers
from basewise.testing.layers import content_of
from basewise.testing.tar_writer import Member, tar_bytes

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


class Node:
    """A file with its text, or a directory with its children: the reference model."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.children: dict[str, Node] = {}

    def make(self, path: str, text: str | None) -> None:
        """Put a file, or a directory when `text` is None, making directories on the way."""
        here = self
        *parents, name = path.split("/")
        for part in parents:
            here = here.enter(part)
        if text is None:
            here.enter(name)
        else:
            here.children[name] = Node(text)

    def enter(self, name: str) -> Node:
        """Return the directory of this name, which replaces a file."""
        child = self.children.get(name)
        if child is None or child.text is not None:
            child = self.children[name] = Node()
        return child

    def find(self, path: str) -> Node | None:
        here: Node | None = self
        for part in path.split("/"):
            here = None if here is None or here.text is not None else here.children.get(part)
        return here

    def remove(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        at = self.find(parent) if parent else self
        if at is not None and at.text is None:
            at.children.pop(name, None)

    def listed(self, prefix: str = "") -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, child in self.children.items():
            found[prefix + name] = child.text
            found |= child.listed(f"{prefix}{name}/")
        return found


class Change(msgspec.Struct, frozen=True):
    """`put`, `directory`, `whiteout` or `opaque`, at a path."""

    kind: str
    path: str


CHANGES = st.builds(Change, st.sampled_from(["put", "put", "directory", "whiteout", "opaque"]), PATHS)
LAYERS = st.lists(st.lists(CHANGES, max_size=6), max_size=5)


def consistent(changes: list[Change]) -> list[Change]:
    """Keep the entries of one layer that can stand together: one a path, none beneath a file."""
    entries: dict[str, Change] = {}
    marks = []
    for change in changes:
        if change.kind in {"put", "directory"}:
            entries[change.path] = change
        else:
            marks.append(change)
    files = {path for path, change in entries.items() if change.kind == "put"}
    standing = [
        change for path, change in entries.items() if not any(path.startswith(f"{other}/") for other in files)
    ]
    files = {change.path for change in standing if change.kind == "put"}
    # A mark lies in a directory, so it makes one where it stands; a file there would contradict it.
    return standing + [
        mark
        for mark in marks
        if not any(
            mark_directory(mark) == other or mark_directory(mark).startswith(f"{other}/") for other in files
        )
    ]


def mark_directory(mark: Change) -> str:
    return mark.path if mark.kind == "opaque" else mark.path.rpartition("/")[0]


def member_of(change: Change, text: str) -> Member:
    parent, _, name = change.path.rpartition("/")
    prefix = f"{parent}/" if parent else ""
    if change.kind == "put":
        return Member(path=change.path, content=text.encode())
    if change.kind == "directory":
        return Member(path=f"{change.path}/", kind="5")
    if change.kind == "whiteout":
        return Member(path=f"{prefix}.wh.{name}")
    return Member(path=f"{change.path}/.wh..wh..opq")


@settings(max_examples=400, deadline=None)
@given(LAYERS, st.randoms(use_true_random=False))
def test_merging_is_what_an_overlay_shows(layers: list[list[Change]], shuffled: Random) -> None:
    model = Node()
    contents = []
    for number, changes in enumerate(map(consistent, layers)):
        text = str(number)
        for mark in changes:
            if mark.kind == "whiteout":
                model.remove(mark.path)
            elif mark.kind == "opaque" and (at := model.find(mark.path)) is not None and at.text is None:
                at.children.clear()
        for change in changes:
            if change.kind in {"put", "directory"}:
                model.make(change.path, text if change.kind == "put" else None)
        members = [member_of(change, text) for change in changes]
        shuffled.shuffle(members)
        contents.append(content_of(members))
    tree = merge_layers(contents)
    found = {
        entry.path: None if entry.is_directory else (tree.read(entry.path) or b"").decode()
        for entry in tree.entries()
    }
    assert found == model.listed()


LINKS = st.lists(st.sampled_from(["a", "b", "c", "..", ".", ""]), min_size=1, max_size=4).map("/".join)
ENTRIES = st.lists(st.tuples(PATHS, st.sampled_from(["file", "directory", "link"]), LINKS), max_size=8)


def followed(tree: FileTree, path: str) -> str | None:
    """Return where a path leads, one part after the other."""
    parts, here, hops = [part for part in path.split("/") if part not in {"", "."}], "", 0
    while parts:
        part = parts.pop(0)
        if part == "..":
            here = here.rpartition("/")[0]
            continue
        entry = tree.entry(f"{here}/{part}") if part != "." else tree.entry(here)
        if entry is None or (parts and not entry.is_link and not entry.is_directory):
            return None
        if entry.is_link:
            hops += 1
            if hops > DEFAULT_LIMITS.link_hops:
                return None
            parts = [*(part for part in entry.link.split("/") if part), *parts]
            here = "" if entry.link.startswith("/") else here
        else:
            here = entry.path
    return here


@settings(max_examples=300, deadline=None)
@given(ENTRIES, st.lists(LINKS, max_size=12))
def test_a_path_leads_to_where_its_parts_lead(entries: list[tuple[str, str, str]], asked: list[str]) -> None:
    flags = {"file": "0", "directory": "5", "link": "2"}
    members = {
        path: Member(path=path, kind=flags[kind], link=link or "." if kind == "link" else "")
        for path, kind, link in entries
    }
    tree = merge_layers([content_of([member]) for member in members.values()])
    for path in [*asked, *tree.paths()]:
        assert tree.resolve(path) == followed(tree, path), path


TEXT = st.text(
    st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1, max_size=130
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(TEXT, st.binary(max_size=1200), st.integers(0, 0o7777)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_any_names_and_contents_are_walked_as_the_standard_library_walks_them(
    members: list[tuple[str, bytes, int]], form: int
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as file:
        for name, content, mode in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            file.addfile(info, io.BytesIO(content))
    out.seek(0)
    found = list(walk_tar(out, lambda _: True, max_content_bytes=2000))
    assert [member.mode for member in found] == [mode for _, _, mode in members]
    assert [member.content for member in found] == [content for _, content, _ in members]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.integers(0, 2000))
def test_no_bytes_make_the_walk_fail_in_another_way(noise: bytes, at: int) -> None:
    good = tar_bytes(
        [Member(path="a" * 150, content=b"x" * 600), Member(path="b", pax={"size": b"3"}, content=b"abc")]
    )
    for content in (noise, good[:at] + noise + good[at:], good[:at] + noise):
        try:
            for _ in walk_tar(io.BytesIO(content), lambda _: True, max_content_bytes=5000):
                pass
        except TarError:
            pass


PATTERNS = [
    "var/lib/dpkg/status",
    "**/*.dist-info/METADATA",
    "var/lib/dpkg/info/*.list",
    "**/*.so*",
    "etc/*",
    "**/x",
]
PART = st.sampled_from(
    ["var", "lib", "dpkg", "status", "info", "a.list", "x.dist-info", "METADATA", "x", "etc", "l.so.1", ".so"]
)


@given(st.lists(PART, min_size=1, max_size=5).map("/".join))
def test_many_patterns_at_once_say_what_each_says_alone(path: str) -> None:
    together = PatternSet([(pattern, number) for number, pattern in enumerate(PATTERNS)]).match(path)
    assert [bool(together >> number & 1) for number in range(len(PATTERNS))] == [
        compile_pattern(pattern)(path) for pattern in PATTERNS
    ]
