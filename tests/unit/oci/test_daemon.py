"""Images of a daemon, over a real unix socket."""

from __future__ import annotations

import gzip
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from basewise.errors import ImageError, UsageError
from basewise.image.image import Image
from basewise.image.tree import merge_layers
from basewise.inventory.run import read_layers
from basewise.model.platform import LINUX_ARM64
from basewise.oci.daemon import find_socket
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.layers import Everything

BUILDER = (
    ImageBuilder()
    .layer({"etc/os-release": "ID=debian\n"}, created_by="ADD rootfs")
    .layer({"app/main.py": "print()"}, created_by="COPY app")
    .configure(User="app", Env=["A=1"])
)


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Answers like a daemon that has one image."""

    daemon_threads = True

    def __init__(self, path: str, archive: bytes) -> None:
        super().__init__(path, Handler)
        self.asked: list[str] = []
        config = json.loads(BUILDER.config)
        self.answers = {
            "/images/example/app:1/json": json.dumps(
                {
                    "Id": "sha256:" + "1" * 64,
                    "RepoTags": ["example/app:1"],
                    "Created": config["created"],
                    "Os": "linux",
                    "Architecture": "amd64",
                    "Config": config["config"],
                    "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
                }
            ).encode(),
            "/images/example/app:1/history": json.dumps(
                [
                    {"CreatedBy": "COPY app", "Size": 7},
                    {"CreatedBy": "ENV A=1", "Size": 0},
                    {"CreatedBy": "ADD rootfs", "Size": 10},
                ]
            ).encode(),
            "/images/example/app:1/get": archive,
        }


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Daemon

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.answers.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body if body is not None else b'{"message":"No such image: \x1b[31mred"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass

    def address_string(self) -> str:
        return "unix"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    archive = BUILDER.write_docker_archive(tmp_path / "image.tar").read_bytes()
    server = Daemon(str(tmp_path / "daemon.sock"), archive)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def opened(daemon: Daemon, text: str = "docker:example/app:1", **options: object) -> Image:
    variables = {
        "DOCKER_HOST": f"unix://{daemon.server_address}",
        "CONTAINER_HOST": f"unix://{daemon.server_address}",
    }
    return open_image(text, environment=variables, **options)  # type: ignore[arg-type] # each test gives what it needs


@pytest.mark.parametrize("scheme", ["docker", "podman"])
def test_an_image_of_a_daemon_is_read(daemon: Daemon, scheme: str) -> None:
    with opened(daemon, f"{scheme}:example/app:1") as image:
        assert len(daemon.asked) == 2
        tree = merge_layers(read_layers(image, cache=None, catalogers=[Everything()]))  # type: ignore[list-item] # it reads and finds nothing
        assert tree.read("app/main.py") == b"print()"
        assert image.name == "example/app:1"
        assert str(image.config_digest) == "sha256:" + "1" * 64
        assert image.config.user == "app"
        assert [(line.created_by, line.layer) for line in image.config.history] == [
            ("ADD rootfs", 0),
            ("ENV A=1", None),
            ("COPY app", 1),
        ]
    assert daemon.asked.count("/images/example/app:1/get") == 1


def test_an_image_that_is_not_there_is_said_without_what_the_daemon_wants_to_paint(daemon: Daemon) -> None:
    with pytest.raises(ImageError, match="status 404") as raised:
        opened(daemon, "docker:other")
    assert "\x1b" not in raised.value.message
    assert "pull the image" in raised.value.hint


def test_another_platform_is_said(daemon: Daemon) -> None:
    with pytest.raises(ImageError, match="not for `linux/arm64`"):
        opened(daemon, platform=LINUX_ARM64)


def test_an_answer_that_is_no_json_is_said(daemon: Daemon) -> None:
    daemon.answers["/images/example/app:1/json"] = b"<html>"
    with pytest.raises(ImageError, match="no valid JSON"):
        opened(daemon)


def test_an_endless_answer_is_cut(daemon: Daemon) -> None:
    daemon.answers["/images/example/app:1/json"] = b" " * (9 * 2**20)
    with pytest.raises(ImageError, match="more than 8388608 bytes"):
        opened(daemon)


def test_an_export_without_the_stated_layers_is_said(daemon: Daemon, tmp_path: Path) -> None:
    other = ImageBuilder().layer({"f": "x"}).write_docker_archive(tmp_path / "other.tar")
    daemon.answers["/images/example/app:1/get"] = other.read_bytes()
    with opened(daemon) as image, pytest.raises(ImageError, match="exported it without layer"):
        read_layers(image, cache=None, catalogers=[Everything()])  # type: ignore[list-item] # it reads and finds nothing


def test_an_export_that_is_cut_is_said(daemon: Daemon) -> None:
    whole = daemon.answers["/images/example/app:1/get"]
    daemon.answers["/images/example/app:1/get"] = whole[: len(whole) // 2]
    with opened(daemon) as image, pytest.raises(ImageError, match="cannot read"):
        read_layers(image, cache=None, catalogers=[Everything()])  # type: ignore[list-item] # it reads and finds nothing


def test_the_export_may_not_be_compressed_by_the_daemon_without_being_noticed(daemon: Daemon) -> None:
    daemon.answers["/images/example/app:1/get"] = gzip.compress(b"x")
    with opened(daemon) as image, pytest.raises(ImageError, match="cannot read"):
        read_layers(image, cache=None, catalogers=[Everything()])  # type: ignore[list-item] # it reads and finds nothing


def test_only_unix_sockets_are_used() -> None:
    with pytest.raises(UsageError, match="DOCKER_HOST"):
        find_socket("docker", {"DOCKER_HOST": "tcp://192.0.2.1:2375"})


def test_a_daemon_that_does_not_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no socket at") as raised:
        find_socket("podman", {"CONTAINER_HOST": f"unix://{tmp_path}/missing.sock"})
    assert "start podman" in raised.value.hint


def test_the_socket_of_a_user_is_found_first(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").symlink_to(str(daemon.server_address))
    assert find_socket("podman", {"XDG_RUNTIME_DIR": str(tmp_path)}) == f"{tmp_path}/podman/podman.sock"
