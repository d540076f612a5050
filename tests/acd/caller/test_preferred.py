"""The agent whom a caller is offered to first."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.callers import ago, ended
from tests.support.calls import new_agent
from tongdai.acd.caller import preferred as module
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.calls.inbound.model import InboundCall
from tongdai.db.pool import Connection
from tongdai.ids import AgentId
from tongdai.queues.model import QueueRules

OFFERED = """
insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at, ended_at, outcome)
values ($1, $2, $3, $4, now(), now(), 'no_answer')
"""
BY = "update call set agent_id = $3 where tenant_id = $1 and call_id = $2"
DAY_S = 86_400


async def found(conn: Connection, call: InboundCall, days: int = 7) -> AgentId | None:
    return await module.preferred(conn, call.tenant_id, call.call_id, call.queue_id, days)


async def talked(conn: Connection, call: InboundCall, agent_id: AgentId, days_ago: float) -> None:
    """The agent has talked with the number of a call."""
    began = ago(days_ago * DAY_S)
    fields: dict[str, Any] = {"agent_id": agent_id, "phone": call.phone}
    call_id = await ended(conn, call.tenant_id, call.queue_id, began=began, waited_s=5, **fields)
    await conn.execute(BY, call.tenant_id, call_id, agent_id)


async def test_agent_who_talked_with_the_number_last_is_preferred_for_so_many_days(
    conn: Connection, call: InboundCall, agent_id: AgentId
) -> None:
    other_agent = await new_agent(conn, call.tenant_id, call.queue_id)
    assert await found(conn, call) is None
    await talked(conn, call, other_agent, 3)
    await talked(conn, call, agent_id, 2)
    assert await found(conn, call) == agent_id
    assert await found(conn, call, 1) is None


@pytest.mark.parametrize("state", ["offline", "calling", "hanging_up", "paused", "unreachable"])
async def test_agent_who_does_not_serve_now_is_not_waited_for(conn: Connection, call: InboundCall, state: str) -> None:
    why: dict[str, Any] = {"pause_reason": "lunch"} if state == "paused" else {}
    agent_id = await new_agent(conn, call.tenant_id, call.queue_id, state, **why)
    await talked(conn, call, agent_id, 1)
    assert await found(conn, call) is None


async def test_agent_of_another_queue_is_not_waited_for(conn: Connection, call: InboundCall, agent_id: AgentId) -> None:
    await talked(conn, call, agent_id, 1)
    await conn.execute("delete from agent_queue where tenant_id = $1 and agent_id = $2", call.tenant_id, agent_id)
    assert await found(conn, call) is None


async def test_agent_who_was_offered_the_caller_is_not_waited_for_again(
    conn: Connection, call: InboundCall, agent_id: AgentId
) -> None:
    await talked(conn, call, agent_id, 1)
    await conn.execute(OFFERED, call.tenant_id, call.call_id, call.queue_id, agent_id)
    assert await found(conn, call) is None


async def test_caller_without_a_number_prefers_nobody(conn: Connection, call: InboundCall, agent_id: AgentId) -> None:
    await talked(conn, call, agent_id, 1)
    for table in ("live_call", "call"):
        await conn.execute(f"update {table} set phone = '' where tenant_id = $1", call.tenant_id)
    assert await found(conn, call) is None


async def test_queue_that_prefers_nobody_asks_for_nobody(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, rules: QueueRules
) -> None:
    await talked(conn, call, agent_id, 1)
    assert await store.preferred_agent(call, rules) is None
    assert await store.preferred_agent(call, replace(rules, preferred_agent_days=2)) == agent_id
