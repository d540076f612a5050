"""Owners of phones and trunks, checked again immediately before a call; and what the first tenant keeps."""

import pytest
from structlog.testing import capture_logs

from tests.support.call_scene import LEASE, due_contacts, running_campaign, terms_of
from tongdai.agents import roster
from tongdai.agents import store as agents
from tongdai.agents.actions import store as actions
from tongdai.agents.model import AgentState, OfflineReason
from tongdai.call_outcome import Outcome
from tongdai.calls import claim
from tongdai.calls import store as calls
from tongdai.campaigns import store as campaigns
from tongdai.db import migrate
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, TenantId
from tongdai.numbers.endpoints import store
from tongdai.numbers.endpoints.model import EndpointKind, SipEndpoint
from tongdai.queues import store as queues
from tongdai.queues.model import Change
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Kind
from tongdai.tenants import store as tenants
from tongdai.testing import factories

PHONE, TRUNK = EndpointKind.PHONE, EndpointKind.TRUNK


@pytest.fixture
async def two(own_conn: Connection) -> tuple[TenantId, TenantId]:
    """Two tenants on an Asterisk."""
    await switches.set_kind(own_conn, DEFAULT, Kind.ASTERISK)
    return await factories.tenant(own_conn), await factories.tenant(own_conn)


async def given(conn: Connection, tenant_id: TenantId | None, name: str, kind: EndpointKind) -> SipEndpoint:
    made = await store.give(conn, DEFAULT, name, kind, tenant_id, None)
    assert isinstance(made, SipEndpoint)
    return made


async def signed_in(conn: Connection, tenant_id: TenantId, phone: str) -> AgentId:
    queue_id = await queues.create(conn, tenant_id, "A", None, Change(), None)
    assert isinstance(queue_id, int)
    agent_id = await roster.create(conn, tenant_id, "A", phone, queue_id, 10, None)
    assert isinstance(agent_id, int), agent_id
    assert await actions.sign_in(conn, tenant_id, agent_id, None)
    return agent_id


async def test_phone_that_was_given_to_another_is_not_called(
    own_conn: Connection, two: tuple[TenantId, TenantId]
) -> None:
    mine, theirs = two
    phone = await given(own_conn, mine, "agent-7", PHONE)
    agent_id = await signed_in(own_conn, mine, "agent-7")
    kept = await given(own_conn, mine, "agent-8", PHONE)
    other_agent = await signed_in(own_conn, mine, kept.name)
    assert await store.take(own_conn, phone.endpoint_id, None)
    await given(own_conn, theirs, "agent-7", PHONE)
    with capture_logs() as logged:
        assert [agent.agent_id for agent in await agents.to_call(own_conn)] == [other_agent]
    assert [(one["agent_id"], one["endpoint"]) for one in logged] == [(agent_id, "agent-7")]
    agent = await agents.find(own_conn, mine, agent_id)
    assert agent is not None
    assert (agent.state, agent.offline_reason) == (AgentState.OFFLINE, OfflineReason.UNREACHABLE)


async def with_trunk(conn: Connection, tenant_id: TenantId, trunk: str) -> CampaignId:
    campaign_id = await running_campaign(conn, tenant_id)
    await conn.execute("update campaign set trunk = $1 where campaign_id = $2", trunk, campaign_id)
    return campaign_id


async def test_campaign_whose_trunk_was_given_to_another_is_not_dialled(
    own_conn: Connection, two: tuple[TenantId, TenantId]
) -> None:
    mine, theirs = two
    trunk = await given(own_conn, mine, "carrier", TRUNK)
    campaign_id = await with_trunk(own_conn, mine, "carrier")
    unnamed = await running_campaign(own_conn, theirs)
    await due_contacts(own_conn, mine, campaign_id, range(2))
    assert {one.campaign_id for one in await campaigns.running(own_conn)} == {campaign_id, unnamed}
    claimed = (await claim.claim(own_conn, terms_of(mine, campaign_id), 2)).calls
    assert await calls.dial(own_conn, claimed[:1], LEASE) == {claimed[0].call_id: None}
    assert await store.take(own_conn, trunk.endpoint_id, None)
    await given(own_conn, theirs, "carrier", TRUNK)
    assert await calls.dial(own_conn, claimed[1:], LEASE) == {claimed[1].call_id: Outcome.CANCELLED}
    assert {one.campaign_id for one in await campaigns.running(own_conn)} == {unnamed}


async def test_trunk_of_all_tenants_is_every_ones(own_conn: Connection, two: tuple[TenantId, TenantId]) -> None:
    await given(own_conn, None, "carrier", TRUNK)
    expected = {await with_trunk(own_conn, tenant_id, "carrier") for tenant_id in two}
    assert {one.campaign_id for one in await campaigns.running(own_conn)} == expected


async def using(conn: Connection, tenant_id: TenantId, phone: str, trunk: str) -> None:
    await conn.execute(
        """with queue as (insert into inbound_queue (tenant_id, name) values ($1, 'A') returning queue_id)
        insert into agent (tenant_id, name, endpoint, queue_id, wrap_up_s)
        select $1, 'A', $2, queue_id, 10 from queue""",
        tenant_id, phone,
    )  # fmt: skip
    await with_trunk(conn, tenant_id, trunk)


async def owners(conn: Connection) -> dict[str, tuple[str, int | None]]:
    return {one.name: (one.kind.value, one.tenant_id) for one in (await store.page(conn, 100, 0))[0]}


async def test_first_tenant_keeps_what_it_uses_when_a_second_comes(own_conn: Connection) -> None:
    await switches.set_kind(own_conn, DEFAULT, Kind.ASTERISK)
    first = await factories.tenant(own_conn)
    await using(own_conn, first, "agent-7", "carrier")
    await using(own_conn, first, "agent-8", "carrier")
    assert await tenants.create_tenant(own_conn, first, "Again", "VN") is None
    assert await owners(own_conn) == {}
    made = await tenants.create_tenant(own_conn, TenantId(7), "Second", "VN")
    assert made is not None
    assert sorted(made.kept) == ["agent-7", "agent-8", "carrier"]
    second = made.tenant.tenant_id
    assert await owners(own_conn) == {
        "agent-7": ("phone", first), "agent-8": ("phone", first), "carrier": ("trunk", first),
    }  # fmt: skip
    assert await store.usable(own_conn, first, PHONE, "agent-7")
    assert not await store.usable(own_conn, second, PHONE, "agent-7")
    await using(own_conn, second, "agent-9", "second")
    third = await tenants.create_tenant(own_conn, TenantId(8), "Third", "VN")
    assert third is not None
    assert third.kept == []  # of two tenants nothing is known


async def test_nothing_is_kept_on_a_simulated_switch(own_conn: Connection) -> None:
    first = await factories.tenant(own_conn)
    await using(own_conn, first, "agent-7", "carrier")
    second = await tenants.create_tenant(own_conn, TenantId(7), "Second", "VN")
    assert second is not None
    assert second.kept == []


async def test_upgrade_gives_what_tenants_use_on_an_asterisk(
    own_conn: Connection, two: tuple[TenantId, TenantId]
) -> None:
    """A phone or trunk of one tenant is that one's; a trunk of several is of all, a phone of several of none."""
    mine, theirs = two
    simulated = await switches.find_or_add(own_conn, "lab")
    third = await factories.tenant(own_conn)
    await own_conn.execute("update tenant set switch_id = $1 where tenant_id = $2", simulated.switch_id, third)
    await using(own_conn, mine, "agent-7", "carrier")
    await using(own_conn, theirs, "agent-8", "carrier")
    await using(own_conn, theirs, "agent-7", "own")
    await using(own_conn, third, "agent-9", "lab")
    (upgrade,) = (one.sql for one in migrate.read() if one.name == "numbers")
    for statement in upgrade.split(";"):
        if "insert into" in statement:
            await own_conn.execute(statement)
    assert await owners(own_conn) == {
        "agent-8": ("phone", theirs), "carrier": ("trunk", None), "own": ("trunk", theirs),
    }  # fmt: skip
