"""Connections to receivers: the name is resolved once, its addresses are judged, and one of those judged is connected.

The certificate is checked against the name, as ever: httpcore keeps the name for TLS and for the header `Host`.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import anyio
import httpcore2

from tongdai.webhooks.address import Rules, allowed


class ForbiddenAddress(Exception):
    """A host has an address to which webhooks are not sent."""


class NoAddress(Exception):
    """A host has no address."""


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to allowed addresses alone."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        network: Any = httpcore2.AnyIOBackend()  # typed as what it is without anyio
        self._network: httpcore2.AsyncNetworkBackend = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failed: Exception | None = None
        for address in await _resolved(host, port, self._rules):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        assert failed is not None, "a name has addresses, or is refused"
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


async def _resolved(host: str, port: int, rules: Rules) -> list[str]:
    """The addresses of a host in the resolver's order. All must be allowed: a name that has one inside and one outside
    is no receiver."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAddress from error
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not addresses:
        raise NoAddress
    if not all(allowed(ipaddress.ip_address(address), rules) for address in addresses):
        raise ForbiddenAddress
    return addresses
