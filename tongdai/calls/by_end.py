"""Ended calls in the order in which they ended, from an instant on: what a reader that follows them asks for.

A transaction that ends a call reads the clock before it commits, so that calls do not become visible in the order of
their ends: a reader that has gone beyond an instant would miss one that became visible behind it. So a reader is shown
only what ended before the oldest transaction began that may end calls and is still open (`settled_until`). Nothing can
become visible before that instant any more.

A page reads a bounded number of calls, whatever the filters: where few match it has fewer than asked for, or none, and
names where to continue.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.calls.history import COLUMNS, CONTACTS, IN_ORDER, CallRecord, Filter
from tongdai.calls.model import Directions
from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import TenantId

ENDING = "tongdai telephony"
"""The name of the database sessions whose transactions end calls."""
LAST_ID = UUID(int=2**128 - 1)
READ_AT_ONCE = 10_000
"""Calls that a page looks at, at most."""


class EndedKey(NamedTuple):
    """When a call ended, and its id: the order of these pages."""

    ended_at: datetime
    call_id: UUID


# `now()` is from before the sessions are looked at: what begins meanwhile ends its calls after it.
SETTLED_UNTIL = """
select least(now(), min(xact_start)) from pg_stat_activity
where datname = current_database() and application_name = $1 and xact_start is not null
"""
# All of $7 to $17 are compared with the calls that were read, and not with an index: these are bounded in number.
PAGE = f"""
with read as materialized (
    select {COLUMNS} from call
    where tenant_id = $1 and ended_at is not null and ended_month >= {month_of("$2::timestamptz")}
        and (not $15::boolean or campaign_id is not null)
        and (ended_at, call_id) > ($2::timestamptz, $3::uuid) and ended_at < $4::timestamptz
    order by ended_at, call_id limit $5::bigint
), behind as (
    select count(*) as calls, (array_agg(ended_at order by ended_at desc, call_id desc))[1] as ended_at,
        (array_agg(call_id order by ended_at desc, call_id desc))[1] as call_id
    from read
)
select behind.calls as read_calls, behind.ended_at as read_until, behind.call_id as read_until_id, matching.*
from behind left join lateral (
    select * from read where ($7::bigint is null or campaign_id = $7) and ($8::bigint is null or contact_id = $8)
        and ($9::text is null or phone = $9) and ($10::text is null or outcome = $10)
        and ($11::bigint is null or agent_id = $11) and ($12::timestamptz is null or opened_at >= $12)
        and ($13::timestamptz is null or opened_at < $13)
        and ($14::text is null or contact_id = {CONTACTS.format("$14")})
        and ($16::text is null or direction = $16) and ($17::bigint is null or queue_id = $17)
    order by ended_at, call_id limit $6::bigint
) matching on true
order by matching.ended_at, matching.call_id
"""  # noqa: S608 - columns


class Read(NamedTuple):
    calls: Sequence[CallRecord]
    """The matching calls, no more than were asked for."""
    until: EndedKey | None
    """Where the page ends when it is full of calls that were read; None: nothing is left behind it."""


async def page(conn: Connection, tenant_id: TenantId, by: Filter, after: EndedKey, limit: int) -> Read:
    """The next calls that match, behind an end. `by.ended_after` and `by.state` are the caller's."""
    filters = (
        *(by.campaign_id, by.contact_id, by.phone, by.outcome, by.agent_id),
        *(by.opened_from, by.opened_before, by.external_id),
    )
    direction = None if by.direction is Directions.ALL else by.direction
    others = (by.to_contacts, direction, by.queue_id)
    narrows = any(value is not None for value in (*filters, direction, by.queue_id))
    scan = max(limit, READ_AT_ONCE) if narrows else limit
    settled = await conn.fetchval(SETTLED_UNTIL, ENDING)
    async with conn.transaction(readonly=True):
        await conn.execute(IN_ORDER)
        rows = await conn.fetch(PAGE, tenant_id, *after, settled, scan, limit, *filters, *others)
    found = [CallRecord._make(tuple(row)[3:]) for row in rows if row["call_id"] is not None]
    more = rows[0]["read_calls"] == scan
    return Read(found, EndedKey(rows[0]["read_until"], rows[0]["read_until_id"]) if more else None)
