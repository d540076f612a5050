"""Pages of browsers that are gone, as the leader of the switch sees them."""

from uuid import UUID, uuid4

import pytest

from tests.support.api import PEPPER
from tongdai.agents import pages, phones
from tongdai.agents import store as agents
from tongdai.agents.accounts import browser
from tongdai.agents.accounts.browser import Held
from tongdai.agents.model import AgentState, OfflineReason
from tongdai.ids import KeyId, SessionId
from tongdai.switches.model import DEFAULT

FIRST, OTHER = uuid4(), uuid4()


async def hold(conn, agent, page):
    holding, pepper = uuid4(), PEPPER.encode()
    of = (agent.tenant_id, agent.agent_id)
    held = await browser.hold(conn, *of, SessionId(1), holding, pepper, KeyId(1), take=True, page=page)
    assert isinstance(held, Held)
    return holding


@pytest.fixture
async def called(floor, conn):
    """An idle agent whose phone was called in a browser; and the holding."""
    made = await floor.tenant.done("POST", "/v1/agents", json={"agentName": "B", "queueId": floor.queue_id})
    agent = await floor.find(made["agentId"])
    holding = await hold(conn, agent, FIRST)
    await floor.sign_in(agent.agent_id)
    return await floor.find(agent.agent_id), holding


async def lost(conn, agent):
    return [one for one in await pages.lost(conn, DEFAULT) if one.agent.agent_id == agent.agent_id]


async def watched(conn, agent):
    [found] = [one for one in await phones.watched(conn, DEFAULT) if one.endpoint == agent.endpoint]
    return found


async def test_page_whose_network_was_cut_is_not_lost(conn, called):
    agent, holding = called
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding)
    assert not await lost(conn, agent)
    await hold(conn, agent, FIRST)
    assert not await lost(conn, agent)
    assert (await watched(conn, agent)).page


@pytest.mark.parametrize("reported", [True, False])
async def test_page_that_was_loaded_again_is_called_anew_and_its_agent_is_there_again(floor, conn, called, reported):
    agent, holding = called
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding, page_gone=reported)
    if reported:
        [found] = await lost(conn, agent)
        assert (found.there, found.called, found.agent.channel_id) == (False, False, agent.channel_id)
        assert await floor.state(agent.agent_id) is AgentState.UNREACHABLE
    await hold(conn, agent, OTHER)
    assert not (await watched(conn, agent)).page
    await lost(conn, agent)
    [found] = await lost(conn, agent)
    assert (found.there, found.called) == (True, False)
    anew = await pages.call_anew(conn, agent.tenant_id, agent.agent_id, agent.channel_id)
    assert anew is not None
    assert anew.channel_id is not None
    assert anew.channel_id != agent.channel_id
    assert await pages.call_anew(conn, agent.tenant_id, agent.agent_id, agent.channel_id) is None
    [found] = await lost(conn, agent)
    assert (found.there, found.called, found.agent.channel_id) == (True, True, anew.channel_id)
    assert await pages.back(conn, agent.tenant_id, agent.agent_id, agent.channel_id) is None
    assert await pages.back(conn, agent.tenant_id, agent.agent_id, anew.channel_id) == "idle"
    assert not await lost(conn, agent)
    assert (await watched(conn, agent))[:6] == (agent.endpoint, anew.channel_id, False, True, True, True)


async def test_end_of_the_channel_of_a_page_that_is_gone_is_awaited(floor, conn, called):
    agent, holding = called
    assert not await pages.awaited(conn, agent.channel_id)
    assert not await pages.awaited(conn, uuid4())
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding, page_gone=True)
    assert await pages.awaited(conn, agent.channel_id)
    assert await floor.state(agent.agent_id) is AgentState.UNREACHABLE
    assert await pages.awaited(conn, agent.channel_id)


async def test_page_that_was_given_up_is_gone_as_any_phone(floor, conn, called):
    agent, holding = called
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding, page_gone=True)
    assert await lost(conn, agent)
    assert await pages.give_up(conn, agent.tenant_id, agent.agent_id, agent.channel_id)
    assert not await pages.give_up(conn, agent.tenant_id, agent.agent_id, agent.channel_id)
    assert not await lost(conn, agent)
    assert not await pages.awaited(conn, agent.channel_id)
    await agents.gone(conn, agent.channel_id, OfflineReason.LOST)
    assert await floor.state(agent.agent_id) is AgentState.OFFLINE


async def test_phone_that_left_the_browser_or_has_no_named_page_is_not_waited_for(floor, conn, called):
    agent, _ = called
    await conn.execute("update phone_account set browser = false, holding = null, session_id = null, held_until = null")
    assert not await lost(conn, agent)
    await agents.gone(conn, agent.channel_id, OfflineReason.LOST)
    holding = await hold(conn, agent, None)
    await floor.sign_in(agent.agent_id)
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding, page_gone=True)
    assert not await lost(conn, agent)


async def test_agent_who_signed_out_is_not_waited_for(floor, conn, called):
    agent, holding = called
    await floor.tenant.done("POST", f"/v1/agents/{agent.agent_id}/sign-out")
    await browser.leave(conn, agent.tenant_id, agent.agent_id, holding, page_gone=True)
    assert not await lost(conn, agent)


async def test_call_is_on_hold_for_a_page_since_it_was_lost(conn, called):
    agent, _ = called
    at = await conn.fetchval("select now()")
    call_id = UUID(int=7)
    assert not await pages.held_since(conn, agent.tenant_id, call_id, at)
    await conn.execute(
        "insert into open_segment (tenant_id, call_id, kind, started_at, agent_id) values ($1, $2, 'hold', $3, $4)",
        agent.tenant_id, call_id, at, agent.agent_id,
    )  # fmt: skip
    assert await pages.held_since(conn, agent.tenant_id, call_id, at)
    assert not await pages.held_since(conn, agent.tenant_id, call_id, await conn.fetchval("select clock_timestamp()"))
