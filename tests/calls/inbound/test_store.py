"""Calls to queues in the database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.call_scene import LEASE, now_of
from tests.support.calls import new_agent, new_queue
from tongdai.call_outcome import InboundOutcome
from tongdai.calls import claim, history
from tongdai.calls import store as outbound
from tongdai.calls.history import Filter
from tongdai.calls.inbound import store
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import Call, CallState, ClaimConditions, Directions
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, SwitchId, TenantId
from tongdai.switches.model import DEFAULT

HANOI = Arrival(switch_id=DEFAULT, channel="1732790000.17", called="+842873001234", phone="+84901234567")
SECOND = timedelta(seconds=1)
ANSWERED, ABANDONED = InboundEnding(InboundOutcome.ANSWERED, 16), InboundEnding(InboundOutcome.ABANDONED)
SEGMENTS = """
select kind, queue_id, agent_id, started_at, ended_at from segment
where tenant_id = $1 and call_id = $2 order by started_at, ended_at
"""
ROW = "select * from call where tenant_id = $1 and call_id = $2"


@pytest.fixture
async def queue_id(conn: Connection, tenant_id: TenantId) -> QueueId:
    return await new_queue(conn, tenant_id)


@pytest.fixture
async def call(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> InboundCall:
    arrived = await store.arrive(conn, tenant_id, queue_id, HANOI, LEASE)
    assert arrived is not None
    return arrived


async def test_call_that_came_in_is_live_and_rings(conn: Connection, queue_id: QueueId, call: InboundCall) -> None:
    assert (call.queue_id, call.channel, call.called, call.phone) == (
        *(queue_id, HANOI.channel, HANOI.called, HANOI.phone),
    )
    assert (call.state, call.agent_id, call.answered_at) == (CallState.RINGING, None, None)
    assert call.lease_until == call.opened_at + LEASE
    assert call in await store.active(conn, DEFAULT)
    assert call not in await store.active(conn, SwitchId(9))
    row = await conn.fetchrow(ROW, call.tenant_id, call.call_id)
    assert row is not None
    assert (row["direction"], row["campaign_id"], row["ended_at"]) == ("inbound", None, None)


async def test_arrival_that_is_reported_twice_is_one_call(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    assert await store.arrive(conn, tenant_id, queue_id, HANOI, 2 * LEASE) == call


async def test_number_may_call_twice_at_once_and_numbers_may_be_withheld(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    withheld = replace(HANOI, phone="")
    others = [replace(HANOI, channel="2"), replace(withheld, channel="3"), replace(withheld, channel="4")]
    found = [await store.arrive(conn, tenant_id, queue_id, other, LEASE) for other in others]
    assert len({call.call_id, *(other.call_id for other in found if other is not None)}) == 4


async def test_contact_who_calls_in_is_not_called(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, claimed: Call, terms: ClaimConditions
) -> None:
    """Its number is in a call, and due again a minute later."""
    await conn.execute("delete from live_call where tenant_id = $1", tenant_id)
    await conn.execute(
        """insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
           select tenant_id, contact_id, campaign_id, now(), zone from contact where tenant_id = $1""",
        tenant_id,
    )
    assert await store.arrive(conn, tenant_id, queue_id, replace(HANOI, phone=claimed.phone), LEASE)
    claims = await claim.claim(conn, replace(terms, open_until=await _zones(conn, terms)), 1)
    assert (claims.calls, claims.rescheduled) == ([], 1)


async def _zones(conn: Connection, terms: ClaimConditions) -> dict[str, object]:
    names = [row["name"] for row in await conn.fetch("select name from time_zone")]
    return dict.fromkeys(names, next(iter(terms.open_until.values())))


async def test_caller_waits_from_the_answer(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    at = call.opened_at + SECOND
    for _ in range(2):  # repeated, it changes nothing
        assert await store.join(conn, tenant_id, call.call_id, queue_id, at, LEASE)
        assert await _live(conn, call) == (CallState.ANSWERED, at, queue_id)
        assert await _segments(conn, call) == [("wait", queue_id, None, at, None)]


async def _live(conn: Connection, call: InboundCall) -> tuple[CallState, object, object]:
    (found,) = [each for each in await store.active(conn, DEFAULT) if each.call_id == call.call_id]
    return found.state, found.answered_at, found.queue_id


async def _segments(conn: Connection, call: InboundCall) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await conn.fetch(SEGMENTS, call.tenant_id, call.call_id)]


async def test_caller_who_is_sent_to_another_queue_waits_there(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    at, later, other = call.opened_at, call.opened_at + SECOND, await new_queue(conn, tenant_id)
    await store.join(conn, tenant_id, call.call_id, queue_id, at, LEASE)
    assert await store.join(conn, tenant_id, call.call_id, other, later, LEASE)
    assert await _live(conn, call) == (CallState.ANSWERED, at, other), "answered once"
    assert await _segments(conn, call) == [
        ("wait", queue_id, None, at, later),
        ("wait", other, None, later, None),
    ]


async def test_call_with_an_agent_is_a_wait_and_a_talk(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    agent_id, at = await new_agent(conn, tenant_id, queue_id), call.opened_at
    await store.join(conn, tenant_id, call.call_id, queue_id, at, LEASE)
    assert await store.connect(conn, tenant_id, call.call_id, agent_id, at + SECOND)
    assert not await store.connect(conn, tenant_id, call.call_id, agent_id, at + 2 * SECOND)
    assert not await store.join(conn, tenant_id, call.call_id, queue_id, at, LEASE), "the caller talks"
    assert await store.end(conn, call, ANSWERED)
    row = await conn.fetchrow(ROW, tenant_id, call.call_id)
    assert row is not None
    assert (row["state"], row["outcome"], row["hangup_cause"], row["agent_id"]) == ("ended", "answered", 16, agent_id)
    assert (row["answered_at"], row["connected_at"], row["channel"]) == (at, at + SECOND, None)
    assert await _segments(conn, call) == [
        ("wait", queue_id, None, at, at + SECOND),
        ("talk", queue_id, agent_id, at + SECOND, max(row["ended_at"], at + SECOND)),
    ]


async def test_call_is_not_connected_before_its_answer(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    agent_id = await new_agent(conn, tenant_id, queue_id)
    assert not await store.connect(conn, tenant_id, call.call_id, agent_id, call.opened_at)


async def test_message_is_no_wait(conn: Connection, tenant_id: TenantId, call: InboundCall) -> None:
    assert await store.answer(conn, tenant_id, call.call_id, call.opened_at, LEASE)
    assert not await store.answer(conn, tenant_id, call.call_id, call.opened_at + SECOND, LEASE)
    assert (await _live(conn, call))[:2] == (CallState.ANSWERED, call.opened_at)
    assert await store.end(conn, call, InboundEnding(InboundOutcome.CLOSED))
    assert await _segments(conn, call) == []


@pytest.mark.parametrize("outcome", InboundOutcome)
async def test_call_ends_once(conn: Connection, call: InboundCall, outcome: InboundOutcome) -> None:
    assert await store.end(conn, call, InboundEnding(outcome, 17))
    assert not await store.end(conn, call, ANSWERED)
    row = await conn.fetchrow(ROW, call.tenant_id, call.call_id)
    assert row is not None
    assert (row["state"], row["outcome"], row["queue_id"], row["called"]) == (
        *("ended", outcome, call.queue_id, call.called),
    )
    assert call not in await store.active(conn, DEFAULT)


async def test_steps_of_an_ended_call_change_nothing(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    await store.end(conn, call, ABANDONED)
    assert not await store.join(conn, tenant_id, call.call_id, queue_id, call.opened_at, LEASE)
    assert not await store.answer(conn, tenant_id, call.call_id, call.opened_at, LEASE)
    assert await _segments(conn, call) == []


async def test_lease_is_renewed(conn: Connection, tenant_id: TenantId, call: InboundCall) -> None:
    before = await now_of(conn)
    await outbound.extend(conn, tenant_id, [call.call_id], timedelta(hours=1))
    (found,) = [each for each in await store.active(conn, DEFAULT) if each.call_id == call.call_id]
    assert found.lease_until >= before + timedelta(hours=1)


async def test_dialer_and_lists_of_calls_to_contacts_leave_calls_to_queues_alone(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call: InboundCall
) -> None:
    await conn.execute("update live_call set lease_until = opened_at where call_id = $1", call.call_id)
    assert call.call_id not in {each.call_id for each in await outbound.active(conn)}
    assert call.call_id not in {each.call_id for each in await outbound.overdue(conn)}
    for _ in range(2):
        assert await history.page(conn, tenant_id, Filter(), 10, 0) == ([], 0)
        assert await history.page(conn, tenant_id, Filter(phone=call.phone), 10, 0) == ([], 0)
        (listed,), total = await history.page(conn, tenant_id, Filter(direction=Directions.INBOUND), 10, 0)
        assert (listed, total) == (await history.find(conn, tenant_id, call.call_id), 1)
        assert listed.call_id == call.call_id
        await store.end(conn, call, ABANDONED)
