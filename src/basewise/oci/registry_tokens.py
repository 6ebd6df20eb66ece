"""Asking a token service: a question may be redirected, a form that holds a token never."""

from __future__ import annotations

import msgspec

from basewise._internal.addresses import Reach
from basewise._internal.http import HttpResponse, HttpSession, HttpStream
from basewise._internal.http_errors import HttpError
from basewise._internal.redirects import HopRules, follow, host_of
from basewise._internal.retry import Backoff, retry_after_seconds
from basewise.oci.registry_answers import read_refusal
from basewise.oci.registry_options import RegistryLimits
from basewise.oci.registry_transfer import Transfer

__all__ = ["TokenQuestion", "ask_token_service"]

_LEAST_ERROR = 300


class TokenQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a form is sent with POST, otherwise it is a GET with this `Authorization`."""

    url: str
    authorization: str = ""
    form: bytes = b""

    def __repr__(self) -> str:
        return f"TokenQuestion(to {host_of(self.url)})"


def ask_token_service(
    session: HttpSession,
    question: TokenQuestion,
    *,
    first_reach: Reach,
    rules: HopRules,
    limits: RegistryLimits,
    backoff: Backoff,
    transfer: Transfer,
) -> HttpResponse:
    """Ask, and ask again where the service is busy; repeating the question changes nothing there.

    Args:
        session: Sends.
        question: What is asked.
        first_reach: How deep inside a network the service may lie.
        rules: Where it may redirect to.
        limits: Time and size of the answer.
        backoff: Waits.
        transfer: Counts the requests.

    Returns:
        The answer, with an empty body where the status is an error.

    Raises:
        HttpError: No answer.
    """
    while True:
        try:
            transfer.add_request()
            with _send(session, question, first_reach, rules, limits) as stream:
                if stream.status < _LEAST_ERROR:
                    return HttpResponse(stream.status, stream.headers, stream.read_all(limits.token_bytes))
                refusal = read_refusal(stream, limits.error_bytes, ())
            if not refusal.passing or not backoff.wait(retry_after_seconds(refusal.retry_after)):
                return HttpResponse(stream.status, stream.headers, b"")
        except HttpError as error:
            if not error.passing or not backoff.wait():
                raise HttpError(
                    f"the token service `{host_of(question.url)}`: {error}",
                    kind="other" if error.passing else error.kind,  # it was tried often enough
                ) from error


def _send(
    session: HttpSession, question: TokenQuestion, first_reach: Reach, rules: HopRules, limits: RegistryLimits
) -> HttpStream:
    if question.form:
        return session.open(
            "POST",
            question.url,
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=question.form,
            total_seconds=limits.small_seconds,
            most_reach=first_reach,
        )
    stream, _ = follow(
        session,
        "GET",
        question.url,
        headers={"authorization": question.authorization} if question.authorization else {},
        total_seconds=limits.small_seconds,
        rules=rules,
        first_reach=first_reach,
    )
    return stream
