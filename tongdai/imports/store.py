"""Import jobs, their chunks and turns, and the outcomes of their rows, in the database."""

from collections.abc import Collection, Iterable
from datetime import timedelta

import asyncpg
import msgspec

from tongdai.db.pool import UPLOAD_TIMEOUT_S, Connection
from tongdai.files.detected import Detected
from tongdai.ids import CampaignId, ContactId, JobId, ListId, TenantId
from tongdai.imports.chunk import Chunk
from tongdai.imports.core import Counts, Imported
from tongdai.imports.model import Claimed, Job, JobStatus, Taken
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

JOB_ADDED = "tongdai_import"
"""The channel on which workers are notified of work: a new job, or one to undo."""

CAMPAIGN_STATUS = "select status from campaign where tenant_id = $1 and campaign_id = $2"


async def campaign_status(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> int | None:
    return await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)


CREATE = """
insert into import_job (tenant_id, campaign_id, list_id, list_name, dry_run, keeps_seen, format, file_name, total_rows,
    update_existing)
values ($1, $2, $3, $4, $5, $5, $6, $7, 0, $8) returning job_id
"""


async def create(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    list_id: ListId | None,
    list_name: str,
    *,
    dry_run: bool = False,
    format: str = "json",  # noqa: A002 - as the column is named
    file_name: str | None = None,
    updates: bool = False,
) -> JobId:
    """A job whose chunks follow, and then `received`, in the same transaction.

    `list_id` None: a dry run into a list that the campaign does not have.
    """
    return await conn.fetchval(CREATE, tenant_id, campaign_id, list_id, list_name, dry_run, format, file_name, updates)


RECEIVED = "update import_job set total_rows = $3, detected = $4, headings = $5 where tenant_id = $1 and job_id = $2"


async def received(
    conn: Connection,
    tenant_id: TenantId,
    job_id: JobId,
    total_rows: int,
    detected: Detected | None = None,
    headings: list[list[str]] | None = None,
) -> None:
    """Record how many rows the job has, once all are stored, what was detected in its file, and its headers."""
    await conn.execute(RECEIVED, tenant_id, job_id, total_rows, detected, headings)


async def add_chunks(conn: Connection, tenant_id: TenantId, job_id: JobId, chunks: Iterable[Chunk]) -> None:
    """Store the chunks of a job, in their order."""
    records = ((tenant_id, job_id, seq, one.payload, one.sent) for seq, one in enumerate(chunks))
    columns = ("tenant_id", "job_id", "seq", "payload", "sent")
    await conn.copy_records_to_table("import_chunk", records=records, columns=columns, timeout=UPLOAD_TIMEOUT_S)


async def announce(conn: Connection) -> None:
    """Wake the workers when this transaction commits."""
    await conn.execute("select pg_notify($1, '')", JOB_ADDED)


_JOB = """
    job_id, campaign_id, list_id, list_name, status, total_rows, created_rows,
    duplicate_rows - updated_rows as duplicate_rows, failed_rows, error_message, started_at, finished_at, dry_run,
    removed_rows, undo_requested_at, undone_at, rows_state = 'kept' as rows_kept, detected, update_existing,
    updated_rows
"""
FIND = f"select {_JOB} from import_job where tenant_id = $1 and campaign_id = $2 and job_id = $3"


async def find(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId) -> Job | None:
    row = await conn.fetchrow(FIND, tenant_id, campaign_id, job_id)
    return None if row is None else _job(row)


# One row without a job tells a page past the end; no row, that there is no such campaign.
PAGE = f"""
select total.jobs as total, j.* from campaign c
cross join lateral (
    select count(*) as jobs from import_job where tenant_id = $1 and campaign_id = c.campaign_id
) total
left join lateral (
    select {_JOB} from import_job where tenant_id = $1 and campaign_id = c.campaign_id
    order by job_id desc limit $3 offset $4
) j on true
where c.tenant_id = $1 and c.campaign_id = $2 order by j.job_id desc
"""


async def page(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, limit: int, offset: int
) -> tuple[list[Job], int] | None:
    """A page of a campaign's jobs, newest first, and how many there are; None when there is no such campaign."""
    rows = await conn.fetch(PAGE, tenant_id, campaign_id, limit, offset)
    return ([_job(row) for row in rows if row["job_id"] is not None], rows[0]["total"]) if rows else None


AFTER = f"""
select j.* from campaign c
left join lateral (
    select {_JOB} from import_job where tenant_id = $1 and campaign_id = c.campaign_id and job_id < $3
    order by job_id desc limit $4
) j on true
where c.tenant_id = $1 and c.campaign_id = $2 order by j.job_id desc
"""


async def after(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId | None, limit: int
) -> list[Job] | None:
    """The campaign's next jobs behind one (None: the newest), newest first; None when there is no such campaign."""
    rows = await conn.fetch(AFTER, tenant_id, campaign_id, 2**63 - 1 if job_id is None else job_id, limit)
    return [_job(row) for row in rows if row["job_id"] is not None] if rows else None


# Over all tenants, without locks. The least recently served come first.
TENANTS_WITH_WORK = """
select j.tenant_id from import_job j left join import_turn t on t.tenant_id = j.tenant_id
where j.undone_at is null and (j.finished_at is null or j.undo_requested_at is not null)
    and (j.lease_until is null or j.lease_until < now())
group by j.tenant_id, t.served_at order by t.served_at nulls first, j.tenant_id limit $1
"""
_TENANTS = 20
# The oldest job of the tenant without a lease. After three claims in a row that ended in nothing the lease is twice as
# long each time, at most 32 times: rows that kill the process do so ever more seldom.
CLAIM = """
with clock as materialized (
    select clock_timestamp() as now_at
), next as (
    select job_id, now_at + $2::interval * power(2, least(greatest(import_job.attempts - 2, 0), 5)) as lease_until
    from import_job, clock
    where tenant_id = $1 and undone_at is null and (finished_at is null or undo_requested_at is not null)
        and (import_job.lease_until is null or import_job.lease_until < now_at)
    order by job_id limit 1 for update of import_job skip locked
), claimed as (
    update import_job j set status = case when j.finished_at is null then 'processing' else j.status end,
        started_at = case when j.finished_at is null then coalesce(j.started_at, clock.now_at) else j.started_at end,
        fence = j.fence + 1, attempts = least(j.attempts, 1000) + 1, lease_until = next.lease_until
    from next, clock where j.tenant_id = $1 and j.job_id = next.job_id
    returning j.tenant_id, j.job_id, j.campaign_id, j.list_id, j.dry_run, j.finished_at is not null as undoing,
        j.fence, j.attempts, j.errors, j.meets_known, j.update_existing
)
select tenant_id, job_id, campaign_id, list_id, dry_run, undoing, fence, attempts, errors, meets_known,
    update_existing as updates
from claimed
"""
# A statement of its own: Citus cannot run an upsert beside a CTE that locks rows.
TURN = """
insert into import_turn (tenant_id, served_at) values ($1, clock_timestamp())
on conflict (tenant_id) do update set served_at = excluded.served_at
"""


async def claim(conn: Connection, lease: timedelta) -> Claimed | None:
    """Claim the oldest job of the tenant served least recently; None when there is none. Concurrent callers get
    different jobs."""
    for tenant in await conn.fetch(TENANTS_WITH_WORK, _TENANTS):
        async with conn.transaction():
            row = await conn.fetchrow(CLAIM, tenant["tenant_id"], lease)
            if row is not None:
                await conn.execute(TURN, tenant["tenant_id"])
                return Claimed(**dict(row))
    return None


# The first statement in the transaction of a chunk: locks the job's row until the end, so that no other worker claims
# the job meanwhile.
TAKE = """
with clock as materialized (
    select clock_timestamp() + $4::interval as lease_until
), held as (
    update import_job set lease_until = clock.lease_until from clock
    where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing'
    returning created_rows + duplicate_rows + failed_rows + 1 as first_row, first_contact_id
), taken as (
    delete from import_chunk where tenant_id = $1 and job_id = $2 and exists (select from held)
        and seq = (select min(seq) from import_chunk where tenant_id = $1 and job_id = $2)
    returning seq, payload, sent
)
select seq, payload, sent, first_row, first_contact_id from held cross join taken
"""


async def take(conn: Connection, claimed: Claimed, lease: timedelta) -> Taken | None:
    """Take the next chunk. None when the claim is no longer the newest: then nothing may be written."""
    row = await conn.fetchrow(TAKE, claimed.tenant_id, claimed.job_id, claimed.fence, lease)
    return None if row is None else Taken(**dict(row))


HOLDS = """
select exists (
    select from import_job where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing'
)
"""


async def holds(conn: Connection, claimed: Claimed) -> bool:
    """Whether the claim is still the newest, and the job has not ended."""
    return await conn.fetchval(HOLDS, claimed.tenant_id, claimed.job_id, claimed.fence)


# Rows written in one transaction have its start as created_at, and the outcome has the same as taken_at.
MADE_BY = """
select c.contact_id from unnest($3::bigint[]) wanted (contact_id)
cross join lateral (
    select contact_id, created_at from contact where tenant_id = $1 and contact_id = wanted.contact_id limit 1
) c
cross join lateral (
    select from import_outcome where tenant_id = $1 and job_id = $2 and taken_at = c.created_at limit 1
) made
"""


async def made_by(
    conn: Connection, tenant_id: TenantId, job_id: JobId, contact_ids: Collection[ContactId]
) -> set[ContactId]:
    """Select the contacts that earlier chunks of the job created."""
    if not contact_ids:
        return set()
    return {row["contact_id"] for row in await conn.fetch(MADE_BY, tenant_id, job_id, contact_ids)}


SEE = """
insert into import_seen (tenant_id, job_id, number) select $1, $2, number from unnest($3::bigint[]) number
on conflict do nothing returning number
"""


async def see(conn: Connection, tenant_id: TenantId, job_id: JobId, numbers: Iterable[int]) -> set[int]:
    """Record the numbers of a dry run; returns those that are new to it."""
    return {row["number"] for row in await conn.fetch(SEE, tenant_id, job_id, sorted(numbers))}


ADVANCE = """
with clock as materialized (
    select clock_timestamp() as now_at
), kept as (
    insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts, updated)
    values ($1, $2, $6, $7, $3, $4, $5, $8, $9, $12)
), more as (
    select exists (select from import_chunk where tenant_id = $1 and job_id = $2) as chunks
), advanced as (
    update import_job j set created_rows = created_rows + $3, duplicate_rows = duplicate_rows + $4,
        failed_rows = failed_rows + $5, updated_rows = updated_rows + $12,
        first_contact_id = least(first_contact_id, $10), meets_known = $11,
        attempts = 0, errors = 0, lease_until = null, status = case when more.chunks then j.status else 'done' end,
        finished_at = case when more.chunks then null else clock.now_at end
    from more, clock where j.tenant_id = $1 and j.job_id = $2 returning j.status
)
select status from advanced
"""


async def advance(
    conn: Connection, claimed: Claimed, taken: Taken, counts: Counts, contacts: bytes, imported: Imported
) -> JobStatus:
    """Count a chunk, store the outcome of its contacts, and release the job: done when it was the last chunk."""
    status = await conn.fetchval(
        ADVANCE,
        claimed.tenant_id,
        claimed.job_id,
        counts.created,
        counts.duplicate + counts.updated,  # as the table counts
        counts.failed,
        taken.seq,
        taken.first_row,
        taken.sent,
        contacts,
        imported.first_created,
        imported.meets_known,
        counts.updated,
    )
    if status == JobStatus.DONE:
        await _publish_done(conn, claimed)
    return JobStatus(status)


ENDED = """
select job_id as "jobId", campaign_id as "campaignId", list_id as "listId", status, error_message as "errorMessage",
    total_rows as "totalRows", created_rows as "createdRows", duplicate_rows - updated_rows as "duplicateRows",
    updated_rows as "updatedRows", failed_rows as "failedRows", dry_run as "dryRun"
from import_job where tenant_id = $1 and job_id = $2
"""


async def _publish_done(conn: Connection, claimed: Claimed) -> None:
    row = await conn.fetchrow(ENDED, claimed.tenant_id, claimed.job_id)
    assert row is not None, "the job is locked"
    await outbox.publish(conn, claimed.tenant_id, Event.IMPORT_DONE, dict(row))


FAIL = """
with clock as materialized (
    select clock_timestamp() as now_at
)
update import_job set status = 'failed', error_message = $4, finished_at = now_at, lease_until = null from clock
where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing' returning true
"""
DROP_CHUNKS = "delete from import_chunk where tenant_id = $1 and job_id = $2"


async def fail(conn: Connection, claimed: Claimed, why: str) -> None:
    """End a job as a whole; what it has created stays. Without effect once another worker has claimed it."""
    async with conn.transaction():
        if await conn.fetchval(FAIL, claimed.tenant_id, claimed.job_id, claimed.fence, why):
            await conn.execute(DROP_CHUNKS, claimed.tenant_id, claimed.job_id)
            await _publish_done(conn, claimed)


# A committed chunk has cleared the lease, so a worker that is stopped while it commits does not reset attempts twice.
RELEASE = """
update import_job set lease_until = null, attempts = attempts - 1
where tenant_id = $1 and job_id = $2 and fence = $3 and lease_until is not null
"""


async def release(conn: Connection, claimed: Claimed) -> None:
    """Release a job of which nothing was written, without counting the attempt: a worker that stops has not crashed."""
    await conn.execute(RELEASE, claimed.tenant_id, claimed.job_id, claimed.fence)


RESCHEDULE = """
with clock as materialized (
    select clock_timestamp() + $4::interval as not_before
)
update import_job set lease_until = clock.not_before, attempts = attempts - 1, errors = least(errors, 1000) + $5
from clock where tenant_id = $1 and job_id = $2 and fence = $3 and lease_until is not null
"""


async def reschedule(conn: Connection, claimed: Claimed, pause: timedelta, *, own_error: bool) -> None:
    """Release a job whose chunk was not imported: it can be claimed again after `pause`. `own_error`: the chunk itself
    is at fault."""
    await conn.execute(RESCHEDULE, claimed.tenant_id, claimed.job_id, claimed.fence, pause, int(own_error))


OPEN = """
select status, count(*) as jobs from import_job where undone_at is null and finished_at is null group by status
"""


async def open_jobs(conn: Connection) -> dict[JobStatus, int]:
    """The number of jobs that have not ended, by status, for the metrics."""
    counts = dict.fromkeys((JobStatus.PENDING, JobStatus.PROCESSING), 0)
    return counts | {JobStatus(row["status"]): row["jobs"] for row in await conn.fetch(OPEN)}


def _job(row: asyncpg.Record) -> Job:
    return Job(
        row["job_id"],
        row["campaign_id"],
        row["list_id"],
        row["list_name"],
        JobStatus(row["status"]),
        row["total_rows"],
        row["created_rows"],
        row["duplicate_rows"],
        row["failed_rows"],
        row["error_message"],
        row["started_at"],
        row["finished_at"],
        row["dry_run"],
        row["removed_rows"],
        row["undo_requested_at"],
        row["undone_at"],
        row["rows_kept"],
        None if row["detected"] is None else msgspec.convert(row["detected"], Detected),
        row["update_existing"],
        row["updated_rows"],
    )
