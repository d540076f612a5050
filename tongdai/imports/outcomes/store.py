"""The outcomes of the rows of imports in the database, which keeps them for a time."""

from datetime import timedelta
from typing import NamedTuple

from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, JobId, TenantId
from tongdai.imports.model import ChunkOnPage, ImportedChunk, RowOutcome, SentFile

# How many rows of each chunk have the outcome asked for, and how many the chunks before it. The values of the
# rows, nearly all of their size, are not read.
PLACES = """
with chunk as materialized (
    select seq,
        case $3::text when 'created' then created when 'updated' then updated
            when 'duplicate' then duplicate - updated when 'failed' then failed
            else created + duplicate + failed end as matching
    from import_outcome where tenant_id = $1 and job_id = $2
), place as (
    select seq, matching, (sum(matching) over (order by seq) - matching)::bigint as before from chunk
)
select total.matching as total, place.seq, place.before
from (select coalesce(sum(matching), 0)::bigint as matching from chunk) total
left join place on place.matching > 0 and before < $4::bigint + $5::bigint and before + place.matching > $5::bigint
order by seq
"""


async def places(
    conn: Connection, tenant_id: TenantId, job_id: JobId, wanted: RowOutcome | None, limit: int, offset: int
) -> tuple[list[ChunkOnPage], int]:
    """The chunks that a page of rows begins and ends in, and how many rows match, of those processed so far."""
    rows = await conn.fetch(PLACES, tenant_id, job_id, wanted, limit, offset)
    return [ChunkOnPage(row["seq"], row["before"]) for row in rows if row["seq"] is not None], rows[0][0]


CHUNK = "select seq, first_row, sent, contacts from import_outcome where tenant_id = $1 and job_id = $2 and seq = $3"


async def chunk(conn: Connection, tenant_id: TenantId, job_id: JobId, seq: int) -> ImportedChunk | None:
    """A chunk and its outcome; None when it is no longer kept."""
    row = await conn.fetchrow(CHUNK, tenant_id, job_id, seq)
    return None if row is None else ImportedChunk(**dict(row))


NEXT_CHUNK = """
select seq, first_row, sent, contacts from import_outcome where tenant_id = $1 and job_id = $2 and seq > $3
    and case $4::text when 'created' then created when 'updated' then updated
        when 'duplicate' then duplicate - updated when 'failed' then failed else 1 end > 0
order by seq limit 1
"""


async def next_chunk(
    conn: Connection, tenant_id: TenantId, job_id: JobId, after: int, wanted: RowOutcome | None
) -> ImportedChunk | None:
    """The next chunk with such rows."""
    row = await conn.fetchrow(NEXT_CHUNK, tenant_id, job_id, after, wanted)
    return None if row is None else ImportedChunk(**dict(row))


FILE = """
select format, headings, rows_state = 'kept' as rows_kept from import_job
where tenant_id = $1 and campaign_id = $2 and job_id = $3
"""


async def file_of(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, job_id: JobId) -> SentFile | None:
    """The file of a job; None when there is no such job."""
    row = await conn.fetchrow(FILE, tenant_id, campaign_id, job_id)
    return None if row is None else SentFile(**dict(row))


# Over all tenants: no row is locked. No undo begins once the first outcomes are gone, and none is in the middle.
JOB_TO_DROP = """
select tenant_id, job_id from import_job
where rows_state <> 'dropped' and finished_at < now() - $1::interval
    and (undo_requested_at is null or undone_at is not null)
order by finished_at limit 1
"""
DROP_ROWS = """
with old as (
    select job_id from import_job
    where tenant_id = $1 and job_id = $2 and rows_state <> 'dropped'
        and (undo_requested_at is null or undone_at is not null)
    for update skip locked
), first as materialized (
    select seq from import_outcome
    where tenant_id = $1 and job_id = $2 and exists (select from old) order by seq limit $3
), gone as (
    delete from import_outcome o using first where o.tenant_id = $1 and o.job_id = $2 and o.seq = first.seq
    returning true
), marked as (
    update import_job j set rows_state = case when (select count(*) from gone) < $3 then 'dropped' else 'dropping' end
    from old where j.tenant_id = $1 and j.job_id = old.job_id returning true
)
select count(*) from marked
"""
DROPPED_CHUNKS = 100


async def drop_rows(conn: Connection, age: timedelta) -> bool:
    """Forget the outcomes of some rows of a job that ended longer ago; False when there are none."""
    job = await conn.fetchrow(JOB_TO_DROP, age)
    return job is not None and bool(await conn.fetchval(DROP_ROWS, *job, DROPPED_CHUNKS))


# Over all tenants: no row is locked.
DRY_RUN_TO_FORGET = """
select tenant_id, job_id from import_job where keeps_seen and finished_at is not null
order by tenant_id, job_id limit 1
"""
DROP_SEEN = """
with ended as (
    select job_id from import_job
    where tenant_id = $1 and job_id = $2 and keeps_seen and finished_at is not null for update skip locked
), first as materialized (
    select number from import_seen
    where tenant_id = $1 and job_id = $2 and exists (select from ended) order by number limit $3
), gone as (
    delete from import_seen s using first where s.tenant_id = $1 and s.job_id = $2 and s.number = first.number
    returning true
), marked as (
    update import_job j set keeps_seen = (select count(*) from gone) = $3
    from ended where j.tenant_id = $1 and j.job_id = ended.job_id returning true
)
select count(*) from marked
"""
DROPPED_NUMBERS = 20_000


async def drop_seen(conn: Connection) -> bool:
    """Forget some numbers of a dry run that has ended; False when there are none."""
    job = await conn.fetchrow(DRY_RUN_TO_FORGET)
    return job is not None and bool(await conn.fetchval(DROP_SEEN, *job, DROPPED_NUMBERS))


NEXT_SENT = """
select job_id, seq, sent from import_outcome where tenant_id = $1 and (job_id, seq) > ($2, $3)
order by job_id, seq limit $4
"""
REPLACE_SENT = """
update import_outcome set sent = $5 where tenant_id = $1 and job_id = $2 and seq = $3 and sent = $4
"""
OPEN = "select count(*) from import_job where tenant_id = $1 and finished_at is null"


class SentChunk(NamedTuple):
    """The values of the rows of an imported chunk, as sent."""

    job_id: JobId
    seq: int
    sent: bytes


async def next_sent(conn: Connection, tenant_id: TenantId, after: tuple[JobId, int], limit: int) -> list[SentChunk]:
    """The next chunks of all imports of a tenant whose rows are kept, behind one."""
    return [SentChunk(*row) for row in await conn.fetch(NEXT_SENT, tenant_id, *after, limit)]


async def replace_sent(conn: Connection, tenant_id: TenantId, chunk: SentChunk, sent: bytes) -> None:
    """Store what is left of the rows of a chunk."""
    await conn.execute(REPLACE_SENT, tenant_id, chunk.job_id, chunk.seq, chunk.sent, sent)


async def open_imports(conn: Connection, tenant_id: TenantId) -> int:
    """Number of a tenant's imports that have not ended."""
    return await conn.fetchval(OPEN, tenant_id)
