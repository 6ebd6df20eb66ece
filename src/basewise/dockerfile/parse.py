"""Parsing a Dockerfile without losing a byte.

Reference:
    Docker's Dockerfile reference: "Format", "Parser directives", "Here-documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.dockerfile.logical import content_of, join_lines
from basewise.dockerfile.model import Dockerfile, Heredoc, Part, PartKind, Stage

__all__ = ["decode_dockerfile", "encode_dockerfile", "parse_dockerfile", "split_flags", "stages"]

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)\Z")
_DIRECTIVES = frozenset({"escape", "syntax", "check"})
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
# A word of a shell: quoted stretches belong to it, so that `"<<A"` and `'x <<A'` are no here-documents.
_WORD = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\]|[\"'\\])+", re.DOTALL)
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)\Z")
_KEYWORD = re.compile(r"\s*(\S+)\s*")
_FLAG = re.compile(r"--[^\s-](?:\"[^\"]*\"|'[^']*'|[^\s\"']|[\"'])*(?:\s+|\Z)")
_ENCODING = "utf-8"
_LOSSLESS = "surrogateescape"


def decode_dockerfile(content: bytes) -> str:
    """Return the text of a file; bytes that are no UTF-8 become lone surrogates, so nothing is lost."""
    return content.decode(_ENCODING, _LOSSLESS)


def encode_dockerfile(text: str) -> bytes:
    """Return the bytes that `decode_dockerfile` was given."""
    return text.encode(_ENCODING, _LOSSLESS)


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
    return Dockerfile(parts=tuple(_placed(parts)), escape=escape)


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

    def ahead(self) -> Iterator[str]:
        return (self.lines[index] for index in range(self.position, len(self.lines)))

    def take(self, count: int = 1) -> str:
        self.position += count
        return "".join(self.lines[self.position - count : self.position])


def _placed(parts: list[Part]) -> Iterator[Part]:
    at = 0
    for part in parts:
        yield msgspec.structs.replace(part, at=at)
        at += len(part.text)


def _directives(lines: _Lines) -> Iterator[Part]:
    """Yield the parser directives: `# name=value` lines at the very top, each name once."""
    seen: set[str] = set()
    while not lines.done:
        found = _DIRECTIVE.match(content_of(lines.peek()))
        if found is None or found.group(1).lower() not in _DIRECTIVES - seen:
            return
        name = found.group(1).lower()
        seen.add(name)
        number = lines.number
        yield Part(
            kind=PartKind.DIRECTIVE, text=lines.take(), line=number, keyword=name, arguments=found.group(2)
        )


def _next_part(lines: _Lines, escape: str) -> Part:
    number, content = lines.number, content_of(lines.peek())
    if not content:
        return Part(kind=PartKind.BLANK, text=lines.take(), line=number)
    if content.startswith("#"):
        return Part(kind=PartKind.COMMENT, text=lines.take(), line=number)
    return _instruction(lines, escape)


def _instruction(lines: _Lines, escape: str) -> Part:
    number = lines.number
    joined = join_lines(lines.ahead(), escape)
    text = lines.take(joined.lines)
    head = _KEYWORD.match(joined.text)
    keyword = head.group(1).upper() if head else ""
    flags, at = split_flags(joined.text, head.end() if head else 0)
    arguments = joined.text[at:].rstrip()
    heredocs: list[Heredoc] = []
    if _carries_heredocs(keyword, arguments):
        for strips, name, quoted in _openings(arguments):
            found = _heredoc_body(lines, name, strips=strips)
            if found is None:
                break
            body, closing = found
            heredocs.append(Heredoc(name, expands=not quoted, body=body, at=len(text)))
            text += body + closing
    return Part(
        kind=PartKind.INSTRUCTION,
        text=text,
        line=number,
        keyword=keyword,
        flags=flags,
        arguments=arguments,
        arguments_at=at,
        heredocs=tuple(heredocs),
    )


def split_flags(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Return the leading `--name=value` words of the arguments, and where the rest begins."""
    flags: list[str] = []
    found = _FLAG.match(text, at)
    while found is not None:
        flags.append(found.group().rstrip())
        at = found.end()
        found = _FLAG.match(text, at)
    return tuple(flags), at


def _carries_heredocs(keyword: str, arguments: str) -> bool:
    if keyword == "ONBUILD":
        words = arguments.split(maxsplit=1)
        keyword, arguments = (words[0].upper(), words[1]) if len(words) > 1 else ("", "")
    return keyword in _HEREDOC_KEYWORDS and "<<" in arguments and not arguments.lstrip().startswith("[")


def _openings(arguments: str) -> Iterator[tuple[bool, str, bool]]:
    """Yield for each `<<NAME` word whether it strips tabs, its name, and whether the name is quoted."""
    for word in _WORD.finditer(arguments):
        found = _HEREDOC.match(word.group())
        if found is None:
            continue
        written = found.group(2)
        name = written.translate({ord(quote): None for quote in "\"'"})
        if name:
            yield bool(found.group(1)), name, name != written


def _heredoc_body(lines: _Lines, name: str, *, strips: bool) -> tuple[str, str] | None:
    """Take a here-document; return its body and its last line, None, and nothing taken, when it never ends."""
    if not lines.later(name):
        return None
    for count, line in enumerate(lines.ahead()):
        bare = line.rstrip("\r\n")
        if (bare.lstrip("\t") if strips else bare) == name:
            return lines.take(count), lines.take()
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
