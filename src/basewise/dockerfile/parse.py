"""Parsing a Dockerfile without losing a byte.

Reference:
    Docker's Dockerfile reference: "Format", "Parser directives", "Here-documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.dockerfile.model import Dockerfile, Heredoc, Part, PartKind, Stage

__all__ = ["parse_dockerfile", "stages"]

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)\Z")
_DIRECTIVES = frozenset({"escape", "syntax", "check"})
_HEREDOC = re.compile(r"<<-?\s*(?:\"([A-Za-z_][\w.]*)\"|'([A-Za-z_][\w.]*)'|([A-Za-z_][\w.]*))")
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
_FLAGS = re.compile(r"(?:--[^\s-]\S*(?:\s+|\Z))*")
_BYTE_ORDER_MARK = "\ufeff"


def parse_dockerfile(text: str) -> Dockerfile:
    """Read a Dockerfile; never fails, since what the text means is for its readers to judge.

    Args:
        text: The file. Line ends are kept as they are.

    Returns:
        A value whose `str` is `text`.
    """
    lines = _Lines(text)
    parts = list(_directives(lines))
    escape = next((part.arguments for part in parts if part.keyword == "escape"), "\\")
    if escape not in ("\\", "`"):
        escape = "\\"
    while not lines.done:
        parts.append(_next_part(lines, escape))
    return Dockerfile(parts=tuple(parts), escape=escape)


def stages(dockerfile: Dockerfile) -> tuple[Stage, ...]:
    """Return the build stages in order."""
    found: list[Stage] = []
    origin: Part | None = None
    parts: list[Part] = []
    for part in dockerfile.instructions:
        if part.keyword == "FROM":
            if origin is not None:
                found.append(_stage(len(found), origin, parts))
            origin, parts = part, []
        else:
            parts.append(part)
    if origin is not None:
        found.append(_stage(len(found), origin, parts))
    return tuple(found)


class _Lines:
    """The physical lines of a text, with their ends."""

    def __init__(self, text: str) -> None:
        self.lines: list[str] = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
        self.position = 0
        self.last_seen: dict[str, int] = {}

    @property
    def done(self) -> bool:
        return self.position >= len(self.lines)

    @property
    def number(self) -> int:
        return self.position + 1

    def later(self, line: str) -> bool:
        """Return whether such a line, tabs before it left aside, is still to come."""
        if not self.last_seen:
            self.last_seen = {text.strip("\r\n\t"): index for index, text in enumerate(self.lines)}
        return self.last_seen.get(line, -1) >= self.position

    def peek(self) -> str:
        return self.lines[self.position]

    def take(self) -> str:
        self.position += 1
        return self.lines[self.position - 1]


def _content(line: str) -> str:
    """Return a line without its end and outer white space."""
    return line.lstrip(_BYTE_ORDER_MARK).strip()


def _directives(lines: _Lines) -> Iterator[Part]:
    """Yield the parser directives: `# name=value` lines at the very top, each name once."""
    seen: set[str] = set()
    while not lines.done:
        found = _DIRECTIVE.match(_content(lines.peek()))
        if found is None or found.group(1).lower() not in _DIRECTIVES - seen:
            return
        name = found.group(1).lower()
        seen.add(name)
        number = lines.number
        yield Part(
            kind=PartKind.DIRECTIVE, text=lines.take(), line=number, keyword=name, arguments=found.group(2)
        )


def _next_part(lines: _Lines, escape: str) -> Part:
    number, content = lines.number, _content(lines.peek())
    if not content:
        return Part(kind=PartKind.BLANK, text=lines.take(), line=number)
    if content.startswith("#"):
        return Part(kind=PartKind.COMMENT, text=lines.take(), line=number)
    return _instruction(lines, escape)


def _instruction(lines: _Lines, escape: str) -> Part:
    number = lines.number
    taken, joined = _logical_line(lines, escape)
    keyword, _, rest = joined.strip().partition(" ")
    keyword, tab, more = keyword.partition("\t")
    rest = f"{more} {rest}" if tab else rest
    flags, arguments = _split_flags(rest.strip())
    heredocs: list[Heredoc] = []
    if _carries_heredocs(keyword.upper(), arguments):
        for found in list(_HEREDOC.finditer(arguments)):
            body = _heredoc(lines, found)
            if body is None:
                break
            taken.append(body[0])
            heredocs.append(body[1])
    return Part(
        kind=PartKind.INSTRUCTION,
        text="".join(taken),
        line=number,
        keyword=keyword.upper(),
        flags=flags,
        arguments=arguments,
        heredocs=tuple(heredocs),
    )


def _logical_line(lines: _Lines, escape: str) -> tuple[list[str], str]:
    """Take the lines of one instruction; return them and their joined text.

    Between continued lines, comment lines and blank lines belong to the instruction but not to its text.
    """
    taken: list[str] = []
    pieces: list[str] = []
    while not lines.done:
        line = lines.take()
        taken.append(line)
        content = _content(line)
        if pieces and (not content or content.startswith("#")):
            continue
        body = line.lstrip(_BYTE_ORDER_MARK).rstrip("\r\n").rstrip(" \t")
        if not body.endswith(escape):
            pieces.append(body)
            break
        pieces.append(body[: -len(escape)])
    return taken, "".join(pieces)


def _split_flags(text: str) -> tuple[tuple[str, ...], str]:
    """Split the leading `--name=value` words off the arguments."""
    found = _FLAGS.match(text)
    end = found.end() if found else 0
    return tuple(text[:end].split()), text[end:]


def _carries_heredocs(keyword: str, arguments: str) -> bool:
    if keyword == "ONBUILD":
        keyword = arguments.partition(" ")[0].upper()
    return keyword in _HEREDOC_KEYWORDS and "<<" in arguments


def _heredoc(lines: _Lines, found: re.Match[str]) -> tuple[str, Heredoc] | None:
    """Take a here-document up to its delimiter; None, and nothing taken, when it never ends."""
    name = found.group(1) or found.group(2) or found.group(3)
    strips = found.group().startswith("<<-")
    start = lines.position
    if not lines.later(name):
        return None
    while not lines.done:
        line = lines.take().rstrip("\r\n")
        if (line.lstrip("\t") if strips else line) == name:
            taken = lines.lines[start : lines.position]
            body = "".join(taken[:-1])
            return "".join(taken), Heredoc(name, expands=found.group(3) is not None, body=body)
    lines.position = start
    return None


def _stage(index: int, origin: Part, parts: list[Part]) -> Stage:
    words = origin.arguments.split()
    named = len(words) >= 3 and words[1].lower() == "as"  # noqa: PLR2004 - IMAGE AS NAME
    return Stage(
        index=index,
        name=words[2].lower() if named else "",
        base=words[0] if words else "",
        platform=origin.flag("platform"),
        origin=origin,
        parts=tuple(parts),
    )
