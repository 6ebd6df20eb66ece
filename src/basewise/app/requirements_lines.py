"""The lines of a requirements file: continuations joined, comments taken off, options split.

Reference:
    pip's documentation, "Requirements File Format".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import msgspec

from basewise.errors import ManifestError

__all__ = ["LogicalLine", "RequirementsText", "split_lines", "split_options", "split_requirement"]

MAX_LINE_CHARACTERS = 256 << 10
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_VIA = re.compile(r"#\s*via\b\s*(.*)$")
_VIA_MORE = re.compile(r"#\s{2,}(\S.*)$")
_QUOTING = re.compile(r"['\"\\]")
_OPTION = re.compile(r"\s--?[A-Za-z]")
_WITH_VALUE = frozenset(
    {
        "--requirement",
        "--constraint",
        "--editable",
        "--index-url",
        "--pypi-url",
        "--extra-index-url",
        "--find-links",
        "--trusted-host",
        "--no-binary",
        "--only-binary",
        "--use-feature",
        "--hash",
        "--config-settings",
        "--config-setting",
        "--global-option",
    }
)
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}


class LogicalLine(msgspec.Struct, frozen=True):
    """One line after joining: number of its first line, text without comment, and who asked (`# via`)."""

    number: int
    text: str
    via: tuple[str, ...] = ()


class RequirementsText(msgspec.Struct, frozen=True):
    """A requirements file as lines; `header` are the comments above the first of them."""

    lines: tuple[LogicalLine, ...]
    header: str


def split_lines(text: str, path: str) -> RequirementsText:
    """Join and clean the lines of a requirements file.

    Raises:
        ManifestError: A line is too long.
    """
    lines: list[LogicalLine] = []
    header: list[str] = []
    for number, joined in _joined(text):
        if len(joined) > MAX_LINE_CHARACTERS:
            raise ManifestError(path, number, f"a line is longer than {MAX_LINE_CHARACTERS >> 10} KiB")
        found = _COMMENT.search(joined)
        comment = found.group().strip() if found else ""
        content = joined[: found.start()].strip() if found else joined.strip()
        if content:
            lines.append(LogicalLine(number, content, _asked_by(comment, first=True)))
        elif comment and lines:
            _annotate(lines, comment)
        elif comment:
            header.append(comment)
    return RequirementsText(tuple(lines), "\n".join(header))


def split_requirement(text: str) -> tuple[str, str]:
    """Split `name==1 --hash=…` into the requirement and its options."""
    found = _OPTION.search(text)
    return (text[: found.start()].strip(), text[found.start() :].strip()) if found else (text, "")


def split_options(text: str, path: str, line: int) -> list[tuple[str, str]]:
    """Split options into (long name, value) pairs; the value is "" for a flag.

    Raises:
        ManifestError: A quote is not closed, or an option lacks its value.
    """
    try:
        words = iter(shlex.split(text) if _QUOTING.search(text) else text.split())
    except ValueError as error:
        raise ManifestError(path, line, f"options do not parse: {error}") from error
    options: list[tuple[str, str]] = []
    for word in words:
        name, separator, value = _option_name(word)
        if name in _WITH_VALUE and not separator:
            value = next(words, "")
            if not value:
                raise ManifestError(path, line, f"`{name}` needs a value")
        options.append((name, value))
    return options


def _option_name(word: str) -> tuple[str, str, str]:
    """Split `--name=value`, `-rvalue`, `-r=value` into the long name, the separator and the value."""
    if word.startswith("--"):
        name, separator, value = word.partition("=")
        return name, separator, value
    long = _SHORT.get(word[:2])
    if long is None:
        return word, "", ""
    rest = word[2:].removeprefix("=")
    return long, "=" if rest else "", rest


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield (first line number, joined text): a backslash at the end continues, except in a comment."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        first = first if parts else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        if parts and line.lstrip().startswith("#"):
            yield first, "".join(parts)
            parts = []
            first = number
        yield first, "".join([*parts, line])
        parts = []
    if parts:
        yield first, "".join(parts)


def _annotate(lines: list[LogicalLine], comment: str) -> None:
    last = lines[-1]
    more = _asked_by(comment, first=not last.via)
    if more:
        lines[-1] = LogicalLine(last.number, last.text, tuple(dict.fromkeys((*last.via, *more))))


def _asked_by(comment: str, *, first: bool) -> tuple[str, ...]:
    """Return the names of a `# via` comment, or of its continuation lines."""
    found = _VIA.match(comment)
    if found:
        names = [name.strip() for name in found.group(1).split(",")]
        return tuple(name for name in names if name) or ("",)
    if not first and (found := _VIA_MORE.match(comment)):
        return (found.group(1).strip(),)
    return ()
