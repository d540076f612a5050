"""Retention of the log of changed contacts; the engine calls it (processes/engine.py)."""

from collections.abc import Sequence

from tongdai.db.pool import Connection
from tongdai.ids import TenantId

DELETED_AT_ONCE = 5_000
OLD = """
with old as materialized (
    select changed_in, first_id, last_id, deleted from contact_change
    where tenant_id = $1 and changed_in < $2::xid8 order by changed_in limit $3::bigint
), gone as (
    delete from contact_change c using old where c.tenant_id = $1 and c.changed_in = old.changed_in
        and c.first_id = old.first_id and c.last_id = old.last_id and c.deleted = old.deleted returning c.changed_in
)
select count(*) from gone
"""


async def delete_old(conn: Connection, tenants: Sequence[TenantId], floor: int) -> int:
    """Delete changes below a position, in batches of one tenant, each a transaction of its own; how many."""
    total = 0
    for tenant_id in tenants:
        while deleted := await conn.fetchval(OLD, tenant_id, floor, DELETED_AT_ONCE):
            total += deleted
    return total
