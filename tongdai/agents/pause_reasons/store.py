"""The pause reasons of a tenant in the database: one list, in its order. Without a row there are none."""

from collections.abc import Sequence

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId

MAX_REASONS = 50

FIND = "select reasons from pause_reasons where tenant_id = $1"


async def find(conn: Connection, tenant_id: TenantId) -> list[str]:
    return list(await conn.fetchval(FIND, tenant_id) or ())


PUT = """
insert into pause_reasons (tenant_id, reasons) values ($1, $2)
on conflict (tenant_id) do update set reasons = excluded.reasons
"""


async def put(conn: Connection, tenant_id: TenantId, reasons: Sequence[str], by: Author | None) -> None:
    """Replace the list. Pauses that have another reason keep it."""
    async with conn.transaction():
        await conn.execute(PUT, tenant_id, list(reasons))
        await audit.record(conn, tenant_id, by, "pause_reasons.change", "pause reasons", {"reasons": list(reasons)})
