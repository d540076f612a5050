"""The code of a call and the end of that call, at the same time."""

import asyncio

from tests.support import call_steps
from tests.support.call_scene import LEASE, call_row, due_contacts, now_of, placed, terms_of
from tongdai.call_outcome import Outcome
from tongdai.calls import finish
from tongdai.calls.codes import store
from tongdai.calls.finish import FinishedCall
from tongdai.calls.model import Ending
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, CodeId, TenantId

CODE = CodeId(1)


async def test_code_that_waits_for_the_end_of_its_call_finds_it_ended(
    conn: Connection, dsn: str, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    (call,) = await placed(conn, terms_of(tenant_id, campaign_id))
    assert await call_steps.answered(conn, call, await now_of(conn), LEASE)
    other = await connect(dsn, name="tests")
    try:
        async with other.transaction():
            pid = await conn.fetchval("select pg_backend_pid()")
            await finish.end(other, [FinishedCall(call, Ending(Outcome.ANSWERED), None)])
            setting = asyncio.create_task(
                store.set_code(conn, tenant_id, call.call_id, CODE, None, call.contact_id, done=True, due_at=None)
            )
            while not await other.fetchval("select cardinality(pg_blocking_pids($1)) > 0", pid):
                await asyncio.sleep(0)
        assert await setting
    finally:
        await other.close()
    row = await call_row(conn, call)
    assert (row["state"], row["wrap_up_code_id"]) == ("ended", CODE)


async def test_call_that_there_is_not_gets_no_code(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, [1])
    (call,) = await placed(conn, terms_of(tenant_id, campaign_id))
    foreign = TenantId(tenant_id + 1)
    assert not await store.set_code(conn, foreign, call.call_id, CODE, None, None, done=True, due_at=None)
    assert (await call_row(conn, call))["wrap_up_code_id"] is None
