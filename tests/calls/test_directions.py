"""Calls of both directions in `/v1/calls`."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.call_scene import LEASE
from tests.support.callers import ended
from tests.support.calls import NOW, a_call, new_queue
from tongdai.calls.inbound import store
from tongdai.calls.inbound.model import Arrival
from tongdai.db.pool import Connection
from tongdai.ids import AgentId
from tongdai.switches.model import DEFAULT

HANOI = Arrival(switch_id=DEFAULT, channel="1732790000.17", called="+842873001234", phone="+84901234567")
SECOND = timedelta(seconds=1)
CALLBACK = """
insert into call (tenant_id, call_id, ended_month, direction, queue_id, called, phone, state, outcome, opened_at,
    dialled_at, ended_at, dial_until, lease_until)
values ($1, gen_random_uuid(), date_trunc('month', $3::timestamptz at time zone 'UTC')::date, 'outbound', $2, '',
    '+84901234567', 'ended', 'no_answer', $3, $3, $3, 'infinity', $3)
returning call_id
"""


@pytest.mark.parametrize("query", ["", "?direction=outbound"])
async def test_list_without_direction_has_calls_to_contacts_alone(tenant: Tenant, conn: Connection, query: str) -> None:
    queue_id = await new_queue(conn, tenant.tenant_id)
    outbound = await a_call(conn, tenant.tenant_id, await tenant.campaign())
    arrived = await store.arrive(conn, tenant.tenant_id, queue_id, HANOI, LEASE)
    assert arrived is not None
    listed = await tenant.done("GET", f"/v1/calls{query}")
    assert ([call["callId"] for call in listed["data"]], listed["totalRecord"]) == ([outbound], 1)


async def test_call_to_queue_is_found_by_direction_and_by_queue(tenant: Tenant, conn: Connection) -> None:
    queue_id = await new_queue(conn, tenant.tenant_id)
    other = await new_queue(conn, tenant.tenant_id)
    await a_call(conn, tenant.tenant_id, await tenant.campaign())
    arrived = await store.arrive(conn, tenant.tenant_id, queue_id, HANOI, LEASE)
    assert arrived is not None
    for query in ("direction=inbound", f"queueId={queue_id}", f"direction=inbound&queueId={queue_id}"):
        (one,) = await listed(tenant, query)
        assert (one["callId"], one["campaignId"], one["contactId"]) == (str(arrived.call_id), None, None)
        assert (one["direction"], one["queueId"], one["calledNumber"]) == ("inbound", queue_id, HANOI.called)
        assert one.items() <= (await tenant.done("GET", f"/v1/calls/{arrived.call_id}")).items()
    for query in (f"queueId={other}", f"queueId={queue_id}&direction=outbound"):
        assert await listed(tenant, query) == []


async def listed(tenant: Tenant, query: str) -> list[Any]:
    body = await tenant.done("GET", f"/v1/calls?{query}")
    assert body["totalRecord"] == len(body["data"])
    return body["data"]


@pytest.fixture
async def made(tenant: Tenant, conn: Connection) -> dict[str, str]:
    """Ended calls, the oldest first, by what they are; their filters are in `queries`."""
    t, sales, support = tenant.tenant_id, await tenant.queue("Sales"), await tenant.queue("Support")
    campaign_id = await tenant.campaign()
    one = await a_call(conn, t, campaign_id, phone="+84900000001", outcome="answered", agent_id=AgentId(7))
    two = await ended(conn, t, sales, began=NOW + SECOND, waited_s=5, agent_id=AgentId(7), phone="+84900000001")
    three = await ended(conn, t, support, began=NOW + 2 * SECOND, waited_s=9, outcome="overflow")
    four = await conn.fetchval(CALLBACK, t, sales, NOW + 60 * SECOND)
    five = await a_call(conn, t, campaign_id, opened_at=NOW + 61 * SECOND, outcome="busy")
    await conn.execute("update call set queue_id = $2 where tenant_id = $1 and call_id = $3", t, support, five)
    await conn.execute("update call set agent_id = 7 where tenant_id = $1 and call_id = $2", t, two)
    return {
        "one": str(one), "two": str(two), "three": str(three), "four": str(four), "five": str(five),
        "sales": str(sales), "support": str(support), "campaign": str(campaign_id),
    }  # fmt: skip


WANTED = {
    "": "five one",
    "direction=all": "five four three two one",
    "direction=inbound": "three two",
    "direction=outbound": "five four one",
    "queueId={sales}": "four two",
    "queueId={support}": "five three",
    "direction=inbound&queueId={sales}": "two",
    "direction=outbound&queueId={support}": "five",
    "direction=all&queueId={support}&outcome=busy": "five",
    "direction=inbound&outcome=overflow": "three",
    "direction=inbound&outcome=busy": "",
    "direction=all&outcome=answered": "two one",
    "direction=outbound&outcome=no_answer": "four",
    "outcome=overflow": "",
    "direction=all&phoneNumber=0900000001": "two one",
    "direction=inbound&phoneNumber=0900000001": "two",
    "phoneNumber=0900000001": "one",
    "direction=all&agentId=7": "two one",
    "direction=inbound&agentId=7": "two",
    "agentId=7": "one",
    "direction=all&campaignId={campaign}": "five one",
    "direction=inbound&campaignId={campaign}": "",
    "direction=all&from=2026-03-10T02:00:01Z&to=2026-03-10T02:01:01Z": "four three two",
    "direction=all&state=ringing": "",
    "direction=all&state=ended": "five four three two one",
}


@pytest.mark.parametrize("template", WANTED)
async def test_filters_of_both_directions(tenant: Tenant, made: dict[str, str], template: str) -> None:
    query = template.format(**made)
    calls = [made[name] for name in WANTED[template].split()]
    assert [call["callId"] for call in await listed(tenant, query)] == calls
    read = await tenant.done("GET", f"/v1/calls?{query}&cursor=*&size=1000")
    assert [call["callId"] for call in read["data"]] == calls
    ends = await tenant.done("GET", f"/v1/calls?{query}&endedAfter=2026-01-01T00:00:00Z")
    assert sorted(call["callId"] for call in ends["data"]) == sorted(calls)
    file = rows_of_csv(await tenant.get(f"/v1/calls?{query}", headers={"Accept": "text/csv"}))
    assert [row["callId"] for row in file] == calls


async def test_pages_of_both_directions_continue_where_the_last_ended(tenant: Tenant, made: dict[str, str]) -> None:
    read: list[str] = []
    cursor = "*"
    while cursor is not None:
        page = await tenant.done("GET", f"/v1/calls?direction=all&size=2&cursor={cursor}")
        read += [call["callId"] for call in page["data"]]
        cursor = page["nextCursor"]
    numbered = [await tenant.done("GET", f"/v1/calls?direction=all&size=2&page={page}") for page in range(3)]
    assert read == [made[name] for name in ["five", "four", "three", "two", "one"]]
    assert [call["callId"] for page in numbered for call in page["data"]] == read
    assert {page["totalRecord"] for page in numbered} == {5}


async def test_file_of_callers_says_which_queue_and_number(tenant: Tenant, made: dict[str, str]) -> None:
    file = rows_of_csv(await tenant.get("/v1/calls?direction=inbound", headers={"Accept": "text/csv"}))
    seen = [(row["direction"], row["queueId"], row["calledNumber"], row["campaignName"], row["name"]) for row in file]
    assert seen == [("inbound", made[queue], "+842873001234", "", "") for queue in ("support", "sales")]


async def test_another_tenants_calls_are_in_no_list(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, made: dict[str, str]
) -> None:
    theirs = await other_tenant.queue()
    await ended(conn, other_tenant.tenant_id, theirs, began=NOW, waited_s=5)
    for query in (f"queueId={theirs}", f"direction=all&queueId={theirs}"):
        assert await listed(tenant, query) == []
    assert len(await listed(tenant, "direction=all")) == 5
    assert len(await listed(other_tenant, "direction=all")) == 1


@pytest.mark.parametrize("query", ["direction=in", "direction=", "queueId=0", "queueId=x", "outcome=rejected"])
async def test_wrong_filter_is_refused(tenant: Tenant, query: str) -> None:
    refused(await tenant.get(f"/v1/calls?{query}"), 400, "INVALID_INPUT")
