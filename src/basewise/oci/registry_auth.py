"""Logging in at a registry: basic credentials, bearer tokens, and whom a password is shown.

A registry states the address of its token service itself. The password goes there only when that is the registry's
own host, its parent domain, or a host that is known as its token service; otherwise a token is asked for anonymously.

Reference:
    The token authentication specification of the distribution project; RFC 6749, section 6.
"""

from __future__ import annotations

import math
import re
import time
from threading import RLock
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import msgspec

from basewise._internal.addresses import Reach, literal_address
from basewise._internal.http import HttpResponse
from basewise._internal.http_errors import HttpError
from basewise._internal.prepared import prepared
from basewise._internal.redirects import HopRules, authority, check_address, host_of
from basewise._internal.text import safe_text
from basewise.errors import ImageError
from basewise.oci.challenge import Challenge
from basewise.oci.credentials import ANONYMOUS, Credential
from basewise.oci.registry_options import RegistryOptions
from basewise.progress import Progress

__all__ = ["Authorizer", "FetchToken"]

_OK = 200
_REFUSED = frozenset({400, 401, 403})
_LEAST_SECONDS = 60.0
_EARLY_SECONDS = 10.0
_PRINTABLE = re.compile(r"[!-~]+\Z")
_PARENT_LABELS = 2


class FetchToken(Protocol):
    """Sends a request to a token service and returns its whole answer, whatever the status."""

    def __call__(
        self, url: str, *, authorization: str, form: bytes, own_host: bool, most_reach: Reach
    ) -> HttpResponse:
        """Send.

        Args:
            url: Of the token service, with the question.
            authorization: Header value, "" for none.
            form: To post instead, b"" for none.
            own_host: It is the registry's own host and port, which may lie anywhere.
            most_reach: How deep inside a network it may lie and lead otherwise.

        Raises:
            HttpError: No answer.
        """


class _Token(msgspec.Struct, frozen=True):
    value: str
    expires: float


class _TokenAnswer(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


class Authorizer:
    """Who we are at one registry; may be used from several threads.

    Args:
        registry: Name in the reference.
        url: Scheme, host and port of what serves it.
        credential: To log in with.
        options: Token services and hosts without TLS.
        fetch: Asks a token service.
        progress: Is told when credentials are refused.
    """

    def __init__(
        self,
        registry: str,
        url: str,
        credential: Credential,
        *,
        options: RegistryOptions,
        fetch: FetchToken,
        progress: Progress,
    ) -> None:
        self._registry = registry
        self._url = url
        self._credential = credential
        self._options = options
        self._fetch = fetch
        self._progress = progress
        self._lock = RLock()
        self._basic = ""
        self._tokens: dict[str, _Token] = {}
        self._withheld_from = ""
        self.reach = Reach.GLOBAL

    @property
    def withheld_from(self) -> str:
        """The host that did not get the credentials, "" when none was refused."""
        return self._withheld_from

    def header(self, repository: str) -> str:
        """Return the `Authorization` for a request, "" for none."""
        with self._lock:
            if self._basic:
                return self._basic
            token = self._tokens.get(repository)
            if token is None or token.expires < time.monotonic():
                return ""
            return f"Bearer {token.value}"

    def answer(self, repository: str, challenges: tuple[Challenge, ...], used: str) -> None:
        """Get what a 401 demands.

        Args:
            repository: What is pulled; the scope asked for is always this one.
            challenges: What the registry offers.
            used: The header that was refused.

        Raises:
            ImageError: It cannot be had.
            HttpError: The token service does not answer.
        """
        with self._lock:
            if self.header(repository) not in {"", used}:
                return  # another thread was faster
            self._tokens.pop(repository, None)
            self._basic = ""
            bearer = next((one for one in challenges if one.scheme == "bearer"), None)
            given = self._credential.registry_token
            if bearer is not None and given and used != f"Bearer {given}":
                self._tokens[repository] = _Token(given, math.inf)
            elif bearer is not None and not given:
                self._tokens[repository] = self._token(repository, bearer)
            elif any(one.scheme == "basic" for one in challenges) and self._credential.basic != used:
                self._basic = self._credential.basic
            if not self.header(repository):
                raise self.denied(repository, "the registry demands to log in")

    def go_anonymous(self, repository: str) -> bool:
        """Forget credentials that the registry refuses; False when there are none."""
        with self._lock:
            if self._credential.is_anonymous:
                return False
            self._progress.note(
                f"{self._registry} refuses the credentials from {self._credential.origin}; going on without them"
            )
            self._credential = ANONYMOUS
            self._basic = ""
            self._tokens.pop(repository, None)
            return True

    def denied(self, repository: str, reason: str) -> ImageError:
        """Return the error for who may not pull."""
        if self._withheld_from:
            return ImageError(
                f"cannot pull {self._registry}/{repository}: {reason}; the credentials for `{self._registry}` were"
                f" not sent to `{self._withheld_from}`, where it asks for them",
                hint=f"if `{self._withheld_from}` is its token service, say so with"
                f" `--token-service {self._registry}={self._withheld_from}`",
            )
        return ImageError(
            f"cannot pull {self._registry}/{repository}: {reason}",
            hint=f"check the name; for a private repository log in with `docker login {self._registry}`",
        )

    def _token(self, repository: str, challenge: Challenge) -> _Token:
        realm = challenge.parameter("realm")
        own = self._check_realm(realm)
        credential = self._credential
        if not credential.is_anonymous and not self._may_know(realm):
            self._withheld_from = host_of(realm)
            credential = ANONYMOUS
        service = challenge.parameter("service")
        response = self._ask(realm, service, repository, credential, own_host=own)
        if response.status in _REFUSED and not credential.is_anonymous and self.go_anonymous(repository):
            response = self._ask(realm, service, repository, ANONYMOUS, own_host=own)
        return self._read_token(response, realm, repository)

    def _ask(
        self, realm: str, service: str, repository: str, credential: Credential, *, own_host: bool
    ) -> HttpResponse:
        asked = {"service": service, "scope": f"repository:{repository}:pull"}
        if not service:
            del asked["service"]
        if credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "client_id": "basewise",
                "refresh_token": credential.identity_token,
            }
            return self._fetch(
                realm,
                authorization="",
                form=urlencode({**form, **asked}).encode(),
                own_host=own_host,
                most_reach=self.reach,
            )
        joint = "&" if urlsplit(realm).query else "?"
        url = f"{realm.partition('#')[0]}{joint}{urlencode(asked)}"
        return self._fetch(
            url, authorization=credential.basic, form=b"", own_host=own_host, most_reach=self.reach
        )

    def _read_token(self, response: HttpResponse, realm: str, repository: str) -> _Token:
        host = host_of(realm)
        if response.status in _REFUSED:
            raise self.denied(repository, f"its token service `{host}` gives no token")
        if response.status != _OK:
            raise HttpError(f"the token service `{host}` answers with status {response.status}")
        try:
            answer = msgspec.json.decode(response.body, type=prepared(_TokenAnswer))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ImageError(
                f"cannot pull {self._registry}/{repository}: the token service `{host}` answers with something else",
                hint="check the name of the registry",
            ) from None
        value = answer.token or answer.access_token or ""
        if not _PRINTABLE.match(value):
            raise self.denied(repository, f"its token service `{host}` gives no usable token")
        lifetime = min(max(answer.expires_in or 0.0, _LEAST_SECONDS), 86_400.0)
        return _Token(value, time.monotonic() + lifetime - _EARLY_SECONDS)

    def _check_realm(self, realm: str) -> bool:
        """Refuse a realm that must not be asked; return whether it is the registry's own host and port."""
        rules = HopRules(most_reach=self.reach, insecure_hosts=self._options.insecure_hosts, max_redirects=0)
        try:
            if authority(realm) == authority(self._url):
                return True
            check_address(realm, rules, sent_by=self._url)
        except HttpError as error:
            raise ImageError(
                f"cannot log in at {self._registry}: its token service is refused: {safe_text(str(error))}",
                hint="check the name of the registry; it may be hostile or badly configured",
            ) from error
        return False

    def _may_know(self, realm: str) -> bool:
        """Tell whether the credentials may be shown to the token service."""
        scheme, host, port = authority(realm)
        own_scheme, own_host, own_port = authority(self._url)
        if (scheme, host, port) == (own_scheme, own_host, own_port):
            return True
        if {host, f"{host}:{port}"} & self._options.token_services_of(self._registry):
            return True
        parent = host.count(".") + 1 >= _PARENT_LABELS and own_host.endswith(f".{host}")
        return scheme == "https" and parent and literal_address(host) is None
