"""Agents in the database: the transitions of their state (model.py), one function each; those by request are in
actions/, those by what the switch reports of phones in phones.py.

Every statement is guarded by the state from which it starts, so a late or repeated event changes nothing and returns
None, False or an empty list. Functions for one agent or call take the tenant; those of the dialer's rounds (`to_call`,
`to_hang_up`, `present`, `wrap_ups_over`) list all tenants of a switch and then change one tenant a statement.

Whatever ends a call or a wrap-up leaves the agent in the state of FREE: that is the one place where `next_state` is
applied, and no other way leads to idle but a request and the phone's answer to its first call.

Each change of a state is recorded by its statement (history/record.py). A segment of wrap-up begins and ends with the
state. Locks: docs/architecture.md, "Lock order".
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from tongdai.agents.accounts.browser import page_of
from tongdai.agents.history.record import BEGINS, RECORDED, begins
from tongdai.agents.model import AUTO_PAUSE_AFTER, AUTO_PAUSE_REASON, Agent, AgentState, OfflineReason
from tongdai.agents.rows import COLUMNS, OF_AGENT, agent_of, agent_or_none
from tongdai.call_outcome import OfferOutcome
from tongdai.calls import segments
from tongdai.calls.segments import WrapUp
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.switches.model import DEFAULT

log = structlog.get_logger()

FIND = f"select {COLUMNS} from agent where tenant_id = $1 and agent_id = $2"


async def find(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Agent | None:
    return agent_or_none(await conn.fetchrow(FIND, tenant_id, agent_id))


def member_of(queue_id: str, agent: str) -> str:
    """SQL: whether an agent (an alias) takes the calls of a queue (an expression)."""
    return f"""exists (
        select from agent_queue m where m.tenant_id = $1 and m.queue_id = {queue_id} and m.agent_id = {agent}.agent_id
    )"""


def free(next_state: str = "next_state", reachable: str = "phone_reachable") -> str:
    """SQL: model.free_state, for an agent in an update."""
    return f"""case
        when {next_state} = 'paused' then 'paused'
        when {next_state} = 'offline' then case when mode = 'nailed_up' then 'hanging_up' else 'offline' end
        when {reachable} then 'idle' else 'unreachable'
    end"""


FREE = f"""state = {free()}, state_since = {BEGINS}, next_state = null, wrap_up_until = null,
    pause_reason = case when next_state = 'paused' then pause_reason end,
    offline_reason = case when next_state = 'offline' and mode = 'ring' then 'signed_out' end"""
"""The columns of an agent whose wrap-up is over, or whose phone was answered."""


def ending(which: str) -> str:
    """SQL: the CTE `ending` of an update that ends calls of the agents of `which`, a condition: the tenant's day, the
    seconds of the talk, and when the wrap-up will be over."""
    return f"""ending as materialized (
    select agent_id, now() as now_at, now() + make_interval(secs => wrap_up_s) as over_at,
        extract(epoch from now() - state_since)::integer as talk_s,
        (now() at time zone (select zone from tenant where tenant_id = $1))::date as day
    from agent where tenant_id = $1 and {which}
)"""


WORKED = """worked_on = case when state = 'talking' then ending.day else worked_on end,
    calls_today = case when state <> 'talking' then calls_today
        when worked_on = ending.day then calls_today + 1 else 1 end,
    talk_s_today = case when state <> 'talking' then talk_s_today
        when worked_on = ending.day then talk_s_today + ending.talk_s else ending.talk_s end"""
"""SQL: the columns of an agent whose talk, if it was one, has ended."""

TENANTS_TO_CALL = """
select distinct a.tenant_id from agent a join tenant t on t.tenant_id = a.tenant_id
where a.state = 'calling' and a.channel_id is null and t.switch_id = $1
"""
# Checked once more, as the phone may have been given to another since the agent was created.
NOT_GIVEN = f"""
with changed as (
    update agent set state = 'offline', state_since = {BEGINS}, offline_reason = 'unreachable', next_state = null,
        pause_reason = null
    where tenant_id = $1 and state = 'calling' and channel_id is null
        and not {may_use("$1", "$2::smallint", "agent.endpoint", EndpointKind.PHONE)}
    returning agent.*
), {RECORDED}
select agent_id, endpoint from changed
"""
TO_CALL = f"""
with signed_in as materialized (
    select agent_id, gen_random_uuid() as channel_id from agent
    where tenant_id = $1 and state = 'calling' and channel_id is null
        and exists (select from tenant where tenant_id = $1 and switch_id = $2)
    order by agent_id for update skip locked
)
update agent set channel_id = s.channel_id, switch_id = $2, page = {page_of("agent")}, page_lost_at = null
from signed_in s where agent.tenant_id = $1 and agent.agent_id = s.agent_id returning {OF_AGENT}
"""


async def to_call(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents of a switch who signed in, each with a new `channel_id`: commit, then call `PJSIP/<endpoint>`.

    An agent whose phone is not the tenant's (numbers/endpoints/rule.py) is offline instead, as unreachable. A phone is
    called once: after a crash in between the channel does not exist, and the agent is `gone`.
    """
    found: list[Agent] = []
    for row in await conn.fetch(TENANTS_TO_CALL, switch_id):
        for refused in await conn.fetch(NOT_GIVEN, row["tenant_id"], switch_id):
            log.warning("phone not called: it is not the tenant's", tenant=row["tenant_id"], **refused)
        found += [agent_of(each) for each in await conn.fetch(TO_CALL, row["tenant_id"], switch_id)]
    return found


ANSWERED = f"""
with changed as (
    update agent set {FREE.replace("phone_reachable", "true")}, phone_reachable = true, missed = 0
    where tenant_id = $1 and agent_id = $2 and channel_id = $3 and state = 'calling' returning agent.*
), {RECORDED}
select true from changed
"""


async def answered(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> bool:
    """calling → idle or the next state, when the phone was answered. False: the agent signed out meanwhile, or the
    channel is old."""
    return bool(await conn.fetchval(ANSWERED, tenant_id, agent_id, channel_id))


OF_CHANNEL = "select tenant_id, agent_id from agent where channel_id = $1 and mode = 'nailed_up'"
# `old` returns the call, as an update returns the row as it is afterwards.
GONE = f"""
with {ending("agent_id = $2")}, old as materialized (
    select agent_id, call_id from agent where tenant_id = $1 and agent_id = $2 and channel_id = $3 for update
), shown as (
    delete from preview using old where preview.tenant_id = $1 and preview.agent_id = old.agent_id
), changed as (
    update agent
    set {WORKED}, state = 'offline', state_since = {begins("ending.now_at")}, channel_id = null, call_id = null,
        next_state = null, pause_reason = null, wrap_up_until = null, page = null, page_lost_at = null,
        offline_reason = case when state = 'hanging_up' or next_state = 'offline' then 'signed_out' else $4 end
    from old, ending where agent.tenant_id = $1 and agent.agent_id = old.agent_id
    returning agent.*
), {RECORDED}
select agent_id, call_id from old
"""


async def gone(conn: Connection, channel_id: UUID, why: OfflineReason = OfflineReason.PHONE_HUNG_UP) -> UUID | None:
    """Any state → offline, when the call of a phone in mode nailed-up ended, or was never there; for the reason `why`,
    unless the agent had signed out. Returns the call that the agent had: end it.

    None when the agent had no call, or the channel belongs to no such agent.
    """
    for tenant_id, agent_id in await conn.fetch(OF_CHANNEL, channel_id):
        async with conn.transaction():
            row = await conn.fetchrow(GONE, tenant_id, agent_id, channel_id, why)
            if row is not None:
                await segments.end_wrap_ups(conn, tenant_id, [agent_id])
                return row["call_id"]
    return None


PRESENT = f"""
select {COLUMNS} from agent
where state <> 'offline' and mode = 'nailed_up' and channel_id is not null and switch_id = $1
"""


async def present(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents, of all tenants, whose nailed-up phone has a channel; `gone` if the switch does not list it."""
    return [agent_of(row) for row in await conn.fetch(PRESENT, switch_id)]


TO_HANG_UP = f"select {COLUMNS} from agent where state = 'hanging_up' and switch_id = $1"


async def to_hang_up(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents of a switch who signed out: hang up `channel_id`. They are listed until the channel is `gone`."""
    return [agent_of(row) for row in await conn.fetch(TO_HANG_UP, switch_id)]


AVAILABLE = "state = 'idle' and not busy_elsewhere"
"""SQL: whether an agent can be assigned to a call."""
FOR_CAMPAIGNS = f"{AVAILABLE} and mode = 'nailed_up'"
"""SQL: whether an agent can be assigned to a call of a campaign, which is answered before the agent is asked."""
# Materialized with its row lock: concurrent reservations take different agents, and none waits for another.
RESERVE = f"""
with longest as materialized (
    select a.agent_id from agent a
    where a.tenant_id = $1 and {FOR_CAMPAIGNS} and a.switch_id = $4 and {member_of("$2", "a")}
    order by a.state_since, a.agent_id limit 1 for update of a skip locked
), changed as (
    update agent set state = 'reserved', state_since = {BEGINS}, call_id = $3
    from longest where agent.tenant_id = $1 and agent.agent_id = longest.agent_id returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def reserve(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call_id: UUID, switch_id: SwitchId = DEFAULT
) -> Agent | None:
    """The agent of the queue on the switch who is idle longest, with a connected phone → reserved for the call; None
    when none is idle."""
    return agent_or_none(await conn.fetchrow(RESERVE, tenant_id, queue_id, call_id, switch_id))


HOLD_IDLE = f"select true from agent where tenant_id = $1 and agent_id = $2 and {FOR_CAMPAIGNS} for no key update"


async def hold_idle(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Keep an idle agent idle until the transaction ends; False when the agent is not idle."""
    return bool(await conn.fetchval(HOLD_IDLE, tenant_id, agent_id))


RESERVE_FOR = f"""
with changed as (
    update agent set state = 'reserved', state_since = {BEGINS}, call_id = $3
    where tenant_id = $1 and agent_id = $2 and {FOR_CAMPAIGNS} returning agent.*
), {RECORDED}
select true from changed
"""


async def reserve_for(conn: Connection, tenant_id: TenantId, agent_id: AgentId, call_id: UUID) -> bool:
    """idle → reserved, for the agent who accepted a preview."""
    return bool(await conn.fetchval(RESERVE_FOR, tenant_id, agent_id, call_id))


MAY_RING = f"(agent.mode = 'nailed_up' or {may_use('$1', 'agent.switch_id', 'agent.endpoint', EndpointKind.PHONE)})"
"""SQL: whether the switch may call the phone of an agent for a call."""
RESERVE_AGENT = f"""
with rings as materialized (
    select gen_random_uuid() as channel_id
), changed as (
    update agent set state = $4, state_since = {BEGINS}, call_id = $3,
        channel_id = case when $4 = 'alerting' then rings.channel_id else agent.channel_id end
    from rings
    where agent.tenant_id = $1 and agent.agent_id = $2 and {AVAILABLE} and (mode = 'ring') = ($4 = 'alerting')
        and {MAY_RING}
    returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def reserve_agent(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId,
    call_id: UUID,
    state: AgentState = AgentState.RESERVED,
) -> Agent | None:
    """idle → reserved (mode nailed-up) or alerting (mode ring) for a caller; None when the agent is not available, or
    in the other mode. An alerting agent has a new `channel_id`: commit, then call `PJSIP/<endpoint>`."""
    assert state in {AgentState.RESERVED, AgentState.ALERTING}, state
    return agent_or_none(await conn.fetchrow(RESERVE_AGENT, tenant_id, agent_id, call_id, state))


_NEXT = "coalesce(agent.next_state, o.next_state)"
RELEASED = f"""
with outcome as materialized (
    select agent_id, missed + ($4 = '{OfferOutcome.NO_ANSWER}')::integer as missed,
        case when $4 = '{OfferOutcome.NO_ANSWER}' and missed + 1 >= $5::integer then 'paused' end as next_state
    from agent where tenant_id = $1 and agent_id = $2 and call_id = $3 and state in ('reserved', 'alerting') for update
), changed as (
    update agent set
        state = {free(_NEXT, f"(phone_reachable and $4 <> '{OfferOutcome.UNREACHABLE}')")}, state_since = {BEGINS},
        call_id = null, channel_id = case when mode = 'nailed_up' then channel_id end, next_state = null,
        pause_reason = case when agent.next_state = 'paused' then pause_reason
            when {_NEXT} = 'paused' then '{AUTO_PAUSE_REASON}' end,
        offline_reason = case when {_NEXT} = 'offline' and mode = 'ring' then 'signed_out' end,
        missed = o.missed, phone_reachable = phone_reachable and $4 <> '{OfferOutcome.UNREACHABLE}'
    from outcome o where agent.tenant_id = $1 and agent.agent_id = o.agent_id returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def released(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId,
    call_id: UUID,
    outcome: OfferOutcome,
    auto_pause_after: int | None = AUTO_PAUSE_AFTER,
) -> Agent | None:
    """reserved, alerting → the next state, or idle, when the offer of a caller ended without a talk; None when the
    agent has another call, or talks.

    After `auto_pause_after` offers in a row without an answer (the setting of the caller's queue; None: never) the
    agent is paused. One whose phone the switch could not call is unreachable, until the switch reports otherwise.
    """
    return agent_or_none(await conn.fetchrow(RELEASED, tenant_id, agent_id, call_id, outcome, auto_pause_after))


_OF_CALLS = """
from {also}unnest($2::uuid[]) as sent (call_id)
where agent.tenant_id = $1 and agent.call_id = sent.call_id and agent.state = any($3::text[])
returning """
_ONE = "where ($4::bigint is null or agent.agent_id = $4) and agent.agent_id = ending.agent_id and"
TALKING = f"""
with changed as (
    update agent set state = 'talking', state_since = {BEGINS}, missed = 0 {_OF_CALLS.format(also="")}agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def talking(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[Agent]:
    """reserved, alerting → talking for the agents of the calls, when they are bridged; returns them."""
    return [agent_of(row) for row in await conn.fetch(TALKING, tenant_id, call_ids, ["reserved", "alerting"])]


TALKS = "select exists (select from agent where tenant_id = $1 and call_id = $2 and state = 'talking')"


async def talks(conn: Connection, tenant_id: TenantId, call_id: UUID) -> bool:
    """Whether an agent talks in a call."""
    return await conn.fetchval(TALKS, tenant_id, call_id)


_WRAPS_UP = "(state = 'talking' and next_state is distinct from 'offline')"
FREED = f"""
with {ending("call_id = any($2::uuid[])")}, changed as (
    update agent set {WORKED}, state_since = {begins("ending.now_at")}, call_id = null,
        state = case when {_WRAPS_UP} then 'wrap_up' else {free()} end,
        wrap_up_until = case when {_WRAPS_UP} then ending.over_at end, code_needed = false,
        next_state = case when {_WRAPS_UP} then next_state end,
        pause_reason = case when next_state = 'paused' then pause_reason end,
        channel_id = case when mode = 'nailed_up' then channel_id end,
        offline_reason = case when next_state = 'offline' and mode = 'ring' then 'signed_out' end
    {_OF_CALLS.format(also="ending, ").replace("where", _ONE)}
        agent.*, sent.call_id as had
), {RECORDED}
select {COLUMNS}, had from changed
"""


async def freed(
    conn: Connection,
    tenant_id: TenantId,
    call_ids: Sequence[UUID],
    queues: Mapping[UUID, QueueId] | None = None,
    agent_id: AgentId | None = None,
) -> list[Agent]:
    """Frees the agents of calls that have ended, or one of a call that continues: talking → wrap_up; reserved, alerting
    → the next state, or idle. An agent who signed out meanwhile goes offline from any of these: of one who is
    `hanging_up` then, the caller hangs up `channel_id`. A call may have no agent (any more). `queues`: those of the
    calls, for the segments of wrap-up. Call it in the transaction of the end."""
    agents: list[Agent] = []
    wrap_ups: list[WrapUp] = []
    for row in await conn.fetch(FREED, tenant_id, call_ids, ["reserved", "alerting", "talking"], agent_id):
        fields: dict[str, Any] = dict(row)
        call_id = fields.pop("had")
        agents.append(agent := agent_of(fields))
        if agent.state is AgentState.WRAP_UP:
            queue_id = (queues or {}).get(call_id, agent.queue_id)
            wrap_ups.append(WrapUp(call_id, queue_id, agent.agent_id, agent.state_since))
    await segments.begin_wrap_ups(conn, tenant_id, wrap_ups)
    return agents


TENANTS_IN_WRAP_UP = """
select distinct tenant_id from agent where state = 'wrap_up' and wrap_up_until <= now() and switch_id = $1
"""
WRAP_UPS_OVER = f"""
with over as materialized (
    select agent_id from agent
    where tenant_id = $1 and switch_id = $2 and state = 'wrap_up' and wrap_up_until <= now()
    order by agent_id for update skip locked
), changed as (
    update agent set {FREE}
    from over where agent.tenant_id = $1 and agent.agent_id = over.agent_id returning agent.*
), {RECORDED}
select agent_id from changed
"""


async def wrap_ups_over(conn: Connection, switch_id: SwitchId = DEFAULT) -> int:
    """wrap_up → the next state, or idle, for all agents, of all tenants, whose wrap-up has ended by the database's
    clock; returns their number."""
    over = 0
    for row in await conn.fetch(TENANTS_IN_WRAP_UP, switch_id):
        async with conn.transaction():
            agents = [each["agent_id"] for each in await conn.fetch(WRAP_UPS_OVER, row["tenant_id"], switch_id)]
            await segments.end_wrap_ups(conn, row["tenant_id"], agents)
        over += len(agents)
    return over
