"""What of the application's own Dockerfile stands in the written one, and what is left out of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from basewise._internal.text import plural
from basewise.app.command_runner import without_runner
from basewise.app.dockerfile_copies import WRITTEN_PLACE
from basewise.app.folder import Folder
from basewise.dockerfile.shell import call_of
from basewise.dockerfile.words import read_commands
from basewise.errors import ApplicationError
from basewise.model.base_image import BaseImage
from basewise.model.image_settings import HealthCheck, ImageSettings, LeftLine
from basewise.model.requirement import Application, ExistingDockerfile
from basewise.model.verdict import Fit, InstallKind

__all__ = ["CarriedOver", "carry_over", "notes_of_left_lines", "warn_of_left_lines"]

MAX_LISTED = 20
MAX_NAMED = 5
_PLACE = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+\Z")
_OF_THE_SYSTEM = re.compile(
    r"/(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|lost\+found|media|mnt|proc|root|run|sbin|sys|tmp|usr|var)(?:/|\Z)"
    r"|/(?:home|opt|srv/?)\Z|/opt/venv"
)
_FREE = re.compile(r"/(?:usr/(?:src|app|local/src|local/app)|var/(?:app|task|www))/?")
_OUR_LABELS = re.compile(r"org\.opencontainers\.image\.base\.(?:name|digest)\Z")
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
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_SET_BY_THE_RUNTIME = frozenset({"HOME", "HOSTNAME", "PATH", "PWD"})
_TOOLS = frozenset({
    "build", "hatch", "pdm", "pip", "pip-tools", "pipenv", "pipx", "poetry", "setuptools", "uv", "virtualenv", "wheel",
})  # fmt: skip


class CarriedOver(msgspec.Struct, frozen=True, kw_only=True):
    """What is written, and what is not.

    Args:
        settings: For the final stage.
        place: Where the application lives.
        start_directory: Where it starts, "" for there.
        left: Lines of the old file that the new one lacks, in order.
    """

    settings: ImageSettings = ImageSettings()
    place: str = WRITTEN_PLACE
    start_directory: str = ""
    left: tuple[LeftLine, ...] = ()


def carry_over(application: Application, image: BaseImage, fit: Fit) -> CarriedOver:
    """Decide what of the application's own Dockerfile is written for an image, nothing where it has none."""
    existing = application.dockerfile
    if existing is None:
        return CarriedOver()
    place, start, left = _places(existing)
    ours = {name for name, _ in fit.environment}
    lines = dict(existing.environment_lines)
    environment: dict[str, str] = {}
    for name, value in existing.settings.environment:
        why = _unfit(name, value, existing.place, place)
        if why:
            left.append(LeftLine(lines.get(name, 0), f"ENV {name}", why))
        elif name not in ours:
            environment[name] = value
    check = existing.settings.health_check
    if check is not None and check.command:
        check = msgspec.structs.replace(check, command=without_runner(check.command))
        there = _Programs(application, image, fit, place, frozenset({*environment, *ours}))
        lacks = there.lacks(check)
        if lacks:
            left.append(LeftLine(check.line, "HEALTHCHECK", lacks))
            check = None
    settings = msgspec.structs.replace(
        existing.settings,
        environment=tuple(environment.items()),
        health_check=check,
        labels=tuple(pair for pair in existing.settings.labels if not _OUR_LABELS.match(pair[0])),
    )
    left += _lost_words(application, existing, place)
    left += [*existing.left_lines, *_distributions(application, existing, fit)]
    return CarriedOver(
        settings=settings, place=place, start_directory=start, left=tuple(sorted(dict.fromkeys(left)))
    )


def notes_of_left_lines(application: Application, left: tuple[LeftLine, ...]) -> tuple[str, ...]:
    """Return the comments that name the lines, for the head of the Dockerfile; nothing where none was left."""
    if not left or application.dockerfile is None:
        return ()
    named = [f"  {_place(one)}{one.what}: {one.why}" for one in left[:MAX_LISTED]]
    more = [f"  and {len(left) - MAX_LISTED} more"] if len(left) > MAX_LISTED else []
    path = application.dockerfile.path
    return (f"NOT CARRIED OVER from {path}: add what the application needs:", *named, *more)


def warn_of_left_lines(application: Application, left: tuple[LeftLine, ...]) -> tuple[str, ...]:
    """Return the warning that names the first of the lines; nothing where none was left."""
    if not left or application.dockerfile is None:
        return ()
    named = ", ".join(f"{one.what} (line {one.line})" if one.line else one.what for one in left[:MAX_NAMED])
    more = f" and {len(left) - MAX_NAMED} more" if len(left) > MAX_NAMED else ""
    verb = "is" if len(left) == 1 else "are"
    what = plural(len(left), "instruction")
    return (f"{what} of {application.dockerfile.path} {verb} not carried over: {named}{more}",)


def _place(one: LeftLine) -> str:
    return f"line {one.line}, " if one.line else ""


def _places(existing: ExistingDockerfile) -> tuple[str, str, list[LeftLine]]:
    """Return where the application lives, where it starts ("" for there), and what is said of WORKDIR."""
    line, old, workdir = existing.workdir_line, existing.place, existing.workdir
    if old is None or (workdir is None and line):
        why = f"only a build can tell it; here the application lives in {WRITTEN_PLACE}"
        return WRITTEN_PLACE, "", [LeftLine(line, "WORKDIR", why)] if line else []
    place = old if _is_free(old) else WRITTEN_PLACE
    left = []
    if place != old and line and old != "/":
        left.append(LeftLine(line, "WORKDIR", f"here the application lives in {place}"))
    inner = posixpath.relpath(workdir or "/", old)
    if inner == "." or not line:
        return place, "", left
    start = posixpath.join(place, inner)
    if inner.startswith("..") or not _PLACE.match(start):
        left.append(LeftLine(line, "WORKDIR", f"here the application starts in {place}"))
        return place, "", left
    return place, start, left


def _is_free(path: str) -> bool:
    """Tell whether the application may live there: no folder of the system, of its root or of its installation."""
    if len(path) > 200 or not _PLACE.match(path) or ".." in path.split("/"):  # noqa: PLR2004 - a path of people
        return False
    return _FREE.match(path) is not None or _OF_THE_SYSTEM.match(path) is None


def _unfit(name: str, value: str, old: str | None, place: str) -> str:
    """Say why a value does not fit the written image, "" where it does."""
    moved = old not in {place, "/"}
    if name == "PYTHONPATH":
        folders = [folder for folder in value.split(":") if folder]
        if moved or not all(not each.startswith("/") or _beneath(each, place) for each in folders):
            return "it names a folder that is not there"
    if moved and old is not None and _beneath(value, old):
        return f"here the application lives in {place}"
    return ""


def _beneath(path: str, folder: str) -> bool:
    normal = posixpath.normpath(path)
    return normal == folder or normal.startswith(f"{folder}/")


def _lost_words(application: Application, existing: ExistingDockerfile, place: str) -> Iterator[LeftLine]:
    """Yield the line of a start command with paths that were right where the application lived before."""
    path, _, line = application.command_source.rpartition(":")
    if place == existing.place or path != existing.path or not line.isdigit():
        return
    for word in application.command[1:]:
        if word.startswith("/") and not _OF_THE_SYSTEM.match(word) and not _is_in(application, word, place):
            yield LeftLine(int(line), "CMD", f"it names a path, but here the application lives in {place}")


def _is_in(application: Application, path: str, place: str) -> bool:
    """Tell whether a path, absolute or from the application's place, is a file that the application brings."""
    whole = posixpath.normpath(posixpath.join(place, path))
    if not _beneath(whole, place):
        return False
    try:
        return Folder.open(Path(application.path)).exists(posixpath.relpath(whole, place))
    except ApplicationError:
        return False


def _distributions(application: Application, existing: ExistingDockerfile, fit: Fit) -> Iterator[LeftLine]:
    """Yield the lines where pip installs a distribution that nobody asks for in a file that was read."""
    there = {requirement.name for requirement in application.requirements} | _installed(fit) | _TOOLS
    there |= {package.name for package in application.lock.packages} if application.lock else set()
    by_line: dict[int, list[str]] = {}
    for name, line in existing.distributions:
        if name not in there:
            by_line.setdefault(line, []).append(name)
    for line, names in by_line.items():
        more = " …" if len(names) > MAX_NAMED else ""
        yield LeftLine(
            line, "RUN", f"pip installs {', '.join(names[:MAX_NAMED])}{more}, which no requirement asks for"
        )


def _installed(fit: Fit) -> set[str]:
    return {install.name for install in fit.installs if install.kind is not InstallKind.NOT_WANTED}


class _Programs:
    """The programs of the written image, as far as its packages and distributions tell."""

    def __init__(
        self, application: Application, image: BaseImage, fit: Fit, place: str, variables: frozenset[str]
    ) -> None:
        self.application = application
        self.alpine = image.distro.id == "alpine"
        packages = {package.name for package in (*(image.packages or ()), *(fit.added_packages or ()))}
        distributions = _installed(fit) | {requirement.name for requirement in application.requirements}
        self.known = _ALWAYS_THERE | packages | distributions | {f"python{image.python_minor}"}
        self.known |= _BUSYBOX if self.alpine else {"bash", "dash"}
        self.place = place
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
            path = word if word.startswith("/") else ""
            if path and not (_SYSTEM_PATH.match(path) or self._is_there(path)):
                return "it names a file that is not in the image"
        return ""

    def _is_there(self, program: str) -> bool:
        if "/" not in program:
            return program in self.known
        if _PROGRAM_FOLDER.match(program):
            return program.rpartition("/")[2] in self.known
        return _is_in(self.application, program, self.place)
