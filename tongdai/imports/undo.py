"""Undoing an import, in the database: requested once, then carried out by the workers, one chunk a transaction."""

from datetime import timedelta
from enum import Enum, auto

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, JobId, TenantId
from tongdai.imports.model import Claimed, Job
from tongdai.imports.store import DROP_CHUNKS, announce, find


class NotUndone(Enum):
    """Why an import cannot be undone."""

    NO_JOB = auto()
    ROWS_DROPPED = auto()


# Waits for the chunk that is being imported. With a new fence, no worker can import the next one.
REQUEST_UNDO = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update import_job set
    status = case when finished_at is null then 'failed' else status end,
    error_message = case when finished_at is null then 'Stopped and undone' else error_message end,
    finished_at = coalesce(finished_at, now_at), fence = fence + 1, attempts = 0, lease_until = null,
    undo_requested_at = now_at, undone_at = case when dry_run or created_rows = 0 then now_at end
from clock
where tenant_id = $1 and campaign_id = $2 and job_id = $3 and undo_requested_at is null and rows_state = 'kept'
returning true
"""


async def request_undo(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId, by: Author
) -> Job | NotUndone:
    """Stop a job if it runs, and have the workers remove its contacts. Idempotent."""
    async with conn.transaction():
        if await conn.fetchval(REQUEST_UNDO, tenant_id, campaign_id, job_id):
            await conn.execute(DROP_CHUNKS, tenant_id, job_id)
            await audit.record(conn, tenant_id, by, "import.undo", f"import {job_id}")
            await announce(conn)
        job = await find(conn, tenant_id, campaign_id, job_id)
    if job is None:
        return NotUndone.NO_JOB
    return job if job.undo_requested_at is not None else NotUndone.ROWS_DROPPED


# Locks the row and checks the fence, like TAKE.
NEXT_CHUNK_TO_UNDO = """
with clock as materialized (
    select clock_timestamp() + $4::interval as lease_until
), held as (
    update import_job set lease_until = clock.lease_until from clock
    where tenant_id = $1 and job_id = $2 and fence = $3 and undo_requested_at is not null and undone_at is null
    returning true
)
select seq, contacts from held, import_outcome
where tenant_id = $1 and job_id = $2 and not undone and created > 0 order by seq limit 1
"""


async def next_chunk_to_undo(conn: Connection, claimed: Claimed, lease: timedelta) -> tuple[int, bytes] | None:
    """The next chunk to undo: its number and its contacts' outcome. None when the claim is no longer the newest."""
    row = await conn.fetchrow(NEXT_CHUNK_TO_UNDO, claimed.tenant_id, claimed.job_id, claimed.fence, lease)
    return None if row is None else (row["seq"], row["contacts"])


# `more` excludes this chunk: a statement does not see the rows that it updates, so it would still count as one to undo.
MARK_CHUNK_UNDONE = """
with clock as materialized (
    select clock_timestamp() as now_at
), marked as (
    update import_outcome set undone = true where tenant_id = $1 and job_id = $2 and seq = $3
), more as (
    select exists (
        select from import_outcome where tenant_id = $1 and job_id = $2 and seq <> $3 and not undone and created > 0
    ) as chunks
), counted as (
    update import_job j set removed_rows = removed_rows + $4, attempts = 0, lease_until = null,
        undone_at = case when more.chunks then null else clock.now_at end
    from more, clock where j.tenant_id = $1 and j.job_id = $2 returning j.undone_at is not null as undone
)
select undone from counted
"""


async def mark_chunk_undone(conn: Connection, claimed: Claimed, seq: int, removed: int) -> bool:
    """Record how many contacts of a chunk were removed, and release the job; whether it was the last chunk."""
    return bool(await conn.fetchval(MARK_CHUNK_UNDONE, claimed.tenant_id, claimed.job_id, seq, removed))
