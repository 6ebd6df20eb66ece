"""Checking and quoting what enters a Dockerfile: nothing from an application stands there as it came."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from basewise._internal.text import safe_text
from basewise.errors import InvalidValueError
from basewise.model.build_plan import BuildPlan
from basewise.model.digest import Digest
from basewise.model.image_settings import ImageSettings
from basewise.model.reference import Reference

__all__ = ["check_plan", "comment", "copy_arguments", "environment_value", "json_form", "shell_word"]

_PACKAGE = {
    "apt": re.compile(r"[a-z0-9][a-z0-9+.-]*(?::[a-z0-9]+)?\Z"),
    # apk resolves `so:libodbc.so.2` to the package that brings the library.
    "apk": re.compile(r"(?:so:)?[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z"),
}
_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
_WORKDIR = re.compile(r"(?:/[A-Za-z0-9._-]+)+\Z")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*\Z")
_UNSAFE_IN_PATHS = frozenset('*?[]<>\\$"')
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z")
_PORT = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp|sctp))?\Z", re.ASCII)
_SIGNAL = re.compile(r"[A-Z0-9+-]+\Z")
_HEALTH_OPTION = re.compile(r"--[a-z-]+=[a-z0-9.]+\Z")
_MAX_UID = 65533


def check_plan(plan: BuildPlan) -> None:
    """Check every value of a plan that becomes part of an instruction.

    Raises:
        InvalidValueError: A value could be read as something else than what it is meant to be.
    """
    Reference.parse(plan.image)
    Reference.parse(plan.base_name)
    if plan.digest is not None:
        Digest.parse(plan.digest)
    if plan.package_manager not in _PACKAGE:
        raise InvalidValueError(f"no package manager is called {_shown(plan.package_manager)}")
    names = [package.name for package in (*plan.packages, *plan.build_packages)] + list(plan.upgrades)
    for name in names:
        _require(_PACKAGE[plan.package_manager], name, "a name of an OS package")
    for name in plan.source_distributions:
        _require(_DISTRIBUTION, name, "a name of a Python distribution")
    for name, value in plan.environment:
        _require(_VARIABLE, name, "a name of an environment variable")
        _require_printable(value, "a value of an environment variable")
    _require(_USER, plan.user, "a user name")
    _check_settings(plan.settings)
    if plan.start_directory:
        _require(_WORKDIR, plan.start_directory, "a working directory")
    _require(_WORKDIR, plan.workdir, "a working directory")
    steps = f"{plan.workdir}/{plan.start_directory}".split("/")
    if ".." in steps or not 0 < plan.uid <= _MAX_UID:
        raise InvalidValueError(f"not a working directory and user number: {plan.workdir!r}, {plan.uid}")
    for word in plan.command:
        _require_encodable(word, "a word of the start command")
    for path in (*(file.path for file in plan.requirements), *plan.extra_files):
        _check_path(path)


def comment(text: str) -> str:
    """Return one comment line; characters that could end it or hide in it become escapes."""
    return f"# {safe_text(text)}"


def shell_word(text: str) -> str:
    """Return a word as the shell of a RUN line reads it."""
    return shlex.quote(text)


def json_form(words: Sequence[str]) -> str:
    """Return the JSON form of CMD and COPY; line breaks, tabs and hidden characters stand there as escapes."""
    return json.dumps(list(words), ensure_ascii=not "".join(words).isprintable())


def copy_arguments(path: str) -> str:
    """Return the arguments that copy a file of the build context to the same place in the image."""
    if _PLAIN_PATH.match(path):
        return f"{path} ./{path}"
    return json_form([path, f"./{path}"])


def environment_value(value: str) -> str:
    """Return a value of ENV or LABEL in double quotes; `$` stays what it is."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _check_settings(settings: ImageSettings) -> None:
    for name, value in settings.environment:
        _require(_VARIABLE, name, "a name of an environment variable")
        _require_printable(value, "a value of an environment variable")
    for name, value in settings.labels:
        _require(_LABEL, name, "a name of a label")
        _require_printable(value, "a value of a label")
    for port in settings.ports:
        _require(_PORT, port, "a port")
    if settings.stop_signal:
        _require(_SIGNAL, settings.stop_signal, "a signal")
    if settings.health_check is not None:
        for option in settings.health_check.options:
            _require(_HEALTH_OPTION, option, "an option of a health check")
        for word in settings.health_check.command:
            _require_printable(word, "a word of the health check")


def _check_path(path: str) -> None:
    _require_printable(path, "a path of the application")
    parts = PurePosixPath(path).parts
    unsafe = (
        not parts or path.startswith(("/", "-", "#")) or ".." in parts or bool(_UNSAFE_IN_PATHS & set(path))
    )
    if unsafe:
        raise InvalidValueError(
            f"cannot name the file {_shown(path)} in a Dockerfile",
            hint="rename it: letters, digits, `.`, `_`, `-` and `/` are safe, and it must lie in the folder",
        )


def _require(shape: re.Pattern[str], text: str, what: str) -> None:
    if shape.match(text) is None:
        raise InvalidValueError(f"not {what}: {_shown(text)}", hint="nothing was written")


def _require_encodable(text: str, what: str) -> None:
    """Refuse what no program can be called with."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        raise InvalidValueError(f"{what} is no text: {_shown(text)}", hint="nothing was written")


def _require_printable(text: str, what: str) -> None:
    if not text.isprintable():
        raise InvalidValueError(
            f"{what} holds a line break or a hidden character: {_shown(text)}", hint="nothing was written"
        )


def _shown(text: str) -> str:
    return repr(safe_text(text, limit=80))
