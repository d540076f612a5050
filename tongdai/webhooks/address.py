"""The addresses to which webhooks may be sent: no request goes to a place that only this server can reach. Pure.

A URL is judged when it is registered, and the address of its host again at each connection, which goes to the address
that was judged: a name that is resolved anew between the two would be another address (DNS rebinding).
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_REFUSED = (
    ipaddress.IPv6Network("fec0::/10"),  # site-local, of old
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of a network's own
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, of old
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv4Network("168.63.129.16/32"),  # the host of a virtual machine of one cloud
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of an installation."""

    http: bool = False
    """Without TLS, too."""
    private: bool = False
    """Private networks and this machine, too; not link-local addresses, where clouds keep credentials."""


def refusal_of_url(url: str, rules: Rules) -> str | None:
    """The refusal of a URL; None: it may be a receiver's, as far as it tells."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "must be a URL"
    checks = (
        (url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}'), "must be a URL in ASCII"),
        (parts.scheme == "https" or (rules.http and parts.scheme == "http"), "must begin with https://"),
        (bool(host) and "%" not in host, "must name a host"),
        (parts.username is None and parts.password is None, "must not have a user: use authorization"),
        ("#" not in url, "must not have a fragment"),
        (_may_be(host, rules), "must not be in a private network"),
    )
    return next((refusal for fulfilled, refusal in checks if not fulfilled), None)


def _may_be(host: str, rules: Rules) -> bool:
    """False: the host is an address to which nothing may be sent. A name is judged when it is resolved."""
    try:
        return allowed(ipaddress.ip_address(host), rules)
    except ValueError:
        return True


def allowed(address: Address, rules: Rules) -> bool:
    """Whether a request may be sent to an address."""
    if rules.private:
        return not any(one.is_multicast or one.is_unspecified or one.is_link_local for one in _meant(address))
    return all(_public(one) for one in _meant(address))


def _meant(address: Address) -> list[Address]:
    """An address, and the IPv4 address within that a gateway would send it to."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inner = [one for one in (address.sixtofour, *(address.teredo or ())) if one is not None]
    return [address, *inner]


def _public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_link_local
        or address.is_loopback
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _REFUSED if network.version == address.version)
    )
