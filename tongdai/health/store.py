"""Imports of a tenant that wait."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.db.pool import Connection
from tongdai.ids import TenantId


@dataclass(frozen=True, slots=True)
class Imports:
    open: int
    """Imports that are not finished."""
    waiting: timedelta | None
    """How long one of them has waited while none of the tenant went on; None: none waits."""


OPEN = """
select count(*) as open, clock_timestamp() - min(created_at) filter (
    where lease_until is null or lease_until < clock_timestamp()
) as waiting
from import_job where tenant_id = $1 and undone_at is null and finished_at is null
"""
SERVED = "select clock_timestamp() - served_at as ago from import_turn where tenant_id = $1"


async def imports(conn: Connection, tenant_id: TenantId) -> Imports:
    row = await conn.fetchrow(OPEN, tenant_id)
    assert row is not None
    waiting: timedelta | None = row["waiting"]  # its lease is not in force
    served: timedelta | None = await conn.fetchval(SERVED, tenant_id)
    if waiting is not None and served is not None:
        waiting = min(waiting, served)
    return Imports(row["open"], waiting)
