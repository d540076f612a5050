"""LISTEN on a dedicated connection that is reopened when it breaks. Notifications are hints: callers poll too."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from tongdai.clock import cancel_requested
from tongdai.db.pool import UNREACHABLE, connect

log = structlog.get_logger()

RECONNECT_S = 0.5
PROBE_S = 5.0
"""A connection whose peer died silently is detected within this time."""


async def listen(dsn: str, handlers: Mapping[str, Callable[[str], None]], on_reconnect: Callable[[], None]) -> None:
    """Call `handlers[channel](payload)` for each notification, until cancelled.

    `on_reconnect` is called whenever notifications may have been missed, also after the first connection.
    """
    while not cancel_requested():
        try:
            await _listen_once(dsn, handlers, on_reconnect)
        except UNREACHABLE as error:
            log.warning("notifications lost", error=type(error).__name__)
        on_reconnect()
        await asyncio.sleep(RECONNECT_S)


async def _listen_once(
    dsn: str, handlers: Mapping[str, Callable[[str], None]], on_reconnect: Callable[[], None]
) -> None:
    conn = await connect(dsn, name="tongdai listen")
    try:
        for channel, handler in handlers.items():
            await conn.add_listener(channel, _adapt(handler))
        on_reconnect()
        while True:
            await asyncio.sleep(PROBE_S)
            await conn.execute("select 1", timeout=PROBE_S)
    finally:
        conn.terminate()


def _adapt(handler: Callable[[str], None]) -> "Callable[..., None]":
    def call(_conn: object, _pid: int, _channel: str, payload: object) -> None:
        handler(str(payload))

    return call
