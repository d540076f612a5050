"""LISTEN on a dedicated connection. Notifications are hints: callers poll too.

Run by the supervisor of background tasks, which opens another connection when this one breaks.
"""

import asyncio
from collections.abc import Callable, Mapping

from tongdai.db.pool import connect

PROBE_S = 5.0
"""A connection whose peer died silently is detected within this time."""


async def listen(dsn: str, handlers: Mapping[str, Callable[[str], None]], on_reconnect: Callable[[], None]) -> None:
    """Call `handlers[channel](payload)` for each notification, until the connection breaks. Raises UNAVAILABLE.

    `on_reconnect` is called whenever notifications may have been missed, also after the first connection.
    """
    conn = await connect(dsn, name="tongdai listen")
    try:
        for channel, handler in handlers.items():
            await conn.add_listener(channel, _adapt(handler))
        on_reconnect()
        while True:
            await asyncio.sleep(PROBE_S)
            await conn.execute("select 1", timeout=PROBE_S)
    finally:
        on_reconnect()
        conn.terminate()


def _adapt(handler: Callable[[str], None]) -> "Callable[..., None]":
    def call(_conn: object, _pid: int, _channel: str, payload: object) -> None:
        handler(str(payload))

    return call
