"""What the terminal shows: progress and errors on stderr, data on stdout.

The terminal library is loaded only when there is a terminal to draw on.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from basewise import __version__
from basewise._internal.text import safe_text
from basewise.errors import BasewiseError

__all__ = ["ConsoleProgress", "print_bug", "print_error", "use_color", "write_stdout"]


class ConsoleProgress:
    """Progress on stderr: one live line on a terminal, plain lines with `-v`, nothing with `-q`.

    Args:
        verbosity: -1 quiet, 0 normal, 1 verbose.
    """

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._live = verbosity == 0 and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._status: Any = None

    def step(self, what: str) -> None:
        """Show what is being done now."""
        text = safe_text(what)
        if self._verbosity > 0:
            print(f"… {text}", file=sys.stderr)
        elif self._live:
            self._show(text)

    def note(self, sentence: str) -> None:
        """Print a sentence worth reading."""
        if self._verbosity >= 0:
            self.close()
            print(f"note: {safe_text(sentence)}", file=sys.stderr)

    def close(self) -> None:
        """Remove the live line."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _show(self, text: str) -> None:
        if self._status is None:
            from rich.console import Console

            self._status = Console(stderr=True).status(text)
            self._status.start()
        else:
            self._status.update(text)


def use_color(wanted: bool | None) -> bool:  # noqa: FBT001 - the flag's value as the user gave it
    """Decide about colour: the flag, else `NO_COLOR`, else whether stdout is a terminal."""
    if wanted is not None:
        return wanted
    return not os.environ.get("NO_COLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_error(error: BasewiseError) -> None:
    """Print one error with its hint."""
    print(f"error: {safe_text(error.message, limit=4000)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {safe_text(error.hint, limit=2000)}", file=sys.stderr)


def print_bug(error: Exception) -> None:
    """Print what a report of a bug needs."""
    from traceback import format_exception

    print(f"error: this is a bug in basewise {__version__}: {type(error).__name__}", file=sys.stderr)
    print(
        "hint: report it with the lines below; look for names that you want to keep private", file=sys.stderr
    )
    for line in "".join(format_exception(error)).splitlines():
        print(safe_text(line), file=sys.stderr)


def write_stdout(text: str) -> None:
    """Write data to stdout; characters that its encoding lacks are escaped, a closed pipe is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain again when it flushes at exit: give it somewhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
