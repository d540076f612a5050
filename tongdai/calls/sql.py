"""SQL fragments shared by statements about calls and pending contacts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from tongdai.campaigns.settings.windows import FOREVER
from tongdai.db.pool import Connection

# Forces plans that read by index, in its order: right however many contacts there are. Without it the planner, where it
# expects a single row, reads a campaign by another index and sorts it; and a plan made while the tables were almost
# empty reads every row later. Hence these settings, and the sizes.
BY_INDEX = """
set local enable_sort = off; set local enable_incremental_sort = off; set local enable_seqscan = off;
set local enable_bitmapscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
set local jit = off
"""
SIZES = """
select pg_relation_size('contact') as contact, pg_relation_size('live_call') as live_call,
    pg_relation_size('do_not_call') as do_not_call
"""
ENDED = "ended_month < 'infinity'"
"""The condition of ended calls by which the calls of a contact or of a number are read: their indexes have it, and no
other index."""


async def by_index(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """Run a query by index (see BY_INDEX), in the caller's transaction or else one of its own. The settings last until
    the transaction ends."""
    if not conn.is_in_transaction():
        async with conn.transaction():
            return await by_index(conn, sql, *args)
    planned_for = _indexed.get(id(conn))
    if planned_for is None:
        planned_for = await _set(conn)
    return await conn.fetch(f"{sql}-- {planned_for}", *args)


_indexed: dict[int, list[int]] = {}
"""By connection, while it is in `indexed`: what its statements are planned for."""


@asynccontextmanager
async def indexed(conn: Connection) -> AsyncGenerator[None]:
    """A transaction for several calls of `by_index`: the settings are made once."""
    async with conn.transaction():
        _indexed[id(conn)] = await _set(conn)
        try:
            yield
        finally:
            del _indexed[id(conn)]


async def _set(conn: Connection) -> list[int]:
    await conn.execute(BY_INDEX)
    sizes = await conn.fetchrow(SIZES)
    assert sizes is not None
    # Planning costs more than running: the driver caches a plan for each text, and the text changes when a table has
    # doubled.
    return [sizes[table].bit_length() for table in ("contact", "live_call", "do_not_call")]


# Updates the counters of contacts of tenant $1 by list and state. The caller provides `changes`: campaign_id, list_id,
# process_status, call_status, contacts.
COUNTERS = """
counters as (
    insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
    select $1::bigint, campaign_id, list_id, process_status, coalesce(call_status, ''), pg_backend_pid() % 8,
        sum(contacts)
    from changes group by campaign_id, list_id, process_status, coalesce(call_status, '')
    having sum(contacts) <> 0
    order by campaign_id, list_id, process_status, coalesce(call_status, '')
    on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
    do update set contacts = t.contacts + excluded.contacts returning true
)
"""


def instant(at: datetime) -> datetime:
    """Convert an instant from the driver, which reads `infinity` as an instant without a time zone."""
    return FOREVER if at.tzinfo is None else at


def month_of(at: str) -> str:
    """The `ended_month` of calls that end at an instant, an SQL expression: partitions of months before are
    skipped."""
    return f"date_trunc('month', ({at}) at time zone 'UTC')::date"
