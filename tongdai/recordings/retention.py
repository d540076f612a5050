"""Deletes the files of recordings: those that are older than they are kept, and those that are to be deleted.

What is to be deleted is committed before any file is touched, and that it is gone afterwards: whatever a process that
was killed has left is found again by the next.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.recordings import store
from tongdai.recordings.storage import Storage

log = structlog.get_logger()

FIRST = UUID(int=0)


async def delete_expired(conn: Connection, storage: Storage, tenants: Sequence[TenantId], keep: timedelta) -> int:
    """Delete the recordings older than `keep`, and what is to be deleted for other reasons; returns the number of
    expired ones."""
    total = 0
    for tenant_id in tenants:
        while marked := await store.expire(conn, tenant_id, keep):
            total += marked
        await delete_files(conn, storage, tenant_id)
    if total:
        log.info("recordings expired", recordings=total)
    return total


async def delete_files(conn: Connection, storage: Storage, tenant_id: TenantId) -> None:
    """Delete the files of a tenant that are to be deleted. One that cannot be deleted is tried again later."""
    after = FIRST
    while found := await store.deleting(conn, tenant_id, after):
        for call_id, key in found:
            try:
                await storage.delete(key)
            except OSError as error:
                log.warning("recording not deleted", tenant=tenant_id, call=str(call_id), error=str(error))
            else:
                await store.deleted(conn, tenant_id, call_id)
        after = found[-1][0]
