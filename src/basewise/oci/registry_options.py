"""What a user decides about registries, and what talking to one may cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from basewise._internal.retry import RetryLimits

__all__ = ["DEFAULT_ENDPOINTS", "DEFAULT_TOKEN_SERVICES", "RegistryLimits", "RegistryOptions"]

_KIB, _MIB = 1024, 1024**2

DEFAULT_ENDPOINTS: Mapping[str, str] = {"docker.io": "registry-1.docker.io"}
DEFAULT_TOKEN_SERVICES: Mapping[str, tuple[str, ...]] = {"docker.io": ("auth.docker.io",)}


class RegistryLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What talking to a registry may cost.

    Args:
        manifest_bytes: A manifest or index of statements about an image.
        index_entries: Manifests of such an index that are looked at.
        redirects: Hops of one request.
        error_bytes: An error page; the rest is not read.
        token_bytes: The answer of a token service.
        page_bytes: A page of tags or referrers.
        pages: Pages of one listing.
        tags: Tags of one repository; more are left out with a notice.
        statement_bytes: An SBOM attestation.
        idle_seconds: How long a server may be silent.
        connect_seconds: How long connecting may take.
        small_seconds: For a whole manifest, token or page.
        blob_seconds: For a whole layer.
        helper_seconds: For a credential helper to answer.
        retry: Attempts and waits.
    """

    manifest_bytes: int = 4 * _MIB
    index_entries: int = 10_000
    redirects: int = 5
    error_bytes: int = 64 * _KIB
    token_bytes: int = 64 * _KIB
    page_bytes: int = 4 * _MIB
    pages: int = 1_000
    tags: int = 100_000
    statement_bytes: int = 64 * _MIB
    idle_seconds: float = 60.0
    connect_seconds: float = 20.0
    small_seconds: float = 120.0
    blob_seconds: float = 7_200.0
    helper_seconds: float = 30.0
    retry: RetryLimits = RetryLimits()


class RegistryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a user decides; nothing of it may come from a file of the application folder.

    Args:
        insecure_hosts: `host:port` of registries (and of their token services) that may be asked without TLS.
        endpoints: Registry to the `host[:port][/prefix]` that serves it, for mirrors; adds to `DEFAULT_ENDPOINTS`.
        token_services: Registry to hosts that may be given its credentials besides itself; adds to
            `DEFAULT_TOKEN_SERVICES`.
        ca_file: Certificates of authorities that are trusted besides the system's.
        limits: What it may cost.
    """

    insecure_hosts: frozenset[str] = frozenset()
    endpoints: Mapping[str, str] = {}
    token_services: Mapping[str, tuple[str, ...]] = {}
    ca_file: Path | None = None
    limits: RegistryLimits = RegistryLimits()

    def endpoint_of(self, registry: str) -> str:
        """Return the `host[:port][/prefix]` that serves a registry."""
        return self.endpoints.get(registry) or DEFAULT_ENDPOINTS.get(registry, registry)

    def token_services_of(self, registry: str) -> frozenset[str]:
        """Return the hosts that are known to be token services of a registry."""
        known = (*DEFAULT_TOKEN_SERVICES.get(registry, ()), *self.token_services.get(registry, ()))
        return frozenset(host.lower() for host in known)
