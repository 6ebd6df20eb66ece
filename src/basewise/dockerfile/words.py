"""The simple commands of a shell script, each word with its place.

Read, never executed. What only a shell could tell (a variable, a substitution) stays in the word as it is written,
and the word says so.

Reference:
    POSIX.1-2017, Shell Command Language, sections 2.2 Quoting, 2.3 Token Recognition, 2.7 Redirection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

__all__ = ["MAX_SCRIPT_CHARACTERS", "Command", "Commands", "Word", "read_commands"]

MAX_SCRIPT_CHARACTERS = 64 << 10
MAX_NESTING = 50
_BLANKS = re.compile(r"(?:[ \t\r]+|\\\r?\n)+")
_OPERATOR = re.compile(r"&&|\|\||;;|\|&|[;|&()\n]")
_REDIRECTION = re.compile(r"(?:\d+|&)?(?:<<<|<<-?|>>|<>|>\||[<>]&|[<>])")
_PLAIN = re.compile(r"[^ \t\r\n'\"\\$`;&|()<>]+")
_COMMENT = re.compile(r"#[^\n]*")
_GROUPS = frozenset({"{", "}"})


class Word(msgspec.Struct, frozen=True):
    """A word of a command.

    Args:
        text: Quotes and escapes taken off; variables and substitutions as written.
        start: Where it begins in the script.
        end: Where it ends.
        literal: No variable, substitution or pattern is in it.
    """

    text: str
    start: int
    end: int
    literal: bool = True


class Command(msgspec.Struct, frozen=True):
    """A simple command.

    Args:
        words: Its words, redirections left out.
        before: The operator before it: "" at the beginning, `&&`, `||`, `;`, `|`, a line end …
        after: The operator after it: "" at the end.
        end: Where its last word or redirection ends in the script.
    """

    words: tuple[Word, ...]
    before: str
    after: str
    end: int

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as text."""
        return tuple(word.text for word in self.words)


class Commands(msgspec.Struct, frozen=True):
    """The simple commands of a script; `complete` is False where the rest of it could not be read."""

    found: tuple[Command, ...]
    complete: bool


class _UnreadableError(Exception):
    """A quote or a bracket that never ends."""


def read_commands(script: str) -> Commands:
    """Return the simple commands of a script; those before the first thing that does not parse.

    A script of more than `MAX_SCRIPT_CHARACTERS` is not read.
    """
    if len(script) > MAX_SCRIPT_CHARACTERS:
        return Commands((), complete=False)
    reader = _Reader(script)
    found = tuple(reader.commands())
    return Commands(found, complete=reader.complete)


class _Reader:
    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.words: list[Word] = []
        self.end = 0
        self.depth = 0
        self.complete = True
        self.waiting: list[tuple[str, bool]] = []

    def commands(self) -> Iterator[Command]:
        before = ""
        try:
            while True:
                operator = self._command()
                if self.words:
                    yield Command(tuple(self.words), before, operator, self.end)
                    self.words = []
                before = operator
                if not operator:
                    return
        except _UnreadableError:
            self.complete = False

    def _command(self) -> str:
        """Read words up to the next operator, and return that; "" at the end of the script."""
        while self.at < len(self.script):
            blanks = _BLANKS.match(self.script, self.at)
            if blanks:
                self.at = blanks.end()
            elif self.script[self.at] == "#":
                self.at = _end(_COMMENT, self.script, self.at)
            elif redirection := _REDIRECTION.match(self.script, self.at):
                self._redirect(redirection)
            elif operator := _OPERATOR.match(self.script, self.at):
                self.at = operator.end()
                if operator.group() == "\n":
                    self._skip_heredocs()
                return operator.group()
            else:
                word = self._word()
                if word.text in _GROUPS:
                    return word.text
                self.words.append(word)
        return ""

    def _redirect(self, found: re.Match[str]) -> None:
        self.at = found.end()
        blanks = _BLANKS.match(self.script, self.at)
        self.at = blanks.end() if blanks else self.at
        if self.at < len(self.script) and self.script[self.at] == "(":
            self._bracket()
            return
        target = self._word()
        if found.group().rstrip("-").endswith("<<") and not found.group().endswith("<<<") and target.text:
            self.waiting.append((target.text, found.group().endswith("-")))

    def _skip_heredocs(self) -> None:
        for name, strips in self.waiting:
            indent = r"\t*" if strips else ""
            closing = re.compile(rf"^{indent}{re.escape(name)}\r?$", re.MULTILINE)
            found = closing.search(self.script, self.at)
            if found is None:
                raise _UnreadableError
            self.at = min(found.end() + 1, len(self.script))
        self.waiting = []

    def _word(self) -> Word:
        start = self.at
        pieces: list[str] = []
        literal = True
        while self.at < len(self.script):
            char = self.script[self.at]
            plain = _PLAIN.match(self.script, self.at)
            if plain:
                pieces.append(plain.group())
                literal = literal and not set(plain.group()) & set("*?[")
                self.at = plain.end()
            elif char == "\\":
                pieces.append(self._escaped())
            elif char == "'":
                pieces.append(self._single_quoted())
            elif char == '"':
                text, is_literal = self._double_quoted()
                pieces.append(text)
                literal = literal and is_literal
            elif char in "$`":
                pieces.append(self._expansion())
                literal = False
            else:
                break
        self.end = max(self.end, self.at)
        return Word("".join(pieces), start, self.at, literal)

    def _escaped(self) -> str:
        text = self.script[self.at + 1 : self.at + 2]
        self.at = min(self.at + 2, len(self.script))
        return "" if text == "\n" else text

    def _single_quoted(self) -> str:
        closing = self.script.find("'", self.at + 1)
        if closing < 0:
            raise _UnreadableError
        text = self.script[self.at + 1 : closing]
        self.at = closing + 1
        return text

    def _double_quoted(self) -> tuple[str, bool]:
        pieces: list[str] = []
        literal = True
        self.at += 1
        while self.at < len(self.script):
            char = self.script[self.at]
            if char == '"':
                self.at += 1
                return "".join(pieces), literal
            if char == "\\":
                following = self.script[self.at + 1 : self.at + 2]
                pieces.append(
                    following if following in '$`"\\' else "" if following == "\n" else char + following
                )
                self.at += 2
            elif char in "$`":
                pieces.append(self._expansion())
                literal = False
            else:
                pieces.append(char)
                self.at += 1
        raise _UnreadableError

    def _expansion(self) -> str:
        """Take a variable or a substitution as it is written."""
        start = self.at
        if self.script[start] == "`":
            closing = self.script.find("`", start + 1)
            if closing < 0:
                raise _UnreadableError
            self.at = closing + 1
        elif self.script[start + 1 : start + 2] in {"(", "{"}:
            self.at += 1
            self._bracket()
        else:
            self.at += 1
        return self.script[start : self.at]

    def _bracket(self) -> None:
        """Go past `(…)` or `{…}`, quotes and brackets in it paired."""
        pairs = {"(": ")", "{": "}"}
        open_ones: list[str] = []
        self.depth += 1
        while self.at < len(self.script) and self.depth <= MAX_NESTING and len(open_ones) <= MAX_NESTING:
            char = self.script[self.at]
            if char == "'":
                self._single_quoted()
            elif char == '"':
                self._double_quoted()
            else:
                if char in pairs:
                    open_ones.append(pairs[char])
                elif open_ones and char == open_ones[-1]:
                    open_ones.pop()
                self.at += 2 if char == "\\" else 1
                if not open_ones:
                    self.depth -= 1
                    return
        raise _UnreadableError


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
