"""Processes import jobs, one chunk a transaction: imports the rows of a job, or undoes what it created.

    claim (fence + 1, lease) ─→ one transaction: take the chunk, write contacts, counters, outcome and cursor, release
      ↑                            ├→ conflict with another transaction: release at once, does not count as an attempt
      │                            ├→ database unavailable, memory or disk short: reschedule, does not count either
      │                            ├→ an error of the chunk itself: reschedule with exponential back-off, counts
      └── next claim ←─────────────┴→ after MAX_ERRORS of these at the same chunk: the job has failed

Owns the chunk of its claim for as long as the fence of the job is that of the claim. The first statement of the
transaction locks the job's row and checks the fence; when another worker has claimed the job since (the lease ended),
it finds no row, and nothing is written. Contacts, counters, outcome and cursor are written together, so a chunk is
imported once, whichever worker dies when.

When a worker dies, its lease ends and another claims the job: at the latest POLL_S after the end of the lease.
When the database is unavailable, the worker waits and tries again. When it is cancelled, it releases its claim; a claim
under way is never interrupted, as whether it was committed would be unknown.
"""

import asyncio
import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from tongdai import metrics
from tongdai.contacts import bulk_store, update_store
from tongdai.contacts import store as contacts
from tongdai.contacts.columns import NewContacts
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool
from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.ids import ContactId, TenantId
from tongdai.imports import chunk, core, store
from tongdai.imports import undo as undo_store
from tongdai.imports.model import MAX_ERRORS, Claimed, JobStatus, Taken
from tongdai.imports.outcomes import codec
from tongdai.runtime.background import Attempts

log = structlog.get_logger()

POLL_S = 0.5
"""How soon a job is found whose notification was lost, or whose worker died."""
BACK_OFF_S = 0.2
"""The first wait while the database is unavailable."""
RELEASE_TIMEOUT_S = 1.0
"""How long a worker that stops waits for the database to release its claim."""


class DiskFull(OSError):
    """The disk is short of space: what is left of it is for calls."""


class ChunkMissing(Exception):
    """A job that has not ended has no chunk left: its rows are lost, and to try again finds none either."""


class AddedMeanwhile(Exception):
    """A request has added a number after the contacts to update were looked up, and before it was to be inserted."""


CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, AddedMeanwhile)
"""Caused by concurrent transactions: retried at once, and not counted as a crash."""
NUMBER_KEY = "contact_tenant_id_campaign_id_number_key"
_REFUSALS = {
    ContactRefusal.STOPPED: "The campaign was stopped",
    ContactRefusal.NO_CAMPAIGN: "The campaign is gone",
    ContactRefusal.NO_LIST: "The list is gone",
}


@dataclass(frozen=True, slots=True)
class Worker:
    pool: Pool
    lease: timedelta
    wake: asyncio.Event
    """Set when there may be a job."""
    has_room: Callable[[], bool] = lambda: True
    """Whether the disk of the database has room for more rows: imports wait until it has."""

    async def run(self) -> None:
        """Until cancelled, which releases a claim whose chunk was not committed."""
        task = asyncio.current_task()
        assert task is not None
        # Checked each time: the error of a connection that breaks at that moment replaces the CancelledError.
        with Attempts("imports", unavailable) as attempts:
            while not task.cancelling():
                try:
                    if not await self.step():
                        await self._wait_for_work()
                    attempts.succeeded()
                except UNAVAILABLE as error:
                    attempts.failed(error)
                    await asyncio.sleep(attempts.wait_s(BACK_OFF_S))

    async def step(self) -> bool:
        """Process one chunk; False when there is no job to claim. Raises DiskFull when there is no room for rows."""
        if not self.has_room():
            raise DiskFull(errno.ENOSPC, "imports wait until the disk has room again")
        # A claim is never interrupted: whether it was committed would be unknown, and its lease would stay.
        claiming = asyncio.ensure_future(self._claim())
        try:
            claimed = await asyncio.shield(claiming)
            if claimed is None:
                return False
            await self._attempt(claimed)
        except asyncio.CancelledError:
            await asyncio.shield(self._release_claimed(claiming))
            raise
        return True

    async def _claim(self) -> Claimed | None:
        async with self.pool.acquire() as conn:
            return await store.claim(conn, self.lease)

    async def _give_up(self, claimed: Claimed) -> None:
        async with self.pool.acquire() as conn:
            await store.fail(conn, claimed, f"Gave up after {MAX_ERRORS} attempts at the same rows")
        log.error("import failed", tenant=claimed.tenant_id, job=claimed.job_id, errors=MAX_ERRORS)

    async def _attempt(self, claimed: Claimed) -> None:
        try:
            if claimed.undoing:
                async with self.pool.acquire() as conn, conn.transaction():
                    await undo_chunk(conn, claimed, self.lease)
            else:
                await self._import(claimed)
        except (*UNAVAILABLE, MemoryError):
            # Nothing that the chunk could be blamed for, however often.
            metrics.IMPORT_CHUNKS.labels("unavailable").inc()
            await self._put_back(claimed)
            raise
        except Exception as error:
            if isinstance(error, CONFLICTS) or _is_number_taken(error):
                metrics.IMPORT_CHUNKS.labels("conflict").inc()
                await self._release(claimed)
                return
            metrics.IMPORT_CHUNKS.labels("crashed").inc()
            log.exception("chunk failed", tenant=claimed.tenant_id, job=claimed.job_id, error=type(error).__name__)
            errors = claimed.errors + 1
            if errors >= MAX_ERRORS and not claimed.undoing:
                await self._give_up(claimed)
                return
            async with self.pool.acquire() as conn:
                await store.reschedule(conn, claimed, backoff_after(errors), own_error=True)

    async def _put_back(self, claimed: Claimed) -> None:
        """Let others of its tenant go first. If even that fails, the lease ends by itself."""
        with suppress(*UNAVAILABLE):
            async with asyncio.timeout(RELEASE_TIMEOUT_S), self.pool.acquire() as conn:
                await store.reschedule(conn, claimed, backoff_after(claimed.attempts), own_error=False)

    async def _import(self, claimed: Claimed) -> None:
        """Import one chunk. Numbers are looked up if the campaign had some of the previous chunk's, or has some of
        this one's.

        Looking up each number costs a quarter more than inserting it, and most files have only new numbers.
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

    async def _release(self, claimed: Claimed) -> None:
        async with self.pool.acquire() as conn:
            await store.release(conn, claimed)

    async def _release_claimed(self, claiming: "asyncio.Future[Claimed | None]") -> None:
        """Release the claim, if one was made; while the database is unavailable, the lease ends by itself."""
        with suppress(*UNAVAILABLE):
            async with asyncio.timeout(RELEASE_TIMEOUT_S):
                claimed = await claiming
                if claimed is not None:
                    await self._release(claimed)

    async def _wait_for_work(self) -> None:
        self.wake.clear()
        try:
            async with asyncio.timeout(POLL_S):
                await self.wake.wait()
        except TimeoutError:
            return


def _is_number_taken(error: Exception) -> bool:
    """Whether the campaign has a number that was to be inserted. If it was looked up, another transaction has added it
    since."""
    if not isinstance(error, asyncpg.UniqueViolationError):
        return False
    # Citus names the constraint, with the shard's suffix, in the message alone.
    return NUMBER_KEY in (getattr(error, "constraint_name", None) or str(error))


def backoff_after(attempts: int) -> timedelta:
    """The back-off of a chunk after so many attempts in a row: 0.1 s, doubled each time, at most 60 s."""
    return timedelta(seconds=min(0.1 * 2 ** min(attempts - 1, 20), 60))


async def import_chunk(conn: Connection, claimed: Claimed, lease: timedelta, *, look_up: bool) -> None:
    """Import one chunk within the caller's transaction: writes contacts, outcomes, counters and cursor together.

    Without `look_up`, a number that the campaign has raises asyncpg.UniqueViolationError.
    """
    taken = await store.take(conn, claimed, lease)
    if taken is None:
        if await store.holds(conn, claimed):
            raise ChunkMissing
        _lost(claimed)
        return
    payload = chunk.decode_payload(taken.payload)
    if claimed.dry_run:
        imported = await _dry_run(conn, claimed, payload.contacts)
    elif claimed.updates:
        imported = await _add_or_update(conn, claimed, payload.contacts)
    else:
        imported = await _add(conn, claimed, taken, payload.contacts, look_up=look_up)
    if isinstance(imported, ContactRefusal):
        await store.fail(conn, claimed, _REFUSALS[imported])
        log.warning("import failed", tenant=claimed.tenant_id, job=claimed.job_id, why=_REFUSALS[imported])
        return
    updated = imported.outcome.updated(chunk.decode_sent(taken.sent).repeats) if claimed.updates else 0
    counts = core.counts(payload.rows, payload.failed, imported.outcome, updated)
    status = await store.advance(conn, claimed, taken, counts, codec.encode(imported.outcome), imported)
    _count(claimed.tenant_id, counts)
    if status is JobStatus.DONE:
        log.info("import done", tenant=claimed.tenant_id, job=claimed.job_id)


async def _add(
    conn: Connection, claimed: Claimed, taken: Taken, new: NewContacts, *, look_up: bool
) -> core.Imported | ContactRefusal:
    assert claimed.list_id is not None
    place = (claimed.tenant_id, claimed.campaign_id, claimed.list_id)
    refusal = await bulk_store.lock_list(conn, *place)
    if refusal is not None:
        return refusal
    if not look_up:
        return core.import_outcome(await bulk_store.insert_columns(conn, *place, new), frozenset(), frozenset())
    contact_ids, found = await bulk_store.insert_unknown(conn, *place, new)
    repeats = core.possible_repeats(found, taken.first_contact_id)
    ours = await store.made_by(conn, claimed.tenant_id, claimed.job_id, repeats)
    return core.import_outcome(contact_ids, set(found), ours)


async def _add_or_update(conn: Connection, claimed: Claimed, new: NewContacts) -> core.Imported | ContactRefusal:
    """Update the contacts that the campaign has, and then insert the others: that is the order of locks."""
    assert claimed.list_id is not None
    place = (claimed.tenant_id, claimed.campaign_id, claimed.list_id)
    refusal = await bulk_store.lock_list(conn, *place)
    if refusal is not None:
        return refusal
    numbers = new.number_list()
    contacts_of = await bulk_store.known_numbers(conn, claimed.tenant_id, claimed.campaign_id, numbers)
    known = {at: contacts_of[number] for at, number in enumerate(numbers) if number in contacts_of}
    left = await update_store.update_many(conn, claimed.tenant_id, claimed.campaign_id, new, known)
    contact_ids, found = await bulk_store.insert_unknown(conn, *place, new)
    if not set(found) <= set(contacts_of.values()):
        raise AddedMeanwhile
    return core.update_outcome(contact_ids, set(found), left)


async def _dry_run(conn: Connection, claimed: Claimed, new: NewContacts) -> core.Imported | ContactRefusal:
    """The outcome that `_add` would have if nothing else were added to the campaign."""
    status = await store.campaign_status(conn, claimed.tenant_id, claimed.campaign_id)
    if status is None or status == contacts.STOPPED:
        return ContactRefusal.NO_CAMPAIGN if status is None else ContactRefusal.STOPPED
    numbers = new.number_list()
    known = await bulk_store.known_numbers(conn, claimed.tenant_id, claimed.campaign_id, numbers)
    left: set[ContactId] = set()
    if claimed.updates:
        places = {at: known[number] for at, number in enumerate(numbers) if number in known}
        left = await update_store.overfull(conn, claimed.tenant_id, claimed.campaign_id, new, places)
    seen = await store.see(conn, claimed.tenant_id, claimed.job_id, set(numbers) - known.keys())
    return core.dry_run_outcome(
        [known.get(number) for number in numbers],
        [number in seen for number in numbers],
        left,
        updates=claimed.updates,
    )


async def undo_chunk(conn: Connection, claimed: Claimed, lease: timedelta) -> None:
    """Undo one chunk within the caller's transaction: delete its contacts that were never called."""
    taken = await undo_store.next_chunk_to_undo(conn, claimed, lease)
    if taken is None:
        _lost(claimed)
        return
    seq, outcome = taken
    created = codec.created_ids(codec.decode(outcome))
    removed = await bulk_store.remove_many(conn, claimed.tenant_id, claimed.campaign_id, created)
    undone = await undo_store.mark_chunk_undone(conn, claimed, seq, removed)
    metrics.IMPORT_CHUNKS.labels("undone").inc()
    metrics.COUNTS.import_rows(claimed.tenant_id, "removed", removed)
    if undone:
        log.info("import undone", tenant=claimed.tenant_id, job=claimed.job_id)


def _lost(claimed: Claimed) -> None:
    metrics.IMPORT_CHUNKS.labels("lease lost").inc()
    log.warning("lease lost", tenant=claimed.tenant_id, job=claimed.job_id)


def _count(tenant_id: TenantId, counts: core.Counts) -> None:
    metrics.IMPORT_CHUNKS.labels("imported").inc()
    metrics.COUNTS.import_rows(tenant_id, "created", counts.created)
    metrics.COUNTS.import_rows(tenant_id, "updated", counts.updated)
    metrics.COUNTS.import_rows(tenant_id, "duplicate", counts.duplicate)
    metrics.COUNTS.import_rows(tenant_id, "failed", counts.failed)
