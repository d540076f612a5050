"""Why callers wait and agents are offered nobody, by what the database has."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Tenant, refused
from tests.support.callers import ago, ended, waiting
from tests.support.calls import a_call, join_queue, new_agent
from tests.support.diagnostics import instant
from tongdai.acd.caller import store as callers
from tongdai.call_outcome import OfferOutcome
from tongdai.calls.inbound import store as inbound
from tongdai.calls.inbound.model import Arrival
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

ANY_HOUR = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}
UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)


@pytest.fixture(autouse=True)
async def running(conn: Connection) -> None:
    """A telephony process that is connected to the switch."""
    await switches.beat(conn, DEFAULT, UP)


async def why(tenant: Tenant, queue_id: QueueId) -> Any:
    return await tenant.done("GET", f"/v1/queues/inbound/{queue_id}/why")


def reasons(found: Mapping[str, Any]) -> tuple[list[str | None], list[str | None]]:
    """The reasons of the callers, and of the agents."""
    return [one["reason"] for one in found["callers"]], [one["reason"] for one in found["agents"]]


async def test_caller_without_agents_is_explained(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Sales")
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 40)
    found = await why(tenant, queue_id)
    (caller,) = found["callers"]
    assert (found["callinId"], found["callinName"], found["message"]) == (queue_id, "Sales", None)
    assert (caller["callId"], caller["position"], caller["reason"]) == (str(call_id), 1, "no_agents_signed_in")
    assert (round(caller["waitSec"], -1), caller["offers"], caller["agentId"]) == (40, 0, None)
    assert caller["phoneNumber"].startswith("09")
    assert caller["message"] == "No agent of the queue is signed in."
    assert caller["servedFrom"] == caller["arrivedAt"]


async def test_busy_agents_are_counted_and_each_says_why(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    for waits_s in (40, 20):
        await waiting(conn, tenant.tenant_id, queue_id, waits_s)
    await new_agent(conn, tenant.tenant_id, queue_id, "paused", pause_reason="lunch")
    await new_agent(conn, tenant.tenant_id, queue_id, "talking")
    await new_agent(conn, tenant.tenant_id, queue_id, "wrap_up", code_needed=True)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["no_agent_free"] * 2, ["paused", "talking", "wrap_up"])
    assert found["callers"][1]["message"] == (
        "No agent of the queue is free: 1 paused, 1 talking, 1 in wrap-up. 1 other is before them in the queue."
    )
    paused, talking, wrap_up = found["agents"]
    assert paused["pauseReason"] == "lunch"
    assert paused["message"].endswith(": lunch.")
    assert talking["callId"] is not None
    assert wrap_up["message"].endswith(", until a code is set.")


async def test_idle_agent_and_first_caller_have_no_reason(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    for waits_s in (40, 20):
        await waiting(conn, tenant.tenant_id, queue_id, waits_s)
    await new_agent(conn, tenant.tenant_id, queue_id)
    assert reasons(await why(tenant, queue_id)) == ([None, "callers_first"], [None])


async def test_caller_of_another_queue_of_the_agent_comes_first(tenant: Tenant, conn: Connection) -> None:
    queue_id, other = await tenant.queue("Sales"), await tenant.queue("Support")
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    first = await waiting(conn, tenant.tenant_id, other, 40)
    agent_id = await new_agent(conn, tenant.tenant_id, queue_id)
    await join_queue(conn, tenant.tenant_id, agent_id, other)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["callers_first"], ["other_queue_first"])
    assert found["agents"][0]["callId"] == str(first)
    assert found["agents"][0]["message"] == f"A caller of another queue comes before: Support ({other})."
    assert reasons(await why(tenant, other)) == ([None], [None])


async def _offer(conn: Connection, tenant: Tenant, queue_id: QueueId) -> tuple[Any, AgentId]:
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 40)
    agent_id = await new_agent(conn, tenant.tenant_id, queue_id, "reserved", call_id=call_id)
    at = await conn.fetchval("select clock_timestamp()")
    assert await callers.offer(conn, tenant.tenant_id, call_id, agent_id, at)
    return call_id, agent_id


async def test_offer_is_named_and_an_agent_who_failed_is_not_tried_for_a_while(
    tenant: Tenant, conn: Connection
) -> None:
    queue_id = await tenant.queue()
    call_id, agent_id = await _offer(conn, tenant, queue_id)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["being_offered"], ["being_offered"])
    assert (found["callers"][0]["agentId"], found["callers"][0]["offers"]) == (agent_id, 1)
    assert found["callers"][0]["message"] == f"They are being offered to agent An agent ({agent_id})."

    at = await conn.fetchval("select clock_timestamp()")
    await callers.offer_ended(conn, tenant.tenant_id, call_id, agent_id, OfferOutcome.REJECTED, at)
    await conn.execute(
        "update agent set state = 'idle', call_id = null where tenant_id = $1 and agent_id = $2",
        tenant.tenant_id, agent_id,
    )  # fmt: skip
    found = await why(tenant, queue_id)
    assert reasons(found) == (["tried_lately"], ["tried_lately"])
    assert instant(found["agents"][0]["until"]) == at + timedelta(seconds=20)
    await conn.execute(
        """update offer set offered_at = offered_at - interval '30 seconds', ended_at = ended_at - interval '20 seconds'
           where tenant_id = $1""",
        tenant.tenant_id,
    )
    assert reasons(await why(tenant, queue_id)) == ([None], [None])


async def test_skills_that_the_queue_needs_are_named(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    settings = {"skills": [{"skill": "english", "level": 3}], "skillsForSec": 60}
    await tenant.done("PATCH", f"/v1/queues/inbound/{queue_id}/settings", json=settings)
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await new_agent(conn, tenant.tenant_id, queue_id)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["skill_missing"], ["skill_missing"])
    assert "english 3" in found["callers"][0]["message"]
    assert instant(found["callers"][0]["until"]) == instant(found["callers"][0]["arrivedAt"]) + timedelta(seconds=60)


async def test_agents_are_kept_for_a_callee_who_has_answered(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    campaign_id = await tenant.campaign()
    await conn.execute(
        "update campaign set queue_id = $2 where tenant_id = $1 and campaign_id = $3",
        tenant.tenant_id, queue_id, campaign_id,
    )  # fmt: skip
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await new_agent(conn, tenant.tenant_id, queue_id)
    contact_id = (await tenant.contact(campaign_id))["contactId"]
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id, state="answered", answered_s=2)
    assert reasons(await why(tenant, queue_id)) == (["kept_for_campaign"], ["kept_for_campaign"])


async def test_phone_that_is_busy_or_not_the_tenants_is_said(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await new_agent(conn, tenant.tenant_id, queue_id, busy_elsewhere=True)
    assert reasons(await why(tenant, queue_id)) == (["no_agent_free"], ["phone_busy"])


async def test_agent_who_talked_with_the_caller_last_is_waited_for(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    settings = {"preferredAgentDays": 7, "preferredAgentPatienceSec": 60}
    await tenant.done("PATCH", f"/v1/queues/inbound/{queue_id}/settings", json=settings)
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 20)
    before = await new_agent(conn, tenant.tenant_id, queue_id, "talking")
    await new_agent(conn, tenant.tenant_id, queue_id)
    phone = await conn.fetchval("select phone from live_call where call_id = $1", call_id)
    earlier = await ended(conn, tenant.tenant_id, queue_id, began=ago(3600), waited_s=3, agent_id=before, phone=phone)
    await conn.execute("update call set agent_id = $2 where call_id = $1", earlier, before)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["preferred_agent"], ["talking", "others_preferred"])
    assert found["callers"][0]["agentId"] == before
    assert round((instant(found["callers"][0]["until"]) - instant(found["at"])).total_seconds(), -1) == 40


TRANSFERRED = """
insert into call_act (tenant_id, call_id, switch_id, kind, arguments, asked_at, begun_at, done_at, result)
values ($1, $2, $3, 'transfer', $4, $5, $5, $5, 'done')
"""


async def _transferred(conn: Connection, tenant: Tenant, call_id: UUID, ago_s: float, **arguments: int) -> None:
    await conn.execute(TRANSFERRED, tenant.tenant_id, call_id, DEFAULT, arguments, ago(ago_s))


async def test_agent_to_whom_a_caller_was_transferred_is_waited_for(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 10, arrived_s=60)
    to = await new_agent(conn, tenant.tenant_id, queue_id, "talking")
    await _transferred(conn, tenant, call_id, 11, queueId=queue_id, agentId=to)
    found = await why(tenant, queue_id)
    assert reasons(found) == (["preferred_agent"], ["talking"]), "nobody else is free either"
    (caller,) = found["callers"]
    assert caller["agentId"] == to
    assert f"An agent ({to}) until " in caller["message"]
    assert round((instant(caller["until"]) - instant(found["at"])).total_seconds(), -1) == 20
    await new_agent(conn, tenant.tenant_id, queue_id)
    assert reasons(await why(tenant, queue_id)) == (["preferred_agent"], ["talking", "others_preferred"])


async def test_transfer_to_an_agent_that_is_over_names_nobody(tenant: Tenant, conn: Connection) -> None:
    queue_id, other = await tenant.queue("Sales"), await tenant.queue("Support")
    to = await new_agent(conn, tenant.tenant_id, queue_id, "talking")
    again = await waiting(conn, tenant.tenant_id, queue_id, 10)
    await _transferred(conn, tenant, again, 14, queueId=queue_id, agentId=to)
    await _transferred(conn, tenant, again, 11, queueId=queue_id)
    elsewhere = await waiting(conn, tenant.tenant_id, queue_id, 10)
    await _transferred(conn, tenant, elsewhere, 11, queueId=other, agentId=to)
    since = await waiting(conn, tenant.tenant_id, queue_id, 10)
    await _transferred(conn, tenant, since, 25, queueId=queue_id, agentId=to)
    asked = await waiting(conn, tenant.tenant_id, queue_id, 10)
    await _transferred(conn, tenant, asked, 11, queueId=queue_id, agentId=to)
    assert await callers.offer(conn, tenant.tenant_id, asked, to, ago(5))
    assert await callers.offer_ended(conn, tenant.tenant_id, asked, to, OfferOutcome.NO_ANSWER, ago(1))
    assert reasons(await why(tenant, queue_id))[0] == ["no_agent_free"] * 4


async def test_callback_that_is_due_has_its_place(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await new_agent(conn, tenant.tenant_id, queue_id)
    await tenant.done("PUT", "/v1/tenants/me/calling-hours", json={"callingWindows": [ANY_HOUR]})
    await conn.execute(
        """insert into callback (tenant_id, queue_id, phone, called, source, arrived_at, due_at, expires_at)
           select $1, $2, '+84901234567', '', 'caller', now() - interval '1 minute', now(),
               now() + interval '1 hour'""",
        tenant.tenant_id, queue_id,
    )  # fmt: skip
    found = await why(tenant, queue_id)
    assert reasons(found) == (["callers_first"], [None])
    assert found["callers"][0]["position"] == 2


async def test_vip_caller_has_a_head_start(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("VIP", strategy=2)
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    (caller,) = (await why(tenant, queue_id))["callers"]
    assert instant(caller["arrivedAt"]) - instant(caller["servedFrom"]) == timedelta(seconds=600)


async def test_closed_queue_says_so_and_those_who_wait_are_explained(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}/closed", json={})
    found = await why(tenant, queue_id)
    assert found["message"] == "The queue is closed: it takes no new callers."
    assert reasons(found) == (["no_agents_signed_in"], [])
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}", json={"strategy": 99})
    assert "locked" in (await why(tenant, queue_id))["message"]


async def test_caller_in_a_menu_is_listed_without_a_position(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    arrival = Arrival(switch_id=DEFAULT, channel="1.1", called="+842873001234", phone="")
    call = await inbound.arrive(conn, tenant.tenant_id, queue_id, arrival, timedelta(minutes=1))
    assert call is not None
    (caller,) = (await why(tenant, queue_id))["callers"]
    assert (caller["callId"], caller["position"], caller["reason"]) == (str(call.call_id), None, "before_queue")


async def test_nobody_is_matched_without_a_telephony_process(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await waiting(conn, tenant.tenant_id, queue_id, 20)
    await new_agent(conn, tenant.tenant_id, queue_id)
    await conn.execute("update switch set connected = false where switch_id = $1", DEFAULT)
    assert reasons(await why(tenant, queue_id)) == (["switch_away"], ["switch_away"])
    await conn.execute("update switch set alive_at = alive_at - interval '1 minute' where switch_id = $1", DEFAULT)
    assert reasons(await why(tenant, queue_id)) == (["telephony_not_running"], ["telephony_not_running"])


async def test_queue_that_there_is_not_is_not_found(tenant: Tenant) -> None:
    assert refused(await tenant.get("/v1/queues/inbound/17/why"), 404, "NOT_FOUND") == "Inbound queue not found"
