"""What a Dockerfile says: its lines as instructions, comments and blanks, each with its exact text.

The parts of a file put together again are the file, byte for byte, so that an edit changes only what it means to.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Dockerfile", "Heredoc", "Part", "PartKind", "Stage"]


class PartKind(StrEnum):
    """What a part of a Dockerfile is."""

    DIRECTIVE = "directive"
    COMMENT = "comment"
    BLANK = "blank"
    INSTRUCTION = "instruction"


class Heredoc(msgspec.Struct, frozen=True):
    """A here-document.

    Args:
        name: Its delimiter.
        expands: Whether variables in it are expanded.
        body: Its lines, the delimiter left out.
        at: Where the body begins in the text of its instruction.
    """

    name: str
    expands: bool
    body: str
    at: int = 0


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A run of lines of a Dockerfile.

    Args:
        kind: What it is.
        text: Its exact text, line ends included.
        line: Its first line, from 1.
        at: Where its text begins in the file, in characters.
        keyword: Instruction in upper case (`FROM`), or a directive's name in lower case; "" otherwise.
        flags: `--name=value` words of the instruction before its arguments, as written.
        arguments: The rest, with continuations joined and comment lines between them left out.
        arguments_at: Where the arguments begin in the logical line of the instruction.
        heredocs: Here-documents that the instruction carries.
    """

    kind: PartKind
    text: str
    line: int
    at: int = 0
    keyword: str = ""
    flags: tuple[str, ...] = ()
    arguments: str = ""
    arguments_at: int = 0
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def last_line(self) -> int:
        """The last line of the part, from 1."""
        return self.line + self.text[:-1].count("\n")

    def flag(self, name: str) -> str | None:
        """Return the value of `--name=value`, "" for a bare `--name`, None when it is absent."""
        return next(iter(self.flag_values(name)), None)

    def flag_values(self, name: str) -> tuple[str, ...]:
        """Return the values of every `--name=value`, in order; a flag such as `--mount` may stand often."""
        split = (flag.partition("=") for flag in self.flags)
        return tuple(value for head, _, value in split if head == f"--{name}")


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One build stage.

    Args:
        index: From 0.
        name: Alias of `AS`, in lower case; "" for none.
        base: The image as written, without `AS`.
        platform: `--platform` as written, None when absent.
        origin: The FROM instruction.
        parts: The instructions after it, up to the next FROM.
    """

    index: int
    name: str
    base: str
    platform: str | None
    origin: Part
    parts: tuple[Part, ...]


class Dockerfile(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed Dockerfile.

    Args:
        parts: All of it, in order.
        escape: The continuation character: a backslash, or a backtick by directive.
    """

    parts: tuple[Part, ...]
    escape: str = "\\"

    def __str__(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def instructions(self) -> tuple[Part, ...]:
        """The instructions alone."""
        return tuple(part for part in self.parts if part.kind is PartKind.INSTRUCTION)

    @property
    def global_arguments(self) -> tuple[Part, ...]:
        """ARG instructions before the first FROM: the only ones that a FROM line sees."""
        found: list[Part] = []
        for part in self.instructions:
            if part.keyword == "FROM":
                break
            if part.keyword == "ARG":
                found.append(part)
        return tuple(found)
