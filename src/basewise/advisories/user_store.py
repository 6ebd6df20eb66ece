"""Where the store that a user renews lies, and holding it while it is renewed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from basewise._internal.paths import user_data_directory
from basewise.advisories.store_file import BUILD_PREFIX
from basewise.errors import OutputError
from basewise.progress import Progress

__all__ = ["USER_HINT", "alone_at", "store_to_write", "user_store"]

USER_HINT = "remove it, then run `basewise db update`, or `basewise db import` a bundle again"
LOCK_SECONDS = 1800.0
_NAME = "advisories.sqlite"
_ELSEWHERE = "name a file in a directory that may be written in BASEWISE_STORE"


def user_store() -> Path | None:
    """Return where the user's own store lies; it need not exist. None where the user has no directory."""
    directory = user_data_directory()
    return None if directory is None else directory / _NAME


def store_to_write(environment: Mapping[str, str] | None = None) -> Path:
    """Return the store that an update writes: the one that `BASEWISE_STORE` names, else the user's own.

    Args:
        environment: Variables; the process's own when None.

    Raises:
        OutputError: Nothing says where it is.
    """
    stated = (os.environ if environment is None else environment).get("BASEWISE_STORE")
    if stated == "":
        raise OutputError("cannot write the advisory store: BASEWISE_STORE is empty", hint=_ELSEWHERE)
    path = Path(stated) if stated is not None else user_store()
    if path is None:
        raise OutputError(
            "cannot write the advisory store: without HOME there is no directory of yours", hint=_ELSEWHERE
        )
    return path


@contextlib.contextmanager
def alone_at(
    path: Path, progress: Progress, *, seconds: float = LOCK_SECONDS, hint: str = _ELSEWHERE
) -> Iterator[None]:
    """Hold a store while it is renewed; readers need not wait. The lock of a dead process holds nobody.

    Args:
        path: The store, or another file that is renewed.
        progress: Told when another process holds it.
        seconds: How long to wait for that.
        hint: What to do when there is no place to write.

    Raises:
        OutputError: Another process holds it for longer, there is no place to write, or it is a directory.
    """
    if os.path.isdir(path):  # noqa: PTH112 - `Path.is_dir` raises where a directory above is closed
        raise OutputError(f"cannot write `{path}`: it is a directory", hint="name a file in it")
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 40 ms, only where something is written

    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress.note(f"another process renews `{path}`; waiting until it is done")
            lock.acquire(timeout=seconds)
    except Timeout as error:
        raise OutputError(
            f"cannot renew `{path}`: another process has been at it for {seconds:.0f} s",
            hint="try again when it is done",
        ) from error
    except (OSError, NotImplementedError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"cannot write `{path}`: {why}", hint=hint) from error
    try:
        _remove_abandoned(path)
        _warn_of_little_space(path, progress)
        yield
    finally:
        lock.release()


def _remove_abandoned(path: Path) -> None:
    """Remove what killed processes left beside a store."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(path.parent)):
            own = entry.name.startswith(f".{path.name}.") and not entry.name.endswith(".lock")
            if own or entry.name.startswith(BUILD_PREFIX):
                Path(entry.path).unlink(missing_ok=True)


def _warn_of_little_space(path: Path, progress: Progress) -> None:
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        needed = 3 * path.stat().st_size  # the new tables, their bytes, and the file that is renamed
        if free < needed:
            progress.note(f"little space beside `{path}`: {free} bytes are free, about {needed} are needed")
