"""Responses that begin before the whole body has arrived, after which the connection lingers instead of closing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Lingers(Protocol):
    """The protocol of a connection."""

    cycle: RequestResponseCycle

    def closes_early(self) -> bool: ...

    def linger(self) -> None: ...


def closing_early(
    protocol: Lingers, cycle: RequestResponseCycle, send: Callable[..., Awaitable[None]]
) -> Callable[[Any], Awaitable[None]]:
    """ASGI's `send` of a request; decides when the response begins whether the connection lingers at its end."""

    async def decide_and_send(message: Any) -> None:
        if not cycle.response_started and protocol.cycle is cycle and protocol.closes_early():
            cycle.keep_alive = False
            cycle.transport = cast("asyncio.Transport", _Lingering(protocol, cycle.transport))
        await send(message)

    return decide_and_send


class _Lingering:
    """The transport of a request whose connection lingers where it would be closed."""

    __slots__ = ("_protocol", "_transport")

    def __init__(self, protocol: Lingers, transport: asyncio.Transport) -> None:
        self._protocol, self._transport = protocol, transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._protocol.linger()
