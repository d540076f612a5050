"""Retention of deliveries, in partitions by the day (UTC) on which they ended; the engine calls it.

Days are made DAYS_AHEAD before they begin. A row of a day without a partition (no server ran for days) is in the
default partition, and moves when the day is made. A day is dropped at once when `webhook_days` have passed since its
end; so is what still waits for a webhook that was switched off so long ago.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import asyncpg
import structlog

from tongdai.db.pool import Connection

log = structlog.get_logger()

TABLE, OTHER = "webhook_delivery", "webhook_delivery_other"
DAYS_AHEAD = 3
LOCK_WAIT = "300ms"
DELETED_AT_ONCE = 5_000
LOCK = "select pg_advisory_xact_lock(7364863)"
"""One process at a time makes and drops days."""
TODAY = "select (now() at time zone 'UTC')::date"
DAYS = """
select to_date(right(c.relname, 10), 'YYYY_MM_DD') as day
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'webhook_delivery'::regclass and c.relname ~ '_[0-9]{4}_[0-9]{2}_[0-9]{2}$' order by 1
"""


def expired(days: Sequence[date], today: date, keep: timedelta) -> list[date]:
    """The days that ended at least `keep` ago."""
    return [day for day in days if day + timedelta(days=1) <= today - keep]


def name_of(day: date) -> str:
    return f"{TABLE}_{day:%Y_%m_%d}"


def creation(day: date) -> list[str]:
    """The statements that make a day, and move its rows from the default partition into it."""
    name = name_of(day)
    return [
        f"create table {name} (like {TABLE} including defaults including constraints)",
        f"alter table {name} alter column tenant_id set statistics 0",
        f"lock table {OTHER} in access exclusive mode",
        f"insert into {name} select * from {OTHER} where ended_day = '{day}'",  # noqa: S608 - names of ours
        f"delete from {OTHER} where ended_day = '{day}'",  # noqa: S608
        f"alter table {TABLE} attach partition {name} for values in ('{day}')",
    ]


def dropping(day: date) -> list[str]:
    return [f"drop table if exists {name_of(day)}"]


async def days(conn: Connection) -> list[date]:
    """The days that have partitions."""
    return [row["day"] for row in await conn.fetch(DAYS)]


async def create_days(conn: Connection) -> list[date]:
    """Make missing days from today on; returns those that were made."""
    today: date = await conn.fetchval(TODAY)
    there = set(await days(conn))
    missing = [day for n in range(DAYS_AHEAD + 1) if (day := today + timedelta(days=n)) not in there]
    return [day for day in missing if await _change(conn, day, creation(day), there=False)]


async def drop_expired_days(conn: Connection, keep: timedelta) -> list[date]:
    """Drop the days that ended at least `keep` ago; returns them."""
    over = expired(await days(conn), await conn.fetchval(TODAY), keep)
    dropped = [day for day in over if await _change(conn, day, dropping(day), there=True)]
    if dropped:
        log.info("deliveries of webhooks dropped", days=[str(day) for day in dropped])
    return dropped


async def _change(conn: Connection, day: date, statements: Sequence[str], *, there: bool) -> bool:
    """False: another process did it, or the table is locked; then the next call repeats it."""
    try:
        async with conn.transaction():
            await conn.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
            await conn.execute(LOCK)
            if (day in await days(conn)) is not there:
                return False
            for statement in statements:
                await conn.execute(statement)
    except asyncpg.LockNotAvailableError:
        return False
    return True


TENANTS = "select tenant_id from tenant order by tenant_id"
OLD = """
with old as materialized (
    select webhook_id, delivery_id from webhook_outbox
    where tenant_id = $1 and created_at < now() - $2::interval limit $3::bigint
), deleted as (
    delete from webhook_outbox o using old
    where o.tenant_id = $1 and o.webhook_id = old.webhook_id and o.delivery_id = old.delivery_id returning true
)
select count(*) from deleted
"""


async def delete_old_waiting(conn: Connection, keep: timedelta) -> int:
    """Delete what has waited longer than `keep`, in batches of one tenant; returns the number of rows."""
    total = 0
    for row in await conn.fetch(TENANTS):
        while deleted := await conn.fetchval(OLD, row["tenant_id"], keep, DELETED_AT_ONCE):
            total += deleted
    return total
