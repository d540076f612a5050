"""Segments: who had a call when. Written by the statements that move the call, so that they hold together.

    answered ─┬─ menu ─┐
              └────────┴─ wait ──┬─ connected ── talk ── ended ── wrap-up     with a queue
                                 └─ ended
    answered ── connected ── talk ── ended                          the audio file: nobody waits

    talk ⇄ hold, consult                                            by acts (calls/acts): the agent has the call on
                                                                    hold, and may consult somebody
    talk + conference                                               one more agent is in the talk

An open segment is a row of `open_segment`; its end deletes it there and inserts it into its month, once. The
menus, waits, talks, holds and consults of a call follow each other without a gap: their sum is the time from its answer
(from its connection, where an audio file is played) to its end. A message, and the question for a number to be called
back, continue the part in which they are heard; a call that heard nothing else has no part. The wait for a number that
is called is in the queue in which the caller waited, else in none. A conference is beside the talk.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId


class Kind(StrEnum):
    """The segments of a call that its agent has: the agent talks, has it on hold, or consults somebody meanwhile."""

    TALK = "talk"
    HOLD = "hold"
    CONSULT = "consult"


KINDS = ("menu", "wait", *Kind, "conference", "wrap_up")
"""The kinds of all segments."""
TALKS = "('talk', 'hold', 'consult', 'conference')"
"""The kinds of segments while somebody talks with the customer, or has them on hold."""

# For the steps of calls (calls/store.py): `held` has the calls that step, with `at`, `agent_id` and what they were.
WAIT = """, waiting as (
    insert into open_segment (tenant_id, call_id, kind, started_at, queue_id)
    select $1, held.call_id, 'wait', held.at, c.queue_id
    from held join campaign c on c.tenant_id = $1 and c.campaign_id = held.campaign_id
    where c.mode <> 'agentless' and c.queue_id is not null
)"""
COLUMNS = "call_id, kind, started_at, queue_id, agent_id"
TALK = f""", waited as (
    delete from open_segment s using held where s.tenant_id = $1 and s.call_id = held.call_id and s.kind = 'wait'
    returning s.*, greatest(s.started_at, held.at) as over_at
), waits as (
    insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
    select $1, {COLUMNS}, over_at, {month_of("over_at")} from waited
), talking as (
    insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id)
    select $1, held.call_id, 'talk', coalesce(waited.over_at, greatest(held.at, held.answered_at)), waited.queue_id,
        held.agent_id
    from held left join waited on waited.call_id = held.call_id
)"""  # noqa: S608 - columns

# For the end of calls (calls/finish.py): `ended` has their call_id, ended_at and failure. A wrap-up continues. A sound
# that was not played was no talk.
ENDED = f""", parted as (
    delete from open_segment s using ended where s.tenant_id = $1 and s.call_id = ended.call_id and s.kind <> 'wrap_up'
    returning s.*, greatest(s.started_at, ended.ended_at) as over_at,
        s.kind = 'talk' and s.agent_id is null and ended.failure is not null as unheard
), parts as (
    insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
    select $1, {COLUMNS}, over_at, {month_of("over_at")} from parted where not unheard
)"""  # noqa: S608 - columns


CHANGE = f"""
with parted as (
    delete from open_segment s
    where s.tenant_id = $1 and s.call_id = $2 and s.kind in ('talk', 'hold', 'consult')
        and (s.kind <> $3 or s.agent_id is distinct from $4)
    returning s.*, greatest(s.started_at, $5::timestamptz) as over_at
), parts as (
    insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
    select $1, {COLUMNS}, over_at, {month_of("over_at")} from parted where over_at > started_at
)
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id)
select $1, $2, $3, over_at, queue_id, $4 from parted
"""  # noqa: S608 - columns


async def change(
    conn: Connection, tenant_id: TenantId, call_id: UUID, kind: Kind, agent_id: AgentId | None, at: datetime
) -> None:
    """End the present segment of a connected call and begin another one, in the transaction that changes its talk.
    Nothing changes when that has begun already."""
    await conn.execute(CHANGE, tenant_id, call_id, kind, agent_id, at)


BEGIN_CONFERENCE = """
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id)
select $1, $2, 'conference', $4, (
    select queue_id from open_segment where tenant_id = $1 and call_id = $2 and kind = 'talk' limit 1
), $3
on conflict do nothing
"""


async def begin_conference(
    conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId, at: datetime
) -> None:
    """One more agent is in the talk of a call."""
    await conn.execute(BEGIN_CONFERENCE, tenant_id, call_id, agent_id, at)


END_CONFERENCE = f"""
with parted as (
    delete from open_segment s
    where s.tenant_id = $1 and s.call_id = $2 and s.agent_id = $3 and s.kind = 'conference'
    returning s.*, greatest(s.started_at, $4::timestamptz) as over_at
)
insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
select $1, {COLUMNS}, over_at, {month_of("over_at")} from parted
"""  # noqa: S608 - columns


async def end_conference(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId, at: datetime) -> None:
    """The agent has left the talk, or it is theirs from now on."""
    await conn.execute(END_CONFERENCE, tenant_id, call_id, agent_id, at)


PART = f"""
with parted as (
    delete from open_segment s
    where s.tenant_id = $1 and s.call_id = $2 and s.kind in {TALKS}
    returning s.*, greatest(s.started_at, $3::timestamptz) as over_at
), parts as (
    insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
    select $1, {COLUMNS}, over_at, {month_of("over_at")} from parted
)
select exists (select from parted)
"""  # noqa: S608 - columns


async def part(conn: Connection, tenant_id: TenantId, call_id: UUID, at: datetime) -> bool:
    """End the talk of a call that continues without it. False: nobody talks."""
    return await conn.fetchval(PART, tenant_id, call_id, at)


class WrapUp(NamedTuple):
    call_id: UUID
    queue_id: QueueId
    agent_id: AgentId
    since: datetime


BEGIN_WRAP_UPS = """
insert into open_segment (tenant_id, call_id, kind, started_at, queue_id, agent_id)
select $1, call_id, 'wrap_up', since, queue_id, agent_id
from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[]) as sent (call_id, queue_id, agent_id, since)
on conflict do nothing
"""


async def begin_wrap_ups(conn: Connection, tenant_id: TenantId, wrap_ups: Sequence[WrapUp]) -> None:
    """Begin the wrap-ups of agents, in the transaction that ends their calls."""
    if wrap_ups:
        columns = [list(column) for column in zip(*wrap_ups, strict=True)]
        await conn.execute(BEGIN_WRAP_UPS, tenant_id, *columns)


END_WRAP_UPS = f"""
with clock as materialized (
    select now() as now_at
), over as (
    delete from open_segment s using clock
    where s.tenant_id = $1 and s.agent_id = any($2::bigint[]) and s.kind = 'wrap_up'
    returning s.*, greatest(s.started_at, clock.now_at) as over_at
), wrapped_up as (
    insert into segment (tenant_id, {COLUMNS}, ended_at, ended_month)
    select $1, {COLUMNS}, over_at, {month_of("over_at")} from over returning call_id
)
select count(*) from wrapped_up
"""  # noqa: S608 - columns


async def end_wrap_ups(conn: Connection, tenant_id: TenantId, agent_ids: Sequence[AgentId]) -> int:
    """End the open wrap-ups of agents, in the transaction that changes their state; returns the number that were
    open."""
    return await conn.fetchval(END_WRAP_UPS, tenant_id, list(agent_ids)) if agent_ids else 0


HANDLED = """
with recent as (
    select call_id, kind, started_at, ended_at from segment
    where tenant_id = $1 and queue_id = $2 and ended_at is not null and started_at > now() - interval '1 day'
        and kind in ('talk', 'hold', 'consult', 'wrap_up')
    order by started_at desc limit 200
)
select sum(extract(epoch from ended_at - started_at))::float8
    / nullif(count(distinct call_id) filter (where kind = 'talk'), 0)
from recent
"""


async def handling_s(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> float | None:
    """How long an agent was busy with a call of a queue on average, with the wrap-up; of the last ones of 24 hours.

    None: there were none.
    """
    return await conn.fetchval(HANDLED, tenant_id, queue_id)
