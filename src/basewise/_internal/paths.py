"""Where files live, and writing them so that a crash loses nothing."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from basewise.errors import OutputError

__all__ = ["cache_directory", "make_atomically", "user_data_directory", "write_atomically"]


def cache_directory() -> Path:
    """The cache directory: `BASEWISE_CACHE_DIR`, else the platform's; not created here.

    Raises:
        OutputError: Nothing says whose files are meant: neither the variable nor a home directory.
    """
    stated = os.environ.get("BASEWISE_CACHE_DIR")
    if stated:
        return Path(stated)
    from platformdirs import user_cache_path  # noqa: PLC0415 - costs 20 ms where the variable is set

    try:
        return user_cache_path("basewise", appauthor=False)
    except RuntimeError as error:
        raise OutputError(
            "cannot tell where to keep the cache: this user has no home directory",
            hint="name a directory in BASEWISE_CACHE_DIR",
        ) from error


def user_data_directory() -> Path | None:
    """The platform's directory for the user's own data; not created here.

    Returns:
        None where the user has no home directory, as in a container with a user id that nobody knows.
    """
    from platformdirs import user_data_path  # noqa: PLC0415 - 20 ms, only where a file of the user's may be

    try:
        return user_data_path("basewise", appauthor=False)
    except RuntimeError:
        return None


def write_atomically(path: Path, content: bytes, *, private: bool = False, keep_mode: bool = False) -> None:
    """Write a file beside its place and rename it there; a device or a pipe is written to.

    Args:
        path: The file to write; its directory is made when missing.
        content: All of it.
        private: Readable by the owner alone (0600); otherwise as the umask says.
        keep_mode: Give the file the permissions of the one that it replaces, where there is one.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
    """
    make_atomically(path, lambda temporary: _write(temporary, content), private=private, keep_mode=keep_mode)


def make_atomically(
    path: Path, make: Callable[[Path], None], *, private: bool = False, keep_mode: bool = False
) -> None:
    """Let a file be made beside its place, and rename it there; a device or a pipe gets its bytes.

    Args:
        path: The file to write; its directory is made when missing.
        make: Writes the file that it is given, which is there and empty.
        private: Readable by the owner alone (0600); otherwise as the umask says.
        keep_mode: Give the file the permissions of the one that it replaces, where there is one.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a directory")
        if path.exists() and (not path.is_file() or path.is_relative_to("/dev")):
            # A device or a pipe (`/dev/null`, `/dev/stdout`) is written to; renaming would replace it.
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder) / path.name)
                path.write_bytes((Path(folder) / path.name).read_bytes())
            return
        if path.is_symlink():
            path = path.resolve()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        try:
            make(temporary)
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            if keep_mode and path.exists():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            elif not private:
                _apply_umask(temporary)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"cannot write `{path}`: {error.strerror or error}",
            hint="choose another file with `-o`; what stood there before is unchanged",
        ) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)


def _apply_umask(path: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
