"""The address of the client behind a request or a socket."""

import ipaddress
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(scope: Mapping[str, Any]) -> str:
    """The client of an ASGI scope: the peer, or what a trusted proxy says of it.

    X-Forwarded-For is read from the right while the address beside it is in TRUSTED_PROXIES; what stands further left
    was written by the client and proves nothing. Without trusted proxies the header is ignored.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    networks = _networks(tuple(settings.TRUSTED_PROXIES))
    if not networks or not _within(peer, networks):
        return peer
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for hop in reversed(b",".join(forwarded).decode("latin1").split(",")):
        address = hop.strip()
        if not _is_address(address):
            return peer
        peer = address
        if not _within(peer, networks):
            return peer
    return peer


@cache
def _networks(addresses: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    # A proxy on a UNIX socket has no address and is trusted if any is.
    return not address or (
        _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
