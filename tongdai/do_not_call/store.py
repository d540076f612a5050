"""Do-not-call lists in the database. The rule which entries apply is in `rule.py`, for the statements that call."""

from typing import Any

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.do_not_call.model import DncList, Entry, Match, NewEntries
from tongdai.do_not_call.rule import in_force
from tongdai.ids import Author, CampaignId, DncListId, TenantId

_LIST = "dnc_list_id, name, campaign_id, entries, created_at"
_ENTRY = "phone, reason, expires_at, created_at"
DELETED_AT_ONCE = 100_000
"""Entries that one statement deletes: deleting millions would exceed the statement timeout."""

LISTS = f"select {_LIST} from do_not_call_list where tenant_id = $1 order by dnc_list_id limit $2 offset $3"
COUNT_LISTS = "select count(*) from do_not_call_list where tenant_id = $1"


async def lists(conn: Connection, tenant_id: TenantId, limit: int, offset: int) -> tuple[list[DncList], int]:
    """A page of the tenant's lists, by id, and the number of all."""
    rows = await conn.fetch(LISTS, tenant_id, limit, offset)
    return [DncList(*row) for row in rows], await conn.fetchval(COUNT_LISTS, tenant_id)


LISTS_AFTER = f"""
select {_LIST} from do_not_call_list where tenant_id = $1 and dnc_list_id > $2 order by dnc_list_id limit $3
"""


async def lists_after(
    conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId | None, limit: int
) -> list[DncList]:
    """The tenant's next lists behind one (None: the first), by id."""
    return [DncList(*row) for row in await conn.fetch(LISTS_AFTER, tenant_id, dnc_list_id or 0, limit)]


FIND = f"select {_LIST} from do_not_call_list where tenant_id = $1 and dnc_list_id = $2"


async def find(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId) -> DncList | None:
    row = await conn.fetchrow(FIND, tenant_id, dnc_list_id)
    return None if row is None else DncList(*row)


CREATE = """
insert into do_not_call_list (tenant_id, name, campaign_id) values ($1, $2, $3)
on conflict (tenant_id, name) do nothing returning dnc_list_id
"""


async def create(
    conn: Connection, tenant_id: TenantId, name: str, campaign_id: CampaignId | None, by: Author | None
) -> DncListId | None:
    """Create a list and return its id; None when a list of the tenant has that name. The campaign must exist."""
    async with conn.transaction():
        dnc_list_id = await conn.fetchval(CREATE, tenant_id, name, campaign_id)
        if dnc_list_id is not None:
            detail = {"campaignId": campaign_id}
            await audit.record(conn, tenant_id, by, "dnc.create", f"do-not-call list {dnc_list_id}", detail)
    return dnc_list_id


OF_ALL = "select dnc_list_id from do_not_call_list where tenant_id = $1 and name = $2 and campaign_id is null"


async def of_all_campaigns(conn: Connection, tenant_id: TenantId, name: str, by: Author | None) -> DncListId | None:
    """The list of that name, which applies to all campaigns; it is created when there is none. None: it applies to one
    campaign alone."""
    found = await conn.fetchval(OF_ALL, tenant_id, name)
    return found or await create(conn, tenant_id, name, None, by) or await conn.fetchval(OF_ALL, tenant_id, name)


LOCK = "select true from do_not_call_list where tenant_id = $1 and dnc_list_id = $2 for update"


async def lock(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId) -> bool:
    """Lock a list and its entries against changes until the transaction ends; False when there is no such list."""
    return bool(await conn.fetchval(LOCK, tenant_id, dnc_list_id))


# xmax is 0 in a row that this statement inserted, and not 0 in one that it updated.
ADD = r"""
with put as (
    insert into do_not_call as d (tenant_id, dnc_list_id, phone, reason, expires_at)
    select $1, $2, phone, reason, expires_at::timestamptz
    from rows from (
        string_to_table($3::text, E'\n'), string_to_table($4::text, E'\n', E'\x1a'),
        string_to_table($5::text, E'\n', E'\x1a')
    ) sent (phone, reason, expires_at)
    where phone <> ''
    on conflict (tenant_id, dnc_list_id, phone)
        do update set reason = excluded.reason, expires_at = excluded.expires_at
    returning xmax = 0 as added
)
update do_not_call_list set entries = entries + (select count(*) from put where added)
where tenant_id = $1 and dnc_list_id = $2 returning (select count(*) from put where added)
"""


async def add(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, entries: NewEntries) -> int:
    """Add distinct numbers to a locked list, replacing reason and expiry of present ones; return how many are new."""
    return await conn.fetchval(ADD, tenant_id, dnc_list_id, entries.phones, entries.reasons, entries.ends)


REMOVE = """
with gone as (
    delete from do_not_call where tenant_id = $1 and dnc_list_id = $2 and phone = $3 returning true
)
update do_not_call_list set entries = entries - 1
where tenant_id = $1 and dnc_list_id = $2 and exists (select from gone) returning true
"""


async def remove(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, phone: str, by: Author) -> bool:
    """Remove a number from a list; False when it was not in it."""
    async with conn.transaction():
        await lock(conn, tenant_id, dnc_list_id)
        if not await conn.fetchval(REMOVE, tenant_id, dnc_list_id, phone):
            return False
        detail = {"phone": phone}
        await audit.record(conn, tenant_id, by, "dnc.remove", f"do-not-call list {dnc_list_id}", detail)
    return True


LISTS_WITH = """
select dnc_list_id from do_not_call where tenant_id = $1 and phone = $2 order by dnc_list_id
"""


async def forget(conn: Connection, tenant_id: TenantId, phone: str) -> int:
    """Remove a number from all lists, within the caller's transaction; the number of entries."""
    removed = 0
    for row in await conn.fetch(LISTS_WITH, tenant_id, phone):
        await lock(conn, tenant_id, row["dnc_list_id"])
        removed += bool(await conn.fetchval(REMOVE, tenant_id, row["dnc_list_id"], phone))
    return removed


# A locked list has no other writer, so the ctids of its rows do not change.
EMPTY = """
delete from do_not_call where ctid = any(array(
    select ctid from do_not_call where tenant_id = $1 and dnc_list_id = $2 limit $3
)) and tenant_id = $1
"""
DELETE = "delete from do_not_call_list where tenant_id = $1 and dnc_list_id = $2 returning name, entries"


async def delete(
    conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, by: Author, at_once: int = DELETED_AT_ONCE
) -> bool:
    """Delete a list with its entries, `at_once` entries in a statement; False when there is no such list."""
    async with conn.transaction():
        if not await lock(conn, tenant_id, dnc_list_id):
            return False
        while await conn.execute(EMPTY, tenant_id, dnc_list_id, at_once) != "DELETE 0":
            continue
        row = await conn.fetchrow(DELETE, tenant_id, dnc_list_id)
        assert row is not None
        await audit.record(conn, tenant_id, by, "dnc.delete", f"do-not-call list {dnc_list_id}", dict(row))
    return True


PAGE = f"""
select {_ENTRY} from do_not_call where tenant_id = $1 and dnc_list_id = $2 order by phone limit $3 offset $4
"""
ENTRY = f"select {_ENTRY} from do_not_call where tenant_id = $1 and dnc_list_id = $2 and phone = $3"
ENTRIES_AFTER = f"""
select {_ENTRY} from do_not_call where tenant_id = $1 and dnc_list_id = $2 and phone > $3 order by phone limit $4
"""


async def page(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, limit: int, offset: int) -> list[Entry]:
    """A page of a list, by number."""
    return [Entry(*row) for row in await conn.fetch(PAGE, tenant_id, dnc_list_id, limit, offset)]


async def entry(conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, phone: str) -> Entry | None:
    """The entry of a number, expired or not."""
    row = await conn.fetchrow(ENTRY, tenant_id, dnc_list_id, phone)
    return None if row is None else Entry(*row)


async def entries_after(
    conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, phone: str, limit: int
) -> list[Entry]:
    """The entries after a number, in order ('' for the first)."""
    return [Entry(*row) for row in await conn.fetch(ENTRIES_AFTER, tenant_id, dnc_list_id, phone, limit)]


MATCHES = f"""
select l.dnc_list_id, l.name, l.campaign_id, d.reason, d.expires_at, d.created_at
{in_force("coalesce($3::bigint, l.campaign_id)")} and d.phone = $2
order by l.dnc_list_id
"""


async def matches(conn: Connection, tenant_id: TenantId, phone: str, campaign_id: CampaignId | None) -> list[Match]:
    """The lists that now forbid calls to a number by a campaign, or by any campaign (None)."""
    return [Match(*row) for row in await conn.fetch(MATCHES, tenant_id, phone, campaign_id)]


async def record_added(
    conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, by: Author | None, detail: dict[str, Any]
) -> None:
    """Audit that numbers were added, within the transaction that added them."""
    await audit.record(conn, tenant_id, by, "dnc.add", f"do-not-call list {dnc_list_id}", detail)
