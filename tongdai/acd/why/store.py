"""Reads from the database what decides who is offered to whom, in one snapshot."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from tongdai.acd.callbacks.pending import in_order
from tongdai.acd.caller.core import FAILED_FOR_S
from tongdai.acd.caller.preferred import TRANSFERRED_FOR, preferred
from tongdai.acd.eligibility import WaitingCaller
from tongdai.acd.why.model import AgentCall, AgentFacts, BeforeQueue, CallerFacts, Offer, Situation
from tongdai.agents import available
from tongdai.agents.model import AgentKey, IdleAgent
from tongdai.agents.rows import OF_AGENT, agent_of
from tongdai.callbacks.store import due_of_tenant
from tongdai.calls.acts import store as acts
from tongdai.calls.acts.store import ToAgent
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules
from tongdai.queues.settings import store as settings
from tongdai.switches import store as switches

CLOCK = "select now() as now, zone from tenant where tenant_id = $1"
CALLERS = """
select c.call_id, c.queue_id, c.arrived_at, c.joined_at, c.offers, l.phone,
    exists (
        select from offer where tenant_id = $1 and call_id = c.call_id and offered_at >= c.joined_at
    ) as offered_here,
    l.direction = 'outbound' and l.state <> 'answered' as called_back, open.agent_id, open.name, open.offered_at
from caller c
cross join lateral (
    select phone, direction, state from live_call where tenant_id = $1 and call_id = c.call_id limit 1
) l
left join lateral (
    select o.agent_id, a.name, o.offered_at
    from offer o join agent a on a.tenant_id = $1 and a.agent_id = o.agent_id
    where o.tenant_id = $1 and o.call_id = c.call_id and o.outcome is null order by o.offered_at limit 1
) open on true
where c.tenant_id = $1
"""
# An offer that failed keeps its agent from the caller for a while (acd/caller/core.py).
EXCLUDED = """
select o.call_id, o.agent_id, max(o.ended_at) as ended_at
from caller c join offer o on o.tenant_id = $1 and o.call_id = c.call_id
where c.tenant_id = $1 and c.offers > 0 and o.ended_at > now() - $2::interval
group by o.call_id, o.agent_id
"""
BEFORE = """
select l.call_id, l.phone, l.opened_at from live_call l
where l.tenant_id = $1 and l.queue_id = $2 and l.direction = 'inbound' and l.connected_at is null
    and not exists (select from caller where tenant_id = $1 and call_id = l.call_id)
order by l.opened_at, l.call_id
"""
AGENTS = f"""
select {OF_AGENT}, l.queue_id as call_queue_id, l.campaign_id as call_campaign_id
from agent_queue m join agent on agent.tenant_id = $1 and agent.agent_id = m.agent_id
left join lateral (
    select queue_id, campaign_id from live_call where tenant_id = $1 and call_id = agent.call_id limit 1
) l on true
where m.tenant_id = $1 and m.queue_id = $2
"""
# Callees who answered and have no agent yet: dialer/call/controller.py keeps those of their queue for them.
WITHHELD = """
select distinct p.queue_id
from live_call l join campaign p on p.tenant_id = $1 and p.campaign_id = l.campaign_id
where l.tenant_id = $1 and l.direction = 'outbound' and l.state = 'answered' and l.connected_at is null
    and l.agent_id is null and l.queue_id is null and p.queue_id is not null
    and not exists (select from agent where tenant_id = $1 and call_id = l.call_id)
"""


JOINED_WITHIN = timedelta(seconds=10)
"""A caller joins the queue of the agent to whom they are transferred so soon after the transfer was begun: what the
switch takes, and what the clocks of machines differ."""


async def situation(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> Situation | None:
    """Read what decides about the callers and agents of a queue; None: there is no such queue."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        clock = await conn.fetchrow(CLOCK, tenant_id)
        rules = await settings.rules(conn, tenant_id, queue_id)
        if clock is None or rules is None:
            return None
        callers, callbacks = await _callers(conn, tenant_id), await due_of_tenant(conn, tenant_id)
        of_queues = await _rules(
            conn, tenant_id, {*(one.caller.queue_id for one in callers), *(one.queue_id for one in callbacks)}
        )
        of_queues |= {queue_id: rules}
        idle = await available.idle_of_tenant(conn, tenant_id)
        by_id = {agent.agent_id: agent for agent in idle}
        return Situation(
            tenant_id=tenant_id,
            queue_id=queue_id,
            now=clock["now"],
            zone=clock["zone"],
            switch=await switches.of_tenant(conn, tenant_id),
            rules=of_queues,
            callers=await _with_preferences(conn, callers, of_queues, clock["now"]),
            callbacks=[in_order(one) for one in callbacks if of_queues[one.queue_id].closed is None],
            before=[BeforeQueue(*row) for row in await conn.fetch(BEFORE, tenant_id, queue_id)],
            agents=[_agent(row, by_id) for row in await conn.fetch(AGENTS, tenant_id, queue_id)],
            idle=idle,
            withheld=[(tenant_id, row["queue_id"]) for row in await conn.fetch(WITHHELD, tenant_id)],
        )


async def _callers(conn: Connection, tenant_id: TenantId) -> list[CallerFacts]:
    excluded = defaultdict[UUID, dict[AgentKey, datetime]](dict)
    failed_for = timedelta(seconds=FAILED_FOR_S)
    for row in await conn.fetch(EXCLUDED, tenant_id, failed_for):
        excluded[row["call_id"]][tenant_id, row["agent_id"]] = row["ended_at"] + failed_for
    return [_caller(tenant_id, row, excluded[row["call_id"]]) for row in await conn.fetch(CALLERS, tenant_id)]


def _caller(tenant_id: TenantId, row: asyncpg.Record, excluded: Mapping[AgentKey, datetime]) -> CallerFacts:
    return CallerFacts(
        caller=WaitingCaller(
            tenant_id=tenant_id,
            call_id=row["call_id"],
            queue_id=row["queue_id"],
            arrived_at=row["arrived_at"],
        ),
        phone=row["phone"],
        joined_at=row["joined_at"],
        offer=None if row["agent_id"] is None else Offer(row["agent_id"], row["name"], row["offered_at"]),
        called_back=row["called_back"],
        offered_here=row["offered_here"],
        offers=row["offers"],
        excluded=excluded,
    )


async def _with_preferences(
    conn: Connection, callers: Sequence[CallerFacts], of_queues: Mapping[QueueId, QueueRules], now: datetime
) -> list[CallerFacts]:
    """The callers, with the agents whom they wait for (acd/waiting_room.py); those only who joined a moment ago."""
    lately = any(now < one.joined_at + TRANSFERRED_FOR for one in callers)
    within = TRANSFERRED_FOR + JOINED_WITHIN
    transfers = await acts.transferred_to_agents(conn, callers[0].caller.tenant_id, within) if lately else {}
    found: list[CallerFacts] = []
    for one in callers:
        caller, rules = one.caller, of_queues[one.caller.queue_id]
        patience, days = timedelta(seconds=rules.preferred_agent_patience_s), rules.preferred_agent_days
        agent_id = _target(one, transfers.get(caller.call_id))
        if agent_id is not None:
            patience = TRANSFERRED_FOR
        elif days is not None and now < one.joined_at + patience and one.offer is None:
            agent_id = await preferred(conn, caller.tenant_id, caller.call_id, caller.queue_id, days)
        if agent_id is not None:
            caller = replace(caller, preferred=agent_id, preferred_until=one.joined_at + patience)
        found.append(replace(one, caller=caller))
    return found


def _target(one: CallerFacts, to: ToAgent | None) -> AgentId | None:
    """The agent to whom a caller was transferred, and has not been offered since; None: it is another wait."""
    if to is None or to.queue_id != one.caller.queue_id or one.offered_here:
        return None
    return to.agent_id if abs(one.joined_at - to.begun_at) < JOINED_WITHIN else None


async def _rules(conn: Connection, tenant_id: TenantId, queues: set[QueueId]) -> dict[QueueId, QueueRules]:
    found: dict[QueueId, QueueRules] = {}
    for queue_id in sorted(queues):
        rules = await settings.rules(conn, tenant_id, queue_id)
        assert rules is not None, f"queue {queue_id} has callers, and cannot be deleted"
        found[queue_id] = rules
    return found


def _agent(row: asyncpg.Record, idle: Mapping[AgentId, IdleAgent]) -> AgentFacts:
    fields = dict(row)
    queue_id, campaign_id = fields.pop("call_queue_id"), fields.pop("call_campaign_id")
    agent = agent_of(fields)
    call = None if agent.call_id is None else AgentCall(agent.call_id, queue_id, campaign_id)
    return AgentFacts(agent, call, idle.get(agent.agent_id))
