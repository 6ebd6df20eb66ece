"""`python -m basewise` and the `basewise` program."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType

from basewise.cli.main import EXIT_INTERRUPTED, run

__all__ = ["main"]

EXIT_TERMINATED = 143


def main() -> None:
    """Run the command line and leave with its exit code.

    An interrupted process does not wait for its threads: what they write is removed, and they end with it.
    """
    _replace_closed_streams()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = run(sys.argv[1:])
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    if code in {EXIT_INTERRUPTED, EXIT_TERMINATED}:
        from basewise._internal.sized_directory import remove_unfinished  # noqa: PLC0415 - only when it is needed

        remove_unfinished()
        os._exit(code)
    _drop_what_cannot_be_written()
    # Nothing is searched for garbage any more: the process ends with all it has.
    gc.freeze()
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    """End as an interruption does; a second signal ends at once."""
    del frame
    signal.signal(number, signal.SIG_DFL)
    sys.exit(EXIT_TERMINATED)


def _drop_what_cannot_be_written() -> None:
    """Send to the null device what a full disk or a closed pipe did not take; that it did not was said before.

    Else it would be tried once more when the process ends, which then has an exit code and words of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _replace_closed_streams() -> None:
    """Put the null device where a standard stream is closed: the next file would get its number, and its output.

    `sys.stdout` stays None, so that a result that nobody can get is an error.
    """
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            os.dup2(null := os.open(os.devnull, os.O_RDWR), number)
            if null != number:
                os.close(null)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - it is a number, and lives as long as the process


if __name__ == "__main__":
    main()
