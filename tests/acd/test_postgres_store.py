"""The ACD's transactions: what changes together, and what a step that is late or repeated leaves alone."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support.calls import new_agent, new_queue
from tongdai.acd.admission import QueueCounts
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.acd.store import QueueState
from tongdai.agents import store as agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import CallState
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import HANG_UP, QueueRules, Strategy

ABANDONED, ANSWERED = InboundEnding(InboundOutcome.ABANDONED), InboundEnding(InboundOutcome.ANSWERED)
OUTCOMES = "select outcome from offer where tenant_id = $1 order by offered_at"
WAITS = "select queue_id from open_segment where tenant_id = $1 and call_id = $2 and kind = 'wait'"
CLOSE = "insert into opening_hours (tenant_id, queue_id, closed) values ($1, $2, true)"
PAUSES_AT_ONCE = "insert into queue_setting (tenant_id, queue_id, auto_pause_after) values ($1, $2, 1)"


async def state_of(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> AgentState:
    agent = await agents.find(conn, tenant_id, agent_id)
    assert agent is not None
    return agent.state


async def outcomes(conn: Connection, tenant_id: TenantId) -> list[str | None]:
    return [row["outcome"] for row in await conn.fetch(OUTCOMES, tenant_id)]


async def test_number_leads_to_its_queue(call: InboundCall, queue_id: QueueId, tenant_id: TenantId) -> None:
    assert (call.tenant_id, call.queue_id, call.state) == (tenant_id, queue_id, CallState.RINGING)


async def test_number_of_nobody_or_of_no_queue_opens_no_call(store: PostgresAcdStore, arrival: Arrival) -> None:
    assert await store.arrive(arrival, "carrier") is None, "the tenant has given it to no queue"
    assert await store.arrive(replace(arrival, called="+842800000000"), "carrier") is None


async def test_rules_of_a_queue_are_its_settings(
    conn: Connection, store: PostgresAcdStore, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId
) -> None:
    await conn.execute("update inbound_queue set strategy = 2, max_wait_s = 60 where queue_id = $1", queue_id)
    found = await store.queue(tenant_id, queue_id)
    assert found is not None
    named = QueueRules(queue_id=queue_id, name=found.rules.name, strategy=Strategy.VIP, max_wait_s=60)
    expected = replace(named, language="vi")  # of the tenant's country
    assert found == QueueState(expected, QueueCounts(0, 1))
    assert await store.queue(tenant_id, QueueId(queue_id + 1_000_000)) is None


async def test_queue_that_is_closed_now_sends_callers_where_its_hours_say(
    conn: Connection, store: PostgresAcdStore, tenant_id: TenantId, queue_id: QueueId
) -> None:
    await conn.execute(CLOSE, tenant_id, queue_id)
    found = await store.queue(tenant_id, queue_id)
    assert found is not None
    assert found.rules.closed == HANG_UP


async def test_offer_reserves_the_agent_once(
    conn: Connection,
    store: PostgresAcdStore,
    call: InboundCall,
    agent_id: AgentId,
    rules: QueueRules,
    at: datetime,
) -> None:
    assert await store.offer(call, agent_id, at) is None, "the caller is in no queue"
    row = await store.join(call, rules, 0, at)
    assert row is not None
    assert row.arrived_at == call.opened_at
    agent = await store.offer(call, agent_id, at)
    assert agent is not None
    assert (agent.state, agent.call_id) == (AgentState.RESERVED, call.call_id)
    assert await store.offer(call, agent_id, at) == agent, "repeated"
    assert await outcomes(conn, call.tenant_id) == [None]
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert active.agent == agent
    assert active.caller is not None
    assert active.caller.state == "offered"


async def test_offer_to_an_agent_in_mode_ring_has_a_channel_for_the_phone(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    agent_id = await new_agent(conn, call.tenant_id, call.queue_id, mode="ring")
    await store.join(call, rules, 0, at)
    assert agent_id in [agent.agent_id for agent in await store.idle_agents()]
    agent = await store.offer(call, agent_id, at)
    assert agent is not None
    assert agent.state is AgentState.ALERTING
    assert agent.channel_id is not None
    assert await store.offer(call, agent_id, at) == agent, "repeated"
    assert await store.connect(call, at)
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.TALKING
    await store.end(call, ANSWERED)
    freed = await agents.find(conn, call.tenant_id, agent_id)
    assert freed is not None
    assert (freed.state, freed.channel_id) == (AgentState.WRAP_UP, None)


UNREACHABLE_SINCE = """
update agent set state_since = now() - $3::interval, phone_reachable = false where tenant_id = $1 and agent_id = $2
"""


@pytest.mark.parametrize(("waits", "becomes"), [(59, AgentState.UNREACHABLE), (61, AgentState.IDLE)])
async def test_phone_that_could_not_be_called_is_tried_again_after_a_minute(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, waits: int, becomes: AgentState
) -> None:
    ring = await new_agent(conn, call.tenant_id, call.queue_id, "unreachable", mode="ring")
    stays = await new_agent(conn, call.tenant_id, call.queue_id, "unreachable")
    for agent_id in (ring, stays):
        await conn.execute(UNREACHABLE_SINCE, call.tenant_id, agent_id, timedelta(seconds=waits))
    await store.try_phones_again()
    assert await state_of(conn, call.tenant_id, ring) is becomes
    assert await state_of(conn, call.tenant_id, stays) is AgentState.UNREACHABLE


LOST = InboundEnding(InboundOutcome.LOST)
EARLIER = "update call set ended_at = ended_at - interval '5 minutes' where tenant_id = $1"


@pytest.mark.parametrize(
    ("ending", "phone", "kept"),
    [(LOST, "+84901234567", True), (ABANDONED, "+84901234567", False), (LOST, "+84901234568", False)],
)
async def test_place_of_a_call_that_was_lost_is_kept_for_a_while(
    conn: Connection,
    store: PostgresAcdStore,
    call: InboundCall,
    arrival: Arrival,
    rules: QueueRules,
    at: datetime,
    ending: InboundEnding,
    phone: str,
    kept: bool,
) -> None:
    await store.join(call, rules, 0, at)
    await store.end(call, ending)
    again = await store.arrive(replace(arrival, channel="2", phone=phone), "carrier")
    assert again is not None
    row = await store.join(again, rules, 0, at)
    assert row is not None
    assert row.arrived_at == (call.opened_at if kept else again.opened_at)
    await store.end(again, ABANDONED)
    await conn.execute(EARLIER, call.tenant_id)
    late = await store.arrive(replace(arrival, channel="3", phone=phone), "carrier")
    assert late is not None
    row = await store.join(late, rules, 0, at)
    assert row is not None
    assert row.arrived_at == late.opened_at


async def test_agent_who_is_taken_is_offered_to_nobody_else(
    store: PostgresAcdStore, call: InboundCall, arrival: Arrival, agent_id: AgentId, rules: QueueRules, at: datetime
) -> None:
    other = await store.arrive(replace(arrival, channel="2"), "carrier")
    assert other is not None
    for each in (call, other):
        await store.join(each, rules, 0, at)
    assert await store.offer(call, agent_id, at)
    assert await store.offer(other, agent_id, at) is None


async def test_join_that_is_repeated_or_late_changes_nothing(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    other = replace(rules, queue_id=await new_queue(conn, call.tenant_id))
    assert await store.join(call, rules, 0, at)
    joined = await store.join(call, other, 1, at)
    assert joined is not None
    assert (joined.queue_id, joined.hops) == (other.queue_id, 1)
    for late in (other, rules):
        assert await store.join(call, late, 0, at) == joined
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert (active.call.queue_id, active.caller) == (other.queue_id, joined)
    waits = await conn.fetch(WAITS, call.tenant_id, call.call_id)
    assert [row["queue_id"] for row in waits] == [other.queue_id]


async def test_caller_is_not_connected_with_an_agent_who_is_gone(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, rules: QueueRules, at: datetime
) -> None:
    await store.join(call, rules, 0, at)
    agent = await store.offer(call, agent_id, at)
    assert agent is not None
    assert agent.channel_id is not None
    await agents.gone(conn, agent.channel_id)
    assert not await store.connect(call, at)
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert active.caller is not None, "still in the queue"
    await store.end(call, ABANDONED)
    assert not await store.connect(call, at), "the call has ended"


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [(OfferOutcome.REJECTED, AgentState.IDLE), (OfferOutcome.UNREACHABLE, AgentState.UNREACHABLE)],
)
async def test_failed_offer_frees_the_agent_and_the_caller_waits(
    conn: Connection,
    store: PostgresAcdStore,
    call: InboundCall,
    agent_id: AgentId,
    rules: QueueRules,
    at: datetime,
    outcome: OfferOutcome,
    becomes: AgentState,
) -> None:
    before = await store.join(call, rules, 0, at)
    await store.offer(call, agent_id, at)
    assert await store.offer_failed(call, None, outcome, at)
    assert not await store.offer_failed(call, None, outcome, at)
    assert await state_of(conn, call.tenant_id, agent_id) is becomes
    assert before is not None
    assert await store.join(call, rules, 0, at) == before._replace(offers=1)
    assert await outcomes(conn, call.tenant_id) == [outcome]


async def test_connection_ends_the_wait_and_the_offer(
    conn: Connection,
    store: PostgresAcdStore,
    call: InboundCall,
    agent_id: AgentId,
    rules: QueueRules,
    at: datetime,
) -> None:
    await store.join(call, rules, 0, at)
    assert not await store.connect(call, at), "nobody is offered"
    await store.offer(call, agent_id, at)
    assert await store.connect(call, at)
    assert await store.connect(call, at), "repeated"
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.TALKING
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert (active.caller, active.call.agent_id) == (None, agent_id)
    assert await store.join(call, rules, 1, at) is None, "the caller talks"
    assert await store.end(call, ANSWERED)
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.WRAP_UP
    assert await outcomes(conn, call.tenant_id) == ["answered"]


async def test_caller_who_hangs_up_during_an_offer_frees_the_agent(
    conn: Connection,
    store: PostgresAcdStore,
    call: InboundCall,
    agent_id: AgentId,
    rules: QueueRules,
    at: datetime,
) -> None:
    await store.join(call, rules, 0, at)
    await store.offer(call, agent_id, at)
    assert await store.end(call, ABANDONED)
    assert not await store.end(call, ANSWERED)
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.IDLE
    assert await outcomes(conn, call.tenant_id) == ["caller_gone"]
    assert await store.offer(call, agent_id, at) is None, "the call has ended"
    assert call.call_id not in {found.call.call_id for found in await store.active()}


async def test_message_takes_the_caller_out_of_the_queue(
    store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    await store.join(call, rules, 0, at)
    assert await store.answer(call, at)
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert (active.caller, active.call.state) == (None, CallState.ANSWERED)
    await store.end(call, ABANDONED)
    assert not await store.answer(call, at)


async def test_leases_are_renewed(store: PostgresAcdStore, call: InboundCall) -> None:
    await store.extend([call])
    (active,) = [each for each in await store.active() if each.call.call_id == call.call_id]
    assert active.call.lease_until > call.lease_until


async def test_caller_whose_agent_is_gone_unheard_is_offered_to_another(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, rules: QueueRules, at: datetime
) -> None:
    await store.join(call, rules, 0, at)
    first = await store.offer(call, agent_id, at)
    assert first is not None
    assert first.channel_id is not None
    await agents.gone(conn, first.channel_id)
    other = await new_agent(conn, call.tenant_id, call.queue_id)
    second = await store.offer(call, other, at)
    assert second is not None
    assert second.agent_id == other
    assert sorted(map(str, await outcomes(conn, call.tenant_id))) == ["None", "unreachable"]


async def test_agent_is_paused_after_as_many_offers_as_the_queue_says(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, rules: QueueRules, at: datetime
) -> None:
    await conn.execute(PAUSES_AT_ONCE, call.tenant_id, call.queue_id)
    await store.join(call, rules, 0, at)
    await store.offer(call, agent_id, at)
    assert await store.offer_failed(call, None, OfferOutcome.NO_ANSWER, at)
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.PAUSED


@pytest.mark.parametrize(("sent", "kept"), [("0901234567", "+84901234567"), ("anonymous", ""), ("", "")])
async def test_number_of_a_caller_is_read_in_the_country_of_the_tenant(
    store: PostgresAcdStore, queue_id: QueueId, arrival: Arrival, sent: str, kept: str
) -> None:
    assert queue_id
    call = await store.arrive(replace(arrival, phone=sent), "carrier")
    assert call is not None
    assert (call.phone, call.called) == (kept, arrival.called)


async def test_caller_is_offered_to_several_agents_until_the_last_offer_ends(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, rules: QueueRules, at: datetime
) -> None:
    ringing = [await new_agent(conn, call.tenant_id, call.queue_id, mode="ring") for _ in range(3)]
    await store.join(call, rules, 0, at)
    found = await store.offer_all(call, [*reversed(ringing), agent_id], at)
    assert [agent.agent_id for agent in found] == ringing, "without the one whose phone is connected"
    assert len({agent.channel_id for agent in found} - {None}) == 3
    again = await store.offer_all(call, [agent_id], at)
    assert again == found, "idempotent"
    assert await outcomes(conn, call.tenant_id) == [None] * 3
    for gone, state in ((ringing[0], "offered"), (ringing[2], "offered"), (ringing[1], "waiting")):
        assert await store.offer_failed(call, gone, OfferOutcome.ANSWERED_ELSEWHERE, at)
        assert await state_of(conn, call.tenant_id, gone) is AgentState.IDLE
        (active,) = [one for one in await store.active() if one.call.call_id == call.call_id]
        assert active.caller is not None
        assert (active.caller.state, active.caller.offers) == (state, 3)
    missed = await conn.fetch("select missed from agent where tenant_id = $1", call.tenant_id)
    assert {row["missed"] for row in missed} == {0}


async def test_caller_who_leaves_frees_all_agents_who_are_rung(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    ringing = [await new_agent(conn, call.tenant_id, call.queue_id, mode="ring") for _ in range(2)]
    await store.join(call, rules, 0, at)
    await store.offer_all(call, ringing, at)
    (active,) = [one for one in await store.active() if one.call.call_id == call.call_id]
    assert active.agent is not None
    assert [active.agent.agent_id, *(other.agent_id for other in active.others)] == ringing
    assert await store.end(call, ABANDONED)
    assert await outcomes(conn, call.tenant_id) == ["caller_gone"] * 2
    for agent_id in ringing:
        assert await state_of(conn, call.tenant_id, agent_id) is AgentState.IDLE


async def test_one_of_several_agents_is_connected_once_the_offers_of_the_others_have_ended(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    first, second = [await new_agent(conn, call.tenant_id, call.queue_id, mode="ring") for _ in range(2)]
    await store.join(call, rules, 0, at)
    assert await store.offer_all(call, [], at) == []
    await store.offer_all(call, [first, second], at)
    with pytest.raises(AssertionError, match="connected with 2 agents"):
        await store.connect(call, at)
    await store.offer_failed(call, first, OfferOutcome.ANSWERED_ELSEWHERE, at)
    assert await store.connect(call, at)
    assert await state_of(conn, call.tenant_id, second) is AgentState.TALKING
    assert sorted(await outcomes(conn, call.tenant_id), key=str) == ["answered", "answered_elsewhere"]
