"""A repository of a registry: where it is, and who we are there."""

from __future__ import annotations

from basewise.oci.registry_auth import Authorizer

__all__ = ["Repository"]


class Repository:
    """A repository at the host that serves it.

    Args:
        registry: As the reference names it.
        name: As the reference names it.
        url: Scheme, host and port of what serves it.
        path: `/v2/` and the name that it has there.
        authorizer: Who we are there.
    """

    def __init__(self, registry: str, name: str, url: str, path: str, authorizer: Authorizer) -> None:
        self.registry = registry
        self.name = name
        self.url = url
        self.path = path
        self.authorizer = authorizer

    @property
    def host(self) -> str:
        """Who is asked."""
        return self.url.partition("://")[2]

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"
