"""Idempotency records: the responses of POST requests, stored for 24 hours."""

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import TenantId

# A concurrent request with the same key waits here until the transaction of the first one ends.
TAKE = """
insert into idempotency_record (tenant_id, key, digest) values ($1, $2, $3)
on conflict (tenant_id, key) do nothing returning true
"""
# An expired record is replaced by one of several requests; the others wait for its row and then find it new.
REPLACE = """
update idempotency_record set digest = $3, status = null, body = null, created_at = now()
where tenant_id = $1 and key = $2 and created_at < now() - interval '24 hours' returning true
"""


async def take(conn: Connection, tenant_id: TenantId, key: str, digest: bytes) -> bool:
    """Whether the key is new; if so, do the work and `save` the response in this transaction."""
    if await conn.fetchval(TAKE, tenant_id, key, digest):
        return True
    return bool(await conn.fetchval(REPLACE, tenant_id, key, digest))


SAVE = "update idempotency_record set status = 200, body = $3 where tenant_id = $1 and key = $2"


async def save(conn: Connection, tenant_id: TenantId, key: str, body: bytes) -> None:
    await conn.execute(SAVE, tenant_id, key, body)


RECALL = "select digest, status, body from idempotency_record where tenant_id = $1 and key = $2"
HOLD = f"{RECALL} for update"


async def recall(conn: Connection, tenant_id: TenantId, key: str) -> asyncpg.Record | None:
    """Digest, status and body of the first response."""
    return await conn.fetchrow(RECALL, tenant_id, key)


async def hold(conn: Connection, tenant_id: TenantId, key: str) -> asyncpg.Record | None:
    """Likewise, locked until the transaction ends, for who may replace the response."""
    return await conn.fetchrow(HOLD, tenant_id, key)


WITH_OLD = "select distinct tenant_id from idempotency_record where created_at < now() - interval '24 hours'"
PURGE = "delete from idempotency_record where tenant_id = $1 and created_at < now() - interval '24 hours'"


async def purge(conn: Connection) -> None:
    """Delete records older than 24 hours, one tenant a statement."""
    for row in await conn.fetch(WITH_OLD):
        await conn.execute(PURGE, row["tenant_id"])
