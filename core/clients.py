"""The address of the client behind a request or a socket: X-Forwarded-For counts as far as our own proxies wrote it."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(scope: Mapping[str, Any]) -> str:
    """The client of an ASGI scope: the peer, or what a trusted proxy says of it; "" on a UNIX socket without one."""
    client = scope.get("client")
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return _nearest_stranger(client[0] if client else "", b",".join(forwarded).decode("latin1"))


def address_of(request: HttpRequest) -> str:
    """The same of a Django request."""
    return _nearest_stranger(request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_X_FORWARDED_FOR", ""))


def from_trusted_proxy(scope: Mapping[str, Any]) -> bool:
    """Whether a trusted proxy passed this request on: what it says of it is believed."""
    client, networks = scope.get("client"), trusted_networks()
    peer = _parse(client[0] if client else "")
    return bool(networks) and (peer is None or any(peer in network for network in networks))


@lru_cache(maxsize=10_000)
def limit_key(address: str) -> str:
    """What limits count by: the address; of IPv6 its /64, as each subscriber has at least a whole one."""
    parsed = _parse(address)
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def _nearest_stranger(peer: str, forwarded: str) -> str:
    """The first address that is not a trusted proxy's, from PEER on through X-Forwarded-For from its right end.

    What stands further left was written by the client and proves nothing. Without trusted proxies the header is
    ignored. A proxy on a UNIX socket has no address and is trusted if any is.
    """
    networks = trusted_networks()
    if not networks or not forwarded:
        return peer
    hops = forwarded.split(",")
    nearest = _parse(peer)
    while hops and (nearest is None or any(nearest in network for network in networks)):
        following = _parse(hops.pop())
        if following is None:  # "unknown", or junk: whoever passed it on is the last one known
            break
        nearest = following
    return str(nearest) if nearest is not None else peer


def trusted_networks() -> tuple[Network, ...]:
    """TRUSTED_PROXIES. Raises ImproperlyConfigured for what is no address or network."""
    return _networks(tuple(settings.TRUSTED_PROXIES))


@lru_cache
def _networks(proxies: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(proxy, strict=False) for proxy in proxies)
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}; list addresses and networks (10.0.0.0/8).") from error


def _parse(text: str) -> Address | None:
    """An address, perhaps with a port (1.2.3.4:80, [::1]:80); IPv4 in IPv6's clothes is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
