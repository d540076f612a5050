"""Agents who can be offered callers, and what is known of them."""

import uuid

from tests.support.agents import Floor
from tongdai.agents import available, phones, store
from tongdai.agents.model import IdleAgent, Mode
from tongdai.db.pool import Connection
from tongdai.switches.model import DEFAULT


async def idle(floor: Floor, conn: Connection) -> list[IdleAgent]:
    return [agent for agent in await available.idle(conn) if agent.tenant_id == floor.tenant_id]


async def test_idle_agents_are_read_with_their_queues_and_skills(floor: Floor, conn: Connection) -> None:
    other = await floor.tenant.queue("Support")
    agent_id = await floor.idle(
        queues=[{"queueId": floor.queue_id, "position": 3}, {"queueId": other, "position": 2}],
        skills=[{"skill": "english", "level": 7}],
    )
    rings = await floor.agent(mode="ring")
    await floor.tenant.done("POST", f"/v1/agents/{rings}/sign-in")
    await floor.talking()
    await floor.agent()
    connected, ringing = await idle(floor, conn)
    assert connected.agent_id == agent_id
    assert connected.mode is Mode.NAILED_UP
    assert connected.channel_id == await floor.channel_of(agent_id)
    assert connected.queues == {floor.queue_id: 3, other: 2}
    assert connected.skills == {"english": 7}
    assert (ringing.agent_id, ringing.mode, ringing.channel_id) == (rings, Mode.RING, None)


async def test_talks_of_today_are_counted(floor: Floor, conn: Connection) -> None:
    agent_id, call_id = await floor.talking(wrapUpSec=0)
    await floor.earlier("agent", "state_since", 90)
    await store.freed(conn, floor.tenant_id, [call_id])
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/ready")
    (agent,) = await idle(floor, conn)
    assert agent.calls_today == 1
    assert 90 <= agent.talk_s_today < 120
    unanswered = uuid.uuid4()
    assert await store.reserve_for(conn, floor.tenant_id, agent_id, unanswered)
    await store.freed(conn, floor.tenant_id, [unanswered])
    assert (await idle(floor, conn))[0].calls_today == 1
    await conn.execute(
        "update agent set worked_on = worked_on - 1 where tenant_id = $1 and agent_id = $2", floor.tenant_id, agent_id
    )
    (agent,) = await idle(floor, conn)
    assert (agent.calls_today, agent.talk_s_today) == (0, 0)


async def test_agents_whose_phone_is_busy_or_away_are_not_available(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.idle()
    endpoint = (await floor.find(agent_id)).endpoint
    assert len(await idle(floor, conn)) == 1
    await phones.busy_elsewhere(conn, DEFAULT, [endpoint])
    assert await idle(floor, conn) == []
    await phones.free_elsewhere(conn, DEFAULT, [endpoint])
    assert len(await idle(floor, conn)) == 1
    await phones.unreachable(conn, DEFAULT, [endpoint])
    assert await idle(floor, conn) == []
    await phones.reachable(conn, DEFAULT, [endpoint, "of nobody"])
    assert len(await idle(floor, conn)) == 1
