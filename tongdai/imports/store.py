"""Import jobs, their chunks and turns in the database."""

from datetime import timedelta

import asyncpg

from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, JobId, ListId, TenantId
from tongdai.imports.model import Claimed, Job, JobStatus, Outcome

JOB_ADDED = "tongdai_import"
"""The channel on which a new job is told to the workers."""

CAMPAIGN_STATUS = "select status from campaign where tenant_id = $1 and campaign_id = $2"


async def campaign_status(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> int | None:
    return await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)


CREATE = """
insert into import_job (tenant_id, campaign_id, list_id, total_rows) values ($1, $2, $3, $4) returning job_id
"""


async def create(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, total_rows: int
) -> JobId:
    """A job whose chunks follow in the same transaction."""
    return await conn.fetchval(CREATE, tenant_id, campaign_id, list_id, total_rows)


ADD_CHUNK = "insert into import_chunk (tenant_id, job_id, seq, payload) values ($1, $2, $3, $4)"


async def add_chunk(conn: Connection, tenant_id: TenantId, job_id: JobId, seq: int, payload: bytes) -> None:
    await conn.execute(ADD_CHUNK, tenant_id, job_id, seq, payload)


async def announce(conn: Connection) -> None:
    """Wake the workers when this transaction commits."""
    await conn.execute("select pg_notify($1, '')", JOB_ADDED)


FIND = """
select job_id, campaign_id, list_id, l.name as list_name, status, total_rows, created_rows, duplicate_rows, failed_rows,
    error_message, started_at, finished_at
from import_job j join contact_list l using (tenant_id, campaign_id, list_id)
where tenant_id = $1 and campaign_id = $2 and job_id = $3
"""


async def find(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId) -> Job | None:
    row = await conn.fetchrow(FIND, tenant_id, campaign_id, job_id)
    return None if row is None else _job(row)


# The tenant whose last turn is longest ago, and of it the oldest job that nobody holds.
CLAIM = """
with next as (
    select j.tenant_id, j.job_id from import_job j left join import_turn t using (tenant_id)
    where j.status in ('pending', 'processing') and (j.lease_until is null or j.lease_until < clock_timestamp())
    order by t.served_at nulls first, j.tenant_id, j.job_id limit 1 for update of j skip locked
), turn as (
    insert into import_turn (tenant_id, served_at) select tenant_id, clock_timestamp() from next
    on conflict (tenant_id) do update set served_at = excluded.served_at
)
update import_job j set status = 'processing', started_at = coalesce(j.started_at, now()), fence = j.fence + 1,
    attempts = j.attempts + 1, lease_until = clock_timestamp() + $1
from next join tenant using (tenant_id) where j.tenant_id = next.tenant_id and j.job_id = next.job_id
returning j.tenant_id, j.job_id, j.campaign_id, j.list_id, tenant.country, j.fence, j.attempts
"""


async def claim(conn: Connection, lease: timedelta) -> Claimed | None:
    """One job to take a chunk of, tenants in turn; None when there is none. Concurrent callers get different jobs."""
    row = await conn.fetchrow(CLAIM, lease)
    return None if row is None else Claimed(**dict(row))


# First in the transaction of a chunk: it holds the row until the end, so that nobody claims the job meanwhile.
HOLD = """
update import_job set lease_until = clock_timestamp() + $4
where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing' returning true
"""


async def hold(conn: Connection, claimed: Claimed, lease: timedelta) -> bool:
    """Whether the claim is still the newest one: nothing may be written without."""
    return bool(await conn.fetchval(HOLD, claimed.tenant_id, claimed.job_id, claimed.fence, lease))


TAKE_CHUNK = """
delete from import_chunk where tenant_id = $1 and job_id = $2
    and seq = (select min(seq) from import_chunk where tenant_id = $1 and job_id = $2)
returning payload
"""


async def take_chunk(conn: Connection, claimed: Claimed) -> bytes | None:
    """The next chunk's rows; None when all are taken in."""
    return await conn.fetchval(TAKE_CHUNK, claimed.tenant_id, claimed.job_id)


ADVANCE = """
update import_job j set created_rows = created_rows + $3, duplicate_rows = duplicate_rows + $4,
    failed_rows = failed_rows + $5, attempts = 0, lease_until = null,
    status = case when more.chunks then j.status else 'done' end,
    finished_at = case when more.chunks then null else clock_timestamp() end
from (select exists (select from import_chunk where tenant_id = $1 and job_id = $2) as chunks) more
where j.tenant_id = $1 and j.job_id = $2 returning j.status
"""


async def advance(conn: Connection, claimed: Claimed, outcome: Outcome) -> JobStatus:
    """Count a chunk that was taken in and let the job go, done when it was the last."""
    status = await conn.fetchval(
        ADVANCE, claimed.tenant_id, claimed.job_id, outcome.created, outcome.duplicate, outcome.failed
    )
    return JobStatus(status)


FAIL = """
update import_job set status = 'failed', error_message = $4, finished_at = clock_timestamp(), lease_until = null
where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing' returning true
"""
DROP_CHUNKS = "delete from import_chunk where tenant_id = $1 and job_id = $2"


async def fail(conn: Connection, claimed: Claimed, why: str) -> None:
    """End a job as a whole; what it has created stays. Without effect once another worker has claimed it."""
    async with conn.transaction():
        if await conn.fetchval(FAIL, claimed.tenant_id, claimed.job_id, claimed.fence, why):
            await conn.execute(DROP_CHUNKS, claimed.tenant_id, claimed.job_id)


# Once a chunk is taken in there is no lease: a worker that is stopped as it commits takes back no attempt twice.
RELEASE = """
update import_job set lease_until = null, attempts = attempts - 1
where tenant_id = $1 and job_id = $2 and fence = $3 and status = 'processing' and lease_until is not null
"""


async def release(conn: Connection, claimed: Claimed) -> None:
    """Hand back a job that was not touched, at once: a worker that stops has not crashed."""
    await conn.execute(RELEASE, claimed.tenant_id, claimed.job_id, claimed.fence)


OPEN = "select status, count(*) as jobs from import_job where status in ('pending', 'processing') group by status"


async def open_jobs(conn: Connection) -> dict[JobStatus, int]:
    """How many jobs have not ended, for the metrics."""
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
    )
