"""What RUN instructions do, as far as words tell: which OS packages they install.

Nothing is executed; a word that only a shell could tell (a variable, a substitution) is left out and said.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import scripts_of
from basewise.dockerfile.words import Command, Word

__all__ = ["Call", "InstalledPackages", "call_of", "installed_packages"]

_PREFIXES = frozenset(
    {"sudo", "env", "exec", "time", "then", "do", "else", "elif", "if", "while", "!", "command", "nice"}
)
_MANAGERS = {"apt-get": "apt", "apt": "apt", "aptitude": "apt", "apk": "apk"}
_INSTALL = {"apt": "install", "apk": "add"}
_VALUE_OPTIONS = {
    "apt": frozenset({"-t", "--target-release", "-o", "-c", "--option", "--config-file"}),
    "apk": frozenset({"-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--arch"}),
}


class InstalledPackages(msgspec.Struct, frozen=True):
    """What RUN instructions install, in order, and the words that could not be read."""

    apt: tuple[str, ...] = ()
    apk: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True):
    """A command as program, options and operands.

    Args:
        command: The command.
        program: Its program without directory, prefixes such as `sudo` and assignments left out.
        manager: `apt` or `apk` for a package manager, "" for others.
        verb: First operand of a package manager (`install`), None when there is none.
        options: Words that begin with a dash, and the values that they take.
        operands: The other words after the program; for a package manager those after the verb.
    """

    command: Command
    program: str
    manager: str
    verb: Word | None
    options: tuple[Word, ...]
    operands: tuple[Word, ...]

    @property
    def installs(self) -> bool:
        """It installs OS packages."""
        return self.verb is not None and self.verb.text == _INSTALL.get(self.manager)

    def has(self, *names: str) -> bool:
        """Tell whether one of the options is given, alone or with a value (`--name=value`)."""
        return any(option.text.partition("=")[0] in names for option in self.options)


def call_of(command: Command) -> Call | None:
    """Return a command as program, options and operands; None when only assignments are there."""
    words = _without_prefixes(command.words)
    if not words:
        return None
    program = words[0].text.rpartition("/")[2]
    manager = _MANAGERS.get(program, "")
    takes_value = _VALUE_OPTIONS.get(manager, frozenset())
    options: list[Word] = []
    operands: list[Word] = []
    rest = iter(words[1:])
    for word in rest:
        if word.text.startswith("-") and word.text != "-":
            options.append(word)
            if word.text in takes_value and (value := next(rest, None)) is not None:
                options.append(value)
        else:
            operands.append(word)
    verb = operands.pop(0) if manager and operands else None
    return Call(command, program, manager, verb, tuple(options), tuple(operands))


def installed_packages(parts: Sequence[Part], escape: str = "\\") -> InstalledPackages:
    """Return the OS packages that the RUN instructions of a stage install by name."""
    found: dict[str, dict[str, None]] = {"apt": {}, "apk": {}}
    unread: dict[str, None] = {}
    for part in parts:
        if part.keyword != "RUN":
            continue
        for script in scripts_of(part, escape):
            for command in script.commands:
                call = call_of(command)
                if call is None or not call.installs:
                    continue
                for word in call.operands:
                    (found[call.manager] if word.literal else unread)[word.text] = None
    return InstalledPackages(tuple(found["apt"]), tuple(found["apk"]), tuple(unread))


def _without_prefixes(words: Sequence[Word]) -> Sequence[Word]:
    start = 0
    prefixed = False
    while start < len(words):
        text = words[start].text
        if text in _PREFIXES:
            prefixed = True
        elif not (prefixed and text.startswith("-")) and "=" not in text.partition("/")[0]:
            break
        start += 1
    return words[start:]
