"""Positions of changes: by transaction, in the database.

Each row that readers follow has `changed_in`, the transaction that changed it last. Transactions do not commit in the
order of their numbers: a reader is shown only what was changed below the oldest one that is still open (`horizon`),
where nothing can appear any more. So whatever commits late is read later, and never missed.

Transactions are numbered by a database, and anew by one that is restored: a position is of one database (`identity`),
and a reader of another begins again. On Citus the numbers are the coordinator's, and a transaction is open there until
its node has committed.
"""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from tongdai.db.pool import Connection
from tongdai.dialing.store import identity


class Horizon(NamedTuple):
    """The changes that a reader may be shown now."""

    database: int
    """The database whose transactions are meant."""
    position: int
    """All transactions below it have ended."""
    following: int
    """No transaction from here on has begun."""
    floor: int
    """Changes below it are no longer known."""


HORIZON = """
select pg_snapshot_xmin(now_open) as position, pg_snapshot_xmax(now_open) as following, coalesce((
    select position from change_clock where database = $1 and at = '-infinity'
), '0') as floor
from pg_current_snapshot() now_open
"""


async def horizon(conn: Connection) -> Horizon:
    """Read what a statement after this one may show."""
    name = await _database(conn)
    row = await conn.fetchrow(HORIZON, name)
    assert row is not None
    return Horizon(int(name, 16), *row)


async def _database(conn: Connection) -> str:
    found = await identity(conn)
    text = f"{found.system_identifier}/{found.database_oid}/{found.timeline}"
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


SINCE = """
select position from change_clock where database = $1 and at > '-infinity' and at <= $2 order by at desc limit 1
"""


async def position_at(conn: Connection, instant: datetime) -> int | None:
    """A position at or before which all that was committed up to an instant had changed; None: it is too long ago.

    What was changed up to a minute before the instant may be behind it, too.
    """
    return await conn.fetchval(SINCE, await _database(conn), instant)


TICK = """
insert into change_clock (database, at, position)
select $1, statement_timestamp(), pg_snapshot_xmin(pg_current_snapshot()) on conflict do nothing
"""


async def tick(conn: Connection) -> None:
    """Remember the position that belongs to this instant."""
    await conn.execute(TICK, await _database(conn))


RAISE_FLOOR = """
with last as materialized (
    select position from change_clock where database = $1 and at > '-infinity' and at <= now() - $2::interval
    order by at desc limit 1
), gone as (
    delete from change_clock c where c.database <> $1 and c.at < now() - $2::interval and c.at > '-infinity'
        or c.database = $1 and c.at > '-infinity' and c.at <= now() - $2::interval
)
insert into change_clock as c (database, at, position) select $1, '-infinity', position from last
on conflict (database, at) do update set position = excluded.position
"""
FLOOR = "select position from change_clock where database = $1 and at = '-infinity'"


async def raise_floor(conn: Connection, keep: timedelta) -> int:
    """Forget which positions belonged to instants longer ago; returns the position below which readers begin again."""
    name = await _database(conn)
    await conn.execute(RAISE_FLOOR, name, keep)
    return await conn.fetchval(FLOOR, name) or 0
