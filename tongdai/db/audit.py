"""The audit: a row for each change that a supervisor or operator may be asked about, with its author."""

from datetime import timedelta
from typing import Any

from tongdai.db.pool import Connection
from tongdai.ids import Author, ByUser, KeyId, TenantId, UserId

RECORD = "insert into audit (tenant_id, key_id, user_id, action, subject, detail) values ($1, $2, $3, $4, $5, $6)"


def columns(by: Author | None) -> tuple[KeyId | None, UserId | None]:
    """The columns `key_id` and `user_id` that name an author."""
    return (None, by.user_id) if isinstance(by, ByUser) else (by, None)


async def record(
    conn: Connection,
    tenant_id: TenantId,
    by: Author | None,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record a change, within its transaction. `by` None: the operator, by the command line."""
    await conn.execute(RECORD, tenant_id, *columns(by), action, subject, detail)


TENANTS = "select tenant_id from tenant order by tenant_id"
DELETED_AT_ONCE = 5_000
OLD_AUDIT = """
with old as materialized (
    select audit_id from audit where tenant_id = $1 and at < now() - $2::interval order by audit_id limit $3::bigint
), deleted as (
    delete from audit a using old where a.tenant_id = $1 and a.audit_id = old.audit_id returning a.audit_id
)
select count(*) from deleted
"""


async def delete_old(conn: Connection, keep: timedelta) -> int:
    """Delete older entries, in batches of one tenant, each a transaction of its own; returns their number."""
    total = 0
    for row in await conn.fetch(TENANTS):
        while deleted := await conn.fetchval(OLD_AUDIT, row["tenant_id"], keep, DELETED_AT_ONCE):
            total += deleted
    return total


FORGET = """
with changed as (
    update audit set detail = detail - 'phone' where tenant_id = $1 and detail ->> 'phone' = $2 returning audit_id
)
select count(*) from changed
"""


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> int:
    """Take a number out of the entries that name it, within the caller's transaction; how many did."""
    return await conn.fetchval(FORGET, tenant_id, phone)
