"""Credentials that Docker and Podman keep: `config.json`, `auth.json`, and the helpers that these name.

Reference:
    docker login, section Credential stores; containers-auth.json(5).
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise.model.reference import DEFAULT_REGISTRY
from basewise.oci.credentials import ANONYMOUS, Credential
from basewise.oci.credentials_helper import HelperError, ask_helper
from basewise.progress import Progress, SilentProgress

__all__ = ["CredentialFiles", "credential_paths"]

MAX_FILE_BYTES = 1024 * 1024
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS = frozenset({"index.docker.io", "registry-1.docker.io", "docker.io"})


class _Entry(msgspec.Struct):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _File(msgspec.Struct, rename="camel"):
    auths: dict[str, _Entry | None] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None


def credential_paths(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files in which credentials are looked for, the first that has one wins."""
    stated = environment.get("REGISTRY_AUTH_FILE"), environment.get("DOCKER_CONFIG")
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    paths = [Path(stated[0])] if stated[0] else []
    paths += [Path(stated[1]) / "config.json"] if stated[1] else []
    runtime = environment.get("XDG_RUNTIME_DIR")
    paths += [Path(runtime) / "containers" / "auth.json"] if runtime else []
    configuration = environment.get("XDG_CONFIG_HOME") or str(home / ".config")
    paths.append(Path(configuration) / "containers" / "auth.json")
    paths += [] if stated[1] else [home / ".docker" / "config.json"]
    return tuple(paths)


class CredentialFiles:
    """Credentials from files and helpers; each file is read once, each helper asked once for a registry.

    Args:
        paths: Files to look in, in order.
        progress: Is told, once, what could not be used.
        helper: Asks a helper by name for a server.
    """

    def __init__(
        self,
        paths: tuple[Path, ...] | None = None,
        *,
        progress: Progress | None = None,
        helper: Callable[[str, str], Credential] = ask_helper,
    ) -> None:
        self._paths = credential_paths(os.environ) if paths is None else paths
        self._progress = progress or SilentProgress()
        self._helper = helper
        self._files: list[tuple[Path, _File]] | None = None
        self._answers: dict[tuple[str, str], Credential] = {}
        self._said: set[str] = set()

    def find(self, registry: str, repository: str) -> Credential:
        """Return the credential for a repository, `ANONYMOUS` where there is none.

        Raises:
            UsageError: A configuration names a helper that must not be run.
        """
        if self._files is None:
            self._files = [(path, file) for path in self._paths if (file := self._read(path)) is not None]
        host = _normal_key(registry)
        for path, file in self._files:
            found = self._in_file(path, file, host, repository)
            if not found.is_anonymous:
                return found
        return ANONYMOUS

    def _in_file(self, path: Path, file: _File, host: str, repository: str) -> Credential:
        server = _DOCKER_HUB_KEY if host == DEFAULT_REGISTRY else host
        helpers = {_normal_key(key): name for key, name in (file.cred_helpers or {}).items()}
        for helper in filter(None, (helpers.get(host), file.creds_store)):
            found = self._ask(helper, server)
            if not found.is_anonymous:
                return found
        entries = {_normal_key(key): entry for key, entry in (file.auths or {}).items()}
        parts = [host, *repository.split("/")]
        for length in range(len(parts), 0, -1):
            entry = entries.get("/".join(parts[:length]))
            found = self._from_entry(path, entry) if entry is not None else ANONYMOUS
            if not found.is_anonymous:
                return found
        return ANONYMOUS

    def _ask(self, helper: str, server: str) -> Credential:
        key = helper, server
        if key not in self._answers:
            try:
                self._answers[key] = self._helper(helper, server)
            except HelperError as error:
                self._say(f"{error}; going on without it")
                self._answers[key] = ANONYMOUS
        return self._answers[key]

    def _from_entry(self, path: Path, entry: _Entry) -> Credential:
        username, password = entry.username or "", entry.password or ""
        if entry.auth:
            try:
                decoded = base64.b64decode(entry.auth, validate=True).decode()
            except (binascii.Error, ValueError):
                self._say(f"`{path}`: an `auth` is not base64; it is not used")
            else:
                username, _, password = decoded.partition(":")
                password = password.strip("\0")
        return Credential(
            username=username,
            password=password,
            identity_token=entry.identitytoken or "",
            registry_token=entry.registrytoken or "",
            origin=f"`{path}`",
        )

    def _read(self, path: Path) -> _File | None:
        try:
            with path.open("rb") as file:
                known = os.fstat(file.fileno())
                content = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._say(f"`{path}` cannot be read ({error.strerror}); going on without its credentials")
            return None
        if len(content) > MAX_FILE_BYTES:
            self._say(f"`{path}` is larger than {MAX_FILE_BYTES} bytes; going on without its credentials")
            return None
        try:
            found = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=prepared(_File))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._say(f"`{path}` is no valid configuration; going on without its credentials")
            return None
        secret = any(entry and (entry.auth or entry.password) for entry in (found.auths or {}).values())
        if os.name == "posix" and secret and known.st_mode & (stat.S_IROTH | stat.S_IWOTH):
            self._say(f"`{path}` holds passwords and can be read by everybody; run `chmod 600` on it")
        return found

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._progress.note(sentence)


def _normal_key(key: str) -> str:
    """Return `host[:port][/namespace]` of a key as it may be written."""
    text = key.strip().lower()
    for prefix in ("https://", "http://"):
        text = text.removeprefix(prefix)
    text = text.rstrip("/")
    for suffix in ("/v1", "/v2"):
        text = text.removesuffix(suffix)
    host, slash, rest = text.partition("/")
    return (DEFAULT_REGISTRY if host in _DOCKER_HUB_HOSTS else host) + slash + rest
