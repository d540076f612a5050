"""The store of recordings for one switch: a protocol, and its implementation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tongdai.db.pool import Pool
from tongdai.ids import SwitchId
from tongdai.recordings import store
from tongdai.recordings.model import Failure, Recording, StoredFile
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event


class RecordingStore(Protocol):
    """Each method is safe to retry."""

    async def want(self) -> Sequence[Recording]:
        """Want a recording of each call that is to be recorded and has none; returns these."""
        ...

    async def unfinished(self) -> Sequence[Recording]:
        """The recordings that are not stored yet, oldest first."""
        ...

    async def over(self, call_ids: Sequence[UUID]) -> Sequence[Recording]:
        """The recordings of calls that are stored, failed or deleted: the switch's sound is not needed."""
        ...

    async def started(self, of: Recording, at: datetime, announced_ms: int | None) -> None: ...

    async def spooled(self, of: Recording) -> None: ...

    async def failed(self, of: Recording, why: Failure, announced_ms: int | None = None) -> None: ...

    async def stored(self, of: Recording, file: StoredFile) -> bool:
        """False: it is not wanted any more."""
        ...


class PostgresRecordings:
    """Implements `RecordingStore` for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId) -> None:
        self._pool, self._switch_id = pool, switch_id

    async def want(self) -> Sequence[Recording]:
        async with self._pool.acquire() as conn:
            return await store.want(conn, self._switch_id)

    async def unfinished(self) -> Sequence[Recording]:
        async with self._pool.acquire() as conn:
            return await store.unfinished(conn, self._switch_id)

    async def over(self, call_ids: Sequence[UUID]) -> Sequence[Recording]:
        async with self._pool.acquire() as conn:
            return await store.over(conn, self._switch_id, call_ids)

    async def started(self, of: Recording, at: datetime, announced_ms: int | None) -> None:
        async with self._pool.acquire() as conn:
            await store.started(conn, of, at, announced_ms)

    async def spooled(self, of: Recording) -> None:
        async with self._pool.acquire() as conn:
            await store.spooled(conn, of)

    async def failed(self, of: Recording, why: Failure, announced_ms: int | None = None) -> None:
        async with self._pool.acquire() as conn:
            await store.failed(conn, of, why, announced_ms)

    async def stored(self, of: Recording, file: StoredFile) -> bool:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.stored(conn, of, file):
                return False
            ready = {
                "callId": str(of.call_id),
                "seconds": file.seconds,
                "size": file.size,
                "path": f"/v1/calls/{of.call_id}/recording",
            }
            await outbox.publish(conn, of.tenant_id, Event.RECORDING_READY, ready)
            return True
