"""LISTEN on a dedicated connection. Notifications are hints: callers poll too.

Run by the supervisor of background tasks, which opens another connection when this one breaks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tongdai.db.pool import Connection, connect

PROBE_S = 5.0
"""A connection whose peer died silently is detected within this time."""


_LISTENERS = "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1"


async def _is_there(conn: Connection) -> None:
    await conn.execute("select 1")


async def listen(
    dsn: str,
    handlers: Mapping[str, Callable[[str], None]],
    on_reconnect: Callable[[], None],
    *,
    name: str = "tongdai listen",
    probe: Callable[[Connection], Awaitable[None]] = _is_there,
) -> None:
    """Call `handlers[channel](payload)` for each notification, until the connection breaks. Raises UNAVAILABLE.

    `on_reconnect` is called whenever notifications may have been missed, also after the first connection; `probe` makes
    a query on the connection, now and then, which shows that it is alive.
    """
    conn = await connect(dsn, name=name)
    try:
        for channel, handler in handlers.items():
            await conn.add_listener(channel, _adapt(handler))
        on_reconnect()
        while True:
            async with asyncio.timeout(PROBE_S):
                await probe(conn)
            await asyncio.sleep(PROBE_S)
    finally:
        on_reconnect()
        conn.terminate()


async def listeners(conn: Connection, name: str) -> int:
    """How many processes of all machines listen under a name."""
    return await conn.fetchval(_LISTENERS, name)


def _adapt(handler: Callable[[str], None]) -> "Callable[..., None]":
    def call(_conn: object, _pid: int, _channel: str, payload: object) -> None:
        handler(str(payload))

    return call
