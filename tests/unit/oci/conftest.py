"""Registries on loopback and a client with small limits, so that nothing waits for a fault."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from basewise._internal.retry import RetryLimits
from basewise.image.image import Image, StoredLayer
from basewise.oci.credentials import ANONYMOUS, Credential
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_options import RegistryLimits, RegistryOptions
from basewise.testing.fake_http import ScriptedServer

QUICK = RegistryLimits(
    idle_seconds=0.5,
    connect_seconds=2.0,
    small_seconds=1.5,
    blob_seconds=1.5,
    error_bytes=4_096,
    token_bytes=4_096,
    page_bytes=64_000,
    retry=RetryLimits(attempts=4, total_wait_seconds=5.0, first_wait_seconds=0.001),
)


class FixedCredential:
    """Gives one credential to every registry."""

    def __init__(self, credential: Credential = ANONYMOUS) -> None:
        self.credential = credential

    def find(self, registry: str, repository: str) -> Credential:
        del registry, repository
        return self.credential


class Notes:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def step(self, what: str) -> None:
        self.sentences.append(what)

    def note(self, sentence: str) -> None:
        self.sentences.append(sentence)


class Client(RegistryClient):
    """A client whose waits are recorded and whose notes can be read."""

    waits: list[float]
    notes: list[str]


@pytest.fixture(autouse=True)
def no_proxies_or_logins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in (
        "REGISTRY_AUTH_FILE",
        "DOCKER_CONFIG",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "SSL_CERT_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    """Return a function that makes a client for servers without TLS."""
    with ExitStack() as stack:

        def make(
            *servers: ScriptedServer,
            credential: Credential = ANONYMOUS,
            limits: RegistryLimits = QUICK,
            endpoints: Mapping[str, str] | None = None,
            token_services: Mapping[str, tuple[str, ...]] | None = None,
        ) -> Client:
            notes = Notes()
            waits: list[float] = []
            insecure = frozenset(server.host for server in servers)
            client = Client(
                RegistryOptions(
                    insecure_hosts=insecure,
                    limits=limits,
                    endpoints=endpoints or {},
                    token_services=token_services or {},
                ),
                credentials=FixedCredential(credential),
                progress=notes,
                sleep=waits.append,
            )
            client.waits, client.notes = waits, notes.sentences
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def file_layer() -> Callable[..., tuple[bytes, bytes]]:
    """Return a function that gives the stored bytes and the tar of a layer of one file."""

    def make(name: str = "etc/hostname", content: bytes = b"hello\n") -> tuple[bytes, bytes]:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        return gzip.compress(stream.getvalue(), mtime=0), stream.getvalue()

    return make


@pytest.fixture
def read_stored() -> Callable[[Image, int], bytes]:
    """Return a function that reads a layer of an image as it is stored."""

    def read(image: Image, number: int = 0) -> bytes:
        layer = image.layers[number]
        assert isinstance(layer, StoredLayer)
        with layer.open_blob() as stream:
            return stream.read(1 << 30)

    return read
