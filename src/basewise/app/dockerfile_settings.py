"""Settings of the final image of an application's Dockerfile, and the lines that a written Dockerfile does not take over.

Taken over is what changes no file and could mean nothing else: where only a build could tell a value, it is left.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from basewise.app.dockerfile_copies import Copy, installing_stages, left_of_copy, place_of
from basewise.app.dockerfile_runs import work_of
from basewise.app.dockerfile_values import (
    holds_secret,
    is_of_installation,
    is_of_old_image,
    only_environments,
)
from basewise.app.folder import Folder
from basewise.dockerfile.images import ResolvedStage, stage_chain
from basewise.dockerfile.model import Part
from basewise.dockerfile.pairs import certain_text, pairs_of
from basewise.dockerfile.scripts import json_words
from basewise.dockerfile.variables import unquoted
from basewise.model.image_settings import HealthCheck, ImageSettings, LeftLine

__all__ = ["DockerfileSettings", "read_settings"]

MAX_INSTRUCTIONS = 1000
MAX_CARRIED = 100
MAX_VALUE_CHARACTERS = 2000
MAX_SHOWN_PROGRAMS = 4
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\Z")
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(?:tcp|udp|sctp))?\Z", re.IGNORECASE | re.ASCII)
_MAX_PORT = 65535
_SIGNAL = re.compile(r"(?:SIG[A-Z0-9]{2,10}(?:[+-][0-9]{1,2})?|[0-9]{1,2})\Z")
_DURATION = r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|ms|s|m|h))+"
_HEALTH_OPTION = re.compile(
    rf"--(?:(?:interval|timeout|start-period|start-interval)={_DURATION}|retries=[0-9]{{1,4}})\Z"
)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]{1,200}\Z")
_DEFAULT_SHELL = ("/bin/sh", "-c")
_WITHHELD = "looks like a secret: give it when the container starts"
_TOO_LONG = "its value is too long, or holds a hidden character"
_BUILD = "only a build can tell its value"


class DockerfileSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be taken over, and what was left.

    Args:
        settings: What changes no file.
        place: Folder of the application in the image, None where only a build can tell it.
        workdir: The final WORKDIR, None where only a build can tell it; `/` where none is stated.
        workdir_line: Where it stands, 0 for nowhere.
        left: Lines left out, in order.
        environment_lines: Names of variables, with their lines.
        distributions: Names that pip installs, with their lines.
    """

    settings: ImageSettings = ImageSettings()
    place: str | None = None
    workdir: str | None = None
    workdir_line: int = 0
    left: tuple[LeftLine, ...] = ()
    environment_lines: tuple[tuple[str, int], ...] = ()
    distributions: tuple[tuple[str, int], ...] = ()


def read_settings(stages: Sequence[ResolvedStage], folder: Folder, escape: str = "\\") -> DockerfileSettings:
    """Read the final stage and the stages of the file that it stands on.

    Args:
        stages: All stages of the file.
        folder: The build context.
        escape: The escape character of the file.
    """
    reader = _Reading(escape)
    parts = [part for one in stage_chain(stages) for part in one.stage.parts]
    for part in parts[:MAX_INSTRUCTIONS]:
        reader.read(part)
    if len(parts) > MAX_INSTRUCTIONS:
        reader.leave(
            parts[MAX_INSTRUCTIONS], f"it and what follows is not read: more than {MAX_INSTRUCTIONS}"
        )
    place = place_of(reader.copies, reader.workdir)
    only_installs = installing_stages(stages, escape)
    for copy in reader.copies:
        why = left_of_copy(copy, place, folder, only_installs)
        if why:
            reader.leave(copy.part, why)
    distributions: dict[str, int] = {}
    for part in reader.runs:
        work = work_of(part, place, escape)
        if work.programs:
            more = ", …" if len(work.programs) > MAX_SHOWN_PROGRAMS else ""
            reader.leave(part, f"it calls {', '.join(work.programs[:MAX_SHOWN_PROGRAMS])}{more}")
        distributions |= dict.fromkeys(work.distributions, part.line)
    return DockerfileSettings(
        settings=ImageSettings(
            environment=tuple(reader.environment.items()),
            ports=tuple(reader.ports),
            stop_signal=reader.stop_signal,
            health_check=reader.health_check,
            labels=tuple(reader.labels.items()),
        ),
        place=place,
        workdir=reader.workdir,
        workdir_line=reader.workdir_line,
        left=tuple(sorted(dict.fromkeys(reader.left))),
        environment_lines=tuple((name, reader.lines[name]) for name in reader.environment),
        distributions=tuple(distributions.items()),
    )


class _Reading:
    """Reads instructions in order, as a build does."""

    def __init__(self, escape: str) -> None:
        self.escape = escape
        self.environment: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.labels: dict[str, str] = {}
        self.ports: dict[str, None] = {}
        self.stop_signal = ""
        self.health_check: HealthCheck | None = None
        self.shell: tuple[str, ...] = _DEFAULT_SHELL
        self.workdir: str | None = "/"
        self.workdir_line = 0
        self.copies: list[Copy] = []
        self.runs: list[Part] = []
        self.left: list[LeftLine] = []
        self.handlers: Mapping[str, Callable[[Part], None]] = {
            "ADD": self._copy,
            "COPY": self._copy,
            "ENV": self._environment,
            "EXPOSE": self._expose,
            "HEALTHCHECK": self._health_check,
            "LABEL": self._label,
            "MAINTAINER": self._maintainer,
            "ONBUILD": lambda part: self.leave(part, "it is for images that stand on this one"),
            "RUN": self.runs.append,
            "SHELL": self._shell,
            "STOPSIGNAL": self._stop_signal,
            "VOLUME": lambda part: self.leave(part, "mount it when the container starts"),
            "WORKDIR": self._workdir,
        }

    def read(self, part: Part) -> None:
        handler = self.handlers.get(part.keyword)
        if handler is not None:
            handler(part)

    def leave(self, part: Part, why: str, name: str = "") -> None:
        self.left.append(LeftLine(part.line, f"{part.keyword} {name}".strip(), why))

    def _literal(self, text: str) -> str | None:
        """Return a text with the variables that this file sets for certain; None where another one is in it."""
        return certain_text(text, dict(self.environment))

    def _environment(self, part: Part) -> None:
        pairs = pairs_of(part.arguments, dict(self.environment), self.escape)
        if not pairs:
            self.leave(part, "it cannot be read")
        for pair in pairs:
            name, value = pair.name, pair.value
            self.environment.pop(name, None)
            self.lines[name] = part.line
            if not _VARIABLE.match(name):
                self.leave(part, "its name cannot be read")
            elif is_of_installation(name):
                if value is not None and len(value) <= MAX_VALUE_CHARACTERS and holds_secret("", value):
                    self.leave(part, _WITHHELD, name)
            elif value is not None and len(value) > MAX_VALUE_CHARACTERS:
                self.leave(part, _TOO_LONG, name)
            elif holds_secret(name, value):
                self.leave(part, _WITHHELD, name)
            elif name == "PATH" and only_environments(pair.written):
                continue
            elif is_of_old_image(name):
                self.leave(part, "it names what is in the old image", name)
            else:
                self._keep(part, self.environment, name, value)

    def _label(self, part: Part) -> None:
        pairs = pairs_of(part.arguments, dict(self.environment), self.escape)
        if not pairs:
            self.leave(part, "it cannot be read")
        for pair in pairs:
            self.labels.pop(pair.name, None)
            if not _LABEL.match(pair.name):
                self.leave(part, "its name cannot be read")
            elif pair.value is not None and len(pair.value) > MAX_VALUE_CHARACTERS:
                self.leave(part, _TOO_LONG, pair.name)
            elif holds_secret(pair.name, pair.value, label=True):
                self.leave(part, "looks like a secret", pair.name)
            else:
                self._keep(part, self.labels, pair.name, pair.value)

    def _keep(self, part: Part, into: dict[str, str], name: str, value: str | None) -> None:
        if value is None:
            self.leave(part, _BUILD, name)
        elif len(value) > MAX_VALUE_CHARACTERS or not value.isprintable():
            self.leave(part, _TOO_LONG, name)
        elif len(into) >= MAX_CARRIED:
            self.leave(part, f"{MAX_CARRIED} others were taken over", name)
        else:
            into[name] = value

    def _maintainer(self, part: Part) -> None:
        value = unquoted(part.arguments)
        self._keep(part, self.labels, "maintainer", None if "$" in value or "\\" in value else value)

    def _expose(self, part: Part) -> None:
        for word in part.arguments.split():
            port = self._literal(unquoted(word))
            found = _PORT.match(port or "")
            numbers = [int(number) for number in found.groups() if number] if found else []
            if port is None:
                self.leave(part, _BUILD)
            elif (
                not numbers
                or not 0 < numbers[0] <= numbers[-1] <= _MAX_PORT
                or len(self.ports) >= MAX_CARRIED
            ):
                self.leave(part, "it is no port")
            else:
                self.ports[port.lower()] = None

    def _stop_signal(self, part: Part) -> None:
        signal = self._literal(unquoted(part.arguments)) or ""
        self.stop_signal = signal if _SIGNAL.match(signal) else ""
        if not self.stop_signal:
            self.leave(part, "its signal cannot be read")

    def _health_check(self, part: Part) -> None:
        self.health_check = None
        words = part.arguments.split(maxsplit=1)
        kind, rest = words[0].upper() if words else "", words[1] if len(words) > 1 else ""
        command = json_words(rest)
        command = (*self.shell, rest) if command is None else command
        printable = all(word.isprintable() for word in command) and len(rest) <= MAX_VALUE_CHARACTERS
        options = tuple(part.flags)
        if kind == "NONE" and not rest:
            self.health_check = HealthCheck(line=part.line)
        elif kind != "CMD" or not rest or not command or not printable:
            self.leave(part, "it cannot be read")
        elif not all(_HEALTH_OPTION.match(option) for option in options):
            self.leave(part, "its options cannot be read")
        elif any(holds_secret("", word) for word in command):
            self.leave(part, "it looks as if it held a secret")
        else:
            self.health_check = HealthCheck(command=command, options=options, line=part.line)

    def _shell(self, part: Part) -> None:
        words = json_words(part.arguments)
        self.shell = words or self.shell
        self.leave(part, "commands are written in JSON form or for /bin/sh")

    def _workdir(self, part: Part) -> None:
        path = self._literal(unquoted(part.arguments))
        self.workdir_line = part.line
        if path is None or not _PLAIN_PATH.match(path):
            self.workdir = None
        elif path.startswith("/"):
            self.workdir = posixpath.normpath(path)
        elif self.workdir is not None:
            self.workdir = posixpath.normpath(posixpath.join(self.workdir, path))

    def _copy(self, part: Part) -> None:
        self.copies.append(Copy(part, self.workdir))
