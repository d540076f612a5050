"""Ended calls of both directions in the order of their changes (decision 0074).

    snapshot ─→ all calls by their ends, without those changed since the reader began
    changes  ─→ from where the reader began, by the index of `changed_in`

A call is changed by its end, by a wrap-up code after it, and by the erasure of its number. All of it is read below the
horizon (changes/store.py).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from tongdai.calls.history import COLUMNS, IN_ORDER, CallRecord
from tongdai.calls.sql import month_of
from tongdai.changes.store import Horizon
from tongdai.db.pool import Connection
from tongdai.ids import TenantId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_ID = bytes(16)


class CallPlace(NamedTuple):
    """How far a reader is."""

    database: int
    start: int
    """The position at which it began."""
    position: int
    """That of the last change read; 0: it is in the snapshot."""
    ended_us: int
    """When the last call read ended, in microseconds since 1970; in the snapshot."""
    call_id: bytes
    """The last call read."""

    @classmethod
    def first(cls, database: int, start: int, position: int) -> "CallPlace":
        return cls(database, start, position, 0, NO_ID)


class Read(NamedTuple):
    calls: Sequence[CallRecord]
    next: CallPlace
    up_to_date: bool


SNAPSHOT = f"""
select changed_in >= $4::xid8 and changed_in < $5::xid8 as changed, {COLUMNS} from call
where tenant_id = $1 and ended_at is not null and ended_month >= {month_of("$2::timestamptz")}
    and (ended_at, call_id) > ($2::timestamptz, $3::uuid)
order by ended_at, call_id limit $6::bigint
"""
CHANGES = f"""
select changed_in as position, {COLUMNS} from call
where tenant_id = $1 and ended_at is not null and ended_month < 'infinity'
    and (changed_in, call_id) > ($2::xid8, $3::uuid) and changed_in < $4::xid8
order by changed_in, call_id limit $5::bigint
"""


async def read(conn: Connection, tenant_id: TenantId, place: CallPlace, horizon: Horizon, size: int) -> Read:
    """The next calls behind a place, in the caller's transaction; `horizon` is of a statement before."""
    await conn.execute(IN_ORDER)
    if place.position == 0:
        return await _snapshot(conn, tenant_id, place, horizon, size)
    rows = await conn.fetch(CHANGES, tenant_id, place.position, UUID(bytes=place.call_id), horizon.position, size)
    found = [CallRecord._make(tuple(row)[1:]) for row in rows]
    if not found:
        moved = horizon.position > place.position
        return Read(
            found, place._replace(position=horizon.position, call_id=NO_ID) if moved else place, up_to_date=True
        )
    behind = place._replace(position=rows[-1]["position"], call_id=found[-1].call_id.bytes)
    return Read(found, behind, up_to_date=len(found) < size)


async def _snapshot(conn: Connection, tenant_id: TenantId, place: CallPlace, horizon: Horizon, size: int) -> Read:
    after = _EPOCH + timedelta(microseconds=place.ended_us)
    rows = await conn.fetch(SNAPSHOT, tenant_id, after, UUID(bytes=place.call_id), place.start, horizon.following, size)
    found = [CallRecord._make(tuple(row)[1:]) for row in rows if not row["changed"]]
    if len(rows) < size:
        return Read(found, place._replace(position=place.start, ended_us=0, call_id=NO_ID), up_to_date=False)
    last = CallRecord._make(tuple(rows[-1])[1:])
    assert last.ended_at is not None
    ended_us = (last.ended_at - _EPOCH) // timedelta(microseconds=1)
    return Read(found, place._replace(ended_us=ended_us, call_id=last.call_id.bytes), up_to_date=False)
