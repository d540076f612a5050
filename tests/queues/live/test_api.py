"""Live figures of queues: callers who wait, agents, the service level; of one queue, of all, and as events."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.api import Tenant, refused
from tests.support.callbacks import asked
from tests.support.callers import ago, ended, talking, waiting
from tests.support.calls import in_call
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId
from tongdai.queues.live.store import ENTRIES, RECENT
from tongdai.tenants import store as tenants

AGENT = AgentId(7)
NOTHING = {
    "offered": 0, "answered": 0, "abandoned": 0, "sentOn": 0, "answeredWithin": 0, "abandonedWithin": 0,
    "serviceLevelOfAnswered": None, "serviceLevelOfOffered": None, "abandonRate": None, "answerSec": None,
    "callersNotServed": 0,
}  # fmt: skip


async def live(tenant: Tenant, queue_id: QueueId, query: str = "") -> Any:
    return await tenant.done("GET", f"/v1/queues/inbound/{queue_id}/live{query}")


async def all_live(tenant: Tenant, query: str = "") -> Any:
    return await tenant.done("GET", f"/v1/queues/live{query}")


async def test_callers_who_wait_are_listed_in_their_order_with_position_and_wait(
    tenant: Tenant, conn: Connection
) -> None:
    queue_id, other = await tenant.queue("Sales"), await tenant.queue("Support")
    ids = [str(await waiting(conn, tenant.tenant_id, queue_id, waits)) for waits in (10, 300, 70)]
    await waiting(conn, tenant.tenant_id, other, 600)
    await talking(conn, tenant.tenant_id, queue_id, AGENT)
    found = await live(tenant, queue_id)
    assert [caller["callId"] for caller in found["callers"]] == [ids[1], ids[2], ids[0]]
    assert [caller["position"] for caller in found["callers"]] == [1, 2, 3]
    assert [round(caller["waitSec"], -1) for caller in found["callers"]] == [300, 70, 10]
    assert all(caller["phoneNumber"].startswith("09") for caller in found["callers"])
    assert (found["waiting"], round(found["longestWaitSec"], -1), found["talking"]) == (3, 300, 1)
    whole = await all_live(tenant)
    assert (whole["waiting"], round(whole["longestWaitSec"], -1), whole["talking"]) == (4, 600, 1)
    assert [(queue["callinId"], queue["waiting"]) for queue in whole["queues"]] == [(queue_id, 3), (other, 1)]


async def test_caller_with_the_place_of_a_lost_call_is_listed_there(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Sales")
    first = await waiting(conn, tenant.tenant_id, queue_id, 100)
    again = await waiting(conn, tenant.tenant_id, queue_id, 10, arrived_s=200)
    found = await live(tenant, queue_id)
    assert [caller["callId"] for caller in found["callers"]] == [str(again), str(first)]
    assert round(found["longestWaitSec"], -1) == 100


async def test_quiet_queue_has_zeros_and_no_rates(tenant: Tenant) -> None:
    queue_id = await tenant.queue("Sales", strategy=2)
    assert await live(tenant, queue_id) == {
        "callinId": queue_id, "callinName": "Sales", "strategy": 2, "waiting": 0, "longestWaitSec": None,
        "talking": 0, "callbacks": 0, "agents": {}, "today": NOTHING, "last30Min": NOTHING, "callers": [],
        "serviceLevelSec": 20,
        "shortAbandonSec": 5,
    }  # fmt: skip


async def test_callbacks_that_are_due_are_counted(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Sales")
    callback = await asked(conn, tenant.tenant_id, queue_id)
    sent = {"queueId": queue_id, "phoneNumber": "0907654321", "dueAt": "2099-01-01T00:00:00Z"}
    await tenant.done("POST", "/v1/callbacks", json=sent)
    assert (await live(tenant, queue_id))["callbacks"] == 1
    await tenant.done("DELETE", f"/v1/callbacks/{callback.callback_id}")
    assert (await live(tenant, queue_id))["callbacks"] == 0


async def test_agents_are_counted_by_state_and_each_once_for_the_tenant(tenant: Tenant, conn: Connection) -> None:
    queue_id, other = await tenant.queue("Sales"), await tenant.queue("Support")
    for endpoint, queue in (("a", queue_id), ("b", queue_id), ("c", other)):
        await tenant.done("POST", "/v1/agents", json={"agentName": "A", "endpoint": endpoint, "queueId": queue})
    await conn.execute("update agent set state = 'calling' where tenant_id = $1 and endpoint = 'a'", tenant.tenant_id)
    assert (await live(tenant, queue_id))["agents"] == {"calling": 1, "offline": 1}
    await conn.execute(
        """insert into agent_queue (tenant_id, agent_id, queue_id)
           select tenant_id, agent_id, $2 from agent where tenant_id = $1 and endpoint = 'c'""",
        tenant.tenant_id, queue_id,
    )  # fmt: skip
    assert (await live(tenant, queue_id))["agents"] == {"calling": 1, "offline": 2}
    assert (await live(tenant, other))["agents"] == {"offline": 1}
    assert (await all_live(tenant))["agents"] == {"calling": 1, "offline": 2}


async def test_service_level_counts_entries_that_are_over_by_both_formulas(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    began = ago(1500)  # of the last 30 minutes
    for waited, agent in ((3, AGENT), (20, AGENT), (21, AGENT), (2, None), (40, None)):
        await ended(conn, tenant.tenant_id, queue_id, began=began, waited_s=waited, agent_id=agent)
    # Sent on: the call ended later, or otherwise.
    await ended(conn, tenant.tenant_id, queue_id, began=began, waited_s=60, elsewhere_s=30)
    await ended(conn, tenant.tenant_id, queue_id, began=began, waited_s=60, outcome="lost")
    await waiting(conn, tenant.tenant_id, queue_id, 90)  # not over
    found = (await live(tenant, queue_id))["last30Min"]
    assert found == {
        "offered": 7, "answered": 3, "abandoned": 2, "sentOn": 2, "answeredWithin": 2, "abandonedWithin": 1,
        "serviceLevelOfAnswered": 66.67, "serviceLevelOfOffered": 33.33, "abandonRate": 28.57, "answerSec": 14.7,
        "callersNotServed": 4,
    }  # fmt: skip
    wider = await live(tenant, queue_id, "?serviceLevelSec=21")
    assert (wider["serviceLevelSec"], wider["last30Min"]["answeredWithin"]) == (21, 3)


async def test_threshold_is_that_of_each_queue_unless_one_is_asked_for(tenant: Tenant, conn: Connection) -> None:
    strict, usual = await tenant.queue("Strict"), await tenant.queue("Usual")
    await tenant.done("PATCH", f"/v1/queues/inbound/{strict}/settings", json={"serviceLevelSec": 10})
    for queue_id in (strict, usual):
        await ended(conn, tenant.tenant_id, queue_id, began=ago(1500), waited_s=15, agent_id=AGENT)
    figures = await all_live(tenant)
    found = [(queue["serviceLevelSec"], queue["last30Min"]["answeredWithin"]) for queue in figures["queues"]]
    assert found == [(10, 0), (20, 1)]
    assert (figures["serviceLevelSec"], figures["last30Min"]["answeredWithin"]) == (None, 1)
    assert (await live(tenant, strict))["serviceLevelSec"] == 10
    assert (await live(tenant, strict, "?serviceLevelSec=15"))["last30Min"]["answeredWithin"] == 1


async def test_numbers_not_served_are_distinct_and_served_by_a_later_call_of_either_side(
    tenant: Tenant, conn: Connection
) -> None:
    queue_id, other = await tenant.queue(), await tenant.queue("Other")

    async def call(queue: QueueId, phone: str, seconds: float, agent: AgentId | None = None) -> None:
        await ended(conn, tenant.tenant_id, queue, began=ago(seconds), waited_s=30, agent_id=agent, phone=phone)

    for queue in (queue_id, queue_id, other):
        await call(queue, "+84900000001", 1200)
    await call(queue_id, "", 1200)  # withheld: nobody to call back
    await call(queue_id, "+84900000002", 900, AGENT)
    await call(queue_id, "+84900000003", 1200)
    whole = await all_live(tenant)
    assert [queue["last30Min"]["callersNotServed"] for queue in whole["queues"]] == [2, 1]
    assert whole["last30Min"]["callersNotServed"] == 2
    await call(other, "+84900000003", 600, AGENT)  # rang again, and was answered
    assert (await live(tenant, queue_id))["last30Min"]["callersNotServed"] == 1
    campaign_id = await tenant.campaign()
    contact_id = (await tenant.contact(campaign_id, "0900000001"))["contactId"]
    await in_call(
        conn,
        tenant.tenant_id,
        contact_id,
        "+84900000001",
        campaign_id,
        "answered",
        opened_at=ago(60),
        answered_s=2,
        connected_s=3,
    )
    assert (await all_live(tenant))["last30Min"]["callersNotServed"] == 0  # called back


async def test_day_begins_at_midnight_of_the_tenant(tenant: Tenant, conn: Connection) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    await tenants.set_zone(conn, tenant.tenant_id, zone.key)
    queue_id = await tenant.queue()
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for began in (midnight - timedelta(seconds=1), midnight):
        await ended(conn, tenant.tenant_id, queue_id, began=began, waited_s=3, agent_id=AGENT)
    # The second of them may be yet to come at the very beginning of a day; the first is never of it.
    assert (await live(tenant, queue_id))["today"]["offered"] == 1


async def test_calls_of_campaigns_are_not_callers(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await ended(conn, tenant.tenant_id, queue_id, began=ago(60), waited_s=3, agent_id=AGENT)
    call_id = await waiting(conn, tenant.tenant_id, queue_id, 10)
    assert (await live(tenant, queue_id))["waiting"] == 1
    campaign_id = await tenant.campaign()
    contact_id = (await tenant.contact(campaign_id))["contactId"]
    await conn.execute(
        """update call set direction = 'outbound', campaign_id = $3, contact_id = $4, queue_id = null, called = null,
               channel = null, dialled_at = opened_at
           where tenant_id = $1 and ($2::uuid is not null)""",
        tenant.tenant_id, call_id, campaign_id, contact_id,
    )  # fmt: skip
    found = await live(tenant, queue_id)
    assert (found["waiting"], found["today"]["offered"], found["last30Min"]["offered"]) == (0, 0, 0)


async def test_figures_are_of_the_tenants_own_queues(tenant: Tenant, other_tenant: Tenant, conn: Connection) -> None:
    queue_id = await other_tenant.queue()
    await waiting(conn, other_tenant.tenant_id, queue_id, 10)
    await ended(conn, other_tenant.tenant_id, queue_id, began=ago(60), waited_s=3)
    assert (await all_live(tenant))["queues"] == []
    assert (await all_live(tenant))["waiting"] == 0
    for path in ("live", "live/events?events=1"):
        response = await tenant.get(f"/v1/queues/inbound/{queue_id}/{path}")
        assert refused(response, 404, "NOT_FOUND") == "Inbound queue not found"


@pytest.mark.parametrize("value", ["0", "3601", "x", "1.5"])
async def test_threshold_of_the_service_level_is_one_second_to_an_hour(tenant: Tenant, value: str) -> None:
    response = await tenant.get(f"/v1/queues/live?serviceLevelSec={value}")
    assert "serviceLevelSec" in refused(response, 400, "INVALID_INPUT")


@pytest.mark.parametrize("path", ["/v1/queues/inbound/{}/live/events", "/v1/queues/live/events"])
async def test_events_follow_a_change(tenant: Tenant, conn: Connection, path: str) -> None:
    queue_id = await tenant.queue()
    following = asyncio.create_task(tenant.get(f"{path.format(queue_id)}?events=2"))
    await asyncio.sleep(0)
    await waiting(conn, tenant.tenant_id, queue_id, 10)  # without this there is no second event
    response = await following
    assert response.headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    assert len(events) == 2
    assert events[-1]["waiting"] == 1


async def test_streams_of_one_queue_and_of_all_have_the_same_change(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    paths = [f"/v1/queues/inbound/{queue_id}/live/events?events=2", "/v1/queues/live/events?events=2"]
    following = [asyncio.create_task(tenant.get(path)) for path in paths * 3]
    await asyncio.sleep(0)
    await waiting(conn, tenant.tenant_id, queue_id, 10)  # without this there is no second event
    for response in await asyncio.gather(*following):
        events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
        assert [len(events), events[-1]["waiting"]] == [2, 1]


async def test_entries_of_the_day_are_read_by_index(own_pool: Any) -> None:
    """Entries of other days and queues are not read."""
    async with own_pool.acquire() as conn:
        await conn.execute("insert into tenant (tenant_id, name, zone) values (1, 'A', 'UTC')")
        await conn.execute(
            """insert into segment (tenant_id, call_id, kind, started_at, ended_at, ended_month, queue_id)
               select 1, gen_random_uuid(), 'wait', at, at, date_trunc('month', at at time zone 'UTC')::date, i % 50
               from (select i, now() - i * interval '10 minutes' as at from generate_series(1, 20000) i) s"""
        )
        await conn.execute("analyze")
        plan = await conn.fetch(f"explain {ENTRIES}", 1, [1, 2], RECENT, [20, 20], 5)
    text = "\n".join(row[0] for row in plan)
    assert "segment_queue" in text or "queue_id_started_at_idx" in text, text
    assert "Seq Scan on segment_other" not in text, text
