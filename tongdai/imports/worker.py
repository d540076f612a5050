"""Takes imports in, and back: claim a job, take one chunk of it in one transaction, let it go, and again."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from tongdai import metrics
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.columns import NewContacts
from tongdai.contacts.store import Refusal
from tongdai.db.pool import UNREACHABLE, Connection, Pool
from tongdai.imports import chunk, core, store
from tongdai.imports import undo as undo_store
from tongdai.imports.model import MAX_ATTEMPTS, Claimed, JobStatus, Taken
from tongdai.imports.outcomes import codec

log = structlog.get_logger()

POLL_S = 0.5
"""How soon a job is seen whose notification was lost, or whose worker died."""
BACK_OFF_S = 0.2
HAND_BACK_S = 1.0
"""A worker that stops waits no longer for a database that hangs."""

AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Raised because of what others did at the same moment: no crash."""
NUMBER_KEY = "contact_tenant_id_campaign_id_number_key"
_REFUSALS = {
    Refusal.STOPPED: "The campaign was stopped",
    Refusal.NO_CAMPAIGN: "The campaign is gone",
    Refusal.NO_LIST: "The list is gone",
}


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
            if claimed.attempts > MAX_ATTEMPTS and not claimed.undoing:
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
            if claimed.undoing:
                async with self.pool.acquire() as conn, conn.transaction():
                    await take_back(conn, claimed, self.lease)
            else:
                await self._import(claimed)
        except UNREACHABLE:
            raise
        except Exception as error:
            if isinstance(error, AGAIN) or _is_number_taken(error):
                metrics.IMPORT_CHUNKS.labels("again").inc()
                await self._hand_back(claimed)
                return
            # The rows stay; the claim after MAX_ATTEMPTS such ends the job, and holds nobody up meanwhile.
            metrics.IMPORT_CHUNKS.labels("crashed").inc()
            log.exception("chunk failed", tenant=claimed.tenant_id, job=claimed.job_id, error=type(error).__name__)
            async with self.pool.acquire() as conn:
                await store.reschedule(conn, claimed, pause_after(claimed.attempts))

    async def _import(self, claimed: Claimed) -> None:
        """One chunk. Numbers are looked up when some of the last chunk, or of this one, were in the campaign.

        To look up each number costs a quarter more than to insert them, and most files have new ones alone.
        """
        look_up = claimed.meets_known or claimed.dry_run
        try:
            await self._import_once(claimed, look_up=look_up)
        except asyncpg.UniqueViolationError as error:
            if look_up or not _is_number_taken(error):
                raise
            await self._import_once(claimed, look_up=True)

    async def _import_once(self, claimed: Claimed, *, look_up: bool) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            await import_chunk(conn, claimed, self.lease, look_up=look_up)

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


def _is_number_taken(error: Exception) -> bool:
    """Whether the campaign has a number that was to be inserted: looked up, it was added at the same moment."""
    if not isinstance(error, asyncpg.UniqueViolationError):
        return False
    # Citus names the constraint, with the shard's suffix, in the message alone.
    return NUMBER_KEY in (getattr(error, "constraint_name", None) or str(error))


def pause_after(attempts: int) -> timedelta:
    """How long a chunk rests that has crashed so many times in a row: 0.1 s, twice that each time, at most a minute."""
    return timedelta(seconds=min(0.1 * 2 ** min(attempts - 1, 20), 60))


async def import_chunk(conn: Connection, claimed: Claimed, lease: timedelta, *, look_up: bool) -> None:
    """One chunk, within the caller's transaction: contacts, outcomes, counters and cursor are written together.

    Without `look_up`, a number that the campaign has raises asyncpg.UniqueViolationError.
    """
    taken = await store.take(conn, claimed, lease)
    if taken is None:
        _lost(claimed)
        return
    payload = chunk.decode_payload(taken.payload)
    if claimed.dry_run:
        imported = await _try_out(conn, claimed, payload.contacts)
    else:
        imported = await _add(conn, claimed, taken, payload.contacts, look_up=look_up)
    if isinstance(imported, Refusal):
        await store.fail(conn, claimed, _REFUSALS[imported])
        log.warning("import failed", tenant=claimed.tenant_id, job=claimed.job_id, why=_REFUSALS[imported])
        return
    counts = core.counts(payload.rows, payload.failed, imported.outcome)
    status = await store.advance(conn, claimed, taken, counts, codec.encode(imported.outcome), imported)
    _count(counts)
    if status is JobStatus.DONE:
        log.info("import done", tenant=claimed.tenant_id, job=claimed.job_id)


async def _add(
    conn: Connection, claimed: Claimed, taken: Taken, new: NewContacts, *, look_up: bool
) -> core.Imported | Refusal:
    assert claimed.list_id is not None
    place = (claimed.tenant_id, claimed.campaign_id, claimed.list_id)
    refusal = await bulk_store.lock_list(conn, *place)
    if refusal is not None:
        return refusal
    if not look_up:
        return core.settled(await bulk_store.insert_columns(conn, *place, new), frozenset(), frozenset())
    contact_ids, found = await bulk_store.insert_unknown(conn, *place, new)
    perhaps = core.perhaps_repeated(found, taken.first_contact_id)
    ours = await store.made_by(conn, claimed.tenant_id, claimed.job_id, perhaps)
    return core.settled(contact_ids, set(found), ours)


async def _try_out(conn: Connection, claimed: Claimed, new: NewContacts) -> core.Imported | Refusal:
    """The outcome that `_add` would have, were its chunks the only ones to be added."""
    status = await store.campaign_status(conn, claimed.tenant_id, claimed.campaign_id)
    if status is None or status == contacts.STOPPED:
        return Refusal.NO_CAMPAIGN if status is None else Refusal.STOPPED
    numbers = new.number_list()
    known = await bulk_store.known_numbers(conn, claimed.tenant_id, claimed.campaign_id, numbers)
    seen = await store.see(conn, claimed.tenant_id, claimed.job_id, set(numbers) - known.keys())
    return core.tried([known.get(number) for number in numbers], [number in seen for number in numbers])


async def take_back(conn: Connection, claimed: Claimed, lease: timedelta) -> None:
    """Undo one chunk, within the caller's transaction. Contacts that were called stay."""
    taken = await undo_store.take_back(conn, claimed, lease)
    if taken is None:
        _lost(claimed)
        return
    seq, outcome = taken
    created = codec.created_ids(codec.decode(outcome))
    removed = await bulk_store.remove_many(conn, claimed.tenant_id, claimed.campaign_id, created)
    undone = await undo_store.taken_back(conn, claimed, seq, removed)
    metrics.IMPORT_CHUNKS.labels("taken back").inc()
    metrics.IMPORT_ROWS.labels("removed").inc(removed)
    if undone:
        log.info("import undone", tenant=claimed.tenant_id, job=claimed.job_id)


def _lost(claimed: Claimed) -> None:
    metrics.IMPORT_CHUNKS.labels("lease lost").inc()
    log.warning("lease lost", tenant=claimed.tenant_id, job=claimed.job_id)


def _count(counts: core.Counts) -> None:
    metrics.IMPORT_CHUNKS.labels("taken in").inc()
    metrics.IMPORT_ROWS.labels("created").inc(counts.created)
    metrics.IMPORT_ROWS.labels("duplicate").inc(counts.duplicate)
    metrics.IMPORT_ROWS.labels("failed").inc(counts.failed)
