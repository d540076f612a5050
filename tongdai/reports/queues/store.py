"""Calls to queues with their segments, from the database: what reports of queues are computed from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.call_outcome import InboundOutcome
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import QueueId, TenantId
from tongdai.queues.live.model import SERVICE_S
from tongdai.reports.queues.model import InboundFact, Part

CALLS_AT_ONCE = 2_000
# By the index of callers, which has the outcome before the instant: each of the outcomes is named.
CALLS = f"""
select call_id, queue_id, opened_at, outcome from call
where tenant_id = $1 and direction = 'inbound' and campaign_id is null and ended_at is not null
    and outcome = any($4::text[]) and opened_at >= $2 and opened_at < $3 and ended_month >= {month_of("$2")}
    and ended_month < 'infinity'
union all
select call_id, queue_id, opened_at, null from live_call
where tenant_id = $1 and direction = 'inbound' and opened_at >= $2 and opened_at < $3
order by opened_at, call_id
"""
SEGMENTS = f"""
select call_id, kind, started_at, ended_at, queue_id, agent_id from segment
where tenant_id = $1 and call_id = any($2::uuid[]) and ended_month >= {month_of("$3")}
order by call_id, started_at, ended_at
"""
_OUTCOMES = [outcome.value for outcome in InboundOutcome]


async def calls(
    conn: Connection, tenant_id: TenantId, since: datetime, before: datetime
) -> list[tuple[InboundFact, list[Part]]]:
    """The calls to queues that arrived from an instant on and before another, in that order, with their segments.

    Within a transaction that reads one snapshot.
    """
    found = [InboundFact(*row) for row in await conn.fetch(CALLS, tenant_id, since, before, _OUTCOMES)]
    parts = defaultdict[UUID, list[Part]](list)
    for some in _batches(found):
        ids = [call.call_id for call in some]
        for call_id, *part in await conn.fetch(SEGMENTS, tenant_id, ids, some[0].opened_at):
            parts[call_id].append(Part(*part))
    return [(call, parts[call.call_id]) for call in found]


def _batches(found: list[InboundFact]) -> Iterator[list[InboundFact]]:
    for first in range(0, len(found), CALLS_AT_ONCE):
        yield found[first : first + CALLS_AT_ONCE]


class Named(NamedTuple):
    """A queue, as it is now."""

    name: str
    service_s: int
    """The threshold of its service level."""


QUEUES = f"""
select q.queue_id, q.name, coalesce(s.service_level_s, {SERVICE_S}) as service_s
from inbound_queue q left join queue_setting s on s.tenant_id = $1 and s.queue_id = q.queue_id
where q.tenant_id = $1
"""


async def queues(conn: Connection, tenant_id: TenantId) -> Mapping[QueueId, Named]:
    """The queues of a tenant by id."""
    return {QueueId(row[0]): Named(*row[1:]) for row in await conn.fetch(QUEUES, tenant_id)}
