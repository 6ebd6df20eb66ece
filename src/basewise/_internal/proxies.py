"""Proxies from the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, and whom `NO_PROXY` leaves out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from basewise._internal.addresses import literal_address
from basewise._internal.http_errors import HttpError

__all__ = ["Proxies"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PROXY_SCHEMES = frozenset({"http", "https"})


class Proxies(msgspec.Struct, frozen=True):
    """Which proxy a request goes through.

    Args:
        by_scheme: Scheme of the request to address of the proxy, which may hold credentials.
        bypassed: Items of `NO_PROXY`, lower case.
    """

    by_scheme: tuple[tuple[str, str], ...] = ()
    bypassed: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Proxies(for {', '.join(scheme for scheme, _ in self.by_scheme) or 'nothing'})"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Proxies:
        """Read the variables, lower case first; `HTTP_PROXY` is ignored in a CGI process.

        Raises:
            HttpError: A proxy of a kind that cannot be used.
        """

        def variable(name: str) -> str:
            if name == "http_proxy" and "REQUEST_METHOD" in environment:
                return environment.get(
                    name, ""
                ).strip()  # the upper-case one is set by whoever sends a request
            return (environment.get(name) or environment.get(name.upper()) or "").strip()

        chosen = []
        for scheme in ("http", "https"):
            address = variable(f"{scheme}_proxy") or variable("all_proxy")
            if address:
                chosen.append((scheme, _proxy_address(address, f"{scheme.upper()}_PROXY")))
        items = variable("no_proxy").replace(" ", ",").split(",")
        return cls(tuple(chosen), tuple(item.strip().lower() for item in items if item.strip()))

    def for_url(self, url: str) -> str | None:
        """Return the address of the proxy for a URL, None to connect directly."""
        parts = urlsplit(url)
        address = dict(self.by_scheme).get(parts.scheme)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        if address is None or any(_matches(item, host, port) for item in self.bypassed):
            return None
        return address


def _proxy_address(text: str, variable: str) -> str:
    address = text if "://" in text else f"http://{text}"
    parts = urlsplit(address)
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname:
        raise HttpError(
            f"{variable}: only `http://` and `https://` proxies can be used, not `{parts.scheme}://`",
            kind="proxy",
        )
    return address


def _matches(item: str, host: str, port: int) -> bool:
    if item == "*":
        return True
    address = literal_address(host)
    if "/" in item:
        try:
            return address is not None and address in ipaddress.ip_network(item, strict=False)
        except (ValueError, TypeError):
            return False
    name, wanted_port = _split_port(item)
    if wanted_port is not None and wanted_port != port:
        return False
    listed = literal_address(name)
    if listed is not None or address is not None:
        return listed == address
    name = name.removeprefix("*").removeprefix(".").rstrip(".")
    return host == name or host.endswith(f".{name}")


def _split_port(item: str) -> tuple[str, int | None]:
    name, colon, port = item.rpartition(":")
    if colon and port.isdigit() and (name.endswith("]") or ":" not in name):
        return name, int(port)
    return item, None
