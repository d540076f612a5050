"""Held dialing in the database: the beats of the leaders, the holds, and what a release must say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.dialing.model import Hold, HoldReason, Identity, Present, Recorded
from tongdai.dialing.rule import HELD
from tongdai.ids import KeyId, SwitchId, TenantId

# Beats

# On Citus a statement may run on any node, and each has a system identifier of its own. In recovery nothing is written,
# and there is no timeline to ask for.
IDENTITY = """
select case when not citus.here then (select system_identifier from pg_control_system()) end as system_identifier,
    case when not citus.here then (select oid::bigint from pg_database where datname = current_database()) end
        as database_oid,
    case when not citus.here and not pg_is_in_recovery()
        then ('x' || lpad(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), 16, '0'))::bit(64)::bigint end
        as timeline
from (select exists (select from pg_extension where extname = 'citus') as here) citus
"""


async def identity(conn: Connection) -> Identity:
    """The identity of the database; nothing of it where a managed server does not tell."""
    try:
        async with conn.transaction():
            row = await conn.fetchrow(IDENTITY)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFunctionError):
        return Identity()
    assert row is not None
    return Identity(**dict(row))


RECORDED = """
select beat, beat_at, system_identifier, database_oid, timeline, accepted_file from dialing_beat where switch_id = $1
"""


async def recorded(conn: Connection, switch_id: SwitchId) -> Recorded | None:
    row = await conn.fetchrow(RECORDED, switch_id)
    if row is None:
        return None
    found = Identity(row["system_identifier"], row["database_oid"], row["timeline"])
    return Recorded(row["beat"], row["beat_at"], found, row["accepted_file"])


ANYBODY = "select clock_timestamp() as now_at, exists (select from campaign) as anybody"


async def present(conn: Connection, *, embedded: bool, file: str, file_copied: bool) -> Present:
    """Read the present state; the arguments are what the database does not know."""
    found = await identity(conn)
    row = await conn.fetchrow(ANYBODY)
    assert row is not None
    return Present(found, row["now_at"], embedded, file, file_copied, row["anybody"])


# A beat is at least the time, so that it passes, after a release, every beat that was remembered before it.
_NOW = """clock as materialized (
    select clock_timestamp() as now_at, (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms
)"""
BEGIN = f"""
with {_NOW}, begun as (
    insert into dialing_beat as b (switch_id, beat, beat_at, system_identifier, database_oid, timeline)
    select $1, greatest(now_ms, $5::bigint + 1), now_at, $2, $3, $4 from clock
    on conflict (switch_id) do update set beat = greatest(b.beat + 1, excluded.beat), beat_at = excluded.beat_at,
        system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
        timeline = excluded.timeline, accepted_file = null
    returning b.beat
)
select beat from begun
"""


async def begin(conn: Connection, switch_id: SwitchId, found: Identity, *, after: int) -> int:
    """Record the first beat of a leader, once it is known that the database continues: one after that."""
    return await conn.fetchval(BEGIN, switch_id, found.system_identifier, found.database_oid, found.timeline, after)


BEAT = f"""
with {_NOW}, beaten as (
    update dialing_beat b set beat = greatest(b.beat + 1, clock.now_ms), beat_at = clock.now_at
    from clock where b.switch_id = $1 and b.beat >= $2 returning b.beat
)
select beat, {HELD} as held from beaten
"""


@dataclass(frozen=True, slots=True)
class Beaten:
    beat: int
    held: bool


async def beat(conn: Connection, switch_id: SwitchId, known: int) -> Beaten | None:
    """The next beat of a leader that knows one; None: the database has only earlier ones."""
    row = await conn.fetchrow(BEAT, switch_id, known)
    return None if row is None else Beaten(row["beat"], row["held"])


BEATS = "select s.name, b.beat_at from switch s left join dialing_beat b using (switch_id) order by s.switch_id"


async def beats(conn: Connection) -> dict[str, datetime | None]:
    """When each switch's leader last wrote a beat; None: never."""
    return {row["name"]: row["beat_at"] for row in await conn.fetch(BEATS)}


# Holds

_COLUMNS = """h.hold_id, h.reason, h.switch_id, h.calls_known_until, h.held_at, h.held_by, h.released_at, h.released_by,
    h.contacts"""
CURRENT = f"select {_COLUMNS} from dialing_hold h where h.released_at is null"


async def current(conn: Connection) -> Hold | None:
    """The hold that is in force."""
    row = await conn.fetchrow(CURRENT)
    return None if row is None else _hold(row)


IS_HELD = f"select {HELD}"


async def is_held(conn: Connection) -> bool:
    return await conn.fetchval(IS_HELD)


NEWEST = f"select {_COLUMNS} from dialing_hold h order by h.hold_id desc limit $1"


async def newest(conn: Connection, limit: int) -> list[Hold]:
    return [_hold(row) for row in await conn.fetch(NEWEST, limit)]


FIND = f"select {_COLUMNS} from dialing_hold h where h.hold_id = $1"


async def find(conn: Connection, hold_id: int) -> Hold | None:
    row = await conn.fetchrow(FIND, hold_id)
    return None if row is None else _hold(row)


OF_REQUEST = f"select {_COLUMNS} from dialing_hold h where h.request = $1"


async def _of_request(conn: Connection, request: str | None) -> Hold | None:
    row = None if request is None else await conn.fetchrow(OF_REQUEST, request)
    return None if row is None else _hold(row)


# An operator's hold gives way to one that says why the database cannot be trusted: it was released for another reason.
SUPERSEDE = """
with clock as materialized (select clock_timestamp() as now_at)
update dialing_hold h set released_at = clock.now_at from clock
where h.released_at is null and h.reason = any($1::text[])
"""
ADD = """
with clock as materialized (select clock_timestamp() as now_at)
insert into dialing_hold (reason, switch_id, calls_known_until, held_by, file, remembered, request, held_at)
select $1, $2, coalesce($3, (select max(beat_at) from dialing_beat where $4)), $5, $6, $7, $8, now_at from clock
on conflict do nothing
"""
_OF_OPERATORS = [reason.value for reason in HoldReason if not reason.of_database]


async def hold(
    conn: Connection,
    reason: HoldReason,
    *,
    by: KeyId | None = None,
    switch_id: SwitchId | None = None,
    calls_known_until: datetime | None = None,
    file: str | None = None,
    remembered: int | None = None,
    request: str | None = None,
) -> Hold:
    """Hold dialing, and return the hold in force: one that there was before, unless this one tells more.

    `calls_known_until` is that of the last beat unless it is given, where the reason is of the database. `file` is the
    beat file that the leader found, and `remembered` the beat that it knows. A `request` that was made before has its
    hold, also when that was released since.
    """
    while True:
        async with conn.transaction():
            if (same := await _of_request(conn, request)) is not None:
                return same
            before = await current(conn)
            if before is not None and (before.reason.of_database or not reason.of_database):
                return before
            await conn.execute(SUPERSEDE, _OF_OPERATORS)
            unknown = reason is not HoldReason.OPERATOR
            await conn.execute(ADD, reason, switch_id, calls_known_until, unknown, by, file, remembered, request)
            found = await current(conn)
            if found is not None and found != before and found.reason is reason:
                await _audit(conn, by, "dialing.hold", found)
                return found


# A restore, within its own transaction

# The last hold of the backup, if any, was of another state of the database.
END_HOLDS = """
with clock as materialized (select clock_timestamp() as now_at)
update dialing_hold h set released_at = clock.now_at from clock where h.released_at is null
"""
HOLD_RESTORED = """
with clock as materialized (select clock_timestamp() as now_at)
insert into dialing_hold (reason, calls_known_until, held_at)
select 'restored', current_setting('tongdai.known_until')::timestamptz, now_at from clock
"""


def hold_restored(known_until: datetime) -> str:
    """A script that holds dialing, for the transaction that restores a backup of that instant; see `record`."""
    return f"set local tongdai.known_until = '{known_until.isoformat()}';{END_HOLDS};{HOLD_RESTORED}"


async def record(conn: Connection, of: Hold) -> None:
    """Enter a hold that a script placed into the audit."""
    async with conn.transaction():
        await _audit(conn, None, "dialing.hold", of)


# Every switch continues from here, and none from a beat that is remembered: see `_NOW`.
CONTINUE = f"""
with {_NOW}, known as materialized (
    select greatest(clock.now_ms, max(h.remembered) + 1) as beat from clock
    left join dialing_hold h on h.hold_id = $1 group by clock.now_ms
), continued as (
    insert into dialing_beat as b
        (switch_id, beat, beat_at, system_identifier, database_oid, timeline, accepted_file)
    select s.switch_id, known.beat, clock.now_at, $2, $3, $4,
        coalesce((select h.file from dialing_hold h where h.hold_id = $1), 'missing')
    from switch s cross join clock cross join known
    on conflict (switch_id) do update set beat = greatest(b.beat + 1, excluded.beat), beat_at = excluded.beat_at,
        system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
        timeline = excluded.timeline, accepted_file = excluded.accepted_file
    returning b.beat
)
select count(*) from continued
"""
RELEASE = """
with clock as materialized (select clock_timestamp() as now_at)
update dialing_hold h set released_at = clock.now_at, released_by = $2, contacts = $3
from clock where h.hold_id = $1 and h.released_at is null
"""


async def release(conn: Connection, hold_id: int, by: KeyId | None) -> Hold | None:
    """Release a hold and return it, also when it was released before; None: there is no such hold.

    After one that doubts the database, the leaders accept the database as it is.
    """
    async with conn.transaction():
        found = await find(conn, hold_id)
        if found is None or found.released_at is not None:
            return found
        contacts = await uncertain(conn, found)
        await conn.execute(RELEASE, hold_id, by, contacts)
        if found.reason.of_database:
            here = await identity(conn)
            await conn.fetchval(CONTINUE, hold_id, here.system_identifier, here.database_oid, here.timeline)
        released = await find(conn, hold_id)
        assert released is not None
        await _audit(conn, by, "dialing.release", released)
    return released


# What may have been called

CALLING = "select distinct tenant_id from campaign where status = 2 order by tenant_id"
UNCERTAIN = """
select (
    select coalesce(sum(r.contacts), 0)::bigint from contact_run r
    join campaign c on c.tenant_id = $1 and c.campaign_id = r.campaign_id
    where r.tenant_id = $1 and c.status = 2 and r.due_at <= $2
) + (
    select count(*) from contact_due d
    join campaign c on c.tenant_id = $1 and c.campaign_id = d.campaign_id
    join contact p on p.tenant_id = $1 and p.contact_id = d.contact_id
    where d.tenant_id = $1 and c.status = 2 and d.due_at <= now() and p.created_at <= $2
)
"""


async def uncertain(conn: Connection, of: Hold) -> int | None:
    """How many contacts may have been called since `calls_known_until`, without this database knowing; None: none can.

    These are the pending contacts of running campaigns that were added before it, and that are due. Which of them were
    called, if any, only the switch's records or the carrier's can tell.
    """
    if of.calls_known_until is None:
        return None
    tenants = [TenantId(row["tenant_id"]) for row in await conn.fetch(CALLING)]
    return sum([await conn.fetchval(UNCERTAIN, tenant_id, of.calls_known_until) for tenant_id in tenants])


async def _audit(conn: Connection, by: KeyId | None, action: str, of: Hold) -> None:
    """An entry for each tenant whose campaigns run: their supervisors may ask."""
    for row in await conn.fetch(CALLING):
        detail = {"reason": of.reason, "contacts": of.contacts} if of.contacts is not None else {"reason": of.reason}
        await audit.record(conn, TenantId(row["tenant_id"]), by, action, f"hold {of.hold_id}", detail)


def _hold(row: asyncpg.Record) -> Hold:
    fields: dict[str, Any] = dict(row)
    fields["reason"] = HoldReason(row["reason"])
    return Hold(**fields)
