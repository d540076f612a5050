"""The statements of agents: who is found, several at once, and by which index."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.support.agents import Floor
from tests.support.api import Tenant
from tests.support.databases import FreshDatabase
from tests.support.plans import assert_uses
from tongdai.agents import store
from tongdai.agents.actions import store as actions
from tongdai.agents.model import (
    Agent,
    AgentState,
    NextState,
)
from tongdai.db.pool import Connection, connect, open_pool
from tongdai.ids import QueueId, TenantId
from tongdai.testing import factories

S = AgentState
ManyAgents = tuple[Connection, TenantId, QueueId]


def channel_of(agent: Agent) -> uuid.UUID:
    assert agent.channel_id is not None
    return agent.channel_id


async def test_agent_who_is_idle_longest_is_reserved(floor: Floor, conn: Connection) -> None:
    agents = [await floor.idle() for _ in range(3)]
    order = [agents[1], agents[2], agents[0]]
    for agent_id in order:
        await conn.execute(
            "update agent set state_since = clock_timestamp() where tenant_id = $1 and agent_id = $2",
            floor.tenant_id, agent_id,
        )  # fmt: skip
    calls = [uuid.uuid4() for _ in range(4)]
    reserved = [await store.reserve(conn, floor.tenant_id, floor.queue_id, call_id) for call_id in calls]
    assert [agent and (agent.agent_id, agent.call_id, agent.state) for agent in reserved] == [
        *((agent_id, call_id, S.RESERVED) for agent_id, call_id in zip(order, calls[:3], strict=True)),
        None,
    ]


async def test_agents_of_other_queues_and_tenants_are_not_reserved(
    floor: Floor, other_tenant: Tenant, conn: Connection
) -> None:
    await floor.idle()
    elsewhere = await floor.tenant.queue("Support")
    assert await store.reserve(conn, floor.tenant_id, elsewhere, uuid.uuid4()) is None
    assert await store.reserve(conn, other_tenant.tenant_id, floor.queue_id, uuid.uuid4()) is None


async def test_agents_are_reserved_for_one_call_each_however_many_ask_at_once(floor: Floor, dsn: str) -> None:
    agents = [await floor.idle() for _ in range(6)]
    pool = await open_pool(dsn, 12, name="tests")

    async def ask() -> tuple[uuid.UUID, Agent | None]:
        call_id = uuid.uuid4()
        async with pool.acquire() as conn:
            return call_id, await store.reserve(conn, floor.tenant_id, floor.queue_id, call_id)

    for _ in range(60):
        answers = await asyncio.gather(*(ask() for _ in range(12)))
        taken = {call_id: agent.agent_id for call_id, agent in answers if agent is not None}
        assert sorted(taken.values()) == agents
        async with pool.acquire() as conn:
            for call_id, agent_id in taken.items():
                (freed,) = await store.freed(conn, floor.tenant_id, [call_id])
                assert (freed.agent_id, freed.state) == (agent_id, S.IDLE)
    await pool.close()


async def test_agent_is_signed_out_or_reserved_when_both_happen_at_once(floor: Floor, dsn: str) -> None:
    agent_id = await floor.idle()
    key_id = floor.tenant.key.key_id
    pool = await open_pool(dsn, 2, name="tests")

    async def reserve(call_id: uuid.UUID) -> Agent | None:
        async with pool.acquire() as conn:
            return await store.reserve(conn, floor.tenant_id, floor.queue_id, call_id)

    async def sign_out() -> Agent | None:
        async with pool.acquire() as conn:
            return await actions.sign_out(conn, floor.tenant_id, agent_id, key_id)

    for turn in range(60):
        call_id = uuid.uuid4()
        both = [reserve(call_id), sign_out()] if turn % 2 else [sign_out(), reserve(call_id)]
        await asyncio.gather(*both)
        agent = await floor.find(agent_id)
        assert (agent.state, agent.next_state, agent.call_id) in {
            (S.RESERVED, NextState.OFFLINE, call_id),
            (S.HANGING_UP, None, None),
        }
        async with pool.acquire() as conn:
            assert await store.gone(conn, channel_of(agent)) == agent.call_id
        await floor.sign_in(agent_id)
    await pool.close()


async def test_phone_is_called_once_for_each_signing_in(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.agent()
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-in")
    (called,) = [agent for agent in await store.to_call(conn) if agent.agent_id == agent_id]
    assert called.channel_id is not None
    assert agent_id not in {agent.agent_id for agent in await store.to_call(conn)}
    assert await store.gone(conn, called.channel_id) is None
    assert agent_id not in {agent.agent_id for agent in await store.to_call(conn)}
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-in")
    (again,) = [agent for agent in await store.to_call(conn) if agent.agent_id == agent_id]
    assert again.channel_id != called.channel_id


async def test_phone_is_listed_to_be_hung_up_until_its_channel_is_gone(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.idle()
    channel_id = await floor.channel_of(agent_id)
    assert agent_id in {agent.agent_id for agent in await store.present(conn)}
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-out")
    for _ in range(2):
        assert (agent_id, channel_id) in {(a.agent_id, a.channel_id) for a in await store.to_hang_up(conn)}
    assert agent_id in {agent.agent_id for agent in await store.present(conn)}
    await store.gone(conn, channel_id)
    assert agent_id not in {agent.agent_id for agent in await store.to_hang_up(conn)}
    assert agent_id not in {agent.agent_id for agent in await store.present(conn)}


async def test_talk_of_an_agent_who_signed_out_continues_and_the_phone_is_hung_up_after_it(
    floor: Floor, conn: Connection
) -> None:
    agent_id, call_id = await floor.talking()
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-out")
    talks = await floor.find(agent_id)
    assert (talks.state, talks.next_state, talks.call_id) == (S.TALKING, NextState.OFFLINE, call_id)
    assert agent_id not in {agent.agent_id for agent in await store.to_hang_up(conn)}
    (freed,) = await store.freed(conn, floor.tenant_id, [call_id])
    assert (freed.state, freed.channel_id, freed.next_state) == (S.HANGING_UP, talks.channel_id, None)


async def test_agent_whose_phone_hangs_up_while_talking_is_offline_and_the_call_is_returned(
    floor: Floor, conn: Connection
) -> None:
    agent_id, call_id = await floor.talking()
    assert await store.gone(conn, await floor.channel_of(agent_id)) == call_id
    agent = await floor.find(agent_id)
    assert (agent.state, agent.channel_id, agent.call_id) == (S.OFFLINE, None, None)
    assert await store.freed(conn, floor.tenant_id, [call_id]) == []


async def test_wrap_up_is_over_after_the_agents_own_time(floor: Floor, conn: Connection) -> None:
    quick, call_a = await floor.talking(wrapUpSec=5)
    slow, call_b = await floor.talking(wrapUpSec=3600)
    for call_id in (call_a, call_b):
        (freed,) = await store.freed(conn, floor.tenant_id, [call_id])
        assert freed.state == S.WRAP_UP
    await store.wrap_ups_over(conn)
    assert [await floor.state(agent_id) for agent_id in (quick, slow)] == [S.WRAP_UP, S.WRAP_UP]
    await floor.earlier("agent", "wrap_up_until", 6)
    assert await store.wrap_ups_over(conn) == 1
    assert [await floor.state(agent_id) for agent_id in (quick, slow)] == [S.IDLE, S.WRAP_UP]


@pytest.fixture(scope="module")
async def many_agents(fresh_database: FreshDatabase) -> AsyncGenerator[ManyAgents]:
    """A connection to a database with many agents, their tenant and one of their queues."""
    async with fresh_database() as own:
        conn = await connect(own, name="tests")
        tenant_id = await factories.tenant(conn)
        await conn.execute(
            "insert into inbound_queue (tenant_id, name) select $1, i from generate_series(1, 20) i", tenant_id
        )
        await conn.execute(
            """
            insert into agent (tenant_id, name, endpoint, queue_id, state, channel_id, call_id)
            select q.tenant_id, 'A', 'a-' || q.queue_id || '-' || i, q.queue_id,
                case i % 4 when 0 then 'idle' when 1 then 'talking' else 'offline' end,
                case when i % 4 < 2 then gen_random_uuid() end, case i % 4 when 1 then gen_random_uuid() end
            from inbound_queue q, generate_series(1, 500) i
            """
        )
        await conn.execute(
            "insert into agent_queue (tenant_id, agent_id, queue_id) select tenant_id, agent_id, queue_id from agent"
        )
        await conn.execute("analyze agent")
        await conn.execute("analyze agent_queue")
        yield conn, tenant_id, await conn.fetchval("select min(queue_id) from inbound_queue")
        await conn.close()


async def test_idle_agent_is_found_by_the_index_of_idle_agents(many_agents: ManyAgents) -> None:
    conn, tenant_id, queue_id = many_agents
    await assert_uses(conn, "agent_idle", "agent", store.RESERVE, tenant_id, queue_id, uuid.uuid4(), 1)


@pytest.mark.parametrize("statement", [store.TALKING, store.FREED], ids=["talking", "freed"])
async def test_agent_of_a_call_is_found_by_index(many_agents: ManyAgents, statement: str) -> None:
    conn, tenant_id, _ = many_agents
    sent = (tenant_id, f"{{{uuid.uuid4()}}}", "{reserved}", *((None,) if statement is store.FREED else ()))
    await assert_uses(conn, "agent_call", "agent", statement, *sent)


async def test_agent_of_a_channel_is_found_by_index(many_agents: ManyAgents) -> None:
    conn, tenant_id, _ = many_agents
    await assert_uses(conn, "agent_channel", "agent", store.OF_CHANNEL, uuid.uuid4())
    await assert_uses(conn, "agent_pkey", "agent", store.GONE, tenant_id, 7, uuid.uuid4(), "lost")
