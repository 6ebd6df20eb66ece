"""What RUN instructions do beyond installing packages, and the distributions that they install by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import scripts_of
from basewise.dockerfile.shell import Call, call_of
from basewise.dockerfile.words import Command

__all__ = ["RunWork", "work_of"]

_SHOWN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,39}\Z")
_PYTHON = re.compile(r"(?:python|pypy)(?:3(?:\.\d+)?)?\Z")
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?\Z")
_SILENT = frozenset({
    ":", "[", "[[", "addgroup", "adduser", "apt-mark", "cd", "dpkg-reconfigure", "esac", "export", "fi", "groupadd",
    "ldconfig", "pip-compile", "pip-sync", "pipx", "rm", "set", "test", "true", "unset", "useradd", "usermod",
    "virtualenv",
})  # fmt: skip
_TOOLS = frozenset({"conda", "hatch", "mamba", "micromamba", "pdm", "pipenv", "poetry", "rye", "uv"})
_MODULES = frozenset({"compileall", "ensurepip", "pip", "piptools", "venv", "virtualenv"})
_WRITE_NOTHING = frozenset({"echo", "printf"})
_TOOL_INSTALLERS = re.compile(r"//(?:astral\.sh/uv|install\.python-poetry\.org|pdm-project\.org)")
_SWITCHES = frozenset({
    "--break-system-packages", "--compile", "--disable-pip-version-check", "--force-reinstall", "--ignore-installed",
    "--no-build-isolation", "--no-cache", "--no-cache-dir", "--no-compile", "--no-deps", "--no-input",
    "--no-warn-script-location", "--pre", "--prefer-binary", "--quiet", "--require-hashes", "--system", "--upgrade",
    "--user", "-U", "-q", "-v", "-I",
})  # fmt: skip
_NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[^\]]*\])?(?:(?:[=<>~!]=?|@).*)?\Z")
_FILE = re.compile(r".*\.(?:whl|txt|zip|gz|toml)\Z")
_ANY = "a command"


class RunWork(msgspec.Struct, frozen=True):
    """What one RUN does: programs beyond package installation, and distributions that pip installs by name."""

    programs: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()


def work_of(part: Part, place: str | None, escape: str = "\\") -> RunWork:
    """Read a RUN instruction; nothing of it is executed.

    Args:
        part: The instruction.
        place: Where the application lives in that image: folders and owners are of no account there. None: unknown.
        escape: The escape character of its file.
    """
    programs: dict[str, None] = {}
    distributions: dict[str, None] = {}
    for script in scripts_of(part, escape):
        fetches_tool = False
        for command in script.commands:
            call = call_of(command)
            if call is None:
                continue
            fetches_tool = (fetches_tool and command.before == "|") or any(
                _TOOL_INSTALLERS.search(text) for text in command.texts
            )
            for name in _distributions(call):
                distributions[name] = None
            if not fetches_tool and not _is_installation(call, place):
                programs[call.program if _SHOWN.match(call.program) else _ANY] = None
        if not script.complete:
            programs[_ANY] = None
    return RunWork(tuple(programs), tuple(distributions))


def _is_installation(call: Call, place: str | None) -> bool:
    program = call.program
    texts = [word.text for word in call.operands]
    if _PYTHON.match(program):
        return texts[:1] == ["setup.py"] or (call.has("-m") and bool(texts) and texts[0] in _MODULES)
    return (
        bool(call.manager)
        or program in _SILENT
        or _PIP.match(program) is not None
        or (program in _TOOLS and texts[:1] != ["run"])
        or (program in _WRITE_NOTHING and not _redirects(call.command))
        or (program in {".", "source"} and all(text.endswith("/activate") for text in texts))
        or (program == "find" and call.has("-delete"))
        or (program == "chown" and all(_lies_in(text, place) for text in texts[1:]))
        or (program == "mkdir" and all(_leads_to(text, place) for text in texts))
    )


def _leads_to(path: str, place: str | None) -> bool:
    return place is not None and f"{place}/".startswith(f"{path.rstrip('/')}/")


def _redirects(command: Command) -> bool:
    return command.end > command.words[-1].end


def _lies_in(path: str, place: str | None) -> bool:
    if not path.startswith("/"):
        return path in {".", "./"}
    return place is not None and (path.rstrip("/") == place or path.startswith(f"{place}/"))


def _distributions(call: Call) -> Iterator[str]:
    """Yield the names that `pip install` and `uv pip install` are given; a word that may be a value is none."""
    words = call.command.words
    texts = [word.text for word in words]
    at = next((index for index, text in enumerate(texts) if _PIP.match(text.rpartition("/")[2])), None)
    if at is None or "install" not in texts[at + 1 :] or not _calls_pip(call):
        return
    start = texts.index("install", at + 1) + 1
    before = ""
    for word in words[start:]:
        takes = before.startswith("-") and "=" not in before and before not in _SWITCHES
        found = _NAME.match(word.text)
        if found and word.literal and not takes and not _FILE.match(word.text):
            yield re.sub(r"[-_.]+", "-", found.group(1)).lower()
        before = word.text


def _calls_pip(call: Call) -> bool:
    return bool(_PIP.match(call.program) or _PYTHON.match(call.program)) or call.program == "uv"
