"""Who a user is at a registry: values that show nothing of themselves, and where they may come from."""

from __future__ import annotations

import base64
from typing import Protocol

import msgspec

__all__ = ["ANONYMOUS", "Credential", "CredentialSource", "NoCredentials"]


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A way to log in; printing it shows where it came from and nothing else.

    Args:
        username: "" for an identity or registry token.
        password: To `username`.
        identity_token: Exchanged for a bearer token at the token service.
        registry_token: A bearer token, used as it stands.
        origin: Where it was found, for messages.
    """

    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""
    origin: str = ""

    def __repr__(self) -> str:
        return f"Credential(from {self.origin or 'nowhere'})"

    @property
    def is_anonymous(self) -> bool:
        """There is nothing to log in with."""
        return not (self.username or self.password or self.identity_token or self.registry_token)

    @property
    def basic(self) -> str:
        """The header value of basic authentication, "" without a password."""
        if not self.username:
            return ""
        return f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be shown, in every form in which they travel."""
        plain = (self.password, self.identity_token, self.registry_token, self.basic.removeprefix("Basic "))
        return tuple(text for text in plain if text)


ANONYMOUS = Credential()


class CredentialSource(Protocol):
    """Gives the credential for a repository."""

    def find(self, registry: str, repository: str) -> Credential:
        """Return the credential, `ANONYMOUS` where there is none.

        Raises:
            UsageError: The configuration names something that must not be run.
        """


class NoCredentials:
    """Nobody: for tests, and for who wants to be sure."""

    def find(self, registry: str, repository: str) -> Credential:
        """Return nothing to log in with."""
        del registry, repository
        return ANONYMOUS
