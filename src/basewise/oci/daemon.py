"""Images of a Docker or Podman daemon, over its unix socket.

Two small requests say what the image is. Its layers are exported, all at once because the daemon knows nothing
else, only when one of them has to be read.

Reference:
    Docker Engine API 1.24 and later: `/images/{name}/json`, `/images/{name}/history`, `/images/{name}/get`.
"""

from __future__ import annotations

import http.client
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from urllib.parse import quote

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.tar import ByteStream
from basewise._internal.text import safe_text
from basewise.errors import ImageError, InvalidValueError, UsageError
from basewise.image.config import read_config
from basewise.image.image import Image, StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint, named_limit
from basewise.model.digest import DiffId, Digest
from basewise.model.platform import Platform
from basewise.oci.archive import Archive, spool_archive
from basewise.oci.assemble import check_platform
from basewise.oci.docker_archive import open_docker_archive

__all__ = ["find_socket", "open_daemon_image"]

TIMEOUT_SECONDS = 60.0
_VARIABLES = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
_DEFAULT_SOCKETS = {
    "docker": ("/var/run/docker.sock",),
    "podman": ("$XDG_RUNTIME_DIR/podman/podman.sock", "/run/podman/podman.sock"),
}
_UNIX = "unix://"
_OK, _NOT_FOUND = 200, 404
_ERROR_BYTES = 64 * 1024


class _Inspected(msgspec.Struct, rename="pascal"):
    id: str
    os: str
    architecture: str
    root_fs: dict[str, msgspec.Raw] = msgspec.field(name="RootFS")
    variant: str | None = None
    created: str | None = None
    repo_tags: list[str] | None = None
    config: msgspec.Raw = msgspec.Raw(b"null")


class _Step(msgspec.Struct, rename="pascal"):
    created_by: str | None = None
    comment: str | None = None
    size: int = 0


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def find_socket(daemon: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the path of a daemon's socket: `DOCKER_HOST` or `CONTAINER_HOST`, else where it usually is.

    Args:
        daemon: `docker` or `podman`.
        environment: Variables; the process's own when None.

    Raises:
        UsageError: The variable names no unix socket.
        ImageError: There is no socket.
    """
    variables = os.environ if environment is None else environment
    stated = variables.get(_VARIABLES[daemon], "")
    if stated and not stated.startswith(_UNIX):
        raise UsageError(
            f"`{_VARIABLES[daemon]}` names no unix socket; other connections to a daemon are not used",
            hint="set it to `unix:///path/to/socket`, or save the image to a file",
        )
    paths = [stated.removeprefix(_UNIX)] if stated else _usual_sockets(daemon, variables)
    for path in paths:
        if _is_socket(path):
            return path
    raise ImageError(
        f"cannot reach {daemon}: no socket at {' or '.join(f'`{path}`' for path in paths)}",
        hint=f"start {daemon}, or save the image to a file and name that",
    )


def open_daemon_image(
    daemon: str,
    name: str,
    *,
    reference: str,
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
    environment: Mapping[str, str] | None = None,
) -> Image:
    """Open an image of a daemon.

    Args:
        daemon: `docker` or `podman`.
        name: As the daemon knows it.
        reference: What the user named.
        platform: What is asked for.
        limits: What reading may cost.
        environment: Variables; the process's own when None.

    Raises:
        ImageError: The daemon cannot be reached or has no such image.
    """
    client = _Client(daemon, find_socket(daemon, environment))
    path = f"/images/{quote(name, safe='/:@')}"
    max_bytes = named_limit(limits, "config_bytes")
    try:
        inspected = msgspec.json.decode(client.get(f"{path}/json", max_bytes), type=prepared(_Inspected))
        history = msgspec.json.decode(client.get(f"{path}/history", max_bytes), type=prepared(list[_Step]))
        config = read_config(_configuration(inspected, history), reference)
        config_digest = Digest.parse(inspected.id)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImageError(f"cannot read {reference}: {daemon} answers with no valid JSON: {error}") from error
    except InvalidValueError as error:
        raise ImageError(f"cannot read {reference}: {error.message}") from error
    check_platform(config, platform, reference)
    export = _Export(client, f"{path}/get", reference, limits)
    return Image(
        reference=reference,
        name=next(iter(inspected.repo_tags or ()), name),
        digest=None,
        index_digest=None,
        config_digest=config_digest,
        platform=config.platform,
        config=config,
        layers=tuple(
            StoredLayer(
                digest=None,
                diff_id=diff_id,
                size_bytes=None,
                media_type="",
                open_blob=partial(export.open, diff_id),
            )
            for diff_id in config.diff_ids
        ),
        on_close=export.close,
    )


class _Client:
    """Asks a daemon, one connection a request."""

    def __init__(self, daemon: str, path: str) -> None:
        self._daemon = daemon
        self._path = path

    @contextmanager
    def stream(self, target: str) -> Iterator[ByteStream]:
        """Give the body of a good answer.

        Raises:
            ImageError: There is none.
        """
        connection = _Connection(self._path)
        answer: http.client.HTTPResponse | None = None
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            if answer.status != _OK:
                raise ImageError(
                    f"{self._daemon} answers with status {answer.status}: {_message(answer)}",
                    hint=f"pull the image with {self._daemon} first" if answer.status == _NOT_FOUND else "",
                )
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise ImageError(
                f"cannot ask {self._daemon} at `{self._path}`: {str(error) or type(error).__name__}",
                hint="check that the daemon runs and that you may use its socket",
            ) from error
        finally:
            if answer is not None:
                answer.close()
            connection.close()

    def get(self, target: str, max_bytes: int) -> bytes:
        """Return a whole body.

        Raises:
            ImageError: There is none, or it is too large.
        """
        with self.stream(target) as stream:
            body = stream.read(max_bytes + 1)
        if len(body) > max_bytes:
            raise ImageError(
                f"the answer of {self._daemon} has more than {max_bytes} bytes", hint=limit_hint(max_bytes)
            )
        return body


class _Export:
    """The exported image, asked for when the first layer is opened."""

    def __init__(self, client: _Client, target: str, reference: str, limits: Limits) -> None:
        self._client = client
        self._target = target
        self._reference = reference
        self._limits = limits
        self._turn = Lock()
        self._archive: Archive | None = None
        self._layers: dict[DiffId, StoredLayer] = {}

    @contextmanager
    def open(self, diff_id: DiffId) -> Iterator[ByteStream]:
        """Open a layer of the exported image."""
        with self._turn:
            if self._archive is None:
                self._fetch()
        layer = self._layers.get(diff_id)
        if layer is None:
            raise ImageError(f"cannot read {self._reference}: the daemon exported it without layer {diff_id}")
        with layer.open_blob() as stream:
            yield stream

    def _fetch(self) -> None:
        with self._client.stream(self._target) as stream:
            self._archive = spool_archive(stream, self._reference, self._limits)
        image = open_docker_archive(self._archive, reference=self._reference, limits=self._limits)
        self._layers = {layer.diff_id: layer for layer in image.layers if isinstance(layer, StoredLayer)}

    def close(self) -> None:
        """Remove the exported image."""
        with self._turn:
            if self._archive is not None:
                self._archive.close()


def _configuration(inspected: _Inspected, history: list[_Step]) -> bytes:
    """Return what the daemon says as a configuration; it lists the history from the newest line down."""
    return msgspec.json.encode(
        {
            "os": inspected.os,
            "architecture": inspected.architecture,
            "variant": inspected.variant,
            "created": inspected.created,
            "config": inspected.config,
            "rootfs": {"diff_ids": inspected.root_fs.get("Layers")},
            "history": [
                {"created_by": step.created_by, "comment": step.comment, "empty_layer": step.size == 0}
                for step in reversed(history)
            ],
        }
    )


def _message(answer: http.client.HTTPResponse) -> str:
    return safe_text(answer.read(_ERROR_BYTES).decode("utf-8", "replace").strip(), limit=200)


def _usual_sockets(daemon: str, variables: Mapping[str, str]) -> list[str]:
    paths = []
    for path in _DEFAULT_SOCKETS[daemon]:
        if path.startswith("$"):
            name, _, rest = path[1:].partition("/")
            if variables.get(name):
                paths.append(f"{variables[name]}/{rest}")
        else:
            paths.append(path)
    return paths


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError:
        return False
