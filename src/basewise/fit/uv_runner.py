"""Running uv: a subprocess with an argument list, a time limit and a directory of its own.

Nothing of the application is in that directory, so no project configuration applies and no file of the
application is executed or read. The user's own configuration of uv does apply: it says which index to ask.
`--no-build` is always given; uv then builds nothing. Where a source archive is to be *listed*, its metadata
is given beforehand (`dependency-metadata`), so that there is nothing left to build it for.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from basewise._internal.text import safe_text
from basewise.errors import ResolveError
from basewise.fit.index_settings import IndexSettings, comparable_url, read_index_settings
from basewise.fit.uv_process import INSTALL_HINT, UvProcesses
from basewise.fit.uv_request import CompileRequest, CompileResult, write_inputs

__all__ = ["DEFAULT_TIMEOUT_SECONDS", "UvRunner"]

DEFAULT_TIMEOUT_SECONDS = 180.0
OLDEST_UV = (0, 13, 9)
BELOW_UV = (0, 14)
_VERSION = re.compile(r"uv (?P<version>[0-9]+(?:\.[0-9]+)+)")
_MAX_OUTPUT_BYTES = 64 * 1024 * 1024
_VERSION_TIMEOUT_SECONDS = 20.0
# Settings that would change what is asked, or where: the request says all of that. COLUMNS folds what uv says.
_DROPPED = (
    "COLUMNS", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_CUSTOM_COMPILE_COMMAND", "UV_ENV_FILE", "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD", "UV_NO_BUILD_PACKAGE", "UV_NO_CONFIG", "UV_OVERRIDE", "UV_PROJECT",
    "UV_PYTHON", "UV_REQUIRE_HASHES", "UV_SYSTEM_PYTHON", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY",
)  # fmt: skip


class UvRunner:
    """Runs uv.

    Args:
        binary: The program; None looks for the `uv` package, then on PATH.
        timeout_seconds: For one run.
        offline: Use uv's cache alone.
        environ: The user's environment; None for that of this process.
        home: Home directory for configuration files, for tests.
    """

    def __init__(
        self,
        *,
        binary: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        offline: bool = False,
        environ: Mapping[str, str] | None = None,
        home: Path | None = None,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._stated_binary = binary
        self._timeout_seconds = timeout_seconds
        self._offline = offline
        self._home = home
        self._checked: tuple[str, str] | None = None
        self._settings: IndexSettings | None = None
        self._processes = UvProcesses()
        self.runs = 0

    @property
    def index_settings(self) -> IndexSettings:
        """What uv and pip are configured with."""
        if self._settings is None:
            self._settings = read_index_settings(self._environ, home=self._home)
        return self._settings

    @property
    def version(self) -> str:
        """Version of the uv that is used.

        Raises:
            ResolveError: There is none, it does not answer, or it is of an unsupported version.
        """
        return self._program()[1]

    def compile(self, request: CompileRequest) -> CompileResult:
        """Resolve.

        Raises:
            ResolveError: uv is absent, of a wrong version, or did not finish in time.
        """
        binary, _ = self._program()
        with tempfile.TemporaryDirectory(prefix="basewise-uv-") as name:
            directory = Path(name)
            write_inputs(directory, request)
            arguments = [
                binary, "pip", "compile", "requirements.in", "--universal", "--python-version", request.python,
                "--format", "pylock.toml", "--output-file", "pylock.answer.toml", "--no-build", "--no-sources",
                "--no-header", "--no-annotate", "--python", sys.executable, "--color", "never", "--no-progress",
            ]  # fmt: skip
            arguments += ["--constraints", "constraints.in"] if request.constraints else []
            arguments += [] if request.dependencies else ["--no-deps"]
            arguments += ["--offline"] if self._offline else []
            status, messages = self._run(arguments, directory, self._environment(directory, request.indexes))
            answer = directory / "pylock.answer.toml"
            if status != 0 or not answer.is_file():
                return CompileResult(lock=None, messages=messages)
            if answer.stat().st_size > _MAX_OUTPUT_BYTES:
                raise ResolveError(f"uv answered with more than {_MAX_OUTPUT_BYTES} bytes")
            return CompileResult(lock=answer.read_text("utf-8"), messages=messages)

    def stop(self) -> None:
        """End what runs for other threads; nothing is started any more."""
        self._processes.stop()

    def _run(
        self,
        arguments: list[str],
        directory: Path,
        environment: dict[str, str],
        *,
        limit: float | None = None,
    ) -> tuple[int, str]:
        self.runs += 1
        seconds = self._timeout_seconds if limit is None else limit
        return self._processes.run(arguments, directory, environment, limit_seconds=seconds)

    def default_index(self) -> str | None:
        """Return the default index as uv would use it, without credentials; None when uv does not say."""
        binary, _ = self._program()
        with tempfile.TemporaryDirectory(prefix="basewise-uv-") as name:
            directory = Path(name)
            write_inputs(directory, CompileRequest(python="3.12", requirements=()))
            arguments = [
                binary,
                "pip",
                "compile",
                "requirements.in",
                "--emit-index-url",
                "--offline",
                "--no-header",
            ]
            arguments += ["--output-file", "answer.txt", "--python", sys.executable, "--quiet"]
            status, _ = self._run(arguments, directory, self._environment(directory, ()))
            answer = directory / "answer.txt"
            if status != 0 or not answer.is_file():
                return None
            for line in answer.read_text("utf-8").splitlines():
                option, _, value = line.partition(" ")
                if option == "--index-url":
                    return comparable_url(value)
        return None

    def _program(self) -> tuple[str, str]:
        if self._checked is None:
            binary = self._stated_binary or _find_uv()
            with tempfile.TemporaryDirectory(prefix="basewise-uv-") as name:
                directory = Path(name)
                status, text = self._run(
                    [binary, "--version"],
                    directory,
                    self._environment(directory, ()),
                    limit=min(_VERSION_TIMEOUT_SECONDS, self._timeout_seconds),
                )
            self._checked = (binary, _supported_version(binary, status, text))
        return self._checked

    def _environment(self, directory: Path, indexes: tuple[str, ...]) -> dict[str, str]:
        """Return the user's environment, with pip's index for uv and without what would change the request."""
        environment = {name: value for name, value in self._environ.items() if name not in _DROPPED}
        environment.update(self.index_settings.environment)
        environment["UV_PYTHON_DOWNLOADS"] = "never"
        if indexes:
            environment["UV_INDEX"] = " ".join([*indexes, *environment.get("UV_INDEX", "").split()])
        stated, none = self._environ.get("UV_CONFIG_FILE"), self._environ.get("UV_NO_CONFIG")
        if stated or none:
            # Our own settings stand in a project file, which both variables would switch off.
            replacement = directory / "config"
            (replacement / "uv").mkdir(parents=True, exist_ok=True)
            if stated and Path(stated).is_file():
                shutil.copyfile(stated, replacement / "uv" / "uv.toml")
            environment |= {"XDG_CONFIG_HOME": str(replacement), "XDG_CONFIG_DIRS": str(directory)}
        return environment


def _find_uv() -> str:
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only where something must be resolved

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise ResolveError("uv, which resolves the requirements, is not installed", hint=INSTALL_HINT)
    return found


def _supported_version(binary: str, status: int, text: str) -> str:
    found = _VERSION.match(text.strip())
    if status != 0 or found is None:
        raise ResolveError(
            f"`{safe_text(binary)} --version` did not answer like uv: {safe_text(text.strip(), limit=100)!r}",
            hint=INSTALL_HINT,
        )
    release = tuple(int(part) for part in found["version"].split("."))
    if not OLDEST_UV <= release < BELOW_UV:
        raise ResolveError(
            f"uv {found['version']} is not supported: it must be 0.13.9 or a later 0.13", hint=INSTALL_HINT
        )
    return found["version"]
