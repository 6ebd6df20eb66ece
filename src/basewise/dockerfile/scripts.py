"""The scripts that RUN instructions execute: shell form, JSON form, here-documents.

Nothing is executed: a script is read as words, with the way back to its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.dockerfile.logical import LogicalLine, logical_line
from basewise.dockerfile.model import Heredoc, Part
from basewise.dockerfile.parse import split_flags
from basewise.dockerfile.words import Command, Word, read_commands

__all__ = ["Script", "json_words", "scripts_of", "triggered"]

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_SHELL_SCRIPT_AT = 2
_SHELL_OPTION = re.compile(r"-[a-z]*c\Z")
_SHEBANG = re.compile(r"#!\s*(\S+)(?:[ \t]+(\S+))?")


class Script(msgspec.Struct, frozen=True):
    """One script of an instruction.

    Args:
        part: The instruction.
        text: The script.
        commands: Its simple commands.
        complete: False where a part of it could not be read.
        line: The logical line that it is a part of; None for a here-document or the JSON form.
        at: Where it begins in that logical line, or in the text of the instruction; None for the JSON form,
            whose words have no place of their own.
    """

    part: Part
    text: str
    commands: tuple[Command, ...]
    complete: bool
    line: LogicalLine | None = None
    at: int | None = None

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a stretch of the script stands in the file; None where no place is known."""
        if self.at is None:
            return None
        first, last = self.at + start, self.at + end
        if self.line is not None:
            first, last = self.line.span(first, last)
        return self.part.at + first, self.part.at + last

    def line_of(self, start: int) -> int:
        """Return the line of the file in which a character of the script stands, from 1."""
        found = self.span(start, start)
        return self.part.line + (
            0 if found is None else self.part.text.count("\n", 0, found[0] - self.part.at)
        )


def json_words(text: str) -> tuple[str, ...] | None:
    """Return the words of the JSON form (`["a", "b"]`), None when the text has another form."""
    if not text.lstrip().startswith("["):
        return None
    try:
        return msgspec.json.decode(text.encode(), type=tuple[str, ...])
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def triggered(part: Part) -> Part:
    """Return the instruction that an ONBUILD carries, in its place; any other as it is."""
    if part.keyword != "ONBUILD":
        return part
    found = re.match(r"(\S+)\s*", part.arguments)
    if found is None:
        return part
    flags, at = split_flags(part.arguments, found.end())
    return msgspec.structs.replace(
        part,
        keyword=found.group(1).upper(),
        flags=flags,
        arguments=part.arguments[at:],
        arguments_at=part.arguments_at + at,
    )


def scripts_of(part: Part, escape: str = "\\") -> Iterator[Script]:
    """Yield the scripts of a RUN instruction (or of one that ONBUILD carries), none for any other.

    Args:
        part: An instruction.
        escape: The continuation character of its file.
    """
    run = triggered(part)
    if run.keyword != "RUN":
        return
    exec_form = json_words(run.arguments)
    if exec_form is not None:
        yield _of_words(run, exec_form)
        return
    for heredoc in run.heredocs:
        if _is_shell_script(run, heredoc):
            read = read_commands(heredoc.body)
            yield Script(run, heredoc.body, read.found, read.complete, at=heredoc.at)
    read = read_commands(run.arguments)
    yield Script(
        run,
        run.arguments,
        read.found,
        read.complete,
        line=logical_line(run.text, escape),
        at=run.arguments_at,
    )


def _of_words(run: Part, words: tuple[str, ...]) -> Script:
    if (
        len(words) > _SHELL_SCRIPT_AT
        and words[0].rpartition("/")[2] in _SHELLS
        and _SHELL_OPTION.match(words[1])
    ):
        text = words[_SHELL_SCRIPT_AT]
        read = read_commands(text)
        return Script(run, text, read.found, read.complete)
    command = Command(tuple(Word(word, 0, 0) for word in words), "", "", 0)
    return Script(run, run.arguments, (command,) if words else (), complete=True)


def _is_shell_script(run: Part, heredoc: Heredoc) -> bool:
    """Tell whether a here-document is what a shell executes, not what another program reads."""
    commands = read_commands(run.arguments).found
    if commands and (
        len(commands) > 1
        or commands[0].words[0].text.rpartition("/")[2] not in _SHELLS
        or any(not word.text.startswith("-") for word in commands[0].words[1:])
    ):
        return False
    shebang = _SHEBANG.match(heredoc.body)
    if shebang is None:
        return True
    program = shebang.group(1).rpartition("/")[2]
    return (shebang.group(2) if program == "env" else program) in _SHELLS
