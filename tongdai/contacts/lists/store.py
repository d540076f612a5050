"""Contact lists that are created, renamed and deleted by request, in the database."""

from enum import Enum, auto

import asyncpg

from tongdai.contacts.store import STOPPED
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ListId, TenantId


class ListRefusal(Enum):
    """Why nothing was changed."""

    NO_CAMPAIGN = auto()
    NO_LIST = auto()
    STOPPED = auto()
    NAME_TAKEN = auto()
    HAS_CONTACTS = auto()
    IMPORTING = auto()


# A campaign cannot stop while a list is made in it.
CAMPAIGN = "select status from campaign where tenant_id = $1 and campaign_id = $2 for key share"
CREATE = """
insert into contact_list (tenant_id, campaign_id, name) values ($1, $2, $3) on conflict do nothing returning list_id
"""


async def create(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str, by: Author
) -> ListId | ListRefusal:
    """Create an empty list."""
    async with conn.transaction():
        status = await conn.fetchval(CAMPAIGN, tenant_id, campaign_id)
        if status is None:
            return ListRefusal.NO_CAMPAIGN
        if status == STOPPED:
            return ListRefusal.STOPPED
        list_id = await conn.fetchval(CREATE, tenant_id, campaign_id, name)
        if list_id is None:
            return ListRefusal.NAME_TAKEN
        await audit.record(conn, tenant_id, by, "contact_list.create", f"contact list {list_id}", {"name": name})
    return list_id


RENAME = """
update contact_list set name = $4 where tenant_id = $1 and campaign_id = $2 and list_id = $3 returning true
"""


async def rename(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, name: str, by: Author
) -> ListRefusal | None:
    """Rename a list. None: it is done."""
    try:
        async with conn.transaction():
            if not await conn.fetchval(RENAME, tenant_id, campaign_id, list_id, name):
                return ListRefusal.NO_LIST
            await audit.record(conn, tenant_id, by, "contact_list.rename", f"contact list {list_id}", {"name": name})
    except asyncpg.UniqueViolationError:
        return ListRefusal.NAME_TAKEN
    return None


# Jobs before their list, as an import locks them; an undo adds to the counters of a list while it holds its job.
HOLD_JOBS = """
select finished_at is null or (undo_requested_at is not null and undone_at is null) as open from import_job
where tenant_id = $1 and campaign_id = $2 and list_id = $3 order by job_id for update
"""
HOLD_LIST = "select true from contact_list where tenant_id = $1 and campaign_id = $2 and list_id = $3 for update"
# Whoever adds a contact or a job holds the list `for key share`, so what is seen now stays so.
HAS_CONTACTS = "select exists (select from contact where tenant_id = $1 and list_id = $2 and process_status in (0, 2))"
NEW_JOB = """
select exists (
    select from import_job where tenant_id = $1 and campaign_id = $2 and list_id = $3 and finished_at is null
)
"""
FORGET_JOBS = "update import_job set list_id = null where tenant_id = $1 and campaign_id = $2 and list_id = $3"
DELETE_COUNTERS = "delete from contact_counter where tenant_id = $1 and campaign_id = $2 and list_id = $3"
DELETE_BLOCKS = "delete from contact_block where tenant_id = $1 and list_id = $2"
DELETE = "delete from contact_list where tenant_id = $1 and campaign_id = $2 and list_id = $3"


async def delete(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, by: Author
) -> ListRefusal | None:
    """Delete a list without contacts; the jobs of its imports keep its name. None: it is gone."""
    place = (tenant_id, campaign_id, list_id)
    async with conn.transaction():
        jobs = await conn.fetch(HOLD_JOBS, *place)
        if not await conn.fetchval(HOLD_LIST, *place):
            return ListRefusal.NO_LIST
        if any(row["open"] for row in jobs) or await conn.fetchval(NEW_JOB, *place):
            return ListRefusal.IMPORTING
        if await conn.fetchval(HAS_CONTACTS, tenant_id, list_id):
            return ListRefusal.HAS_CONTACTS
        await conn.execute(FORGET_JOBS, *place)
        await conn.execute(DELETE_COUNTERS, *place)
        await conn.execute(DELETE_BLOCKS, tenant_id, list_id)
        await conn.execute(DELETE, *place)
        await audit.record(conn, tenant_id, by, "contact_list.delete", f"contact list {list_id}")
    return None
