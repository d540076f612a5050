"""The audit: a row for each change that a supervisor or operator may be asked about, with its author."""

from typing import Any

from tongdai.db.pool import Connection
from tongdai.ids import KeyId, TenantId

RECORD = "insert into audit (tenant_id, key_id, action, subject, detail) values ($1, $2, $3, $4, $5)"


async def record(
    conn: Connection,
    tenant_id: TenantId,
    key_id: KeyId | None,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record a change, within its transaction. `key_id` None: the operator, by the command line."""
    await conn.execute(RECORD, tenant_id, key_id, action, subject, detail)
