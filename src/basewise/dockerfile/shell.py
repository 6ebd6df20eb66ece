"""The commands of a RUN instruction, as far as words tell: which OS packages it installs.

Nothing is executed; a word that only a shell could tell (a variable, a substitution) is left out and said.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import msgspec

from basewise.dockerfile.model import Part

__all__ = ["InstalledPackages", "command_words", "installed_packages", "json_words"]

_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "(", ")", "\n", ";;", "{", "}"})
_PREFIXES = frozenset({"sudo", "env", "exec", "time", "then", "do", "else", "if", "!", "command"})
_MANAGERS = {"apt-get": "apt", "apt": "apt", "aptitude": "apt", "apk": "apk"}
_INSTALL = {"apt": "install", "apk": "add"}
_VALUE_OPTIONS = {
    "apt": frozenset({"-t", "--target-release", "-o", "-c", "--option"}),
    "apk": frozenset({"-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--arch"}),
}
_SHELL_SCRIPT_AT = 2
_SHELL_OPTION = re.compile(r"-[a-z]*c\Z")
MAX_COMMAND_CHARACTERS = 64 << 10
_COMMENT_LINE = re.compile(r"^\s*#.*$", re.MULTILINE)


class InstalledPackages(msgspec.Struct, frozen=True):
    """What RUN instructions install, in order, and the words that could not be read."""

    apt: tuple[str, ...] = ()
    apk: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def json_words(text: str) -> tuple[str, ...] | None:
    """Return the words of the JSON form (`["a", "b"]`), None when the text has another form."""
    if not text.lstrip().startswith("["):
        return None
    try:
        return msgspec.json.decode(text.encode(), type=tuple[str, ...])
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def installed_packages(parts: tuple[Part, ...]) -> InstalledPackages:
    """Return the OS packages that the RUN instructions of a stage install by name."""
    found: dict[str, dict[str, None]] = {"apt": {}, "apk": {}}
    unread: dict[str, None] = {}
    for part in parts:
        if part.keyword != "RUN":
            continue
        for words in _commands(part):
            manager, names = _install_line(words)
            for name in names:
                if "$" in name or "`" in name or "*" in name:
                    unread[name] = None
                elif manager:
                    found[manager][name] = None
    return InstalledPackages(tuple(found["apt"]), tuple(found["apk"]), tuple(unread))


def command_words(script: str) -> Iterator[list[str]]:
    """Yield the simple commands of a shell script as words, quotes taken off; nothing for what does not parse."""
    if len(script) > MAX_COMMAND_CHARACTERS:
        return
    bare = _COMMENT_LINE.sub("", script).replace("\\\n", " ").replace("\n", " ; ")
    lexer = shlex.shlex(bare, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        for word in lexer:
            if word in _SEPARATORS or (word and not word.strip(";&|()")):
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:
        return
    yield words


def _commands(part: Part) -> Iterator[list[str]]:
    exec_form = json_words(part.arguments)
    if exec_form is not None:
        words = list(exec_form)
        if len(words) > _SHELL_SCRIPT_AT and words[0].endswith("sh") and _SHELL_OPTION.match(words[1]):
            yield from command_words(words[_SHELL_SCRIPT_AT])
        else:
            yield words
        return
    for heredoc in part.heredocs:
        yield from command_words(heredoc.body)
    yield from command_words(part.arguments)


def _install_line(words: list[str]) -> tuple[str, list[str]]:
    """Return the package manager of a command and the packages that it installs, ("", []) for others."""
    start = 0
    while start < len(words) and (words[start] in _PREFIXES or "=" in words[start].partition("/")[0]):
        start += 1
    if start >= len(words):
        return "", []
    manager = _MANAGERS.get(words[start].rpartition("/")[2], "")
    if not manager:
        return "", []
    names: list[str] = []
    verb = ""
    rest = iter(words[start + 1 :])
    for word in rest:
        if word in _VALUE_OPTIONS[manager]:
            next(rest, None)
        elif word.startswith(("-", ">", "<")) or word[:2] in ("2>", "1>"):
            continue
        elif not verb:
            verb = word
        else:
            names.append(word)
    return (manager, names) if verb == _INSTALL[manager] else ("", [])
