"""How deep inside a network an address lies: what a server elsewhere may never make us ask.

Reference: IANA special-purpose address registries; RFC 6890, RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
"""

from __future__ import annotations

import ipaddress
import socket
from enum import IntEnum

__all__ = ["Reach", "literal_address", "reach_of"]

_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_INSTANCE_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")
)
_LOW_32_BITS = 0xFFFF_FFFF


class Reach(IntEnum):
    """Depth of an address; a server may lead to its own depth and outwards, never further in."""

    GLOBAL = 0
    PRIVATE = 1
    LOOPBACK = 2
    NEVER = 3


def literal_address(host: str) -> _IPAddress | None:
    """Read an address written as one, in any of the forms that a resolver takes (`2130706433`, `0x7f.1`).

    Returns:
        The address; None for a name.
    """
    text = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    if not text or not text[0].isdigit():
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


def reach_of(address: _IPAddress | str) -> Reach:
    """Classify an address, IPv4 embedded in IPv6 by what it leads to.

    Raises:
        ValueError: The text is no address.
    """
    found = ipaddress.ip_address(address.partition("%")[0]) if isinstance(address, str) else address
    depths = [_plain_reach(found)]
    depths += [_plain_reach(inner) for inner in _embedded(found)]
    return max(depths)


def _plain_reach(address: _IPAddress) -> Reach:
    if (
        address in _INSTANCE_METADATA
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
    ):
        return Reach.NEVER
    if address.is_loopback:
        return Reach.LOOPBACK
    if isinstance(address, ipaddress.IPv6Address) and any(True for _ in _embedded(address)):
        return Reach.GLOBAL  # judged by what is embedded
    return Reach.GLOBAL if address.is_global else Reach.PRIVATE


def _embedded(address: _IPAddress) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        found.append(ipaddress.IPv4Address(int(address) & _LOW_32_BITS))
    return [inner for inner in found if inner is not None]
