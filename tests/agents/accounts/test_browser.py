"""Agents whose phone is in a browser, as the leader of the switch sees them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.api import PEPPER
from tongdai.agents import phones
from tongdai.agents.accounts import browser
from tongdai.agents.accounts.browser import Held
from tongdai.agents.model import AgentState
from tongdai.ids import KeyId, SessionId
from tongdai.switches.model import DEFAULT

UNREACHABLE = """
update agent set state = 'unreachable', mode = 'ring', state_since = now() - $3::interval, phone_reachable = false,
    channel_id = null
where tenant_id = $1 and agent_id = $2
"""


@pytest.fixture
async def agent(floor):
    """An agent with an account, who is idle."""
    made = await floor.tenant.done("POST", "/v1/agents", json={"agentName": "B", "queueId": floor.queue_id})
    await floor.sign_in(made["agentId"])
    return await floor.find(made["agentId"])


async def hold(conn, agent):
    """Be the browser that has the agent's account; the holding."""
    holding, pepper = uuid4(), PEPPER.encode()
    held = await browser.hold(conn, agent.tenant_id, agent.agent_id, SessionId(1), holding, pepper, KeyId(1), take=True)
    assert isinstance(held, Held)
    return holding


async def watched(conn, agent):
    [found] = [one for one in await phones.watched(conn, DEFAULT) if one.endpoint == agent.endpoint]
    return found


async def test_phone_that_was_taken_by_a_browser_is_watched_as_one(floor, conn, agent):
    assert await watched(conn, agent) == (agent.endpoint, agent.channel_id, False, True, False, False)
    await hold(conn, agent)
    assert await watched(conn, agent) == (agent.endpoint, agent.channel_id, False, True, True, True)
    await phones.unreachable(conn, DEFAULT, [agent.endpoint])
    assert await watched(conn, agent) == (agent.endpoint, agent.channel_id, False, False, True, True)
    assert await floor.state(agent.agent_id) is AgentState.UNREACHABLE
    await phones.reachable(conn, DEFAULT, [agent.endpoint])
    assert await floor.state(agent.agent_id) is AgentState.IDLE


async def test_page_that_has_left_is_none_until_another_connection_of_the_session_holds_the_account(conn, agent):
    first = await hold(conn, agent)
    await browser.leave(conn, agent.tenant_id, agent.agent_id, first)
    assert not (await watched(conn, agent)).page
    second = await hold(conn, agent)
    assert (await watched(conn, agent)).page
    await browser.leave(conn, agent.tenant_id, agent.agent_id, first)
    assert (await watched(conn, agent)).page
    await conn.execute("update phone_account set held_until = now() where holding = $1", second)
    assert not (await watched(conn, agent)).page


async def test_phone_of_a_browser_that_is_gone_is_not_tried_again_until_one_holds_it(floor, conn, agent):
    holding = await hold(conn, agent)
    await browser.release(conn, agent.tenant_id, agent.agent_id, holding)
    await browser.expire(conn, DEFAULT)
    await conn.execute(UNREACHABLE, agent.tenant_id, agent.agent_id, timedelta(seconds=61))
    await phones.try_again(conn, DEFAULT)
    assert await floor.state(agent.agent_id) is AgentState.UNREACHABLE
    await hold(conn, agent)
    await phones.try_again(conn, DEFAULT)
    assert await floor.state(agent.agent_id) is AgentState.IDLE
