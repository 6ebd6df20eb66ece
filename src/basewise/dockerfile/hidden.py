"""Ways in which a stage may get a library that no package name in it tells of.

A script of the build context, a list that xargs reads, a package file, files that are copied into the loader's folders:
whoever says that a library is missing must first know that none of these brings it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from basewise._internal.text import safe_text
from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import json_words, scripts_of
from basewise.dockerfile.shell import Call, call_of

__all__ = ["hidden_installs"]

MAX_SHOWN_CHARACTERS = 60
_MANAGER = re.compile(r"\b(?:apt|apt-get|aptitude|apk|dpkg)\b")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_INSTALLERS = frozenset({"apt-fast", "gdebi", "install_packages", "nala"})
_LIBRARY_FOLDER = re.compile(r"/(?:usr/)?lib(?:32|64)?(?:/(?!python)|\Z)")
_SHARED_OBJECT = re.compile(r"\.so(?:\.|\*|\Z)")


def hidden_installs(parts: Sequence[Part], escape: str = "\\") -> tuple[str, ...]:
    """Return the commands and copies that may bring a library without naming its package, as written and in order.

    Args:
        parts: The instructions of a stage, or of several that stand on each other.
        escape: The continuation character of their file.
    """
    found: dict[str, None] = {}
    for part in parts:
        for text in _of_run(part, escape) if part.keyword == "RUN" else _of_copy(part):
            found[safe_text(text, limit=MAX_SHOWN_CHARACTERS)] = None
    return tuple(found)


def _of_run(part: Part, escape: str) -> Iterator[str]:
    for script in scripts_of(part, escape):
        for command in script.commands:
            call = call_of(command)
            if call is not None and _hides(call):
                yield " ".join(command.texts)


def _hides(call: Call) -> bool:
    words = [word.text for word in call.operands]
    if call.installs:
        return any(word.endswith(".deb") for word in words)
    if call.program in _SHELLS:
        return any(_is_script(word) or _MANAGER.search(word) for word in words)
    if call.program == "xargs":
        return any(_MANAGER.fullmatch(word) for word in words)
    if call.program == "dpkg":
        return call.has("-i", "--install", "--unpack")
    if "playwright" in {call.program, *words}:
        return "install-deps" in words or call.has("--with-deps")
    return call.program in _INSTALLERS or _is_script(call.program)


def _is_script(word: str) -> bool:
    return word.endswith((".sh", ".bash"))


def _of_copy(part: Part) -> Iterator[str]:
    if part.keyword not in {"COPY", "ADD"}:
        return
    words = json_words(part.arguments) or tuple(part.arguments.split())
    *sources, target = words or ("",)
    from_image = part.flag("from") is not None
    if (
        _LIBRARY_FOLDER.match(target)
        or any(_SHARED_OBJECT.search(word) for word in words)
        or (
            from_image
            and any(word in {"/", "/usr", "/usr/"} or _LIBRARY_FOLDER.match(word) for word in sources)
        )
    ):
        yield " ".join((part.keyword, *part.flags, *words))
