"""A leader of a switch that ends each act as a test says."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from tongdai.calls.acts import store
from tongdai.calls.acts.model import Act, Ended, Result
from tongdai.db.pool import Pool
from tongdai.ids import TenantId
from tongdai.switches.model import DEFAULT

DONE = Ended(Result.DONE)
Answer = Callable[[Act], Ended | None]


@asynccontextmanager
async def leader(pool: Pool, tenant_id: TenantId, answer: Answer = lambda _: DONE) -> AsyncGenerator[list[Act]]:
    """Begins the tenant's acts and ends each as `answer` says; None: not at all."""
    begun: list[Act] = []

    async def lead() -> None:
        while True:
            async with pool.acquire() as conn:
                for act in await store.asked(conn, DEFAULT):
                    if act.tenant_id == tenant_id and await store.begin(conn, act):
                        begun.append(act)
                        how = answer(act)
                        if how is not None:
                            await store.finish(conn, act, how)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(lead())
    try:
        yield begun
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
