"""Takes imports in: claim a job, take one chunk of it in one transaction, let it go, and again."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from tongdai import metrics
from tongdai.contacts import phone
from tongdai.contacts import store as contacts
from tongdai.contacts.store import Refusal
from tongdai.db.pool import UNREACHABLE, Connection, Pool
from tongdai.imports import core, readers, store
from tongdai.imports.model import MAX_ATTEMPTS, Claimed, JobStatus, Outcome

log = structlog.get_logger()

POLL_S = 0.5
"""How soon a job is seen whose notice was lost, or whose worker died."""
BACK_OFF_S = 0.2
HAND_BACK_S = 1.0
"""A worker that stops waits no longer for a database that hangs."""

_REFUSALS = {Refusal.STOPPED: "The campaign was stopped", Refusal.NO_CAMPAIGN: "The campaign is gone"}


@dataclass(frozen=True, slots=True)
class Worker:
    pool: Pool
    lease: timedelta
    wake: asyncio.Event
    """Set when there may be a job."""

    async def run(self) -> None:
        """Until cancelled; that hands back what is not taken in."""
        task = asyncio.current_task()
        assert task is not None
        # Asked for each time: the error of a connection that breaks just then takes the place of a CancelledError.
        while not task.cancelling():
            try:
                if not await self.step():
                    await self._rest()
            except UNREACHABLE as error:
                log.warning("imports wait for the database", error=type(error).__name__)
                await asyncio.sleep(BACK_OFF_S)

    async def step(self) -> bool:
        """Take in one chunk; False when nothing is to do."""
        # A claim is never cut short: whether it was committed would be unknown, and a lease be left behind.
        claiming = asyncio.ensure_future(self._claim())
        try:
            claimed = await asyncio.shield(claiming)
            if claimed is None:
                return False
            if claimed.attempts > MAX_ATTEMPTS:
                await self._give_up(claimed)
            else:
                await self._attempt(claimed)
        except asyncio.CancelledError:
            await asyncio.shield(self._stopped(claiming))
            raise
        return True

    async def _claim(self) -> Claimed | None:
        async with self.pool.acquire() as conn:
            return await store.claim(conn, self.lease)

    async def _give_up(self, claimed: Claimed) -> None:
        async with self.pool.acquire() as conn:
            await store.fail(conn, claimed, f"Gave up after {MAX_ATTEMPTS} attempts at the same rows")
        log.error("import failed", tenant=claimed.tenant_id, job=claimed.job_id, attempts=MAX_ATTEMPTS)

    async def _attempt(self, claimed: Claimed) -> None:
        try:
            async with self.pool.acquire() as conn, conn.transaction():
                await take_in(conn, claimed, self.lease)
        except UNREACHABLE:
            raise
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            metrics.IMPORT_CHUNKS.labels("again").inc()
            await self._hand_back(claimed)
        except Exception as error:
            # The rows stay; the claim after MAX_ATTEMPTS such ends the job, and holds nobody up meanwhile.
            metrics.IMPORT_CHUNKS.labels("crashed").inc()
            log.exception("chunk failed", tenant=claimed.tenant_id, job=claimed.job_id, error=type(error).__name__)

    async def _hand_back(self, claimed: Claimed) -> None:
        async with self.pool.acquire() as conn:
            await store.release(conn, claimed)

    async def _stopped(self, claiming: "asyncio.Future[Claimed | None]") -> None:
        """Hand back what was claimed; without the database, the lease ends by itself."""
        with suppress(*UNREACHABLE):
            async with asyncio.timeout(HAND_BACK_S):
                claimed = await claiming
                if claimed is not None:
                    await self._hand_back(claimed)

    async def _rest(self) -> None:
        self.wake.clear()
        try:
            async with asyncio.timeout(POLL_S):
                await self.wake.wait()
        except TimeoutError:
            return


async def take_in(conn: Connection, claimed: Claimed, lease: timedelta) -> None:
    """One chunk, within the caller's transaction: rows, counters and cursor hold together or not at all."""
    if not await store.hold(conn, claimed, lease):
        metrics.IMPORT_CHUNKS.labels("lease lost").inc()
        log.warning("lease lost", tenant=claimed.tenant_id, job=claimed.job_id)
        return
    payload = await store.take_chunk(conn, claimed)
    rows = readers.rows_of(payload) if payload is not None else []
    chunk = core.sort(rows, phone.normaliser(claimed.country))
    added = await contacts.add_many(conn, claimed.tenant_id, claimed.campaign_id, claimed.list_id, chunk.contacts)
    if isinstance(added, Refusal):
        await store.fail(conn, claimed, _REFUSALS[added])
        log.warning("import failed", tenant=claimed.tenant_id, job=claimed.job_id, why=_REFUSALS[added])
        return
    outcome = Outcome(added.created, added.duplicates, chunk.failed)
    status = await store.advance(conn, claimed, outcome)
    _count(outcome)
    if status is JobStatus.DONE:
        log.info("import done", tenant=claimed.tenant_id, job=claimed.job_id)


def _count(outcome: Outcome) -> None:
    metrics.IMPORT_CHUNKS.labels("taken in").inc()
    metrics.IMPORT_ROWS.labels("created").inc(outcome.created)
    metrics.IMPORT_ROWS.labels("duplicate").inc(outcome.duplicate)
    metrics.IMPORT_ROWS.labels("failed").inc(outcome.failed)
