"""What became of the rows of imports, as it is kept in the database for a time."""

from datetime import timedelta

from tongdai.db.pool import Connection
from tongdai.ids import JobId, TenantId
from tongdai.imports.model import Place, RowOutcome

# How many rows of each chunk have the outcome asked for, and how many the chunks before it; the payloads, which are all
# of its size, are not touched.
PLACES = """
with chunk as materialized (
    select seq, first_row,
        case $3::text when 'created' then created when 'duplicate' then duplicate when 'failed' then failed
            else created + duplicate + failed end as matching
    from import_outcome where tenant_id = $1 and job_id = $2
), place as (
    select seq, first_row, matching, (sum(matching) over (order by seq) - matching)::bigint as before from chunk
)
select total.matching as total, place.seq, place.first_row, place.before
from (select coalesce(sum(matching), 0)::bigint as matching from chunk) total
left join place on place.matching > 0 and before < $4::bigint + $5::bigint and before + place.matching > $5::bigint
order by seq
"""


async def places(
    conn: Connection, tenant_id: TenantId, job_id: JobId, wanted: RowOutcome | None, limit: int, offset: int
) -> tuple[list[Place], int]:
    """The chunks that a page of rows begins and ends in, and how many rows match, of those that are taken in."""
    rows = await conn.fetch(PLACES, tenant_id, job_id, wanted, limit, offset)
    return [Place(row["seq"], row["first_row"], row["before"]) for row in rows if row["seq"] is not None], rows[0][0]


PAYLOAD = "select payload from import_outcome where tenant_id = $1 and job_id = $2 and seq = $3"


async def payload(conn: Connection, tenant_id: TenantId, job_id: JobId, seq: int) -> bytes | None:
    """What became of the rows of a chunk; None when it is no longer kept."""
    return await conn.fetchval(PAYLOAD, tenant_id, job_id, seq)


NEXT_PAYLOAD = """
select seq, first_row, payload from import_outcome where tenant_id = $1 and job_id = $2 and seq > $3
    and case $4::text when 'created' then created when 'duplicate' then duplicate when 'failed' then failed
        else 1 end > 0
order by seq limit 1
"""


async def next_payload(
    conn: Connection, tenant_id: TenantId, job_id: JobId, after: int, wanted: RowOutcome | None
) -> tuple[int, int, bytes] | None:
    """The next chunk with such rows: its place, the number of its first row, and what became of its rows."""
    row = await conn.fetchrow(NEXT_PAYLOAD, tenant_id, job_id, after, wanted)
    return None if row is None else (row["seq"], row["first_row"], row["payload"])


# No undo begins once the first of them are gone, and none is in the middle.
DROP_ROWS = """
with old as (
    select tenant_id, job_id from import_job
    where rows_state <> 'dropped' and finished_at < now() - $1::interval
        and (undo_requested_at is null or undone_at is not null)
    order by finished_at limit 1 for update skip locked
), gone as (
    delete from import_outcome o using (
        select tenant_id, job_id, seq from import_outcome join old using (tenant_id, job_id) order by seq limit $2
    ) first
    where o.tenant_id = first.tenant_id and o.job_id = first.job_id and o.seq = first.seq returning true
)
update import_job j
set rows_state = case when (select count(*) from gone) < $2 then 'dropped' else 'dropping' end
from old where j.tenant_id = old.tenant_id and j.job_id = old.job_id returning true
"""
DROPPED_CHUNKS = 100


async def drop_rows(conn: Connection, age: timedelta) -> bool:
    """Forget the outcomes of some rows of a job that ended longer ago; False when there are none."""
    return bool(await conn.fetchval(DROP_ROWS, age, DROPPED_CHUNKS))


DROP_SEEN = """
with ended as (
    select tenant_id, job_id from import_job where keeps_seen and finished_at is not null
    order by tenant_id, job_id limit 1 for update skip locked
), gone as (
    delete from import_seen s using (
        select tenant_id, job_id, phone from import_seen join ended using (tenant_id, job_id) order by phone limit $1
    ) first
    where s.tenant_id = first.tenant_id and s.job_id = first.job_id and s.phone = first.phone returning true
)
update import_job j set keeps_seen = (select count(*) from gone) = $1
from ended where j.tenant_id = ended.tenant_id and j.job_id = ended.job_id returning true
"""
DROPPED_NUMBERS = 20_000


async def drop_seen(conn: Connection) -> bool:
    """Forget some numbers of a dry run that has ended; False when there are none."""
    return bool(await conn.fetchval(DROP_SEEN, DROPPED_NUMBERS))
