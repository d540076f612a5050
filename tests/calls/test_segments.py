"""Segments: the waits, talks and wrap-ups of calls."""

import random
from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import LEASE, due_contacts, now_of, placed, terms_of
from tests.support.calls import configure, new_agent, new_queue
from tongdai.agents import store as agents
from tongdai.agents.actions import store as actions
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, Ending
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, QueueId, TenantId

SEGMENTS = """
select kind, started_at, ended_at, queue_id, agent_id from segment
where tenant_id = $1 and call_id = $2 order by started_at, ended_at
"""
OPEN = "select kind from open_segment where tenant_id = $1"
# The summed waits and talks of each answered call of a queue, and the time from its answer to its end.
SUMS = """
select c.ended_at - c.answered_at as answered, sum(s.ended_at - s.started_at) as parts, count(*) as segments
from call c join segment s on s.tenant_id = $1 and s.call_id = c.call_id and s.kind in ('wait', 'talk')
where c.tenant_id = $1 group by c.call_id, c.ended_at, c.answered_at
"""
SECOND = timedelta(seconds=1)


@pytest.fixture
async def queue_id(conn: Connection, tenant_id: TenantId) -> QueueId:
    return await new_queue(conn, tenant_id)


@pytest.fixture
async def calls(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, queue_id: QueueId) -> list[Call]:
    """Ten calls that were dialled for the agents of a queue."""
    await configure(conn, tenant_id, campaign_id, mode="progressive", queue_id=queue_id)
    await due_contacts(conn, tenant_id, campaign_id, range(10))
    return await placed(conn, terms_of(tenant_id, campaign_id), 10)


async def test_call_with_an_agent_is_a_wait_a_talk_and_a_wrap_up(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, calls: list[Call]
) -> None:
    call, agent_id = calls[0], await new_agent(conn, tenant_id, queue_id)
    answered_at = await now_of(conn) - 2 * SECOND
    assert await call_steps.answered(conn, call, answered_at, LEASE)
    assert [row["kind"] for row in await conn.fetch(OPEN, tenant_id)] == ["wait"]
    reserved = await agents.reserve(conn, tenant_id, queue_id, call.call_id)
    assert reserved is not None
    connected_at = answered_at + SECOND
    assert await call_steps.connected(conn, call, connected_at, reserved.agent_id)
    await agents.talking(conn, tenant_id, [call.call_id])
    assert [row["kind"] for row in await conn.fetch(OPEN, tenant_id)] == ["talk"]
    assert await call_steps.end(conn, call, Ending(Outcome.ANSWERED), None)
    await agents.freed(conn, tenant_id, [call.call_id])
    assert [row["kind"] for row in await conn.fetch(OPEN, tenant_id)] == ["wrap_up"]
    assert await actions.ready(conn, tenant_id, reserved.agent_id, None)
    assert await conn.fetch(OPEN, tenant_id) == []
    wait, talk, wrap_up = await conn.fetch(SEGMENTS, tenant_id, call.call_id)
    assert tuple(wait) == ("wait", answered_at, connected_at, queue_id, None)
    ended_at = await conn.fetchval("select ended_at from call where call_id = $1", call.call_id)
    assert tuple(talk) == ("talk", connected_at, ended_at, queue_id, agent_id)
    assert (wrap_up["kind"], wrap_up["queue_id"], wrap_up["agent_id"]) == ("wrap_up", queue_id, agent_id)
    assert wrap_up["ended_at"] >= wrap_up["started_at"]


async def test_abandoned_call_is_a_wait_to_its_end(conn: Connection, tenant_id: TenantId, calls: list[Call]) -> None:
    assert await call_steps.answered(conn, calls[0], await now_of(conn), LEASE)
    assert await call_steps.end(conn, calls[0], Ending(Outcome.ABANDONED), None)
    (wait,) = await conn.fetch(SEGMENTS, tenant_id, calls[0].call_id)
    ended_at = await conn.fetchval("select ended_at from call where call_id = $1", calls[0].call_id)
    assert (wait["kind"], wait["ended_at"], wait["agent_id"]) == ("wait", ended_at, None)


async def test_audio_file_is_a_talk_without_an_agent_or_a_wait(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await due_contacts(conn, tenant_id, campaign_id, range(1))
    (call,) = await placed(conn, terms_of(tenant_id, campaign_id))
    at = await now_of(conn)
    assert await call_steps.answered(conn, call, at, LEASE)
    assert await call_steps.connected(conn, call, at, None)
    assert await call_steps.end(conn, call, Ending(Outcome.ANSWERED), None)
    (talk,) = await conn.fetch(SEGMENTS, tenant_id, call.call_id)
    assert (talk["kind"], talk["started_at"], talk["queue_id"], talk["agent_id"]) == ("talk", at, None, None)


async def test_segments_of_each_call_add_up_to_its_length_and_end_once(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, calls: list[Call]
) -> None:
    """Calls are answered, connected and ended in any order, each twice."""
    rng = random.Random(7)
    for _ in range(3):
        await new_agent(conn, tenant_id, queue_id)
    steps = [(call, step) for call in calls for step in ("answered", "connected", "ended") * 2]
    rng.shuffle(steps)
    for call, step in steps:
        at = await now_of(conn)
        if step == "answered":
            await call_steps.answered(conn, call, at, LEASE)
        elif step == "connected":
            await call_steps.connected(conn, call, at, None)
        else:
            await call_steps.end(conn, call, Ending(Outcome.ANSWERED), None)
    for call in calls:
        await call_steps.end(conn, call, Ending(Outcome.ANSWERED), None)
    found = await conn.fetch(SUMS, tenant_id)
    assert all(row["answered"] == row["parts"] for row in found), found
    assert {row["segments"] for row in found} == {1, 2}
    assert await conn.fetch(OPEN, tenant_id) == []


async def test_agent_who_hangs_up_or_signs_out_ends_the_wrap_up(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, calls: list[Call]
) -> None:
    for call, leave in zip(calls, ("gone", "sign out", "time"), strict=False):
        await new_agent(conn, tenant_id, queue_id)
        await call_steps.answered(conn, call, await now_of(conn), LEASE)
        reserved = await agents.reserve(conn, tenant_id, queue_id, call.call_id)
        assert reserved is not None
        assert reserved.channel_id is not None
        await agents.talking(conn, tenant_id, [call.call_id])
        await call_steps.end(conn, call, Ending(Outcome.ANSWERED), None)
        await agents.freed(conn, tenant_id, [call.call_id])
        assert [row["kind"] for row in await conn.fetch(OPEN, tenant_id)] == ["wrap_up"]
        if leave == "gone":
            await agents.gone(conn, reserved.channel_id)
        elif leave == "sign out":
            await actions.sign_out(conn, tenant_id, reserved.agent_id, None)
        else:
            await conn.execute(
                "update agent set wrap_up_until = now() where tenant_id = $1 and wrap_up_until is not null", tenant_id
            )
            assert await agents.wrap_ups_over(conn) >= 1
        assert await conn.fetch(OPEN, tenant_id) == []
