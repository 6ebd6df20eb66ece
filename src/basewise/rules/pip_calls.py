"""Calls of pip and uv: what they install, and from which files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.dockerfile.scripts import Script
from basewise.dockerfile.shell import Call
from basewise.dockerfile.words import Word
from basewise.rules.rule import Run

__all__ = ["PipCall", "pip_call", "pip_calls"]

_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?\Z")
_PYTHON = re.compile(r"(?:python|pypy)(?:\d(?:\.\d+)?)?\Z")
_VALUE_OPTIONS = frozenset({
    "-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints", "-i", "--index-url",
    "--default-index", "--index", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root",
    "--trusted-host", "--platform", "--python-version", "--only-binary", "--no-binary", "--progress-bar", "--timeout",
    "--retries", "--cert", "--proxy", "--config-settings", "-C", "--global-option", "--src", "--python", "-p",
    "--report", "--log", "--cache-dir", "--abi", "--implementation", "--use-feature", "--upgrade-strategy", "--extra",
    "--group", "--index-strategy", "-e", "--editable", "-m",
})  # fmt: skip
_REQUIREMENT = frozenset({"-r", "--requirement", "--requirements"})
_CONSTRAINT = frozenset({"-c", "--constraint", "--constraints"})
_EDITABLE = frozenset({"-e", "--editable"})


class PipCall(msgspec.Struct, frozen=True):
    """One call that installs Python distributions.

    Args:
        tool: `pip`, `uv pip`, `uv` (sync), `pipenv` or `poetry`.
        verb: `install`, `sync` …
        options: Its options as text, values of long ones included as `--name=value` or as the word after.
        operands: What it installs, by name, path or address.
        requirements: Files of `-r`.
        constraints: Files or addresses of `-c`.
        run: The instruction.
        script: The script.
        call: The command.
    """

    tool: str
    verb: Word
    options: tuple[str, ...]
    operands: tuple[Word, ...]
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    run: Run
    script: Script
    call: Call

    def has(self, *names: str) -> bool:
        """Tell whether one of the options is given."""
        return any(option.partition("=")[0] in names for option in self.options)


def pip_calls(run: Run) -> Iterator[PipCall]:
    """Yield the calls of a RUN instruction that install Python distributions."""
    for script, call in run.calls:
        found = pip_call(run, script, call)
        if found is not None:
            yield found


def pip_call(run: Run, script: Script, call: Call) -> PipCall | None:
    """Return a call that installs Python distributions, None for any other."""
    words = _after(call.command.words, call.program)
    tool = ""
    if _PIP.match(call.program):
        tool = "pip"
    elif _PYTHON.match(call.program):
        at = next((index for index, word in enumerate(words) if word.text == "-m"), None)
        if at is None or at + 1 >= len(words) or not _PIP.match(words[at + 1].text):
            return None
        tool, words = "pip", words[at + 2 :]
    elif call.program == "uv":
        tool = "uv"
        at = next((index for index, word in enumerate(words) if not word.text.startswith("-")), None)
        if at is not None and words[at].text == "pip":
            tool, words = "uv pip", words[at + 1 :]
    elif call.program in {"pipenv", "poetry", "pdm"}:
        tool = call.program
    return _read(tool, words, run, script, call) if tool else None


def _after(words: tuple[Word, ...], program: str) -> tuple[Word, ...]:
    at = next(index for index, word in enumerate(words) if word.text.rpartition("/")[2] == program)
    return words[at + 1 :]


def _read(tool: str, words: tuple[Word, ...], run: Run, script: Script, call: Call) -> PipCall | None:
    verb: Word | None = None
    options: list[str] = []
    operands: list[Word] = []
    files: list[str] = []
    constraints: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.text.partition("=")
        if not word.text.startswith("-") or word.text == "-":
            if verb is None:
                verb = word
            else:
                operands.append(word)
            continue
        options.append(word.text)
        if name in _VALUE_OPTIONS and not equals:
            following = next(rest, None)
            value = following.text if following is not None else ""
            if following is not None and name in _EDITABLE:
                operands.append(following)
        elif name[:2] in _REQUIREMENT and not name.startswith("--") and len(name) > len("-r"):
            name, value = "-r", word.text[2:]
        if name in _REQUIREMENT | _CONSTRAINT and value:
            (constraints if name in _CONSTRAINT else files).append(value)
    if verb is None or verb.text not in {"install", "sync"}:
        return None
    if tool == "uv pip" and verb.text == "sync":
        files += [word.text for word in operands]
        operands = []
    named = (tuple(operands), tuple(files), tuple(constraints))
    return PipCall(tool, verb, tuple(options), *named, run, script, call)
