"""Retention of ended calls, segments, agents' states and hourly statistics; called by processes/engine.py.

`call` and `segment` are partitioned by the month (UTC) in which their rows ended, `agent_state` by the month in which
a state began. Partitions are created MONTHS_AHEAD
before their month. Rows of a month without one (no server ran for months) are in the default partition, and move when
theirs is created. A partition is dropped when its month ended more than `call_days` ago.

Creating or dropping a partition locks the default partition or the table for an instant. It waits at most LOCK_WAIT for
the lock, and is repeated at the next call.

Hourly statistics (`call_hour`) are not partitioned: rows older than `hourly_stats_days` are deleted in batches, one
tenant a transaction. They may be kept longer than the calls they count; `call_retention` has the time since when there
are calls.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import structlog

from tongdai.db.pool import Connection

log = structlog.get_logger()

TABLES = {"call": "ended_month", "segment": "ended_month", "agent_state": "began_month"}
"""Partitioned tables, and the column of the month."""
MONTHS_AHEAD = 2
LOCK_WAIT = "300ms"
DELETED_AT_ONCE = 5_000
LOCK = "select pg_advisory_xact_lock(7364862)"
"""One process at a time creates and drops partitions."""


def months_from(first: date, count: int) -> list[date]:
    """The first days of `count` consecutive months."""
    start = first.year * 12 + first.month - 1
    return [date((start + n) // 12, (start + n) % 12 + 1, 1) for n in range(count)]


def expired(months: Sequence[date], now: datetime, keep: timedelta) -> list[date]:
    """The months that ended more than `keep` ago."""
    return [month for month in months if datetime(*_next(month).timetuple()[:3], tzinfo=UTC) <= now - keep]


def _next(month: date) -> date:
    return months_from(month, 2)[1]


MONTHS = """
select to_date(right(c.relname, 7), 'YYYY_MM') as month
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = $1::text::regclass and c.relname ~ '_[0-9]{4}_[0-9]{2}$' order by 1
"""


async def months(conn: Connection, table: str) -> list[date]:
    """The months for which a table has partitions."""
    return [row["month"] for row in await conn.fetch(MONTHS, table)]


async def create_partitions(conn: Connection) -> list[str]:
    """Create missing partitions of this month and the MONTHS_AHEAD next ones; returns their names."""
    today = await conn.fetchval("select (now() at time zone 'UTC')::date")
    created: list[str] = []
    for table in TABLES:
        there = set(await months(conn, table))
        missing = [month for month in months_from(today, MONTHS_AHEAD + 1) if month not in there]
        created += [name_of(table, month) for month in missing if await _create(conn, table, month)]
    if created:
        log.info("partitions created", partitions=created)
    return created


def name_of(table: str, month: date) -> str:
    return f"{table}_{month:%Y_%m}"


def creation(table: str, month: date) -> list[str]:
    """The statements that create a partition, and move its rows from the default partition into it."""
    name, other, column = name_of(table, month), f"{table}_other", TABLES[table]
    return [
        f"create table {name} (like {table} including defaults including constraints)",
        f"alter table {name} alter column tenant_id set statistics 0",
        f"lock table {other} in access exclusive mode",
        f"insert into {name} select * from {other} where {column} = '{month}'",  # noqa: S608 - names of ours
        f"delete from {other} where {column} = '{month}'",  # noqa: S608
        f"alter table {table} attach partition {name} for values in ('{month}')",
    ]


async def _create(conn: Connection, table: str, month: date) -> bool:
    """False when another process has created it, or the table is locked."""
    try:
        async with conn.transaction():
            await conn.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            await conn.execute(LOCK)
            if month in await months(conn, table):
                return False
            for statement in creation(table, month):
                await conn.execute(statement)
    except asyncpg.LockNotAvailableError:
        log.info("partition not created, retrying: the table is locked", partition=name_of(table, month))
        return False
    return True


async def drop_expired_partitions(conn: Connection, keep: timedelta) -> list[str]:
    """Drop the partitions of months that ended more than `keep` ago; returns their names."""
    now = await conn.fetchval("select now()")
    dropped: list[str] = []
    for table in TABLES:
        over = expired(await months(conn, table), now, keep)
        dropped += [name_of(table, month) for month in over if await _drop(conn, table, month)]
    if dropped:
        log.info("partitions dropped", partitions=dropped)
    return dropped


CALLS_SINCE = """
insert into call_retention (table_name, since) values ($1, $2)
on conflict (table_name) do update set since = greatest(call_retention.since, excluded.since)
"""


async def _drop(conn: Connection, table: str, month: date) -> bool:
    try:
        async with conn.transaction():
            await conn.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            await conn.execute(LOCK)
            await conn.execute(f"drop table if exists {name_of(table, month)}")
            await conn.execute(CALLS_SINCE, table, datetime(*_next(month).timetuple()[:3], tzinfo=UTC))
    except asyncpg.LockNotAvailableError:
        return False
    return True


TENANTS = "select tenant_id from tenant order by tenant_id"
OLD_STATS = """
with old as materialized (
    select campaign_id, hour, outcome, shard from call_hour
    where tenant_id = $1 and hour < now() - $2::interval limit $3::bigint
), deleted as (
    delete from call_hour h using old
    where h.tenant_id = $1 and h.campaign_id = old.campaign_id and h.hour = old.hour and h.outcome = old.outcome
        and h.shard = old.shard
    returning h.hour
)
select count(*) from deleted
"""


async def delete_hourly_stats(conn: Connection, keep: timedelta) -> int:
    """Delete hourly statistics older than `keep`, in batches of one tenant; returns the number of rows."""
    total = 0
    for row in await conn.fetch(TENANTS):
        while deleted := await conn.fetchval(OLD_STATS, row["tenant_id"], keep, DELETED_AT_ONCE):
            total += deleted
    return total
