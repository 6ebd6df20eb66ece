"""The real `docker-registry` of Debian on the loopback interface, with its storage in a directory of the test."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["DockerRegistry"]

_START_SECONDS = 20.0
_PUSH_SECONDS = 300


class DockerRegistry:
    """A registry without TLS; use it in a `with` block, at whose end it is stopped.

    Args:
        directory: For its configuration, storage and log.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def host(self) -> str:
        """Address and port, as a reference names a registry."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        for _ in range(3):  # somebody else may take the port between finding and using it
            self.port = _free_port()
            if self._start():
                return self
        raise RuntimeError(f"docker-registry did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def _log(self) -> Path:
        return self._directory / "log"

    def _start(self) -> bool:
        configuration = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self._directory / "storage")}},
            "http": {"addr": self.host, "secret": "of this test alone"},
        }
        path = self._directory / "config.yml"
        path.write_text(json.dumps(configuration))  # JSON is YAML
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(path)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                status, _ = self._ask("GET", "/v2/")
            except OSError:
                time.sleep(0.02)
            else:
                return status == http.client.OK
        self._stop()
        return False

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def push(self, source: str, name: str) -> None:
        """Push an image with `skopeo`, all its platforms.

        Args:
            source: As skopeo names it: `oci:DIR:TAG`.
            name: `repository:tag`.

        Raises:
            RuntimeError: skopeo failed; with what it said.
        """
        done = subprocess.run(
            [
                "skopeo",
                "copy",
                "--quiet",
                "--all",
                "--dest-tls-verify=false",
                source,
                f"docker://{self.host}/{name}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PUSH_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(f"skopeo failed: {done.stderr.strip()[-2000:]}")

    def put_blob(self, repository: str, digest: str, content: bytes) -> None:
        """Push a blob."""
        status, headers = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        if status != http.client.ACCEPTED:
            raise RuntimeError(f"an upload was refused with status {status}")
        location = headers["location"].partition(self.host)[2]
        status, _ = self._ask("PUT", f"{location}&digest={digest}", content, "application/octet-stream")
        if status != http.client.CREATED:
            raise RuntimeError(f"a blob was refused with status {status}")

    def put_manifest(self, repository: str, name: str, manifest: dict[str, Any]) -> None:
        """Push a manifest or an index."""
        content = json.dumps(manifest).encode()
        status, _ = self._ask("PUT", f"/v2/{repository}/manifests/{name}", content, manifest["mediaType"])
        if status != http.client.CREATED:
            raise RuntimeError(f"a manifest was refused with status {status}")

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            response = connection.getresponse()
            response.read()
            return response.status, {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
