"""Reading a file that a flag names."""

from __future__ import annotations

from pathlib import Path

from basewise._internal.regular_file import open_regular
from basewise.errors import PolicyError

__all__ = ["read_stated_file"]


def read_stated_file(path: Path, what: str, *, max_bytes: int) -> bytes:
    """Return the content of a file.

    Args:
        path: The file; a link may lead to it.
        what: What it is, for a message.
        max_bytes: A larger one is refused.

    Raises:
        PolicyError: It is not there, is no regular file, cannot be read, or is too large.
    """
    try:
        with open_regular(path, follow=True) as file:
            content = file.read(max_bytes + 1)
            while len(content) <= max_bytes and (more := file.read(max_bytes + 1 - len(content))):
                content += more
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PolicyError(f"cannot read {what} `{path}`: {reason}", hint="name a file that exists") from error
    if len(content) > max_bytes:
        raise PolicyError(
            f"cannot read {what} `{path}`: it has more than {max_bytes} bytes",
            hint="split it into several files",
        )
    return content
