"""The check after faults: the server has exactly the imports that its client sent and their rows."""

import asyncpg

from tests.support.imports.client import Campaign, Import, Ledger
from tests.support.servers import Server
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.imports.model import ImportedChunk, RowOutcome
from tongdai.imports.outcomes import codec


async def problems(server: Server, imports: list[Import], ledger: Ledger) -> list[str]:
    """All differences between the database and the imports sent, after all jobs have ended."""
    found: list[str] = []
    acknowledged = ledger.read()
    async with server.database() as conn:
        for campaign in {id(one.campaign): one.campaign for one in imports}.values():
            mine = [one for one in imports if one.campaign is campaign]
            found += await _problems_of(conn, campaign, mine, acknowledged)
    return found


WRONG_BLOCKS = """
select list_id, span, coalesce(b.contacts, 0) as counted, coalesce(c.contacts, 0) as contacts
from (select list_id, span, sum(contacts) as contacts from contact_block where tenant_id = $1 group by list_id, span) b
full join (
    select list_id, span, count(*) as contacts from contact, (values (10), (15), (20)) spans (span)
    where tenant_id = $1 group by list_id, span
) c using (list_id, span) where coalesce(b.contacts, 0) <> coalesce(c.contacts, 0)
"""


async def _rows_of(conn: Connection, one: Import, job: asyncpg.Record) -> list[str]:
    """Outcomes of the rows of an import that differ from the rows sent or from the contacts stored."""
    place = (job["tenant_id"], job["job_id"])
    kept = await conn.fetch(
        """select seq, first_row, sent, contacts from import_outcome
           where tenant_id = $1 and job_id = $2 order by seq""",
        *place,
    )
    reported = [row for chunk in kept for row in codec.results_of(ImportedChunk(**dict(chunk)))]
    sent = [(number, row["phoneNumber"] or None) for number, row in enumerate(one.data.rows, 1)]
    if [(row.row, row.phone or None) for row in reported] != sent:
        return [f"{one.list_name}: its rows are not shown as they were sent"]
    made = [row.contact_id for row in reported if row.outcome is RowOutcome.CREATED]
    there = await conn.fetch(
        "select contact_id from contact where tenant_id = $1 and list_id = $2 order by contact_id",
        job["tenant_id"],
        job["list_id"],
    )
    right = [] if one.undone else made
    if [row["contact_id"] for row in there] != right:
        return [f"{one.list_name}: the rows shown as created are not the contacts of its list"]
    return []


async def _problems_of(
    conn: Connection, campaign: Campaign, imports: list[Import], acknowledged: dict[int, int]
) -> list[str]:
    jobs: dict[str, asyncpg.Record] = {}
    found: list[str] = []
    for job in await conn.fetch("select * from import_job where tenant_id = $1", campaign.key.tenant_id):
        if job["list_name"] in jobs:
            found.append(f"{job['list_name']} was accepted twice")
        jobs[job["list_name"]] = job
    expected = {phone for one in imports for phone in one.data.known}
    for one in imports:
        job = jobs.pop(one.list_name, None)
        if job is None or acknowledged.get(one.number, job["job_id"]) != job["job_id"]:
            if one.number in acknowledged or one.repeatable:
                found.append(f"{one.list_name} was acknowledged and is lost")
            continue
        expected |= set() if one.undone else one.data.fresh
        found += await _rows_of(conn, one, job)
        shown = tuple(job[name] for name in ("status", "created_rows", "duplicate_rows", "failed_rows"))
        right = ("done", len(one.data.fresh), one.data.duplicate, one.data.failed)
        if shown != right:
            found.append(f"{one.list_name} is {shown} {job['error_message'] or ''}, expected {right}")
    found += [f"{name} was never sent" for name in jobs]
    return found + await _contacts_of(conn, campaign.key.tenant_id, expected)


async def _contacts_of(conn: Connection, tenant_id: TenantId, expected: set[str]) -> list[str]:
    """Contacts and counters of a tenant that differ from the numbers expected, and chunks that are left."""
    found: list[str] = []
    rows = await conn.fetch("select '+' || number as phone from contact where tenant_id = $1", tenant_id)
    phones = [row["phone"] for row in rows]
    if len(phones) != len(expected) or set(phones) != expected:
        found.append(f"contact has {len(phones)} rows, expected {len(expected)}")
    counted = await conn.fetchval("select sum(contacts) from contact_counter where tenant_id = $1", tenant_id)
    if counted != len(expected):
        found.append(f"the counter is {counted}, expected {len(expected)}")
    found += [
        f"list {row['list_id']} has {row['contacts']} contacts, its blocks count {row['counted']}"
        for row in await conn.fetch(WRONG_BLOCKS, tenant_id)
    ]
    chunks = await conn.fetchval("select count(*) from import_chunk where tenant_id = $1", tenant_id)
    if chunks:
        found.append(f"{chunks} chunks are left")
    return found


async def all_jobs_ended(server: Server) -> bool:
    """Whether all jobs have ended, those of posts without a response too."""
    async with server.database() as conn:
        return not await conn.fetchval("select exists (select from import_job where finished_at is null)")
