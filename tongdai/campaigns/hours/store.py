"""Default calling hours of tenants in the database."""

from typing import Any

from tongdai.campaigns.settings.kinds import Windows
from tongdai.campaigns.settings.windows import Week
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId

_KIND = Windows()

FIND = "select windows from calling_hours where tenant_id = $1"


async def find(conn: Connection, tenant_id: TenantId) -> Week | None:
    """The tenant's own hours; None: those of `rules.STANDARD_HOURS`."""
    return week_of(await conn.fetchval(FIND, tenant_id))


def week_of(stored: Any) -> Week | None:
    """A column `calling_hours.windows`, null where a join has found no row."""
    return None if stored is None else _KIND.load(stored)


SET = """
insert into calling_hours (tenant_id, windows) values ($1, $2)
on conflict (tenant_id) do update set windows = excluded.windows
"""
RESET = "delete from calling_hours where tenant_id = $1"


async def change(conn: Connection, tenant_id: TenantId, week: Week | None, by: Author | None) -> None:
    """Set the hours of an existing tenant; None restores the standard. They apply to running campaigns at once."""
    async with conn.transaction():
        if week is None:
            await conn.execute(RESET, tenant_id)
        else:
            await conn.execute(SET, tenant_id, *_KIND.dump(week))
        await audit.record(conn, tenant_id, by, "tenant.hours", f"tenant {tenant_id}", {"windows": week})
