"""Previews: contacts that are offered to agents, and called when an agent accepts."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.agents import Floor
from tests.support.api import refused
from tests.support.contacts import put_due
from tests.support.previews import accepted, offered, offered_id, present_offer, preview, refusal
from tongdai.agents import store
from tongdai.agents.model import AgentState
from tongdai.db.pool import Connection
from tongdai.ids import ContactId


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
    response = await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id})
    offer = response.pop("offer")
    assert response == {"success": "1", "error_code": "SUCCESS", "error_message": f"Contact {contact_id} is offered"}
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
    response = await floor.tenant.done("POST", preview(agent_id), json={"campaignId": campaign_id})
    assert (response["offer"], response["error_message"]) == (None, "No contact is due within its calling window")


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
    assert await accepted(floor, campaign_id) == []
    first = await floor.tenant.done("POST", f"{preview(agent_id)}/accept")
    assert first["error_message"] == f"Contact {contact_id} is called"
    assert first["offer"]["lapsesAt"] is None
    await floor.earlier("preview", "offered_at", 3600)
    assert await floor.tenant.done("POST", f"{preview(agent_id)}/accept") == first | {
        "offer": first["offer"] | {"offeredAt": (await present_offer(floor, agent_id, campaign_id))["offeredAt"]}
    }
    (waits,) = await accepted(floor, campaign_id)
    assert (waits.campaign_id, waits.contact_id, waits.agent_id) == (campaign_id, contact_id, agent_id)


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
        (await elsewhere.campaign(), "The campaign's queue is none of the agent's"),
    ):
        assert await refusal(floor, "POST", preview(agent_id), json={"campaignId": campaign_id}) == why


async def test_agent_previews_for_all_their_queues_with_a_connected_phone_alone(floor: Floor) -> None:
    elsewhere = Floor(floor.tenant, floor.pool, await floor.tenant.queue("Support"))
    campaign_id = await elsewhere.campaign()
    (contact_id,) = await elsewhere.contacts(campaign_id, 1)
    agent_id = await floor.idle(queues=[{"queueId": elsewhere.queue_id}])
    assert await offered_id(floor, agent_id, campaign_id) == contact_id
    rings = await elsewhere.agent(mode="ring")
    await floor.tenant.done("POST", f"/v1/agents/{rings}/sign-in")
    said = await refusal(floor, "POST", preview(rings), json={"campaignId": campaign_id})
    assert said == "The agent's phone rings for each call, and takes no calls of campaigns"


async def test_contact_of_an_agent_who_pauses_is_offered_to_others(floor: Floor) -> None:
    campaign_id, first, second = await floor.campaign(), await floor.idle(), await floor.idle()
    (contact_id,) = await floor.contacts(campaign_id, 1)
    assert await offered_id(floor, first, campaign_id) == contact_id
    await floor.tenant.done("POST", f"/v1/agents/{first}/pause", json={"reason": "lunch"})
    assert await offered_id(floor, second, campaign_id) == contact_id


async def test_agent_has_a_contact_of_one_campaign_at_a_time(floor: Floor) -> None:
    campaign_id, other_id, agent_id = await floor.campaign(), await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    (contact_id,) = await floor.contacts(other_id, 1)
    await offered(floor, agent_id, campaign_id)
    said = await refusal(floor, "POST", preview(agent_id), json={"campaignId": other_id})
    assert said == "The agent has a contact of another campaign, to accept or to skip first"
    await floor.tenant.done("DELETE", preview(agent_id))
    assert await offered_id(floor, agent_id, other_id) == contact_id


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
    assert len(await accepted(floor, campaign_id)) == 1


async def test_present_offer_is_read_with_the_campaigns_of_the_agents_queues(floor: Floor) -> None:
    campaign_id, agent_id = await floor.campaign(campaignName="Look first"), await floor.idle()
    paused = await floor.campaign()
    await floor.tenant.done("POST", f"/v1/campaigns/{paused}/pause")
    await floor.campaign(queueId=await floor.tenant.queue("Another"))
    (contact_id,) = await floor.contacts(campaign_id, 1)
    campaigns = [{"campaignId": campaign_id, "campaignName": "Look first"}]
    assert await floor.tenant.done("GET", preview(agent_id)) == {"campaigns": campaigns, "offer": None}
    offer = await present_offer(floor, agent_id, campaign_id)
    assert offer["contactId"] == contact_id
    assert await floor.tenant.done("GET", preview(agent_id)) == {"campaigns": campaigns, "offer": offer}
    await floor.earlier("preview", "offered_at", 301)
    assert (await floor.tenant.done("GET", preview(agent_id)))["offer"] is None
    ringing = await floor.agent(mode="ring")
    assert await floor.tenant.done("GET", preview(ringing)) == {"campaigns": [], "offer": None}


async def test_reason_of_a_skip_is_in_the_audit(floor: Floor, conn: Connection) -> None:
    campaign_id, agent_id = await floor.campaign(), await floor.idle()
    await floor.contacts(campaign_id, 1)
    await present_offer(floor, agent_id, campaign_id)
    await floor.tenant.done("DELETE", f"{preview(agent_id)}?reason=not%20at%20work")
    detail = await conn.fetchval(
        "select detail from audit where tenant_id = $1 and action = 'preview.skip'", floor.tenant_id
    )
    assert detail == {"agent": agent_id, "reason": "not at work"}
    answer = await floor.tenant.call("DELETE", f"{preview(agent_id)}?reason={'x' * 65}")
    assert refused(answer, 400, "INVALID_INPUT") == "reason must have 1 to 64 characters, not 65"
