"""What the terminal shows: progress and errors on stderr, data on stdout.

The terminal library is loaded only when there is a terminal to draw on.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from basewise import __version__
from basewise._internal.text import safe_text
from basewise.errors import BasewiseError, OutputError

__all__ = [
    "ConsoleProgress",
    "print_bug",
    "print_error",
    "say",
    "use_color",
    "write_stdout",
    "write_stdout_bytes",
]


def say(line: str) -> None:
    """Print a line on stderr; where nobody reads it, it is lost and that is no error."""
    try:
        print(line, file=sys.stderr)
    except OSError:
        _leave_to_nobody(sys.stderr)


def _leave_to_nobody(stream: TextIO) -> None:
    """Let a stream that failed end in the null device: Python flushes it again at exit, and would complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


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
            say(f"… {text}")
        elif self._live:
            self._show(text)

    def note(self, sentence: str) -> None:
        """Print a sentence worth reading."""
        if self._verbosity >= 0:
            self.close()
            say(f"note: {safe_text(sentence)}")

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
    return (
        not os.environ.get("NO_COLOR")
        and sys.stdout is not None
        and sys.stdout.isatty()
        and os.environ.get("TERM") != "dumb"
    )


def print_error(error: BasewiseError) -> None:
    """Print one error with its hint."""
    say(f"error: {safe_text(error.message, limit=4000)}")
    if error.hint:
        say(f"hint: {safe_text(error.hint, limit=2000)}")


def print_bug(error: Exception) -> None:
    """Print what a report of a bug needs."""
    from traceback import format_exception

    say(f"error: this is a bug in basewise {__version__}: {type(error).__name__}")
    say("hint: report it with the lines below; look for names that you want to keep private")
    for line in "".join(format_exception(error)).splitlines():
        say(safe_text(line))


def write_stdout(text: str) -> None:
    """Write data to stdout; characters that its encoding lacks are escaped, a closed pipe is no error.

    Raises:
        OutputError: There is no stdout, or it takes no more.
    """
    if sys.stdout is None:
        raise OutputError("cannot write the result: stdout is closed", hint="name a file with `-o`")
    write_stdout_bytes(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def write_stdout_bytes(content: bytes) -> None:
    """Write bytes to stdout as they are; a closed pipe is no error.

    Raises:
        OutputError: There is no stdout, or it takes no more.
    """
    if sys.stdout is None:
        raise OutputError("cannot write the result: stdout is closed", hint="name a file with `-o`")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_to_nobody(sys.stdout)
    except OSError as error:
        _leave_to_nobody(sys.stdout)
        raise OutputError(
            f"cannot write the result to stdout: {error.strerror or error}", hint="name a file with `-o`"
        ) from error
