"""Changes of tenants to their holidays, in the database."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId
from tongdai.queues.holidays.model import DaySpan, Edit

EDITS = "select day, name, spans, removed from holiday where tenant_id = $1 and day between $2 and $3"


async def edits(conn: Connection, tenant_id: TenantId, first: date, last: date) -> dict[date, Edit]:
    """The tenant's changes from one day to another, both included."""
    rows = await conn.fetch(EDITS, tenant_id, first, last)
    return {row["day"]: Edit(row["name"], spans_of(row["spans"]), row["removed"]) for row in rows}


def spans_of(stored: Any) -> tuple[DaySpan, ...]:
    """The spans of a day, from a column of type jsonb."""
    return tuple(DaySpan(*span) for span in stored)


SET = """
insert into holiday (tenant_id, day, name, spans, removed) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, day) do update set name = excluded.name, spans = excluded.spans, removed = excluded.removed
"""
RESET = "delete from holiday where tenant_id = $1 and day = $2"


async def change(conn: Connection, tenant_id: TenantId, edits: Mapping[date, Edit | None], by: Author | None) -> None:
    """Set the changes of days, together; None: the day is as its country has it."""
    async with conn.transaction():
        for day, edit in sorted(edits.items()):
            if edit is None:
                await conn.execute(RESET, tenant_id, day)
            else:
                await conn.execute(SET, tenant_id, day, edit.name, edit.spans, edit.removed)
        detail = {"days": [day.isoformat() for day in sorted(edits)]}
        await audit.record(conn, tenant_id, by, "tenant.holidays", f"tenant {tenant_id}", detail)
