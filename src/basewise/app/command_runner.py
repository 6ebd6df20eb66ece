"""Start commands without what the written Dockerfile does not have: `uv run`, `poetry run`, another environment's `bin`.

The Dockerfile installs the application's distributions with pip, so what these tools would start is on the path.
"""

from __future__ import annotations

import re
import shlex

__all__ = ["without_runner"]

_RUNNERS = frozenset({"conda", "hatch", "mamba", "micromamba", "pdm", "pipenv", "poetry", "rye", "uv"})
_TAKES_VALUE = frozenset({
    "-C", "-n", "-p", "--default-index", "--directory", "--env-file", "--extra", "--group", "--index", "--name",
    "--no-group", "--only-group", "--package", "--prefix", "--project", "--python", "--with", "--with-requirements",
})  # fmt: skip
_MODULE = frozenset({"-m", "--module"})
_SHELL_FORM = 3
_ENVIRONMENT = re.compile(r"/(?:[^/]+/)*(?:[\w.-]*venv[\w.-]*|envs/[^/]+|\.local)/bin/([\w.-]+)\Z")
_PLAIN = re.compile(r"[\w./:=@%+,\- \t\"']+\Z")


def without_runner(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a start command as the tool in front of it would start it; as it is where there is none.

    A program in the `bin` of a virtual environment or of conda is called by its name: the written image has another.

    A command of a shell is taken apart only where it is plain words: `sh -c "exec uv run app"`.
    """
    if len(words) == _SHELL_FORM and words[0].endswith("sh") and words[1] == "-c":
        return _of_shell(words)
    in_environment = _ENVIRONMENT.match(words[0]) if words else None
    if in_environment:
        return (in_environment[1], *words[1:])
    if len(words) > 2 and words[0].rpartition("/")[2] in _RUNNERS and words[1] == "run":  # noqa: PLR2004 - TOOL run X
        return _started(words[2:]) or words
    return words


def _of_shell(words: tuple[str, ...]) -> tuple[str, ...]:
    if not _PLAIN.match(words[2]):
        return words
    try:
        inner = tuple(shlex.split(words[2]))
    except ValueError:
        return words
    inner = inner[1:] if inner[:1] == ("exec",) else inner
    started = without_runner(inner)
    return words if started == inner else started


def _started(words: tuple[str, ...]) -> tuple[str, ...]:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if option in _MODULE:
            return ("python", "-m", *rest)
        if option in _TAKES_VALUE and rest:
            rest.pop(0)
    if rest and rest[0].endswith(".py"):
        return ("python", *rest)
    return tuple(rest)
