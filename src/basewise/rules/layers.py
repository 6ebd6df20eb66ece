"""What a RUN instruction leaves behind: cleaned up in the same layer, or kept out of it by a cache mount."""

from __future__ import annotations

from basewise.dockerfile.edit import Edit, line_end_of
from basewise.dockerfile.scripts import Script
from basewise.rules.rule import Context, Run

__all__ = ["after_word", "append_command", "has_cache_mount", "removes"]

_ENDING = frozenset({"exit", "exec", "return"})


def removes(run: Run, *prefixes: str) -> bool:
    """Tell whether a command of the instruction removes a path that begins so."""
    return any(
        call.program in {"rm", "find"} and any(word.text.startswith(prefixes) for word in call.operands)
        for _, call in run.calls
    )


def has_cache_mount(run: Run, *parts: str) -> bool:
    """Tell whether a cache or tmpfs mount holds a path that has one of these in it."""
    for mount in run.part.flag_values("mount"):
        pairs = dict(pair.partition("=")[::2] for pair in mount.split(","))
        target = pairs.get("target") or pairs.get("dst") or pairs.get("destination") or ""
        if pairs.get("type") in {"cache", "tmpfs"} and any(part in target for part in parts):
            return True
    return False


def after_word(script: Script, end: int, text: str) -> tuple[Edit, ...]:
    """Return the edit that inserts text after a word of a script; nothing where the word has no place."""
    span = script.span(end - 1, end)
    return (Edit(span[1], span[1], text),) if span is not None else ()


def append_command(context: Context, script: Script, command: str) -> tuple[Edit, ...]:
    """Return the edit that lets a script end with another command, in the style in which it is written."""
    if not script.commands or script.at is None or not script.complete:
        return ()
    last = script.commands[-1]
    if last.words[0].text in _ENDING:
        return ()
    line_end = line_end_of(context.text)
    if script.line is None:
        end = script.part.at + script.at + len(script.text)
        before = "" if script.text.endswith("\n") else line_end
        return (Edit(end, end, f"{before}{command}{line_end}"),)
    span = script.span(last.end - 1, last.end)
    if span is None:
        return ()
    at = span[1]
    if "\n" not in script.part.text[: at - script.part.at]:
        return (Edit(at, at, f" && {command}"),)
    begin = context.text.rfind("\n", 0, at) + 1
    line = context.text[begin:at]
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return (Edit(at, at, f" {context.dockerfile.escape}{line_end}{indent or '    '}&& {command}"),)
