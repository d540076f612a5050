"""SQL fragments shared by statements about calls and pending contacts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from tongdai.campaigns.settings.windows import FOREVER
from tongdai.db.pool import Connection

# By index, row by row, in its order: the plan that is right however many contacts there are. Left to itself the
# planner reads a campaign by another index and sorts it as long as it expects a single row; and a plan that was made
# while the tables were almost empty passes by every row when they are not. So the settings, and so the sizes.
BY_INDEX = """
set local enable_sort = off; set local enable_incremental_sort = off; set local enable_seqscan = off;
set local enable_bitmapscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
set local jit = off
"""
SIZES = """
select pg_relation_size('contact') as contact, pg_relation_size('live_call') as live_call,
    pg_relation_size('do_not_call') as do_not_call
"""


async def by_index(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """In the caller's transaction, or else one of its own; what it sets lasts as long as that."""
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
    """A transaction for several statements by index: what they need is set once."""
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
    # To plan it costs more than to run it: the driver keeps a plan for each text, which is another one when a table has
    # doubled.
    return [sizes[table].bit_length() for table in ("contact", "live_call", "do_not_call")]


# Added to what a list of tenant $1 has in each state: `changes` has campaign_id, list_id, process_status, call_status,
# contacts.
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
    """The driver reads `infinity` as an instant without a time zone."""
    return FOREVER if at.tzinfo is None else at


def month_of(at: str) -> str:
    """The `ended_month` of calls that end at an instant, an SQL expression: partitions of months before are
    skipped."""
    return f"date_trunc('month', ({at}) at time zone 'UTC')::date"
