"""TOML files of an application: size-capped, scanned before they are parsed, with line numbers.

The standard parser needs quadratic time for long dotted keys and gives up on deep nesting with a RecursionError, so
both are refused before or translated after.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, TypeVar

import msgspec

from basewise.app.folder import Folder
from basewise.errors import ManifestError

__all__ = ["MAX_LOCK_BYTES", "TomlFile", "read_toml"]

MAX_KEY_PARTS = 10
MAX_HEADERS = 20_000
MAX_TOML_BYTES = 512 << 10
MAX_LOCK_BYTES = 8 << 20
_PART = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
_LONG_KEY = re.compile(rf"(?<![\w\"'-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{{MAX_KEY_PARTS}}}")
_LINE = re.compile(r"\(at line (\d+), column \d+\)")

Shape = TypeVar("Shape")


class TomlFile:
    """A parsed TOML file.

    Args:
        name: As the application names it.
        text: Its text.
        data: Its tables.
    """

    def __init__(self, name: str, text: str, data: dict[str, Any]) -> None:
        self.name = name
        self.text = text
        self.data = data
        self.lines = text.split("\n")

    def convert(self, shape: type[Shape]) -> Shape:
        """Return the file as a value of `shape`.

        Raises:
            ManifestError: It has another shape.
        """
        try:
            return msgspec.convert(self.data, type=shape, strict=True)
        except msgspec.ValidationError as error:
            problem = str(error)
            raise ManifestError(self.name, self._blame(problem), problem[:1].lower() + problem[1:]) from error
        except RecursionError as error:
            raise ManifestError(self.name, None, "it is nested too deeply") from error

    def line(self, needle: str, *, header: str = "") -> int:
        """Return the first line that holds `needle`, from a `[header]` on where that is there; 0 for none."""
        start = self.header_line(header) if header else 0
        for number in range(start, len(self.lines)):
            if needle in self.lines[number]:
                return number + 1
        return 0

    def key_line(self, key: str, *, header: str) -> int:
        """Return the line of `key = …` after a `[header]`; the header's line, or 0, where it is not found."""
        start = self.header_line(header)
        pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", re.IGNORECASE)
        for number in range(start, len(self.lines)):
            if pattern.match(self.lines[number]):
                return number + 1
        return start

    def header_line(self, header: str) -> int:
        """Return the line of the first `[header]` or `[[header]]`, 0 for none."""
        wanted = {f"[{header}]", f"[[{header}]]"}
        for number, line in enumerate(self.lines, 1):
            if line.startswith("[") and line.partition("#")[0].strip().replace(" ", "") in wanted:
                return number
        return 0

    def header_lines(self, header: str) -> list[int]:
        """Return the lines of every `[[header]]`, in order."""
        wanted = f"[[{header}]]"
        return [number for number, line in enumerate(self.lines, 1) if line.strip() == wanted]

    def _blame(self, problem: str) -> int | None:
        """Return the line of the package or key that a validation message names, None when it is not found."""
        found = re.search(r"`\$\.(packages?)\[(\d+)\]", problem)
        lines = self.header_lines(found[1]) if found else []
        if found and int(found[2]) < len(lines):
            return lines[int(found[2])]
        path = re.search(r"`\$\.([\w.-]+)", problem)
        header, _, key = path[1].rpartition(".") if path else ("", "", "")
        return (self.key_line(key, header=header) if key else 0) or None


def read_toml(folder: Folder, name: str, *, max_bytes: int = MAX_TOML_BYTES) -> TomlFile:
    """Read and parse a TOML file.

    Raises:
        ManifestError: It cannot be read, does not parse, or is built to exhaust the parser.
    """
    text = folder.read_text(name, max_bytes=max_bytes)
    hostile = _LONG_KEY.search(text)
    if hostile:
        line = text.count("\n", 0, hostile.start()) + 1
        raise ManifestError(name, line, f"a dotted key has more than {MAX_KEY_PARTS} parts")
    if text.count("\n[") > MAX_HEADERS:
        raise ManifestError(name, None, f"it has more than {MAX_HEADERS} tables")
    try:
        return TomlFile(name, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        problem = str(error).partition(" (at ")[0]
        last = text.count("\n") + 1
        raise ManifestError(name, int(found[1]) if found else last, f"not TOML: {problem}") from error
    except RecursionError as error:
        raise ManifestError(name, None, "it is nested too deeply") from error
    except ValueError as error:
        raise ManifestError(name, None, f"not TOML: {str(error)[:120]}") from error
