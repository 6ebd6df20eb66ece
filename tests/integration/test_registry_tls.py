"""Registries with certificates of every kind: which are asked, and what an error says about the others."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise._internal.retry import RetryLimits
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.model.reference import Reference
from basewise.oci.credentials import Credential, NoCredentials
from basewise.oci.registry import open_registry
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_options import RegistryLimits, RegistryOptions
from basewise.testing.certificates import make_certificate, server_context
from basewise.testing.fake_registry import Answer, FakeRegistry, FakeTokenServer

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
NAME = "team/app"
LIMITS = RegistryLimits(idle_seconds=5, retry=RetryLimits(attempts=2, first_wait_seconds=0.01))


@pytest.fixture(autouse=True)
def openssl(require_programs: RequirePrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    require_programs("openssl")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class One:
    def find(self, registry: str, repository: str) -> Credential:
        del registry, repository
        return Credential(username="alice", password="s3cret")


def pull(
    registry: FakeRegistry, *, ca_file: Path | None = None, insecure: frozenset[str] = frozenset()
) -> Image:
    options = RegistryOptions(ca_file=ca_file, insecure_hosts=insecure, limits=LIMITS)
    with RegistryClient(options, credentials=NoCredentials()) as client:
        return open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)


def test_an_authority_of_ones_own_is_trusted_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    with FakeRegistry(tls=server_context(certificate, key)) as registry:
        image = registry.add_image(NAME, [], tag="1")
        assert str(pull(registry, ca_file=certificate).digest) == image["digest"]
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert str(pull(registry).digest) == image["digest"]


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [("IP:127.0.0.1", -1, "expired"), ("DNS:other.example", 2, "not valid for '127.0.0.1'|mismatch")],
    ids=["expired", "other-host"],
)
def test_a_certificate_that_is_over_or_for_another_host_is_refused_with_the_reason(
    tmp_path: Path, name: str, days: int, reason: str
) -> None:
    certificate, key = make_certificate(tmp_path, name=name, days=days)
    with FakeRegistry(tls=server_context(certificate, key)) as registry:
        with pytest.raises(ImageError, match=reason):
            pull(registry, ca_file=certificate)
        assert registry.seen == []


def test_a_certificate_of_nobody_is_refused_with_the_flag_that_helps(tmp_path: Path) -> None:
    with FakeRegistry(tls=server_context(*make_certificate(tmp_path))) as registry:
        with pytest.raises(ImageError, match=r"(?i)certificate") as caught:
            pull(registry)
        assert "--ca-file" in caught.value.hint
        assert registry.seen == []


def test_an_old_version_of_tls_is_refused(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with pytest.warns(DeprecationWarning, match="TLSv1|minimum_version|deprecated"):
        context = server_context(certificate, key, newest=ssl.TLSVersion.TLSv1)
    with FakeRegistry(tls=context) as registry:
        with pytest.raises(ImageError, match=r"(?i)tls|ssl|protocol"):
            pull(registry, ca_file=certificate)
        assert registry.seen == []


def test_tls_is_not_left_for_a_token_service_or_a_store_that_was_allowed_without(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with (
        FakeTokenServer() as tokens,
        FakeRegistry() as store,
        FakeRegistry(tls=server_context(certificate, key), tokens=tokens) as registry,
    ):
        insecure = frozenset({tokens.host, store.host})
        with pytest.raises(ImageError, match="without TLS"):
            pull(registry, ca_file=certificate, insecure=insecure)
        registry.script("manifests", Answer(status=307, headers={"Location": f"{store.url}/x"}))
        with pytest.raises(ImageError, match="without TLS"):
            pull(registry, ca_file=certificate, insecure=insecure)
        assert tokens.seen == store.seen == []


def test_a_host_allowed_without_tls_allows_nothing_for_its_token_service(tmp_path: Path) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        registry.add_image(NAME, [], tag="1")
        with pytest.raises(ImageError, match="without TLS"):
            pull(registry, insecure=frozenset({registry.host}))
        assert tokens.seen == []
    with (
        FakeTokenServer(tls=server_context(*make_certificate(tmp_path))) as unknown,
        FakeRegistry(tokens=unknown) as registry,
    ):
        with pytest.raises(ImageError, match=r"(?i)certificate"):
            pull(registry, insecure=frozenset({registry.host}))
        assert unknown.seen == []


def test_credentials_travel_over_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with FakeRegistry(tls=server_context(certificate, key), users={"alice": "s3cret"}) as registry:
        registry.add_image(NAME, [], tag="1")
        options = RegistryOptions(ca_file=certificate, limits=LIMITS)
        with RegistryClient(options, credentials=One()) as client:
            open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)
        assert registry.seen[-1].authorization.startswith("Basic ")
