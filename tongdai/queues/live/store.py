"""Live figures of queues in the database: from the segments of calls, which the ACD writes as the calls go.

A query each second costs the entries of the day, not those of all days: segments are read by their index, and calls by
their key.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.queues.live.model import SERVICE_S, SHORT_S, Entries, LiveFigures, QueueFigures, Waiting
from tongdai.queues.live.served import served_later

RECENT = timedelta(minutes=30)
MAX_QUEUES = 1000

QUEUES = f"""
select q.queue_id, q.name, q.strategy, coalesce($4::integer, s.service_level_s, {SERVICE_S}) as service_s
from inbound_queue q left join queue_setting s on s.tenant_id = $1 and s.queue_id = q.queue_id
where q.tenant_id = $1 and ($2::bigint[] is null or q.queue_id = any($2)) order by q.queue_id limit $3
"""
WAITING = """
select w.queue_id, w.call_id, c.phone, r.arrived_at, w.started_at as since,
    extract(epoch from clock_timestamp() - w.started_at)::integer as wait_s
from open_segment w join live_call c on c.tenant_id = $1 and c.call_id = w.call_id
join caller r on r.tenant_id = $1 and r.call_id = w.call_id
where w.tenant_id = $1 and w.kind = 'wait' and w.queue_id = any($2::bigint[]) and c.queue_id is not null
order by r.arrived_at, r.call_id
"""
TALKING = """
select t.queue_id, count(*) as calls
from open_segment t join live_call c on c.tenant_id = $1 and c.call_id = t.call_id
where t.tenant_id = $1 and t.kind = 'talk' and t.queue_id = any($2::bigint[]) and c.queue_id is not null
group by t.queue_id
"""
CALLBACKS = """
select queue_id, count(*) as callbacks from callback
where tenant_id = $1 and queue_id = any($2::bigint[]) and ended_at is null and due_at <= now() group by queue_id
"""
AGENTS = """
select m.queue_id, a.state, count(*) as agents
from agent_queue m join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id
where m.tenant_id = $1 and m.queue_id = any($2::bigint[]) group by m.queue_id, a.state
"""
ALL_AGENTS = """
select a.state, count(*) as agents from agent a
where a.tenant_id = $1 and ($2::bigint[] is null or exists (
    select from agent_queue m where m.tenant_id = $1 and m.agent_id = a.agent_id and m.queue_id = any($2)
)) group by a.state
"""
# The entries of each queue, and of all (queue_id null), in which a number that was not served counts once: it was
# served if a later call, by it or to it, was connected. An entry was answered if a talk in its queue begins where it
# ends. Otherwise the caller hung up, if the call was abandoned at that instant.
ENTRIES = f"""
with period as materialized (
    select date_trunc('day', now() at time zone zone) at time zone zone as midnight, now() - $3::interval as recent
    from tenant where tenant_id = $1
), entry as (
    select w.queue_id, w.started_at, asked.service_s, talk.found as answered,
        c.outcome = 'abandoned' and w.ended_at >= c.ended_at and talk.found is null as abandoned,
        extract(epoch from w.ended_at - w.started_at) as wait_s, period.midnight, period.recent,
        case when c.connected_at is null and c.phone <> '' and later.found is null then c.phone end as unserved
    from period cross join lateral (
        select queue_id, call_id, started_at, ended_at from segment
        where tenant_id = $1 and queue_id = any($2::bigint[]) and kind = 'wait' and ended_at is not null
            and started_at >= least(period.midnight, period.recent)
    ) w
    join unnest($2::bigint[], $4::integer[]) as asked (queue_id, service_s) on asked.queue_id = w.queue_id
    cross join lateral (
        select outcome, ended_at, opened_at, connected_at, phone from call
        where tenant_id = $1 and call_id = w.call_id and direction = 'inbound'
        limit 1
    ) c
    left join lateral (
        select true as found from segment
        where tenant_id = $1 and call_id = w.call_id and started_at = w.ended_at and kind = 'talk' limit 1
    ) talk on true
    left join lateral ({served_later("c")}) later on true
), counted as (
    select entry.*, part.recent_only
    from entry cross join lateral (
        values (false, entry.started_at >= entry.midnight), (true, entry.started_at >= entry.recent)
    ) part (recent_only, belongs)
    where part.belongs
)
select queue_id, recent_only, count(*) as offered, count(*) filter (where answered) as answered,
    count(*) filter (where answered and wait_s <= service_s) as answered_in_time,
    count(*) filter (where abandoned) as abandoned,
    count(*) filter (where abandoned and wait_s < $5) as abandoned_short,
    count(*) filter (where answered is null and abandoned is not true) as sent_on,
    coalesce(sum(wait_s) filter (where answered), 0)::float8 as answer_s, count(distinct unserved) as not_served
from counted group by grouping sets ((queue_id, recent_only), (recent_only))
"""


async def figures(
    conn: Connection, tenant_id: TenantId, service_s: int | None, only: Collection[QueueId] | None = None
) -> LiveFigures:
    """The figures of the tenant's queues, or of some; the service level is that within `service_s`.

    None: within the threshold of each queue.
    """
    queues = await conn.fetch(QUEUES, tenant_id, only, MAX_QUEUES, service_s)
    ids = [row["queue_id"] for row in queues]
    waiting = _by_queue(await conn.fetch(WAITING, tenant_id, ids))
    talking = {row["queue_id"]: row["calls"] for row in await conn.fetch(TALKING, tenant_id, ids)}
    callbacks = {row["queue_id"]: row["callbacks"] for row in await conn.fetch(CALLBACKS, tenant_id, ids)}
    agents = _by_queue(await conn.fetch(AGENTS, tenant_id, ids))
    rows = await conn.fetch(ENTRIES, tenant_id, ids, RECENT, [row["service_s"] for row in queues], SHORT_S)
    entries = {(row["queue_id"], row["recent_only"]): _entries(row) for row in rows}
    found = [
        QueueFigures(
            row["queue_id"],
            row["name"],
            row["strategy"],
            row["service_s"],
            [Waiting(**dict(found)) for found in waiting[row["queue_id"]]],
            talking.get(row["queue_id"], 0),
            {found["state"]: found["agents"] for found in agents[row["queue_id"]]},
            entries.get((row["queue_id"], False), Entries()),
            entries.get((row["queue_id"], True), Entries()),
            callbacks.get(row["queue_id"], 0),
        )
        for row in queues
    ]
    return LiveFigures(found, entries.get((None, False), Entries()), entries.get((None, True), Entries()))


async def agents_of_tenant(
    conn: Connection, tenant_id: TenantId, only: Collection[QueueId] | None = None
) -> dict[str, int]:
    """All agents of the tenant, or of some queues, by state, each counted once."""
    return {row["state"]: row["agents"] for row in await conn.fetch(ALL_AGENTS, tenant_id, only)}


def _by_queue(rows: Iterable[asyncpg.Record]) -> defaultdict[QueueId, list[asyncpg.Record]]:
    found = defaultdict[QueueId, list[asyncpg.Record]](list)
    for row in rows:
        found[row["queue_id"]].append(row)
    return found


def _entries(row: asyncpg.Record) -> Entries:
    values = dict(row)
    del values["queue_id"], values["recent_only"]
    return Entries(**values)
