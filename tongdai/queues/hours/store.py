"""Opening hours in the database."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, QueueId, TenantId
from tongdai.queues.destinations import store as destinations
from tongdai.queues.destinations.model import of_stored, stored_form
from tongdai.queues.holidays import public
from tongdai.queues.holidays.model import calendar_of, in_effect
from tongdai.queues.holidays.store import edits, spans_of
from tongdai.queues.hours.core import rules_of
from tongdai.queues.hours.model import NOTHING_SET, Closure, Hours, OpeningRules, Week
from tongdai.queues.model import Destination

_HOURS = "week, observes_holidays, after_hours, closed, closed_until, closed_note"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a queue and of its tenant."""

    zone: str
    country: str
    now: datetime
    """By the database's clock."""
    tenant: Hours
    queue: Hours
    """NOTHING_SET for the defaults of a tenant."""


TENANT = "select zone, country, now() as now_at from tenant where tenant_id = $1"
DEFAULTS = f"select {_HOURS} from default_opening_hours where tenant_id = $1"
EXISTS = "select true from inbound_queue where tenant_id = $1 and queue_id = $2"
OF_QUEUE = f"select {_HOURS} from opening_hours where tenant_id = $1 and queue_id = $2"


NOW = "select now()"


async def now(conn: Connection) -> datetime:
    """The time, by the database's clock."""
    return await conn.fetchval(NOW)


async def find(conn: Connection, tenant_id: TenantId, queue_id: QueueId | None) -> Settings | None:
    """The settings of a queue, without one the tenant's defaults; None: there is no such queue."""
    if queue_id is not None and not await conn.fetchval(EXISTS, tenant_id, queue_id):
        return None
    tenant = await conn.fetchrow(TENANT, tenant_id)
    assert tenant is not None, "a request's tenant exists"
    defaults = _hours(await conn.fetchrow(DEFAULTS, tenant_id))
    own = NOTHING_SET if queue_id is None else _hours(await conn.fetchrow(OF_QUEUE, tenant_id, queue_id))
    return Settings(tenant["zone"], tenant["country"], tenant["now_at"], defaults, own)


def _hours(row: asyncpg.Record | None) -> Hours:
    if row is None:
        return NOTHING_SET
    return Hours(
        _week(row["week"]),
        row["observes_holidays"],
        of_stored(row["after_hours"]),
        Closure(row["closed_until"], row["closed_note"]) if row["closed"] else None,
    )


def _week(stored: Any) -> Week | None:
    return None if stored is None else tuple(map(spans_of, stored))


async def rules(conn: Connection, tenant_id: TenantId, settings: Settings) -> OpeningRules:
    """The rules that follow from settings, with the holidays from last year to the next."""
    year = settings.now.year
    first, last = year - 1, year + 1
    changed = await edits(conn, tenant_id, date(first, 1, 1), date(last, 12, 31))
    # In a thread: the first one in a process loads the calendars.
    days = await asyncio.to_thread(public.of_years, settings.country, first, last)
    return rules_of(settings.zone, settings.tenant, settings.queue, lambda: in_effect(calendar_of(days, changed)))


SET_DEFAULTS = """
insert into default_opening_hours (tenant_id, week, observes_holidays, after_hours) values ($1, $2, $3, $4)
on conflict (tenant_id) do update set
    week = excluded.week, observes_holidays = excluded.observes_holidays, after_hours = excluded.after_hours
"""
SET_OF_QUEUE = """
insert into opening_hours (tenant_id, queue_id, week, observes_holidays, after_hours) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, queue_id) do update set
    week = excluded.week, observes_holidays = excluded.observes_holidays, after_hours = excluded.after_hours
"""


async def change(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId | None, hours: Hours, by: Author | None
) -> None:
    """Set the hours of a queue that exists, without one the tenant's defaults; the closure stays as it is."""
    values = (hours.week, hours.observes_holidays, stored_form(hours.after_hours))
    async with conn.transaction():
        if queue_id is None:
            await conn.execute(SET_DEFAULTS, tenant_id, *values)
        else:
            await conn.execute(SET_OF_QUEUE, tenant_id, queue_id, *values)
        await audit.record(conn, tenant_id, by, "queue.hours", _subject(queue_id))


CLOSE_DEFAULTS = """
insert into default_opening_hours (tenant_id, closed, closed_until, closed_note) values ($1, $2, $3, $4)
on conflict (tenant_id) do update set
    closed = excluded.closed, closed_until = excluded.closed_until, closed_note = excluded.closed_note
"""
CLOSE_QUEUE = """
insert into opening_hours (tenant_id, queue_id, closed, closed_until, closed_note) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, queue_id) do update set
    closed = excluded.closed, closed_until = excluded.closed_until, closed_note = excluded.closed_note
"""


async def close(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId | None, closure: Closure | None, by: Author | None
) -> None:
    """Close a queue that exists, without one all of the tenant; None: the closure ends."""
    values = (False, None, None) if closure is None else (True, closure.until, closure.note)
    async with conn.transaction():
        if queue_id is None:
            await conn.execute(CLOSE_DEFAULTS, tenant_id, *values)
        else:
            await conn.execute(CLOSE_QUEUE, tenant_id, queue_id, *values)
        action = "queue.reopen" if closure is None else "queue.close"
        detail = None if closure is None else {"until": closure.until, "note": closure.note}
        await audit.record(conn, tenant_id, by, action, _subject(queue_id), detail)


def _subject(queue_id: QueueId | None) -> str:
    return "all queues" if queue_id is None else f"queue {queue_id}"


async def require_destination(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId | None, after_hours: Destination | None
) -> None:
    """Raise an ApiError unless callers of a queue (None: all) may go there; within the transaction that stores it."""
    await destinations.require(conn, tenant_id, "afterHours", after_hours, not_queue=queue_id)
