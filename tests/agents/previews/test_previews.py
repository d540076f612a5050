"""Previews: contacts that are offered to agents, and called when an agent accepts."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.agents import Floor
from tests.support.api import refused
from tests.support.contacts import put_due
from tests.support.databases import FreshDatabase, bundled_planner
from tests.support.plans import assert_uses
from tongdai.agents import store
from tongdai.agents.model import AgentState
from tongdai.agents.previews import store as previews
from tongdai.agents.previews.store import Accepted
from tongdai.db.pool import Connection, Pool, connect
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId
from tongdai.testing import factories

Large = tuple[Connection, TenantId, CampaignId]


def preview(agent_id: AgentId) -> str:
    """The path of an agent's preview."""
    return f"/v1/agents/{agent_id}/preview"


async def offered(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> dict[str, Any] | None:
    """Have a contact offered to the agent; the offer."""
    return (await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id}))["offer"]


async def present_offer(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> dict[str, Any]:
    offer = await offered(floor, agent_id, campaign_id)
    assert offer is not None
    return offer


async def offered_id(floor: Floor, agent_id: AgentId, campaign_id: CampaignId) -> ContactId | None:
    offer = await offered(floor, agent_id, campaign_id)
    return None if offer is None else offer["contactId"]


async def refusal(floor: Floor, method: str, path: str, **options: object) -> str:
    return refused(await floor.tenant.call(method, path, **options), 400, "INVALID_STATE")


async def accepted(floor: Floor) -> list[Accepted]:
    """The accepted previews of the tenant."""
    async with floor.pool.acquire() as conn:
        return [waits for waits in await previews.accepted(conn) if waits.tenant_id == floor.tenant_id]


async def test_offer_has_the_fields_of_the_contact(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    added = await floor.tenant.contact(
        campaign_id, "+84 901 234 567", name="Nguyen Van A", externalId="CRM-1", attributes={"balance": 120000}
    )
    contact_id = added["contactId"]
    await floor.pool.execute(
        """
        insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, dialled_at,
            ended_at, ended_month, dial_until, lease_until)
        select $1, gen_random_uuid(), $2, $3, '+84901234567', 'ended', outcome, dialled_at, now(),
            date_trunc('month', now() at time zone 'UTC')::date, now(), now()
        from (values ('busy', now()), ('no_answer', now()), ('cancelled', null)) t (outcome, dialled_at)
        """,
        floor.tenant_id, campaign_id, contact_id,
    )  # fmt: skip
    answer = await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id})
    offer = answer.pop("offer")
    assert answer == {"success": "1", "error_code": "SUCCESS", "error_message": f"Contact {contact_id} is offered"}
    assert offer.pop("offeredAt") < offer.pop("lapsesAt")
    assert offer == {
        "campaignId": campaign_id,
        "contactId": contact_id,
        "phoneNumber": "0901234567",
        "name": "Nguyen Van A",
        "externalId": "CRM-1",
        "attributes": {"balance": 120000},
        "attempts": 2,
        "acceptedAt": None,
    }


async def test_offer_is_the_same_until_it_is_skipped(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    first, second = await floor.contacts(campaign_id, 2)
    assert [await offered_id(floor, agent_id, campaign_id) for _ in range(3)] == [first] * 3
    said = await floor.tenant.done("DELETE", preview(agent_id))
    assert said["error_message"] == f"Contact {first} is skipped for 10 minutes"
    assert 590 < await floor.due_in_s(first) < 610
    assert await offered_id(floor, agent_id, campaign_id) == second
    await floor.tenant.done("DELETE", preview(agent_id))
    answer = await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id})
    assert (answer["offer"], answer["error_message"]) == (None, "No contact is due within its calling window")


async def test_oldest_due_is_offered_first_whatever_its_time_zone(floor: Floor, conn: Connection) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    made = await floor.contacts(campaign_id, 4)
    zones = ["Asia/Tokyo", "", "Europe/Paris", "Asia/Ho_Chi_Minh"]
    for contact_id, zone in zip(made, zones, strict=True):
        await put_due(conn, floor.tenant_id, contact_id, zone=zone)
    seen: list[ContactId | None] = []
    for _ in made:
        seen.append(await offered_id(floor, agent_id, campaign_id))
        await floor.tenant.done("DELETE", preview(agent_id))
    assert seen == made


async def test_contact_is_offered_to_one_agent(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    agents = [await floor.idle() for _ in range(3)]
    made = await floor.contacts(campaign_id, 2)
    assert [await offered_id(floor, agent_id, campaign_id) for agent_id in agents] == [*made, None]


async def test_contacts_are_offered_to_one_agent_each_when_all_ask_at_once(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    agents = [await floor.idle() for _ in range(6)]
    made = await floor.contacts(campaign_id, 6)
    for _ in range(10):
        got = await asyncio.gather(*(offered_id(floor, agent_id, campaign_id) for agent_id in [*agents, *agents]))
        assert got[:6] == got[6:]
        assert set(got[:6]) == set(made)
        await asyncio.gather(*(floor.tenant.done("DELETE", preview(agent_id)) for agent_id in agents))
        for place, contact_id in enumerate(made):
            await floor.due(contact_id, -60.0 - place)


async def test_listed_numbers_are_not_offered(floor: Floor) -> None:
    campaign_id, other_id, agent_id = await floor.campaign(), await floor.campaign(), await floor.idle()
    made = await floor.contacts(campaign_id, 4)
    lists = {
        name: await floor.pool.fetchval(
            "insert into do_not_call_list (tenant_id, name, campaign_id) values ($1, $2, $3) returning dnc_list_id",
            floor.tenant_id, name, of,
        )
        for name, of in (("all", None), ("this", campaign_id), ("other", other_id))
    }  # fmt: skip
    for contact_id, name, expires in (
        (made[0], "all", None), (made[1], "this", "1 hour"), (made[2], "all", "-1 hour"), (made[3], "other", None),
    ):  # fmt: skip
        await floor.pool.execute(
            """
            insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at)
            select $1, $2, '+' || number, now() + $4::text::interval from contact
            where tenant_id = $1 and contact_id = $3
            """,
            floor.tenant_id, lists[name], contact_id, expires,
        )  # fmt: skip
    assert await offered_id(floor, agent_id, campaign_id) == made[2]
    await floor.tenant.done("DELETE", preview(agent_id))
    assert await offered_id(floor, agent_id, campaign_id) == made[3]


async def test_contact_that_is_not_due_or_not_pending_is_not_offered(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    later, called, in_call = await floor.contacts(campaign_id, 3)
    await floor.due(later, 60)
    await floor.tenant.move(called, 2, "answered")
    await floor.tenant.move(in_call, 1)
    assert await offered(floor, agent_id, campaign_id) is None


async def test_offer_lapses_after_5_minutes_and_is_made_to_another(floor: Floor) -> None:
    campaign_id, first, second = await floor.campaign(), await floor.idle(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    assert await offered_id(floor, first, campaign_id) == contact_id
    await floor.earlier("preview", "offered_at", 299)
    assert await offered_id(floor, second, campaign_id) is None
    await floor.earlier("preview", "offered_at", 1)
    assert await refusal(floor, "POST", f"{preview(first)}/accept") == "No contact is offered to the agent"
    assert await offered_id(floor, second, campaign_id) == contact_id
    assert await offered_id(floor, first, campaign_id) is None


async def test_accepted_contact_waits_for_the_dialer_and_does_not_lapse(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    await offered(floor, agent_id, campaign_id)
    assert await accepted(floor) == []
    first = await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    assert first["error_message"] == f"Contact {contact_id} is called"
    assert first["offer"]["lapsesAt"] is None
    await floor.earlier("preview", "offered_at", 3600)
    assert await floor.tenant.done("POST", f"{preview(agent_id)}/accept") == first | {
        "offer": first["offer"] | {"offeredAt": (await present_offer(floor, agent_id, campaign_id))["offeredAt"]}
    }
    (waits,) = await accepted(floor)
    assert (waits.campaign_id, waits.contact_id, waits.agent_id) == (campaign_id, contact_id, agent_id)


async def test_accepted_contact_waits_only_while_its_agent_is_idle_and_its_campaign_runs(
    floor: Floor, conn: Connection
) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    await offered(floor, agent_id, campaign_id)
    await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    call_id = uuid.uuid4()
    await store.reserve_for(conn, floor.tenant_id, agent_id, call_id)
    assert await accepted(floor) == []
    await store.freed(conn, floor.tenant_id, [call_id])
    assert len(await accepted(floor)) == 1
    await floor.tenant.done("POST", f"/v1/campaigns/{campaign_id}/pause")
    assert await accepted(floor) == []


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


async def test_contact_of_an_agent_who_signs_out_or_hangs_up_is_offered_to_others(
    floor: Floor, conn: Connection
) -> None:
    campaign_id, other_id = await floor.campaign(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    leaver, cut_off = await floor.idle(), await floor.idle()
    await offered(floor, leaver, campaign_id)
    await floor.tenant.done("POST", f"/v1/agents/{leaver}/sign-out")
    assert await offered_id(floor, cut_off, campaign_id) == contact_id
    await floor.tenant.done("POST", f"{preview(cut_off)}/accept")
    await store.gone(conn, await floor.channel_of(cut_off))
    assert await offered_id(floor, other_id, campaign_id) == contact_id


async def test_contact_that_is_deleted_takes_its_offer_with_it(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    await offered(floor, agent_id, campaign_id)
    await floor.tenant.done("DELETE", f"/v1/campaigns/{campaign_id}/contacts/{contact_id}")
    assert await offered(floor, agent_id, campaign_id) is None
    assert await refusal(floor, "POST", f"{preview(agent_id)}/accept") == "No contact is offered to the agent"


@pytest.mark.parametrize(("status", "outcome"), [(1, None), (2, "dnc")])
async def test_contact_that_was_called_meanwhile_is_not_offered_any_more(
    floor: Floor, status: int, outcome: str | None
) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    first, second = await floor.contacts(campaign_id, 2)
    assert await offered_id(floor, agent_id, campaign_id) == first
    await floor.tenant.move(first, status, outcome)
    assert await refusal(floor, "POST", f"{preview(agent_id)}/accept") == "No contact is offered to the agent"
    assert await offered_id(floor, agent_id, campaign_id) == second


async def test_contact_is_offered_in_idle_and_wrap_up_and_accepted_only_in_idle(floor: Floor, conn: Connection) -> None:
    campaign_id = await floor.campaign()
    await floor.contacts(campaign_id, 3)
    agent_id, call_id = await floor.talking()
    offering = {"json": {"campaignId": campaign_id}}
    said = "The agent must be idle, or in wrap_up to look at a contact"
    assert await refusal(floor, "POST", preview(agent_id), **offering) == said
    await store.freed(conn, floor.tenant_id, [call_id])
    assert await floor.state(agent_id) == AgentState.WRAP_UP
    await floor.tenant.done("POST", preview(agent_id), **offering)
    assert await refusal(floor, "POST", f"{preview(agent_id)}/accept") == said
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/ready")
    await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    assert await refusal(floor, "POST", preview(await floor.agent()), **offering) == said


async def test_campaign_must_run_in_preview_mode_with_the_queue_of_the_agent(floor: Floor) -> None:
    agent_id = await floor.idle()
    elsewhere = Floor(floor.tenant, floor.pool, await floor.tenant.queue("Support"))
    paused = await floor.campaign()
    await floor.tenant.done("POST", f"/v1/campaigns/{paused}/pause")
    for campaign_id, why in (
        (await floor.campaign(dialingMode="progressive"), "The campaign does not dial in mode preview"),
        (paused, "The campaign is not running"),
        (await elsewhere.campaign(), "The campaign's agents are not those of the agent's queue"),
    ):
        assert await refusal(floor, "POST", preview(agent_id), json={"campaignId": campaign_id}) == why


async def test_agent_has_a_contact_of_one_campaign_at_a_time(floor: Floor) -> None:
    campaign_id, other_id, agent_id = await floor.campaign(), await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    (contact_id,) = await floor.contacts(other_id, 1)
    await offered(floor, agent_id, campaign_id)
    said = await refusal(floor, "POST", preview(agent_id), json={"campaignId": other_id})
    assert said == "The agent has a contact of another campaign, to accept or to skip first"
    await floor.tenant.done("DELETE", preview(agent_id))
    assert await offered_id(floor, agent_id, other_id) == contact_id


async def test_contacts_of_zones_whose_window_is_closed_are_skipped(floor: Floor, conn: Connection) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    closed, open_ = await floor.contacts(campaign_id, 2)
    await put_due(conn, floor.tenant_id, closed, zone="Asia/Tokyo")
    offer = await previews.offer(conn, floor.tenant_id, agent_id, campaign_id, lambda zone, *_: zone != "Asia/Tokyo")
    assert isinstance(offer, previews.Offer)
    assert offer.contact_id == open_


async def test_contact_out_of_its_window_is_not_offered_and_once_accepted_waits_for_the_window(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    # In no time zone is it this day now.
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()
    closed = {"callingWindows": [{"days": [day], "from": "08:00", "to": "17:00"}]}
    await floor.tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json=closed)
    assert await offered(floor, agent_id, campaign_id) is None
    await floor.tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json={"callingWindows": None})
    assert await offered_id(floor, agent_id, campaign_id) == contact_id
    await floor.tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json=closed)
    said = (await floor.tenant.done("POST", f"{preview(agent_id)}/accept"))["error_message"]
    start, _, opens = said.rpartition(" ")
    assert start == f"Contact {contact_id} waits: its calling window opens at"
    assert datetime.fromisoformat(opens).strftime("%a %H:%M").lower() == f"{day} 01:00"  # 08:00 in Vietnam
    assert len(await accepted(floor)) == 1


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
