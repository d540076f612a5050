"""Recordings in the database. A move to another state is a guarded update: what comes late or twice changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, SwitchId, TenantId
from tongdai.recordings.model import TRANSITIONS, Deletion, Failure, Recording, RecordingState, StoredFile
from tongdai.states import sources


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording as it is shown."""

    state: RecordingState
    started_at: datetime | None
    failure: Failure | None
    file_key: str | None
    seconds: float | None
    size: int | None
    deleted_at: datetime | None
    deletion: Deletion | None
    held_at: datetime | None
    """Since when it is under a legal hold; None: it is not."""
    hold_reason: str | None
    announced_ms: int | None
    """How long the announcement before it was played; None: there was none."""


# A customer who is connected, whatever their call is for, and has no recording yet.
TO_RECORD = """
select c.tenant_id, c.call_id, coalesce(c.channel, c.call_id::text) as channel, c.connected_at,
    coalesce(
        case when q.recording = 'all' then q.recording_announcement end,
        case when k.recording = 'all' then k.recording_announcement end
    ) as announcement
from live_call c
left join queue_setting q on q.tenant_id = c.tenant_id and q.queue_id = c.queue_id
left join campaign k on k.tenant_id = c.tenant_id and k.campaign_id = c.campaign_id
where c.switch_id = $1 and c.state = 'answered' and c.connected_at is not null
    and (q.recording = 'all' or k.recording = 'all')
    and not exists (select from recording r where r.tenant_id = c.tenant_id and r.call_id = c.call_id)
order by c.connected_at limit 200
"""
WANT = """
insert into recording (tenant_id, call_id, switch_id, channel, wanted_at, announcement)
select $1, call_id, switch_id, $3, clock_timestamp(), $4 from live_call
where tenant_id = $1 and call_id = $2
on conflict do nothing
returning tenant_id, call_id, channel, state, wanted_at, true as live, announcement
"""


async def want(conn: Connection, switch_id: SwitchId) -> list[Recording]:
    """Want a recording of each call of a switch that is to be recorded and has none; returns these."""
    found = await conn.fetch(TO_RECORD, switch_id)
    names = ("tenant_id", "call_id", "channel", "announcement")
    rows = [await conn.fetchrow(WANT, *(row[name] for name in names)) for row in found]
    return [_recording(row) for row in rows if row is not None]


OPEN = """
select r.tenant_id, r.call_id, r.channel, r.state, r.wanted_at, c.call_id is not null as live, r.announcement
from recording r left join live_call c on c.tenant_id = r.tenant_id and c.call_id = r.call_id
where r.switch_id = $1 and r.state in ('wanted', 'recording', 'spooled')
order by r.wanted_at
"""


async def unfinished(conn: Connection, switch_id: SwitchId) -> list[Recording]:
    """The recordings of a switch that are not stored yet, oldest first."""
    return [_recording(row) for row in await conn.fetch(OPEN, switch_id)]


def _recording(row: asyncpg.Record) -> Recording:
    state = RecordingState(row["state"])
    return Recording(
        row["tenant_id"], row["call_id"], row["channel"], state, row["wanted_at"], row["live"], row["announcement"]
    )


START = """
update recording set state = 'recording', started_at = $4, announced_ms = $5
where tenant_id = $1 and call_id = $2 and state = any($3::text[]) returning true
"""
SPOOL = """
update recording set state = 'spooled' where tenant_id = $1 and call_id = $2 and state = any($3::text[]) returning true
"""
FAIL = """
update recording set state = 'failed', failure = $4, announced_ms = coalesce($5, announced_ms)
where tenant_id = $1 and call_id = $2 and state = any($3::text[]) returning true
"""
STORED = """
update recording set state = 'stored', file_key = $4, seconds = $5, size = $6
where tenant_id = $1 and call_id = $2 and state = any($3::text[]) returning true
"""


async def _move(conn: Connection, statement: str, of: Recording, to: RecordingState, *values: object) -> bool:
    return bool(await conn.fetchval(statement, of.tenant_id, of.call_id, sources(TRANSITIONS, to), *values))


async def started(conn: Connection, of: Recording, at: datetime, announced_ms: int | None = None) -> bool:
    """The switch records, after an announcement of that length. False: it was known, or the recording has failed."""
    return await _move(conn, START, of, RecordingState.RECORDING, at, announced_ms)


async def spooled(conn: Connection, of: Recording) -> bool:
    """The recording is over, and complete on the switch."""
    return await _move(conn, SPOOL, of, RecordingState.SPOOLED)


async def failed(conn: Connection, of: Recording, why: Failure, announced_ms: int | None = None) -> bool:
    return await _move(conn, FAIL, of, RecordingState.FAILED, why, announced_ms)


async def stored(conn: Connection, of: Recording, file: StoredFile) -> bool:
    """Its file is in the storage, whatever happens from now on."""
    return await _move(conn, STORED, of, RecordingState.STORED, file.key, file.seconds, file.size)


OVER = """
select tenant_id, call_id, channel, state, wanted_at, false as live, announcement from recording
where switch_id = $1 and call_id = any($2::uuid[]) and state in ('stored', 'deleting', 'failed', 'deleted')
"""


async def over(conn: Connection, switch_id: SwitchId, call_ids: Sequence[UUID]) -> list[Recording]:
    """The recordings of calls of a switch that need nothing of the switch any more."""
    return [_recording(row) for row in await conn.fetch(OVER, switch_id, call_ids)]


OF_CALLS = """
select call_id, state, started_at, failure, file_key, seconds, size, deleted_at, deletion, held_at, hold_reason,
    announced_ms
from recording where tenant_id = $1 and call_id = any($2::uuid[]) order by wanted_at, call_id
"""


async def of_call(conn: Connection, tenant_id: TenantId, call_id: UUID) -> RecordingRow | None:
    """The recording of a call; None: none was wanted."""
    found = await of_calls(conn, tenant_id, [call_id])
    return found[0][1] if found else None


async def of_calls(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[tuple[UUID, RecordingRow]]:
    """The recordings of calls, oldest first, with their calls."""
    return [(row["call_id"], _row(row)) for row in await conn.fetch(OF_CALLS, tenant_id, call_ids)]


def _row(row: asyncpg.Record) -> RecordingRow:
    failure = None if row["failure"] is None else Failure(row["failure"])
    deletion = None if row["deletion"] is None else Deletion(row["deletion"])
    return RecordingRow(
        RecordingState(row["state"]), row["started_at"], failure, row["file_key"], row["seconds"], row["size"],
        row["deleted_at"], deletion, row["held_at"], row["hold_reason"], row["announced_ms"],
    )  # fmt: skip


async def log_access(
    conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author, part: str | None, *, by_link: bool = False
) -> None:
    """Record in the audit who got a recording, and which part of it (a Range header), before it is sent. `by_link`:
    somebody who has a link of theirs."""
    detail: dict[str, Any] = {} if part is None else {"range": part[:100]}
    if by_link:
        detail["link"] = True
    await audit.record(conn, tenant_id, by, "recording.play", f"call {call_id}", detail)


AT_ONCE = 500
DELETE = """
update recording set state = 'deleting', deletion = 'requested'
where tenant_id = $1 and call_id = $2 and state = any($3::text[]) and held_at is null returning true
"""
EXPIRE = """
with old as materialized (
    select call_id from recording
    where tenant_id = $1 and state = 'stored' and held_at is null and wanted_at < now() - $2::interval
    order by wanted_at, call_id limit $3::bigint
), marked as (
    update recording r set state = 'deleting', deletion = 'expired' from old
    where r.tenant_id = $1 and r.call_id = old.call_id and r.state = 'stored' and r.held_at is null
    returning true
)
select count(*) from marked
"""
ERASE = """
with marked as (
    update recording set state = 'deleting', deletion = 'erased'
    where tenant_id = $1 and call_id = any($2::uuid[]) and state = 'stored' and held_at is null
    returning true
), never_stored as (
    update recording set state = 'failed', failure = 'erased'
    where tenant_id = $1 and call_id = any($2::uuid[]) and state in ('wanted', 'recording', 'spooled')
        and held_at is null
    returning true
)
select (select count(*) from marked) + (select count(*) from never_stored)
"""
HELD = """
select exists (
    select from recording
    where tenant_id = $1 and call_id = any($2::uuid[]) and held_at is not null and state <> 'failed'
)
"""


async def log_link(conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author, expires_at: datetime) -> None:
    """Record in the audit who made a link to a recording, before it is sent."""
    detail = {"expiresAt": expires_at.isoformat()}
    await audit.record(conn, tenant_id, by, "recording.link", f"call {call_id}", detail)


async def delete(conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author) -> bool:
    """Have nobody get a recording any more, by request; its file is to be deleted. False: that was so, or it is under
    a legal hold."""
    async with conn.transaction():
        guard = sources(TRANSITIONS, RecordingState.DELETING)
        marked = bool(await conn.fetchval(DELETE, tenant_id, call_id, guard))
        if marked:
            await audit.record(conn, tenant_id, by, "recording.delete", f"call {call_id}")
    return marked


async def expire(conn: Connection, tenant_id: TenantId, keep: timedelta) -> int:
    """Have the files of the first recordings of a tenant that are older than `keep` deleted; returns their number."""
    return await conn.fetchval(EXPIRE, tenant_id, keep, AT_ONCE)


class UnderHold(Exception):
    """A recording is under a legal hold, and is not deleted."""


async def erase(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> int:
    """Have the sound of ended calls deleted, wherever it is, within the caller's transaction; the number of
    recordings. UnderHold if one of them must stay: then the transaction must not be committed."""
    erased = await conn.fetchval(ERASE, tenant_id, call_ids)
    if await conn.fetchval(HELD, tenant_id, call_ids):
        raise UnderHold
    return erased


HOLD = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update recording set held_at = coalesce(held_at, clock.now_at), hold_reason = $3
from clock where tenant_id = $1 and call_id = $2 and state not in ('deleting', 'failed', 'deleted') returning true
"""
RELEASE = """
update recording set held_at = null, hold_reason = null
where tenant_id = $1 and call_id = $2 and held_at is not null returning true
"""


async def hold(conn: Connection, tenant_id: TenantId, call_id: UUID, reason: str, by: Author) -> bool:
    """Put a recording under a legal hold, or change its reason. False: there is no sound to keep."""
    async with conn.transaction():
        held = bool(await conn.fetchval(HOLD, tenant_id, call_id, reason))
        if held:
            await audit.record(conn, tenant_id, by, "recording.hold", f"call {call_id}", {"reason": reason})
    return held


async def release(conn: Connection, tenant_id: TenantId, call_id: UUID, by: Author) -> bool:
    """End the legal hold of a recording. False: it was under none."""
    async with conn.transaction():
        released = bool(await conn.fetchval(RELEASE, tenant_id, call_id))
        if released:
            await audit.record(conn, tenant_id, by, "recording.release", f"call {call_id}")
    return released


DELETING = """
select call_id, file_key from recording where tenant_id = $1 and state = 'deleting' and call_id > $2
order by call_id limit $3::bigint
"""
DELETED = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update recording set state = 'deleted', deleted_at = clock.now_at
from clock where tenant_id = $1 and call_id = $2 and state = any($3::text[]) returning true
"""


async def deleting(conn: Connection, tenant_id: TenantId, after: UUID) -> list[tuple[UUID, str]]:
    """The next recordings of a tenant whose files are to be deleted: the call, and the key of the file."""
    return [(row["call_id"], row["file_key"]) for row in await conn.fetch(DELETING, tenant_id, after, AT_ONCE)]


async def deleted(conn: Connection, tenant_id: TenantId, call_id: UUID) -> bool:
    """Its file is gone from the storage. False: that was known."""
    guard = sources(TRANSITIONS, RecordingState.DELETED)
    return bool(await conn.fetchval(DELETED, tenant_id, call_id, guard))


OLD = """
with old as materialized (
    select call_id from recording
    where tenant_id = $1 and state in ('failed', 'deleted') and wanted_at < now() - $2::interval limit $3::bigint
), gone as (
    delete from recording r using old
    where r.tenant_id = $1 and r.call_id = old.call_id and r.state in ('failed', 'deleted') returning true
)
select count(*) from gone
"""


async def forget_old(conn: Connection, tenants: Sequence[TenantId], keep: timedelta) -> int:
    """Forget recordings without sound that are older than `keep`, in batches of one tenant; returns their number."""
    total = 0
    for tenant_id in tenants:
        while gone := await conn.fetchval(OLD, tenant_id, keep, AT_ONCE):
            total += gone
    return total
