"""Reports of offers, missed calls, campaigns and imports."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.callers import CLOSED, ended
from tests.support.calls import NOW, a_call, in_call, new_agent
from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Connection
from tongdai.ids import ContactId, QueueId

DAY = "from=2026-03-10&to=2026-03-11&interval=60"
OFFER = """
insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at, ended_at, outcome)
values ($1, gen_random_uuid(), $2, $3, $4, $5, $6)
"""

STATE = """
insert into agent_state (tenant_id, agent_id, began_at, began_month, state, reason)
values ($1, $2, $3, date_trunc('month', $3 at time zone 'UTC')::date, $4, $5)
"""


@pytest.fixture
async def queue_id(tenant: Tenant, conn: Connection) -> QueueId:
    await conn.execute("update tenant set zone = 'Asia/Ho_Chi_Minh' where tenant_id = $1", tenant.tenant_id)
    return await tenant.queue("Sales")


async def reported(tenant: Tenant, name: str, more: str = "") -> Any:
    found = await tenant.done("GET", f"/v1/reports/{name}?{DAY}{more}")
    assert (found["timeZone"], found["formulas"] != {}) == ("Asia/Ho_Chi_Minh", True)
    return found


async def test_offers_add_up_by_queue_and_agent(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    lan, minh = [await new_agent(conn, tenant.tenant_id, queue_id) for _ in range(2)]
    for outcome in OfferOutcome:
        await conn.execute(OFFER, tenant.tenant_id, queue_id, lan, NOW, NOW + timedelta(seconds=6), outcome)
    await conn.execute(OFFER, tenant.tenant_id, queue_id, minh, NOW, None, None)
    found = await reported(tenant, "offers")
    assert [(row["agentId"], row["offers"], row["open"]) for row in found["data"]] == [
        (lan, len(OfferOutcome), 0),
        (minh, 1, 1),
    ]
    assert found["data"][0].items() >= {
        "answered": 1, "noAnswer": 1, "answeredElsewhere": 1, "answerRate": 25.0, "answerSec": 6.0, "ringSec": 42.0,
        "from": "2026-03-10T09:00:00+07:00", "queueName": "Sales", "agentName": "An agent",
    }.items()  # fmt: skip
    assert found["total"]["offers"] == len(OfferOutcome) + 1
    assert [row["agentId"] for row in (await reported(tenant, "offers", f"&agentId={minh}"))["data"]] == [minh]
    assert (await reported(tenant, "offers", "&teamId=3"))["data"] == []
    await conn.execute("update agent set team_id = 3 where tenant_id = $1 and agent_id = $2", tenant.tenant_id, lan)
    assert [row["agentId"] for row in (await reported(tenant, "offers", "&teamId=3"))["data"]] == [lan]


async def test_time_of_agents_is_that_of_their_segments(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    lan = await new_agent(conn, tenant.tenant_id, queue_id)
    call_id = await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=5, agent_id=lan)
    at = NOW + timedelta(seconds=125)
    for kind, length_s in (("hold", 10), ("talk", 20), ("wrap_up", 30)):
        of = (tenant.tenant_id, call_id, kind, at, at + timedelta(seconds=length_s), queue_id, lan)
        await conn.execute(CLOSED, *of)
        at += timedelta(seconds=length_s)
    (row,) = (await reported(tenant, "agents"))["data"]
    assert row.items() >= {
        "agentId": lan, "agentName": "An agent", "calls": 1, "talkSec": 140.0, "holdSec": 10.0, "wrapUpSec": 30.0,
        "handleSec": 180.0, "from": "2026-03-10T09:00:00+07:00",
    }.items()  # fmt: skip
    assert (await reported(tenant, "agents", "&teamId=3"))["data"] == []
    assert (await reported(tenant, "agents", f"&agentId={lan + 1}"))["total"]["calls"] == 0


async def test_states_of_agents_add_up_in_each_format(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    lan = await new_agent(conn, tenant.tenant_id, queue_id)
    for seconds, state, reason in (
        (0, "calling", None),
        (2.6, "idle", None),
        (1800.5, "paused", "Ăn trưa"),
        (5400, "paused", "=1+1"),
        (5401, "offline", None),
    ):
        at = NOW + timedelta(seconds=seconds)
        await conn.execute(STATE, tenant.tenant_id, lan, at, state, reason)
    found = await reported(tenant, "agents")
    assert [(row["signedInSec"], row["pauses"]) for row in found["data"]] == [
        (3600, {"Ăn trưa": 1800}),
        (1801, {"=1+1": 1, "Ăn trưa": 1800}),
    ]
    assert found["total"].items() >= {"signedInSec": 5401, "callingSec": 2, "idleSec": 1798, "pausedSec": 3601}.items()
    rows = rows_of_csv(await tenant.call("GET", f"/v1/reports/agents?{DAY}&format=csv"))
    assert [(row["signedInSec"], row["pauses"]) for row in rows] == [
        ("3600", "Ăn trưa=1800"),
        ("1801", "'=1+1=1 Ăn trưa=1800"),
    ]


async def test_missed_calls_add_up_by_outcome_and_by_state(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    for outcome, phone in (("abandoned", "+84901"), ("overflow", "+84902")):
        await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=20, outcome=outcome, phone=phone)
    later = NOW + timedelta(minutes=5)
    await ended(
        conn, tenant.tenant_id, queue_id, began=later, waited_s=5,
        agent_id=await new_agent(conn, tenant.tenant_id, queue_id), phone="+84901",
    )  # fmt: skip
    found = await reported(tenant, "missed")
    assert found["data"][0].items() >= {
        "missed": 2, "outcomes": {"abandoned": 1, "overflow": 1}, "servedRate": 50.0, "waitSec": 20.0,
        "states": {"open": 1, "claimed": 0, "served": 1, "closed": 0}, "queueId": queue_id,
    }.items()  # fmt: skip


async def test_calls_of_campaigns_add_up(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    campaign_id = await tenant.campaign()
    of = (conn, tenant.tenant_id, campaign_id)
    for outcome in ("answered", "abandoned"):
        connected_s = 6.0 if outcome == "answered" else None
        await a_call(*of, outcome=outcome, dialled_s=1, answered_s=5, connected_s=connected_s, ended_s=30)
    await a_call(*of, outcome="cancelled", dialled_s=None)
    await in_call(conn, tenant.tenant_id, ContactId(9), "+84901", campaign_id)
    found = await reported(tenant, "campaigns", f"&campaignId={campaign_id}")
    assert found["data"][0].items() >= {
        "calls": 4, "outcomes": {"abandoned": 1, "answered": 1, "cancelled": 1}, "open": 1, "placed": 3, "answered": 2,
        "connected": 1, "answerRate": 66.67, "abandonRate": 50.0, "ringSec": 4.0, "waitSec": 1.0, "talkSec": 24.0,
        "campaignId": campaign_id, "campaignName": "A campaign",
    }.items()  # fmt: skip
    assert (await reported(tenant, "campaigns", f"&campaignId={campaign_id + 1}"))["data"] == []


async def test_imports_add_up(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    campaign_id = await tenant.campaign()
    rows = {"contacts": [{"phoneNumber": "0901234567"}, {"phoneNumber": "x"}]}
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", json=rows)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/contacts/bulk?dry_run=true", json=rows)
    await conn.execute("update import_job set created_at = $2 where tenant_id = $1", tenant.tenant_id, NOW)
    found = await reported(tenant, "imports")
    assert found["data"][0].items() >= {"imports": 1, "done": 0, "open": 1, "rows": 2, "waiting": 2}.items()
    (row,) = rows_of_csv(await tenant.call("GET", f"/v1/reports/imports?{DAY}&format=csv"))
    assert row.items() >= {"imports": "1", "campaignName": "A campaign", "timeZone": "Asia/Ho_Chi_Minh"}.items()


@pytest.mark.parametrize("name", ["agents", "offers", "missed", "campaigns", "imports"])
async def test_period_is_checked(tenant: Tenant, name: str) -> None:
    assert "from" in refused(await tenant.call("GET", f"/v1/reports/{name}?from=x"), 400, "INVALID_INPUT")
