"""Writing the recommended Dockerfile, with the files that it needs, beside the application."""

from __future__ import annotations

from pathlib import Path

from basewise._internal.paths import write_atomically
from basewise.errors import OutputError, UsageError
from basewise.model.choice import Recommendation
from basewise.operations.recommendation import LOCK_NAME

__all__ = ["MARK", "write_dockerfile"]

MARK = "basewise"
_HEAD_BYTES = 2000


def write_dockerfile(
    recommendation: Recommendation, path: Path, folder: Path, *, force: bool = False
) -> tuple[Path, ...]:
    """Write the Dockerfile, and into the application folder its lock and a `.dockerignore` if it has none.

    Args:
        recommendation: What to write.
        path: The Dockerfile.
        folder: The application folder, which is the build context.
        force: Replace files that basewise did not write.

    Returns:
        The files written, in order.

    Raises:
        UsageError: A file is there that basewise did not write, and `force` is not set; nothing was written.
        OutputError: A file could not be written; the old one is untouched.
    """
    files = {path: recommendation.dockerfile}
    if recommendation.lock is not None:
        files[folder / LOCK_NAME] = recommendation.lock
    if recommendation.dockerignore is not None:
        files[folder / ".dockerignore"] = recommendation.dockerignore
    for place in files:
        _refuse_strangers(place, force=force)
    # The Dockerfile comes last: when it is there, so is everything that it copies.
    order = [*(place for place in files if place != path), path]
    for place in order:
        write_atomically(place, files[place].encode())
    return tuple(order)


def _refuse_strangers(path: Path, *, force: bool) -> None:
    if force or not path.exists():
        return
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise OutputError(
            f"cannot write `{path}`: {error.strerror or error}",
            hint="choose another place with `--dockerfile`",
        ) from error
    if MARK.encode() not in head:
        raise UsageError(
            f"`{path}` is there and basewise did not write it",
            hint="name another file, or replace it with `--force`",
        )
