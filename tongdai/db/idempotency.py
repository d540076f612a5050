"""Idempotency records: what a POST answered, kept for 24 hours."""

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import TenantId

# A second request with a key waits here until the transaction of the first has ended.
TAKE = """
insert into idempotency_record as r (tenant_id, key, digest) values ($1, $2, $3)
on conflict (tenant_id, key) do update set digest = excluded.digest, status = null, body = null, created_at = now()
    where r.created_at < now() - interval '24 hours'
returning true
"""


async def take(conn: Connection, tenant_id: TenantId, key: str, digest: bytes) -> bool:
    """Whether the key is new: the caller does the work and then keeps the answer, in this transaction."""
    return bool(await conn.fetchval(TAKE, tenant_id, key, digest))


KEEP = "update idempotency_record set status = 200, body = $3 where tenant_id = $1 and key = $2"


async def keep(conn: Connection, tenant_id: TenantId, key: str, body: bytes) -> None:
    await conn.execute(KEEP, tenant_id, key, body)


RECALL = "select digest, status, body from idempotency_record where tenant_id = $1 and key = $2"


async def recall(conn: Connection, tenant_id: TenantId, key: str) -> asyncpg.Record | None:
    """digest, status and body of the first answer."""
    return await conn.fetchrow(RECALL, tenant_id, key)


PURGE = "delete from idempotency_record where created_at < now() - interval '24 hours'"


async def purge(conn: Connection) -> None:
    """Forget what is older than 24 hours."""
    await conn.execute(PURGE)
