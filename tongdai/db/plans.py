"""Plans that do not depend on statistics, which are missing or old when a table grows by the million.

A statement of the claim, of the steps of a call or of its end must read a few rows by an index, however many there are
and whatever the planner expects. Three means are used:

- `by_index` runs a statement with every other way of reading disabled, and plans it anew when a table has doubled.
- A **fence in a condition** hides a column from the indexes that begin with it: `process_status + 0 = 0`,
  `campaign_id + 0 = $2`, `phone || '' = $3`. The condition is still checked, on the rows that another index finds:
  mostly the primary key, where a single row is looked up.
- A **fence around a subquery** keeps it what it is written as: `offset 0`, or `limit 1` in a lateral look-up. Without
  it the planner joins the subquery with the query around it, and may read the whole table once instead of one row for
  each row outside.

Tests show the plans of the statements that need one of these (tests/support/plans.py).
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

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
