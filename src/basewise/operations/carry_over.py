"""What of the application's own Dockerfile stands in the written one, and what is left out of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from basewise._internal.text import plural
from basewise.app.command_runner import without_runner
from basewise.app.dockerfile_copies import WRITTEN_PLACE
from basewise.model.base_image import BaseImage
from basewise.model.image_settings import ImageSettings, LeftLine
from basewise.model.requirement import Application, ExistingDockerfile
from basewise.model.verdict import Fit
from basewise.operations.health_programs import Programs, brings, installed_names, lies_beneath

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
        there = Programs(application, image, fit, (place, start or place), frozenset({*environment, *ours}))
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
        if moved or not all(not each.startswith("/") or lies_beneath(each, place) for each in folders):
            return "it names a folder that is not there"
    if moved and old is not None and lies_beneath(value, old):
        return f"here the application lives in {place}"
    return ""


def _lost_words(application: Application, existing: ExistingDockerfile, place: str) -> Iterator[LeftLine]:
    """Yield the line of a start command with paths that were right where the application lived before."""
    path, _, line = application.command_source.rpartition(":")
    if place == existing.place or path != existing.path or not line.isdigit():
        return
    for word in application.command[1:]:
        if word.startswith("/") and not _OF_THE_SYSTEM.match(word) and not brings(application, word, place):
            yield LeftLine(int(line), "CMD", f"it names a path, but here the application lives in {place}")


def _distributions(application: Application, existing: ExistingDockerfile, fit: Fit) -> Iterator[LeftLine]:
    """Yield the lines where pip installs a distribution that nobody asks for in a file that was read."""
    there = {requirement.name for requirement in application.requirements} | installed_names(fit) | _TOOLS
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
