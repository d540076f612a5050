"""Transfers, and numbers that are called, in the ACD's store."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.support.calls import a_call, new_agent, new_queue
from tests.support.contacts import new_campaign
from tongdai.acd.caller.model import NumberCall
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.acd.store import Line
from tongdai.agents import store as agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.calls.parties import store as parties
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.db.pool import Connection, Pool
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules

ANSWERED = InboundEnding(InboundOutcome.ANSWERED)
SEGMENTS = """
select kind, queue_id, agent_id, ended_at is null as open from segment
where tenant_id = $1 and call_id = $2
"""
SECOND = timedelta(seconds=1)


async def state_of(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> AgentState:
    agent = await agents.find(conn, tenant_id, agent_id)
    assert agent is not None
    return agent.state


async def talking(
    store: PostgresAcdStore, call: InboundCall, rules: QueueRules, agent_id: AgentId, at: datetime
) -> None:
    assert await store.join(call, rules, 0, at)
    assert await store.offer(call, agent_id, at)
    assert await store.connect(call, at + SECOND)


async def test_transfer_ends_the_talk_and_the_caller_waits_at_the_place_of_the_arrival(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, agent_id: AgentId, at: datetime
) -> None:
    await talking(store, call, rules, agent_id, at)
    care = await new_queue(conn, call.tenant_id)
    row = await store.transfer(call, care, 1, at + 2 * SECOND)
    assert row is not None
    assert (row.queue_id, row.arrived_at, row.hops) == (care, call.opened_at, 1)
    assert await state_of(conn, call.tenant_id, agent_id) is AgentState.WRAP_UP
    parts = {tuple(found) for found in await conn.fetch(SEGMENTS, call.tenant_id, call.call_id)}
    sales = rules.queue_id
    assert parts == {
        ("wait", sales, None, False), ("talk", sales, agent_id, False), ("wait", care, None, True),
        ("wrap_up", sales, agent_id, True),
    }  # fmt: skip
    assert await store.transfer(call, care, 1, at + 2 * SECOND) is None, "a late one changes nothing"
    bob = await new_agent(conn, call.tenant_id, care)
    await talking_again(store, call, bob, at)
    assert await store.end(call, ANSWERED)
    assert await state_of(conn, call.tenant_id, bob) is AgentState.WRAP_UP


async def talking_again(store: PostgresAcdStore, call: InboundCall, agent_id: AgentId, at: datetime) -> None:
    assert await store.offer(call, agent_id, at + 3 * SECOND)
    assert await store.connect(call, at + 4 * SECOND)
    (found,) = [found for found in await store.active() if found.call.call_id == call.call_id]
    assert found.call.agent_id == agent_id
    assert found.call.connected_at == at + SECOND, "the first connection"


async def test_number_is_recorded_before_it_is_called_and_talks_without_an_agent(
    store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    await store.join(call, rules, 0, at)
    number = NumberCall("+84987654321", f"{call.call_id}-number-0-1", talks=False)
    assert await store.forward(call, number, at + SECOND, transfer=False)
    assert await store.join(call, rules, 0, at) is None, "a late one"
    (found,) = [found for found in await store.active() if found.call.call_id == call.call_id]
    assert (found.caller, found.agent, found.number) == (None, None, number)
    assert await store.connect(call, at + 2 * SECOND)
    assert await store.connect(call, at + 2 * SECOND), "repeated"
    (found,) = [found for found in await store.active() if found.call.call_id == call.call_id]
    assert found.number == number._replace(talks=True)
    assert await store.end(call, ANSWERED)
    assert not [found for found in await store.active() if found.call.call_id == call.call_id]


async def test_caller_whose_number_is_not_reached_joins_a_queue(
    store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    number = NumberCall("+84987654321", f"{call.call_id}-number-0-2", talks=False)
    assert await store.forward(call, number, at, transfer=False)
    assert await store.join(call, rules, 2, at + SECOND) is None, "a late one"
    assert await store.join(call, rules, 3, at + SECOND) is not None
    (found,) = [found for found in await store.active() if found.call.call_id == call.call_id]
    assert found.number is None
    assert found.caller is not None
    assert found.caller.hops == 3


async def test_number_is_called_over_the_trunk_of_the_called_number(
    conn: Connection, store: PostgresAcdStore, call: InboundCall
) -> None:
    assert await store.line(call) == Line(None, call.called)
    await conn.execute("update called_number set trunk = 'viettel' where number = $1", int(call.called[1:]))
    assert await store.line(call) == Line("viettel", call.called)


async def test_call_to_a_contact_is_the_acds_once_it_is_taken(
    pool: Pool, conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime
) -> None:
    dialer = PostgresStore(pool)
    store = PostgresAcdStore(pool, end_to_contact=dialer.end)
    campaign_id = await new_campaign(conn, tenant_id)
    agent_id = await new_agent(conn, tenant_id, queue_id)
    made = await a_call(conn, tenant_id, campaign_id, state="answered", answered_s=0, connected_s=0, agent_id=agent_id)
    call_id = UUID(str(made))
    assert await store.take(tenant_id, call_id) is None, "nobody talks"
    assert await agents.reserve_for(conn, tenant_id, agent_id, call_id)
    assert await agents.talking(conn, tenant_id, [call_id])
    assert call_id in {call.call_id for call in await dialer.active_calls()}
    taken = await store.take(tenant_id, call_id)
    assert taken is not None
    assert (taken.call.to_contact, taken.call.channel, taken.call.queue_id) == (True, str(call_id), queue_id)
    assert await store.take(tenant_id, call_id) == taken, "repeated"
    assert call_id not in {call.call_id for call in await dialer.active_calls()}
    assert call_id in {found.call.call_id for found in await store.active()}
    assert await store.end(taken.call, ANSWERED)
    assert not await store.end(taken.call, ANSWERED)
    row = await conn.fetchrow(
        "select outcome, direction from call where tenant_id = $1 and call_id = $2", tenant_id, call_id
    )
    assert row is not None
    assert (row["outcome"], row["direction"]) == ("answered", "outbound")
    assert await state_of(conn, tenant_id, agent_id) is AgentState.WRAP_UP


async def test_contact_whom_the_agent_left_to_a_number_is_the_acds_in_the_queue_of_the_talk(
    pool: Pool, conn: Connection, tenant_id: TenantId, queue_id: QueueId, at: datetime
) -> None:
    store = PostgresAcdStore(pool, end_to_contact=PostgresStore(pool).end)
    campaign_id = await new_campaign(conn, tenant_id)
    made = await a_call(conn, tenant_id, campaign_id, state="answered", answered_s=0, connected_s=0)
    call_id = UUID(str(made))
    await conn.execute(
        "insert into open_segment (tenant_id, call_id, kind, started_at, queue_id) values ($1, $2, 'talk', $3, $4)",
        *(tenant_id, call_id, at, queue_id),
    )
    party = Party(
        tenant_id=tenant_id, call_id=call_id, channel="n1", kind=PartyKind.NUMBER, agent_id=None,
        target="+84901234567", state=PartyState.CONSULTING, called_at=at,
    )  # fmt: skip
    assert await parties.add(conn, party)
    assert await store.take(tenant_id, call_id) is None, "nobody talks"
    assert await parties.move(conn, tenant_id, call_id, "n1", PartyState.TALKING)
    taken = await store.take(tenant_id, call_id)
    assert taken is not None
    assert (taken.call.queue_id, taken.number) == (queue_id, NumberCall("+84901234567", "n1", talks=True))
    row = await store.transfer(taken.call, queue_id, 1, at + SECOND)
    assert row is not None
    assert not await parties.of_calls(conn, tenant_id, [call_id])
