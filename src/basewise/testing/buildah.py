"""Building and running images with Debian's `buildah`: as root, without a daemon, in a storage of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from basewise.errors import InputError

__all__ = ["Buildah", "Container", "Outcome"]

_BUILD_SECONDS = 900
_RUN_SECONDS = 300
_SHOWN_CHARACTERS = 6000


class Outcome(msgspec.Struct, frozen=True):
    """How a program in a container ended: its exit code, and what it wrote to both outputs."""

    code: int
    output: str


class Container:
    """A working container; `run` executes in it as the user that the image names.

    Args:
        buildah: Where it lives.
        name: Its id.
    """

    def __init__(self, buildah: Buildah, name: str) -> None:
        self._buildah = buildah
        self._name = name

    def run(self, *arguments: str, user: str | None = None) -> Outcome:
        """Run a program with the image's environment, directory and user (or another `user`)."""
        as_user = ["--user", user] if user else []
        done = self._buildah.call(
            ["run", "--isolation", "chroot", *as_user, self._name, "--", *arguments], seconds=_RUN_SECONDS
        )
        return Outcome(done.returncode, done.stdout)

    def exists(self, path: str) -> bool:
        """Tell whether an absolute path exists, seen as root."""
        return self.run("test", "-e", path, user="0:0").code == 0


class Buildah:
    """Images and containers in a directory of their own; the user's are not seen.

    Args:
        directory: For storage (vfs), state and caches; remove it to remove everything.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._scratch = directory / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)

    def import_root(self, archive: Path, name: str, environment: Mapping[str, str]) -> None:
        """Make an image of one layer from the tar archive of a root file system.

        Raises:
            InputError: buildah failed.
        """
        container = self._checked(["from", "scratch"]).strip()
        try:
            self._checked(["add", "--quiet", container, str(archive), "/"])
            settings = [part for key, value in environment.items() for part in ("--env", f"{key}={value}")]
            self._checked(["config", *settings, "--cmd", '["python3"]', container])
            self._checked(["commit", "--quiet", container, name])
        finally:
            self._checked(["rm", container])

    def build(self, context: Path, dockerfile: Path, name: str) -> Outcome:
        """Build a Dockerfile; nothing is pulled.

        Returns:
            The exit code and what the build printed.
        """
        done = self.call(
            [
                "build", "--isolation", "chroot", "--pull-never", "--format", "docker",
                "--file", str(dockerfile), "--tag", name, str(context),
            ],
            seconds=_BUILD_SECONDS,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout)

    def configuration(self, name: str) -> dict[str, Any]:
        """Return the configuration of an image as Docker writes it: `User`, `Cmd`, `Labels`, `Env`.

        Raises:
            InputError: There is no such image.
        """
        found = msgspec.json.decode(self._checked(["inspect", "--type", "image", name]), type=dict[str, Any])
        configuration: dict[str, Any] = found["Docker"]["config"]
        return configuration

    @contextmanager
    def container(self, name: str) -> Iterator[Container]:
        """Make a container of an image and remove it afterwards.

        Raises:
            InputError: There is no such image.
        """
        made = self._checked(["from", "--pull-never", name]).strip()
        try:
            yield Container(self, made)
        finally:
            self._checked(["rm", made])

    def remove(self, name: str) -> None:
        """Remove an image.

        Raises:
            InputError: There is no such image, or a container stands on it.
        """
        self._checked(["rmi", "--force", name])

    def call(self, arguments: Sequence[str], *, seconds: int) -> subprocess.CompletedProcess[str]:
        """Run buildah on this storage; both outputs of what runs in a container come as stdout.

        Raises:
            InputError: buildah is missing or took too long.
        """
        command = [
            "buildah",
            "--storage-driver", "vfs",
            "--root", str(self._directory / "storage"),
            "--runroot", str(self._directory / "state"),
            *arguments,
        ]  # fmt: skip
        try:
            return subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                timeout=seconds,
                env={**os.environ, "TMPDIR": str(self._scratch), "BUILDAH_ISOLATION": "chroot"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"cannot run `buildah {arguments[0]}`: {error}") from error

    def _checked(self, arguments: Sequence[str]) -> str:
        done = self.call(arguments, seconds=_BUILD_SECONDS)
        if done.returncode != 0:
            raise InputError(f"`buildah {arguments[0]}` failed: {done.stdout.strip()[-_SHOWN_CHARACTERS:]}")
        return done.stdout
