"""A switch that is up and has some sounds, as its leader would report them to the database."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from tongdai.db.pool import Connection, Pool
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind
from tongdai.switches.sounds import store

UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)
NOW = "select clock_timestamp()"


@asynccontextmanager
async def led(pool: Pool, has: Mapping[str, bool | None]) -> AsyncGenerator[list[str]]:
    """The default switch is up, and what is asked for is answered: sounds that `has` does not name are there. The value
    has the names that were asked for."""
    asked: list[str] = []

    async def answer() -> None:
        while True:
            async with pool.acquire() as conn:
                await switches.beat(conn, DEFAULT, UP)
                names = await store.asked(conn, DEFAULT)
                at = await conn.fetchval(NOW)
                asked.extend(names)
                if names:
                    await store.record(conn, DEFAULT, {name: has.get(name, True) for name in names}, at)
            await asyncio.sleep(0.02)

    async with pool.acquire() as conn:
        await forget(conn)  # what other tests have asked for
        await switches.beat(conn, DEFAULT, UP)
    leading = asyncio.create_task(answer())
    try:
        yield asked
    finally:
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        async with pool.acquire() as conn:
            await forget(conn)


async def forget(conn: Connection) -> None:
    """The switch is as nobody had led it."""
    await conn.execute("delete from switch_sound")
    await conn.execute("update switch set alive_at = null, connected = false where switch_id = $1", DEFAULT)
