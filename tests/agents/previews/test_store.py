"""Previews in the database: accepted ones, which the dialer calls, and the plans of statements."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.support.agents import Floor
from tests.support.contacts import put_due
from tests.support.databases import FreshDatabase, bundled_planner
from tests.support.plans import assert_uses
from tests.support.previews import accepted, offered, offered_id, preview, refusal
from tongdai.agents import store
from tongdai.agents.previews import store as previews
from tongdai.db.pool import Connection, Pool, connect
from tongdai.ids import CampaignId, TenantId
from tongdai.testing import factories

Large = tuple[Connection, TenantId, CampaignId]


async def test_accepted_contact_waits_only_while_its_agent_is_idle_and_its_campaign_runs(
    floor: Floor, conn: Connection
) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    await offered(floor, agent_id, campaign_id)
    await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    call_id = uuid.uuid4()
    await store.reserve_for(conn, floor.tenant_id, agent_id, call_id)
    assert await accepted(floor, campaign_id) == []
    await store.freed(conn, floor.tenant_id, [call_id])
    assert len(await accepted(floor, campaign_id)) == 1
    await floor.tenant.done("POST", f"/v1/campaigns/{campaign_id}/pause")
    assert await accepted(floor, campaign_id) == []


async def test_preview_that_is_done_is_gone_and_an_offer_that_is_not_accepted_stays(
    floor: Floor, conn: Connection
) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    await offered(floor, agent_id, campaign_id)
    assert not await previews.done(conn, floor.tenant_id, agent_id)
    await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    assert await previews.done(conn, floor.tenant_id, agent_id)
    assert not await previews.done(conn, floor.tenant_id, agent_id)
    assert await refusal(floor, "DELETE", preview(agent_id)) == "No contact is offered to the agent"


async def test_accepted_contact_is_skipped_or_called_when_both_happen_at_once(floor: Floor, pool: Pool) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)

    async def done() -> bool:
        async with pool.acquire() as conn:
            return await previews.done(conn, floor.tenant_id, agent_id)

    for turn in range(20):
        await floor.due(contact_id, -60)
        assert await offered_id(floor, agent_id, campaign_id) == contact_id
        await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
        skipping = floor.tenant.call("DELETE", preview(agent_id))
        if turn % 2:
            skipped, taken = await asyncio.gather(skipping, done())
        else:
            taken, skipped = await asyncio.gather(done(), skipping)
        assert (skipped.status_code == 200) is not taken
        assert (await floor.due_in_s(contact_id) > 0) is not taken


async def test_contacts_of_zones_whose_window_is_closed_are_skipped(floor: Floor, conn: Connection) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    closed, open_ = await floor.contacts(campaign_id, 2)
    await put_due(conn, floor.tenant_id, closed, zone="Asia/Tokyo")
    offer = await previews.offer(conn, floor.tenant_id, agent_id, campaign_id, lambda zone, *_: zone != "Asia/Tokyo")
    assert isinstance(offer, previews.Preview)
    assert offer.contact_id == open_


@pytest.fixture(scope="module")
async def large(fresh_database: FreshDatabase) -> AsyncGenerator[Large]:
    """A connection to a database with many contacts, the tenant, and one of its campaigns."""
    async with fresh_database() as own:
        conn = await connect(own, name="tests")
        tenant_id = await factories.tenant(conn)
        await conn.execute(
            """
            with c as (
                insert into campaign (tenant_id, name, type) select $1, i, 'X' from generate_series(1, 2) i
                returning campaign_id
            ), l as (
                insert into contact_list (tenant_id, campaign_id, name) select $1, campaign_id, 'L' from c
                returning campaign_id, list_id
            )
            insert into contact (tenant_id, campaign_id, list_id, number, zone, process_status, in_run)
            select $1, campaign_id, list_id, 84900000000 + i, i % 3, i % 2 * 2, i % 4 = 0
            from l, generate_series(1, 20000) i
            """,
            tenant_id,
        )
        for sql in (FILL_ZONES, FILL_DUE, FILL_RUNS):
            await conn.execute(sql)
        await conn.execute("analyze")
        yield conn, tenant_id, await conn.fetchval("select min(campaign_id) from campaign")
        await conn.close()


FILL_ZONES = "insert into time_zone (zone, name) values (1, 'Asia/Ho_Chi_Minh'), (2, 'Asia/Tokyo')"

FILL_DUE = """
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select tenant_id, contact_id, campaign_id, created_at, zone from contact where process_status = 0 and not in_run
"""

FILL_RUNS = """
insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
select tenant_id, campaign_id, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
from contact where in_run group by tenant_id, campaign_id, zone, number / 1000
"""


@bundled_planner
async def test_next_contact_is_found_by_the_index_of_due_contacts(large: Large) -> None:
    conn, tenant_id, campaign_id = large
    zones = '{"",Asia/Ho_Chi_Minh,Asia/Tokyo}'
    args = (tenant_id, 1, campaign_id, zones)
    for index, table in (
        ("contact_due_order", "contact_due"),
        ("contact_pkey", "contact"),
        ("contact_run_pkey", "contact_run"),
    ):
        await assert_uses(conn, index, table, previews.OFFER, *args)


async def test_zones_are_found_without_reading_the_contacts_between(large: Large) -> None:
    conn, tenant_id, campaign_id = large
    await assert_uses(conn, "contact_due_order", "contact_due", previews.ZONES, tenant_id, campaign_id)
    assert sorted(row["name"] for row in await conn.fetch(previews.ZONES, tenant_id, campaign_id)) == [
        "", "Asia/Ho_Chi_Minh", "Asia/Tokyo",
    ]  # fmt: skip
