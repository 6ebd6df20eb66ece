"""What a registry says when it does not do what was asked, read with care: its text may be hostile or repeat secrets.

Reference:
    OCI distribution specification, section Error codes.
"""

from __future__ import annotations

import msgspec

from basewise._internal.http import HttpStream
from basewise._internal.http_errors import HttpError
from basewise._internal.prepared import prepared
from basewise._internal.text import safe_text
from basewise.errors import ImageError

__all__ = ["Refusal", "RegistryRefusalError", "error_codes", "hint_for", "read_refusal"]

_RATE_LIMITED = "TOOMANYREQUESTS"
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOO_MANY, _FORBIDDEN, _NOT_FOUND, _PROXY_LOGIN = 429, 403, 404, 407
_SHOWN_CHARACTERS = 200


class _Problem(msgspec.Struct):
    code: str | int = ""
    message: str | None = None


class _Problems(msgspec.Struct):
    errors: list[_Problem]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is not what was asked for.

    Args:
        status: HTTP status.
        codes: The registry's own error codes.
        said: What it says, safe to show, "" for nothing readable.
        retry_after: Header of that name.
    """

    status: int
    codes: tuple[str, ...] = ()
    said: str = ""
    retry_after: str = ""

    @property
    def rate_limited(self) -> bool:
        """There were too many requests, whatever the status."""
        return self.status == _TOO_MANY or _RATE_LIMITED in self.codes

    @property
    def passing(self) -> bool:
        """The same request may succeed a moment later."""
        return self.rate_limited or self.status in _RETRIED

    @property
    def missing(self) -> bool:
        """What was asked for is not there."""
        return self.status == _NOT_FOUND

    @property
    def forbidden(self) -> bool:
        """Whoever asks may not have it."""
        return self.status == _FORBIDDEN and not self.rate_limited

    def error(self, what: str, host: str) -> ImageError:
        """Return the error to raise.

        Args:
            what: What could not be had.
            host: Who answered.
        """
        said = f": {self.said}" if self.said else ""
        if self.rate_limited:
            wait = f" and asks to wait {self.retry_after[:40]} s" if self.retry_after.isdigit() else ""
            wait = wait or (f" until {safe_text(self.retry_after, limit=40)}" if self.retry_after else "")
            return ImageError(
                f"cannot pull {what}: `{host}` answers no more because there were too many requests{wait}{said}",
                hint="wait, or log in: registries allow more to who is known",
            )
        if self.missing:
            return ImageError(
                f"cannot pull {what}: `{host}` does not have it{said}",
                hint="check the name, the tag and the platform",
            )
        if self.status == _PROXY_LOGIN:
            return ImageError(
                f"cannot pull {what}: the proxy before `{host}` demands to log in",
                hint="put the user and password for the proxy into `HTTPS_PROXY`",
            )
        again = (
            "try again later, or raise the limits `retry_attempts` and `retry_wait_seconds` with `--limit`"
        )
        hint = again if self.passing else "check the name and your rights at this registry"
        return ImageError(f"cannot pull {what}: `{host}` answers with status {self.status}{said}", hint=hint)


class RegistryRefusalError(Exception):
    """A registry answered with something else than what was asked for."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"status {refusal.status}")
        self.refusal = refusal


def read_refusal(stream: HttpStream, max_bytes: int, secrets: tuple[str, ...]) -> Refusal:
    """Read what a registry says, and no more of it than `max_bytes`.

    Args:
        stream: The answer; it is closed.
        max_bytes: The rest is not read.
        secrets: Texts that are taken out of what is shown.
    """
    body = b""
    with stream:
        try:
            while len(body) < max_bytes and (part := stream.read(max_bytes - len(body))):
                body += part
        except HttpError:
            pass  # the status says enough
    codes, said = _read_problems(body)
    for secret in secrets:
        said = said.replace(secret, "…")
    return Refusal(
        status=stream.status,
        codes=codes,
        said=safe_text(said, limit=_SHOWN_CHARACTERS),
        retry_after=stream.headers.get("retry-after", ""),
    )


def error_codes(body: bytes) -> tuple[str, ...]:
    """Return the error codes of a body that came with a good status, empty when it is no error."""
    return _read_problems(body)[0] if body[:64].lstrip().startswith(b'{"errors"') else ()


_HINTS = {
    "tls": "name the certificates of the authority that signed for it with `--ca-file FILE`",
    "name": "check the name of the registry and the connection",
    "proxy": "check `HTTPS_PROXY`, and `NO_PROXY` for registries that need none",
    "address": "check the name of the registry; it may be hostile or badly configured",
    "url": "check the name of the registry; it may be hostile or badly configured",
    "size": (
        "this is not an answer of a registry, or a hostile one; else raise one of the limits"
        " `manifest_bytes`, `page_bytes`, `token_bytes` with `--limit`"
    ),
    "timeout": "check the connection and try again, or raise the limit `idle_seconds` with `--limit`",
    "deadline": "try again, or raise one of the limits `small_seconds`, `blob_seconds` with `--limit`",
    "redirects": "the registry is badly configured or hostile; else raise the limit `redirects` with `--limit`",
}


def hint_for(error: HttpError, host: str) -> str:
    """Say what to do about a request that got no answer."""
    if error.kind == "tls" and any(sign in str(error) for sign in ("WRONG_VERSION", "record layer")):
        return f"if `{host}` speaks plain HTTP, allow that with `--plain-http {host}`"
    if error.kind == "tls" and "expired" in str(error):
        return f"whoever runs `{host}` must renew its certificate; compare the clock of this machine, too"
    return _HINTS.get(error.kind, "check the connection and try again")


def _read_problems(body: bytes) -> tuple[tuple[str, ...], str]:
    try:
        problems = msgspec.json.decode(body, type=prepared(_Problems)).errors[:10]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (), ""
    codes = tuple(str(problem.code)[:100] for problem in problems)
    texts = (f"{problem.code} {problem.message or ''}".strip() for problem in problems)
    return codes, "; ".join(texts)
