"""Compose files: the images that services run, and the Dockerfiles that they build.

Only `services.*.image` and `services.*.build` are looked at. Aliases are followed, anchors merged, but never more
than a limit of them, so that a small file stays small.

Reference:
    Compose specification, "services", "image", "build"; YAML 1.1, merge keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from basewise.dockerfile.images import ImageUse, UseKind
from basewise.dockerfile.variables import expand
from basewise.errors import InputError

if TYPE_CHECKING:
    import yaml

__all__ = ["ComposeBuild", "ComposeFile", "ComposeUser", "read_compose"]

MAX_COMPOSE_BYTES = 256 << 10
MAX_MERGES = 10_000
MAX_MERGE_DEPTH = 20
MAX_ARGS = 500


class ComposeBuild(msgspec.Struct, frozen=True, kw_only=True):
    """What a service builds.

    Args:
        service: Its name.
        line: Where it stands.
        context: The build context as written, None where a variable hides it.
        dockerfile: Path of the Dockerfile within the context, None for `Dockerfile`.
        inline: The text of a Dockerfile that stands in the compose file, with its first line.
        target: The stage that is built, None for the last one.
        args: Build arguments; None for one whose value comes from the environment.
    """

    service: str
    line: int
    context: str | None
    dockerfile: str | None = None
    inline: tuple[str, int] | None = None
    target: str | None = None
    args: Mapping[str, str | None] = {}


class ComposeUser(msgspec.Struct, frozen=True):
    """As whom a service runs, where the file says it: name or number, and where that stands."""

    service: str
    user: str
    start: int
    end: int


class ComposeFile(msgspec.Struct, frozen=True):
    """The images that services run without building them, what they build, and as whom they run."""

    images: tuple[ImageUse, ...]
    builds: tuple[ComposeBuild, ...]
    users: tuple[ComposeUser, ...] = ()


def read_compose(text: str, path: str) -> ComposeFile:
    """Read a compose file.

    Args:
        text: Its text.
        path: Its name, for messages.

    Raises:
        InputError: It is no YAML, too large, or nested too deeply.
    """
    if len(text) > MAX_COMPOSE_BYTES:
        raise _unreadable(path, f"it has more than {MAX_COMPOSE_BYTES} characters")
    root = _compose(text, path)
    reader = _Reader(text)
    services = reader.member(root, "services") if root is not None else None
    images: list[ImageUse] = []
    builds: list[ComposeBuild] = []
    users: list[ComposeUser] = []
    for name, service in reader.pairs(services):
        build = reader.member(service, "build")
        if build is not None:
            builds.append(reader.build(name, build))
        image = reader.member(service, "image")
        if image is not None and build is None:
            use = reader.image(image)
            if use is not None:
                images.append(use)
        user = reader.member(service, "user")
        named = reader.resolved(user)
        if user is not None and named:
            users.append(ComposeUser(name, named, user.start_mark.index, user.end_mark.index))
    return ComposeFile(tuple(images), tuple(builds), tuple(users))


def _compose(text: str, path: str) -> yaml.Node | None:
    import yaml  # noqa: PLC0415 - 40 ms that only compose files pay

    try:
        found: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise _unreadable(path, f"{where}{error.problem}") from error
    except yaml.YAMLError as error:
        raise _unreadable(path, "it holds characters that YAML does not allow") from error
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error
    return found


def _unreadable(path: str, problem: str) -> InputError:
    return InputError(f"cannot read `{path}`: {problem}", hint="check it with `docker compose config`")


class _Reader:
    """Reads single members of a tree of nodes; the tree itself is never walked whole."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._merges = 0

    def pairs(self, node: yaml.Node | None, depth: int = 0) -> Iterator[tuple[str, yaml.Node]]:
        """Yield the members of a mapping, those that it merges last."""
        value: Any = node.value if node is not None and _is(node, "mapping") else []
        merged: list[yaml.Node] = []
        for key, member in value:
            if not _is(key, "scalar"):
                continue
            if key.value == "<<":
                merged += member.value if _is(member, "sequence") else [member]
            else:
                yield key.value, member
        for each in merged:
            self._merges += 1
            if self._merges <= MAX_MERGES and depth < MAX_MERGE_DEPTH:
                yield from self.pairs(each, depth + 1)

    def member(self, node: yaml.Node | None, name: str) -> yaml.Node | None:
        """Return a member of a mapping by its name; its own wins over one that it merges."""
        return next((member for key, member in self.pairs(node) if key == name), None)

    def text_of(self, node: yaml.Node | None) -> str | None:
        return str(node.value) if node is not None and _is(node, "scalar") else None

    def resolved(self, node: yaml.Node | None) -> str | None:
        """Return a text with its variables replaced by their defaults; None where one has none."""
        text = self.text_of(node)
        return expand(text.replace("$$", r"\$"), {}) if text is not None else None

    def image(self, node: yaml.Node) -> ImageUse | None:
        written = self.text_of(node)
        if not written:
            return None
        start, end = node.start_mark.index, node.end_mark.index
        raw = self._text[start:end]
        quoted = raw[:1] in {'"', "'"} and raw[1:-1] == written
        plain = raw == written
        movable = (plain or quoted) and "$" not in written
        return ImageUse(
            written=written,
            image=self.resolved(node) or None,
            kind=UseKind.COMPOSE,
            stage=-1,
            start=start + (1 if quoted else 0),
            end=end - (1 if quoted else 0),
            digest_at=end - (1 if quoted else 0) if movable else None,
            no_digest_why="" if movable else "its name holds a variable, or is written in a form of its own",
        )

    def build(self, service: str, node: yaml.Node) -> ComposeBuild:
        line = node.start_mark.line + 1
        if _is(node, "scalar"):
            return ComposeBuild(service=service, line=line, context=self.resolved(node))
        inline = self.member(node, "dockerfile_inline")
        context = self.member(node, "context")
        return ComposeBuild(
            service=service,
            line=line,
            context="." if context is None else self.resolved(context),
            dockerfile=self.resolved(self.member(node, "dockerfile")),
            inline=None
            if inline is None or not _is(inline, "scalar")
            else (str(inline.value), _first_line(inline)),
            target=self.resolved(self.member(node, "target")),
            args=self._args(self.member(node, "args")),
        )

    def _args(self, node: yaml.Node | None) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        if node is None:
            return found
        if _is(node, "mapping"):
            for name, value in self.pairs(node):
                found[name] = self.resolved(value) if value.tag != "tag:yaml.org,2002:null" else None
                if len(found) >= MAX_ARGS:
                    break
        elif _is(node, "sequence"):
            for item in node.value[:MAX_ARGS]:
                pair = (self.text_of(item) or "").partition("=")
                found[pair[0]] = expand(pair[2], {}) if pair[1] else None
        return found


def _is(node: yaml.Node | None, kind: str) -> bool:
    return getattr(node, "id", "") == kind


def _first_line(node: yaml.Node) -> int:
    """Return the line of the first line of a text: the one below `|` for a block."""
    style = getattr(node, "style", None)
    return int(node.start_mark.line) + (2 if style in {"|", ">"} else 1)
