"""Contacts written straight to the database in the state a test needs, and the invariants that hold for all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tongdai.campaigns import store as campaigns
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.bulk_store import AddedMany
from tongdai.contacts.model import Added, Contact, ContactList, NewContact, Search
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, ContactId, ListId, TenantId

_LEAVE_RUN = """
with held as (
    select r.zone, r.first_id, r.contacts from contact c
    join contact_run r on r.tenant_id = c.tenant_id and r.campaign_id = c.campaign_id and r.zone = c.zone
        and c.contact_id between r.next_id and r.last_id
    where c.tenant_id = $1 and c.contact_id = $2 and c.in_run
), ended as (
    delete from contact_run r using held h
    where r.tenant_id = $1 and r.zone = h.zone and r.first_id = h.first_id and h.contacts = 1
), shrunk as (
    update contact_run r set contacts = r.contacts - 1 from held h
    where r.tenant_id = $1 and r.zone = h.zone and r.first_id = h.first_id and h.contacts > 1
)
select count(*) from held
"""


async def leave(conn: Connection, tenant_id: TenantId, contact_id: ContactId) -> None:
    """Take a contact out of its run and out of contact_due, within a transaction that puts it elsewhere."""
    await conn.execute(_LEAVE_RUN, tenant_id, contact_id)
    await conn.execute(
        "update contact set in_run = false where tenant_id = $1 and contact_id = $2", tenant_id, contact_id
    )
    await conn.execute("delete from contact_due where tenant_id = $1 and contact_id = $2", tenant_id, contact_id)


_PUT_DUE = """
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select tenant_id, contact_id, campaign_id, coalesce($3, created_at), zone from contact
where tenant_id = $1 and contact_id = $2 and process_status = 0 and not exists (
    select from call a where a.tenant_id = $1 and a.contact_id = $2 and a.ended_at is null
)
"""


async def zone_number(conn: Connection, name: str) -> int:
    """The number of a time zone, which gets one if it has none."""
    await conn.execute("insert into time_zone (name) values ($1) on conflict do nothing", name)
    return await conn.fetchval("select zone from time_zone where name = $1", name)


async def put_due(
    conn: Connection,
    tenant_id: TenantId,
    contact_id: ContactId,
    due_at: datetime | None = None,
    zone: str | None = None,
) -> None:
    """Set a contact's due time and zone. A pending contact is in contact_due afterwards."""
    async with conn.transaction():
        due_at = due_at or await conn.fetchval(
            "select due_at from contact_due where tenant_id = $1 and contact_id = $2", tenant_id, contact_id
        )
        await leave(conn, tenant_id, contact_id)
        if zone is not None:
            await conn.execute(
                "update contact set zone = $3 where tenant_id = $1 and contact_id = $2",
                tenant_id, contact_id, await zone_number(conn, zone),
            )  # fmt: skip
        await conn.execute(_PUT_DUE, tenant_id, contact_id, due_at)


_PUT_ALL_DUE = """
with ended as (
    delete from contact_run where tenant_id = $1 and first_id = any($2::bigint[])
), moved as (
    update contact set zone = $3, in_run = false where tenant_id = $1 and contact_id = any($2::bigint[])
    returning contact_id
), gone as (
    delete from contact_due where tenant_id = $1 and contact_id = any($2::bigint[])
)
select count(*) from moved
"""
_ALL_DUE = """
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select $1, contact_id, campaign_id, now() - interval '1 second' + position * interval '1 microsecond', zone
from unnest($2::bigint[]) with ordinality as sent (id, position) join contact on tenant_id = $1 and contact_id = id
"""


async def put_all_due(conn: Connection, tenant_id: TenantId, contact_ids: Sequence[ContactId], zone: str) -> None:
    """Move contacts that were just inserted from their runs to contact_due, due within the last second, in order.

    The runs must contain no other contacts.
    """
    await conn.execute(_PUT_ALL_DUE, tenant_id, contact_ids, await zone_number(conn, zone))
    await conn.execute(_ALL_DUE, tenant_id, contact_ids)


async def put_in_call(conn: Connection, tenant_id: TenantId, contact_id: ContactId) -> None:
    """Put a pending contact in a live call, as a claim would. UniqueViolationError: its number is in another."""
    await leave(conn, tenant_id, contact_id)
    await conn.execute(
        """insert into call (tenant_id, call_id, campaign_id, contact_id, phone, dial_until, lease_until)
           select tenant_id, gen_random_uuid(), campaign_id, contact_id, '+' || number, 'infinity', 'infinity'
           from contact where tenant_id = $1 and contact_id = $2""",
        tenant_id, contact_id,
    )  # fmt: skip


_HOLD = """
select c.campaign_id, c.list_id, c.call_status, case when exists (
    select from call where tenant_id = $1 and contact_id = $2 and ended_at is null
) then 1 else c.process_status end as process_status
from contact c where c.tenant_id = $1 and c.contact_id = $2 for update
"""
_HANG_UP = "delete from call where tenant_id = $1 and contact_id = $2 and ended_at is null"
_MOVE = "update contact set process_status = $3, call_status = $4 where tenant_id = $1 and contact_id = $2"
_COUNT = """
insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
do update set contacts = t.contacts + excluded.contacts
"""


async def move_contact(
    pool: Pool, tenant_id: TenantId, contact_id: ContactId, process_status: int, call_status: str | None = None
) -> None:
    """Move a contact to the state that a call would give it, and its counters too.

    UniqueViolationError: it is to be in a call, and its number is in another one.
    """
    async with pool.acquire() as conn, conn.transaction():
        await move_within(conn, tenant_id, contact_id, process_status, call_status)


async def move_within(
    conn: Connection, tenant_id: TenantId, contact_id: ContactId, process_status: int, call_status: str | None
) -> None:
    """Move a contact within a transaction."""
    # Locked by a statement of its own: one that waits for the lock sees the calls as they were before it waited.
    await conn.execute("select from contact where tenant_id = $1 and contact_id = $2 for update", tenant_id, contact_id)
    old = await conn.fetchrow(_HOLD, tenant_id, contact_id)
    if old is None:
        return
    if process_status != 1:
        await conn.execute(_HANG_UP, tenant_id, contact_id)
    await conn.execute(_MOVE, tenant_id, contact_id, 2 if process_status == 2 else 0, call_status)
    if process_status == 0:
        await put_due(conn, tenant_id, contact_id)
    elif process_status == 2:
        await leave(conn, tenant_id, contact_id)
    elif old["process_status"] != 1:
        await put_in_call(conn, tenant_id, contact_id)
    place = (tenant_id, old["campaign_id"], old["list_id"])
    await conn.execute(_COUNT, *place, old["process_status"], old["call_status"] or "", 0, -1)
    await conn.execute(_COUNT, *place, process_status, call_status or "", 1, 1)


# Pending contacts that are not in exactly one place: a run, contact_due or a live call.
_MISPLACED = """
select c.contact_id, c.process_status, c.in_run, runs.runs, due.due, calls.calls from contact c
cross join lateral (
    select count(*) as runs from contact_run r
    where r.tenant_id = c.tenant_id and r.campaign_id = c.campaign_id and r.zone = c.zone
        and c.contact_id between r.next_id and r.last_id and c.in_run
) runs
cross join lateral (
    select count(*) as due from contact_due d where d.tenant_id = c.tenant_id and d.contact_id = c.contact_id
        and d.campaign_id = c.campaign_id and d.zone = c.zone
) due
cross join lateral (
    select count(*) as calls from call a
    where a.tenant_id = c.tenant_id and a.contact_id = c.contact_id and a.ended_at is null
) calls
where c.tenant_id = $1 and runs.runs + due.due + calls.calls <> case when c.process_status = 0 then 1 else 0 end
"""
_MISCOUNTED = """
select r.zone, r.first_id, r.contacts, counted.contacts from contact_run r cross join lateral (
    select count(*) as contacts from contact c
    where c.tenant_id = r.tenant_id and c.campaign_id = r.campaign_id and c.zone = r.zone
        and c.contact_id between r.next_id and r.last_id and c.in_run and c.process_status = 0
) counted where r.tenant_id = $1 and r.contacts <> counted.contacts
"""
_STRAY = """
select d.contact_id from contact_due d left join contact c on c.tenant_id = $1 and c.contact_id = d.contact_id
where d.tenant_id = $1 and c.contact_id is null
"""


async def must_be_in_one_place(conn: Connection, tenant_id: TenantId) -> None:
    """Assert that each pending contact is in one run, contact_due or one live call, and that runs count exactly."""
    for sql in (_MISPLACED, _MISCOUNTED, _STRAY):
        assert not await conn.fetch(sql, tenant_id), [tuple(row) for row in await conn.fetch(sql, tenant_id)]


class Place(NamedTuple):
    """A list, with its campaign and tenant."""

    tenant_id: TenantId
    campaign_id: CampaignId
    list_id: ListId


def number(n: int) -> str:
    """The `n`-th of the numbers that contacts of a test have, as E.164."""
    return f"+8490{n:07}"


async def new_campaign(conn: Connection, tenant_id: TenantId) -> CampaignId:
    """A campaign that has not been started."""
    return (await campaigns.create(conn, tenant_id, "A", "A", None, None)).campaign_id


async def campaign_of(pool: Pool, tenant_id: TenantId) -> CampaignId:
    """The same, through a pool."""
    async with pool.acquire() as conn:
        return await new_campaign(conn, tenant_id)


async def add(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    new: NewContact,
    list_id: ListId | None = None,
) -> Added:
    """Add a contact, which must not be refused."""
    added = await store.add(conn, tenant_id, campaign_id, list_id, new)
    assert not isinstance(added, ContactRefusal), added
    return added


async def add_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, rows: list[NewContact], list_name: str = "A"
) -> AddedMany:
    """Add contacts to the list of that name, as an import does; they must not be refused."""
    async with conn.transaction():
        list_id = await store.list_named(conn, tenant_id, campaign_id, list_name)
        added = await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
    assert not isinstance(added, ContactRefusal), added
    return added


async def lists_of(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[ContactList]:
    """The lists of a campaign, which must exist."""
    found = await listing.lists(conn, tenant_id, campaign_id)
    assert found is not None
    return found


async def page_of(
    conn: Connection, place: Place, limit: int, offset: int = 0, search: Search | None = None
) -> tuple[list[Contact], int]:
    """A page of a list, which must exist, and how many contacts match."""
    found = await listing.page(conn, *place, search or Search(), limit, offset)
    assert found is not None
    return found


_STATUS_COUNTERS = """
select campaign_id, list_id, process_status, call_status, sum(contacts)::bigint from contact_counter
where tenant_id = $1 group by 1, 2, 3, 4 having sum(contacts) <> 0
"""
_STATUS_ROWS = """
select c.campaign_id, c.list_id, case when a.call_id is null then process_status else 1 end,
    coalesce(call_status, ''), count(*)
from contact c left join call a on a.tenant_id = $1 and a.contact_id = c.contact_id and a.ended_at is null
where c.tenant_id = $1 group by 1, 2, 3, 4
"""
_BLOCK_COUNTERS = """
select list_id, span, block, sum(contacts)::bigint from contact_block
where tenant_id = $1 group by 1, 2, 3 having sum(contacts) <> 0
"""
_BLOCK_ROWS = """
select list_id, span, contact_id >> span, count(*) from contact cross join (values (10), (15), (20)) spans (span)
where tenant_id = $1 group by 1, 2, 3
"""
Counts = list[dict[tuple[object, ...], int]]


async def counters(conn: Connection, tenant_id: TenantId) -> tuple[Counts, Counts]:
    """Counters of contacts as stored and as counted from the rows.

    By list and status, and by list and range of ids.
    """
    found: Counts = [
        {tuple(row)[:-1]: row[-1] for row in await conn.fetch(sql, tenant_id)}
        for sql in (_STATUS_COUNTERS, _BLOCK_COUNTERS, _STATUS_ROWS, _BLOCK_ROWS)
    ]
    return found[:2], found[2:]


async def must_be_consistent(conn: Connection, tenant_id: TenantId) -> None:
    """Assert that the counters match the rows, and that each pending contact is in one place."""
    stored, counted = await counters(conn, tenant_id)
    assert stored == counted
    await must_be_in_one_place(conn, tenant_id)
