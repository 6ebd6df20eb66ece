"""Following a server to where it sends us: never with credentials to another host, never further inside.

Reference:
    RFC 9110, section 15.4; RFC 3986, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import msgspec

from basewise._internal.addresses import Reach, literal_address, reach_of
from basewise._internal.http import HttpSession, HttpStream, safe_url
from basewise._internal.http_errors import HttpError

__all__ = ["HopRules", "authority", "check_address", "follow", "host_of", "same_origin"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class HopRules(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server may lead.

    Args:
        most_reach: How deep inside a network other hosts may lie; as deep as the first that answers when None.
        insecure_hosts: `host:port` that may be asked without TLS.
        max_redirects: Hops after the first request.
    """

    most_reach: Reach | None
    insecure_hosts: frozenset[str]
    max_redirects: int


def authority(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL, in lower case and with the default port filled in.

    Raises:
        HttpError: It is no address of a web server.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise HttpError("a malformed address", kind="url") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username or parts.password:
        raise HttpError(f"`{safe_url(url)[:200]}` is no address that may be asked", kind="url")
    return parts.scheme, parts.hostname.rstrip("."), port or _DEFAULT_PORTS[parts.scheme]


def same_origin(one: str, other: str) -> bool:
    """Tell whether two URLs are of one scheme, host and port."""
    return authority(one) == authority(other)


def host_of(url: str) -> str:
    """Return host and port of a URL for a message, the port only where it is not the default."""
    scheme, host, port = authority(url)
    return host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"


def check_address(url: str, rules: HopRules, *, sent_by: str) -> None:
    """Refuse an address that a server must not lead to; what a name resolves to is judged when connecting.

    Args:
        url: Where it leads.
        rules: Where it may lead.
        sent_by: URL of the server.

    Raises:
        HttpError: It is refused.
    """
    scheme, host, port = authority(url)
    sender_scheme, sender, _ = authority(sent_by)
    literal = literal_address(host)
    if literal is not None:
        reach = reach_of(literal)
    else:
        reach = Reach.LOOPBACK if host == "localhost" or host.endswith(".localhost") else Reach.GLOBAL
    if rules.most_reach is not None and reach > rules.most_reach:
        raise HttpError(
            f"`{sender}` leads to `{host}`, an address inside a private network, which must not be asked",
            kind="address",
        )
    insecure = not rules.insecure_hosts.isdisjoint({f"{host}:{port}", host})
    if scheme == "http" and (sender_scheme == "https" or not insecure):
        raise HttpError(f"`{sender}` leads to `{host}` without TLS, which is not followed", kind="address")


def follow(
    session: HttpSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    total_seconds: float,
    rules: HopRules,
    first_reach: Reach = Reach.NEVER,
) -> tuple[HttpStream, bool]:
    """Send a request and follow redirects.

    Args:
        session: Sends.
        method: `GET` or `HEAD`.
        url: Where to begin.
        headers: Of the first request; credentials among them go to no other scheme, host or port.
        total_seconds: For each hop's answer.
        rules: Where it may lead.
        first_reach: How deep inside the first address may lie.

    Returns:
        The answer, and whether another origin gave it.

    Raises:
        HttpError: No answer, or a redirect that is not followed.
    """
    current, sent, most_reach = url, dict(headers), first_reach
    for _ in range(rules.max_redirects + 1):
        stream = session.open(
            method, current, headers=sent, total_seconds=total_seconds, most_reach=most_reach
        )
        if stream.status not in _REDIRECTS:
            return stream, not same_origin(current, url)
        stream.close()
        if rules.most_reach is None:
            reach = Reach.GLOBAL if stream.peer_reach is None else min(stream.peer_reach, Reach.LOOPBACK)
            rules = msgspec.structs.replace(rules, most_reach=reach)
        target = _target(current, stream.headers.get("location", ""))
        if not same_origin(target, url):
            check_address(target, rules, sent_by=current)
            most_reach = first_reach if rules.most_reach is None else rules.most_reach
        if not same_origin(target, current):
            sent = {name: value for name, value in sent.items() if name.lower() not in _PRIVATE_HEADERS}
        current = target
    raise HttpError(f"{safe_url(url)}: more than {rules.max_redirects} redirects", kind="redirects")


def _target(current: str, location: str) -> str:
    if not location or location.startswith(("//", "\\")) or any(char < "!" for char in location):
        raise HttpError(f"{safe_url(current)}: a redirect that leads nowhere", kind="url")
    try:
        target = urljoin(current, location)
    except ValueError as error:
        raise HttpError(f"{safe_url(current)}: a redirect that leads nowhere", kind="url") from error
    authority(target)
    return target
