"""Which programs and files of a health check are in the written image, as far as its packages tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from basewise.app.folder import Folder
from basewise.dockerfile.shell import call_of
from basewise.dockerfile.words import read_commands
from basewise.errors import ApplicationError
from basewise.model.base_image import BaseImage
from basewise.model.image_settings import HealthCheck
from basewise.model.requirement import Application
from basewise.model.verdict import Fit, InstallKind

__all__ = ["Programs", "brings", "installed_names", "lies_beneath"]

_SHELLS = frozenset({"ash", "bash", "dash", "sh"})
_SHELL_WORDS = 3
_ALWAYS_THERE = frozenset({
    ":", "[", "awk", "cat", "cd", "cut", "date", "echo", "exit", "expr", "export", "false", "find", "grep", "head",
    "kill", "ls", "printf", "python", "python3", "sed", "set", "sh", "sleep", "sort", "stat", "tail", "test",
    "timeout", "touch", "tr", "true", "wc",
})  # fmt: skip
"""Parts of a shell, and programs that both Debian's slim images and Alpine's busybox have."""
_BUSYBOX = frozenset({"ash", "nc", "netstat", "pgrep", "pidof", "ps", "wget"})
_SYSTEM_PATH = re.compile(r"/(?:dev|proc|sys|tmp)(?:/|\Z)")
_PROGRAM_FOLDER = re.compile(r"/(?:usr/)?(?:local/)?s?bin/[^/]+\Z")
_SCRIPT = re.compile(r"[\w./-]+\.(?:py|sh)\Z")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_SET_BY_THE_RUNTIME = frozenset({"HOME", "HOSTNAME", "PATH", "PWD"})


def lies_beneath(path: str, folder: str) -> bool:
    """Tell whether a path is a folder, or lies in it."""
    normal = posixpath.normpath(path)
    return normal == folder or normal.startswith(f"{folder}/")


def brings(application: Application, path: str, place: str) -> bool:
    """Tell whether a path, absolute or from the application's place, is a file that the application brings."""
    whole = posixpath.normpath(posixpath.join(place, path))
    if not lies_beneath(whole, place):
        return False
    try:
        return Folder.open(Path(application.path)).exists(posixpath.relpath(whole, place))
    except ApplicationError:
        return False


def installed_names(fit: Fit) -> set[str]:
    """Return the names of the distributions that will be installed."""
    return {install.name for install in fit.installs if install.kind is not InstallKind.NOT_WANTED}


class Programs:
    """The programs of the written image, as far as its packages and distributions tell.

    Args:
        application: What was read.
        image: The base image.
        fit: Its judgement.
        places: Where the application lives, and where it starts.
        variables: Names that the written Dockerfile sets.
    """

    def __init__(
        self,
        application: Application,
        image: BaseImage,
        fit: Fit,
        places: tuple[str, str],
        variables: frozenset[str],
    ) -> None:
        self.application = application
        self.alpine = image.distro.id == "alpine"
        packages = {package.name for package in (*(image.packages or ()), *(fit.added_packages or ()))}
        distributions = installed_names(fit) | {requirement.name for requirement in application.requirements}
        self.known = _ALWAYS_THERE | packages | distributions | {f"python{image.python_minor}"}
        self.known |= _BUSYBOX if self.alpine else {"bash", "dash"}
        self.place, self.start = places
        self.variables = variables | _SET_BY_THE_RUNTIME

    def lacks(self, check: HealthCheck) -> str:
        """Say what the command needs and the image has not; "" for nothing."""
        words = check.command
        shell = words[0].rpartition("/")[2]
        if len(words) == _SHELL_WORDS and shell in _SHELLS and re.fullmatch(r"-[a-z]*c", words[1]):
            if shell not in self.known:
                return f"it calls {shell}, which is not in the image"
            return self._of_script(words[2])
        return self._of_words(words)

    def _of_script(self, script: str) -> str:
        read = read_commands(script)
        if not read.complete or not read.found:
            return "its command cannot be read"
        for found in _VARIABLE.finditer(script):
            name = found[1] or found[2]
            if name not in self.variables:
                return f"it uses {name[:40]}, which is not set here"
        for command in read.found:
            call = call_of(command)
            if call is not None:
                at = next(
                    i for i, text in enumerate(command.texts) if text.rpartition("/")[2] == call.program
                )
                lacks = self._of_words(command.texts[at:])
                if lacks:
                    return lacks
        return ""

    def _of_words(self, words: Iterable[str]) -> str:
        program, *rest = words
        if not self._is_there(program):
            shown = program if re.fullmatch(r"[\w./+-]{1,60}", program, re.ASCII) else "a program"
            return f"it calls {shown}, which is not in the image"
        for word in rest:
            is_path = word.startswith("/") or _SCRIPT.match(word) is not None
            if is_path and not (_SYSTEM_PATH.match(word) or self._is_there(word)):
                return "it names a file that is not in the image"
        return ""

    def _is_there(self, program: str) -> bool:
        if "/" not in program and not _SCRIPT.match(program):
            return program in self.known
        if _PROGRAM_FOLDER.match(program):
            return program.rpartition("/")[2] in self.known
        return brings(self.application, posixpath.join(self.start, program), self.place)
