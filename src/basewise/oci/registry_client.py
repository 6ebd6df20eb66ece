"""Talking to registries: one request, with login and redirects.

Reference:
    OCI distribution specification 1.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Self
from urllib.parse import urljoin

from basewise._internal.addresses import Reach, literal_address, reach_of
from basewise._internal.http import HttpResponse, HttpSession, HttpStream
from basewise._internal.http_errors import HttpError
from basewise._internal.redirects import HopRules, authority, follow
from basewise.errors import ImageError
from basewise.oci.challenge import read_challenges
from basewise.oci.credentials import CredentialSource
from basewise.oci.credentials_files import CredentialFiles
from basewise.oci.credentials_helper import ask_helper
from basewise.oci.registry_answers import Refusal, RegistryRefusalError, error_codes, hint_for, read_refusal
from basewise.oci.registry_auth import Authorizer
from basewise.oci.registry_options import RegistryOptions
from basewise.oci.registry_patience import Patience
from basewise.oci.registry_tokens import TokenQuestion, ask_token_service
from basewise.oci.registry_transfer import Transfer
from basewise.oci.repository import Repository
from basewise.progress import Progress, SilentProgress

__all__ = ["RegistryClient"]

_UNAUTHORIZED, _LEAST_ERROR = 401, 300
_LOGINS = 2


class RegistryClient:
    """Asks registries; may be used from several threads. Close it, or use it in a `with` block.

    Its `patience` tries again what failed.

    Args:
        options: What the user decided.
        credentials: Where credentials come from; the files of Docker and Podman when None.
        progress: Is told of waits and of credentials that are refused.
        transfer: Counts what is fetched.
        sleep: Waits for seconds.

    Raises:
        ImageError: Certificates or proxies of the environment cannot be used.
    """

    def __init__(
        self,
        options: RegistryOptions | None = None,
        *,
        credentials: CredentialSource | None = None,
        progress: Progress | None = None,
        transfer: Transfer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.options = options or RegistryOptions()
        self.limits = self.options.limits
        self.progress = progress or SilentProgress()
        self.transfer = transfer or Transfer()
        self._credentials = credentials or CredentialFiles(
            progress=self.progress, helper=partial(ask_helper, seconds=self.limits.helper_seconds)
        )
        self._lock = Lock()
        self._authorizers: dict[tuple[str, str], Authorizer] = {}
        self._reaches: dict[str, Reach] = {}
        self._secrets: set[str] = set()
        self.patience = Patience(self.limits.retry, sleep=sleep, clean=self._clean)
        try:
            self._session = HttpSession(
                idle_seconds=self.limits.idle_seconds,
                connect_seconds=self.limits.connect_seconds,
                ca_file=self.options.ca_file,
                on_bytes=self.transfer.add,
            )
        except HttpError as error:
            raise ImageError(f"cannot reach any registry: {error}", hint=hint_for(error, "")) from error

    def repository(self, registry: str, name: str) -> Repository:
        """Return a repository, with the host that serves it and what is known to log in with."""
        host, _, prefix = self.options.endpoint_of(registry).partition("/")
        insecure = host.lower() in self.options.insecure_hosts
        url = f"{'http' if insecure else 'https'}://{host}"
        known_as = host if registry in self.options.endpoints else registry
        with self._lock:
            key = url, name
            if key not in self._authorizers:
                credential = self._credentials.find(known_as, name)
                self._secrets.update(credential.secrets)
                self._authorizers[key] = Authorizer(
                    known_as,
                    url,
                    credential,
                    options=self.options,
                    fetch=self._fetch_token,
                    progress=self.progress,
                )
            authorizer = self._authorizers[key]
        path = "/v2/" + "/".join(filter(None, (prefix.strip("/"), name)))
        return Repository(registry, name, url, path, authorizer)

    def fetch(
        self, repository: Repository, path: str, *, max_bytes: int, accept: str = "", what: str = ""
    ) -> HttpResponse:
        """Fetch a small thing whole, trying again as the limits say.

        Args:
            repository: Whose.
            path: Below the repository (`manifests/…`), or from the root of the host (`/v2/…`).
            max_bytes: A larger answer is an error.
            accept: Media types.
            what: What to call it in an error; the repository when "".

        Raises:
            RegistryRefusalError: It is not there (status 404).
            ImageError: It cannot be had.
        """

        def once() -> HttpResponse:
            headers = {"accept": accept} if accept else {}
            with self.request(repository, "GET", path, headers=headers) as stream:
                response = HttpResponse(stream.status, stream.headers, stream.read_all(max_bytes))
            codes = error_codes(response.body)
            if codes:
                retry_after = stream.headers.get("retry-after", "")
                raise RegistryRefusalError(
                    Refusal(status=response.status, codes=codes, said=codes[0], retry_after=retry_after)
                )
            return response

        return self.patience.persist(repository, once, what=what)

    def request(
        self,
        repository: Repository,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        total_seconds: float | None = None,
    ) -> HttpStream:
        """Send one request, logging in where that is demanded.

        Args:
            repository: Whose.
            method: `GET` or `HEAD`.
            path: Below the repository, or from the root of the host.
            headers: To send.
            total_seconds: For the whole answer; that of small things when None.

        Returns:
            The answer, with a status below 300.

        Raises:
            HttpError: There is no answer.
            RegistryRefusalError: The answer is another.
            ImageError: Logging in fails.
        """
        url = urljoin(repository.url, path if path.startswith("/") else f"{repository.path}/{path}")
        logins = 0
        while True:
            used = repository.authorizer.header(repository.name)
            stream, elsewhere = self._follow(
                repository, method, url, headers=headers, authorization=used, total_seconds=total_seconds
            )
            if stream.status < _LEAST_ERROR:
                return stream
            challenges = read_challenges(stream.headers.get("www-authenticate", ""))
            refusal = read_refusal(stream, self.limits.error_bytes, self._all_secrets(used))
            if refusal.status == _UNAUTHORIZED and not elsewhere:
                if logins >= _LOGINS:
                    raise repository.authorizer.denied(
                        repository.name, refusal.said or "it demands to log in"
                    )
                logins += 1
                repository.authorizer.answer(repository.name, challenges, used)
                continue
            if refusal.forbidden and not elsewhere and repository.authorizer.go_anonymous(repository.name):
                continue
            if refusal.rate_limited:
                self.patience.remember(repository.host, refusal)
            raise RegistryRefusalError(refusal)

    def _follow(
        self,
        repository: Repository,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        authorization: str,
        total_seconds: float | None,
    ) -> tuple[HttpStream, bool]:
        self.patience.wait_for(repository.host)
        self.transfer.add_request()
        sent = {**headers, **({"authorization": authorization} if authorization else {})}
        stream, elsewhere = follow(
            self._session,
            method,
            url,
            headers=sent,
            total_seconds=total_seconds or self.limits.small_seconds,
            rules=self._rules(self._reaches.get(repository.url, _stated_reach(url))),
        )
        if not elsewhere:
            reach = stream.peer_reach if stream.peer_reach is not None else _stated_reach(url)
            self._reaches[repository.url] = repository.authorizer.reach = min(reach, Reach.LOOPBACK)
        return stream, elsewhere

    def _rules(self, reach: Reach) -> HopRules:
        return HopRules(
            most_reach=reach,
            insecure_hosts=self.options.insecure_hosts,
            max_redirects=self.limits.redirects,
        )

    def _fetch_token(
        self, url: str, *, authorization: str, form: bytes, own_host: bool, most_reach: Reach
    ) -> HttpResponse:
        return ask_token_service(
            self._session,
            TokenQuestion(url=url, authorization=authorization, form=form),
            first_reach=Reach.NEVER if own_host else most_reach,
            rules=self._rules(most_reach),
            limits=self.limits,
            backoff=self.patience.backoff(),
            transfer=self.transfer,
        )

    def _all_secrets(self, used: str) -> tuple[str, ...]:
        return (*self._secrets, *filter(None, (used, used.partition(" ")[2])))

    def _clean(self, text: str) -> str:
        for secret in tuple(self._secrets):
            text = text.replace(secret, "…")
        return text

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _stated_reach(url: str) -> Reach:
    literal = literal_address(authority(url)[1])
    return min(reach_of(literal), Reach.LOOPBACK) if literal is not None else Reach.GLOBAL
