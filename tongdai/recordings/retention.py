"""Deletes recordings that are older than they are kept."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.recordings import store
from tongdai.recordings.model import Deletion
from tongdai.recordings.storage import Storage

log = structlog.get_logger()


async def delete_expired(conn: Connection, storage: Storage, tenants: Sequence[TenantId], keep: timedelta) -> int:
    """Delete the files of recordings older than `keep`, and then record it: whatever says that it was deleted is gone.
    Returns their number."""
    total = 0
    for tenant_id in tenants:
        while found := await store.expired(conn, tenant_id, keep):
            for call_id, key in found:
                await storage.delete(key)
                await store.deleted(conn, tenant_id, call_id, Deletion.EXPIRED, None)
            total += len(found)
    if total:
        log.info("recordings expired", recordings=total)
    return total
