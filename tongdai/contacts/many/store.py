"""Contacts of a campaign that are deleted, or moved to another list, by the thousand, in the database.

A step takes the next contacts by id and is a transaction of its own. They are locked by a statement before the one that
changes them, which so sees every call that was claimed before; none is claimed in between.
"""

from collections.abc import Sequence

import asyncpg

from tongdai.contacts.bulk_store import LOCK_CAMPAIGN
from tongdai.contacts.changes.log import logged
from tongdai.contacts.in_call import in_call
from tongdai.contacts.many.model import Chosen, ManyDone
from tongdai.contacts.store import MOVED, removal
from tongdai.db import audit
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ContactId, ListId, TenantId

AT_ONCE = 5000
"""Contacts of one transaction."""

_OF_STATUS = """
    select contact_id from contact
    where tenant_id = $1 and list_id = $4 and process_status = {status} and contact_id > $6 and campaign_id + 0 = $2
        and ($5::text[] is null or call_status = any($5))
    order by contact_id limit $7
"""
_OF_LIST = f"""
    select contact_id from (
        ({_OF_STATUS.format(status=0)}) union all ({_OF_STATUS.format(status=2)})
    ) of_list where $3::bigint[] is null
"""
_NAMED = """
    select contact_id from contact
    where tenant_id = $1 and contact_id = any($3::bigint[]) and campaign_id + 0 = $2
        and ($4::bigint is null or list_id + 0 = $4) and ($5::text[] is null or call_status = any($5))
        and contact_id > $6
"""
CHOOSE = f"select contact_id from (({_OF_LIST}) union all ({_NAMED})) found order by contact_id limit $7"

HELD = "tenant_id = $1 and contact_id = any(array(select unnest($3::bigint[]))) and campaign_id + 0 = $2"
HOLD = f"select contact_id from contact where {HELD} order by contact_id for update"
_DELETABLE = f"{HELD} and process_status + 0 = 0 and not {in_call('contact')}"
COUNT_DELETABLE = f"select count(*) from contact where {_DELETABLE}"
DELETE = removal(_DELETABLE)
# Whatever its state, but not in a call.
ERASE = removal(f"{HELD} and not {in_call('contact')}")
_MOVABLE = f"{HELD} and list_id + 0 <> $4"
COUNT_MOVABLE = f"select count(*) from contact where {_MOVABLE}"
# Counters before blocks, each in the order of its key, as in COUNTERS.
MOVE = f"""
with held as materialized (
    select contact_id, list_id, call_status, case when {in_call("contact")} then 1 else process_status end
        as process_status
    from contact where {_MOVABLE}
), moved as (
    update contact c set list_id = $4, changed_in = default from held
    where c.tenant_id = $1 and c.contact_id = any(array(select unnest($3::bigint[])))
        and c.contact_id = held.contact_id
    returning c.contact_id
), {logged("moved")}, changes as (
    select $2::bigint as campaign_id, change.list_id, held.process_status, held.call_status, change.contacts
    from (select count(*) from moved) after_it cross join held
    cross join lateral (values (held.list_id, -1), ($4::bigint, 1)) change (list_id, contacts)
), {MOVED}, blocks as (
    insert into contact_block as b (tenant_id, list_id, span, block, shard, contacts)
    select $1::bigint, change.list_id, span, held.contact_id >> span, pg_backend_pid() % 8, sum(change.contacts)
    from (select count(*) from counters) after_it cross join held
    cross join lateral (values (held.list_id, -1), ($4::bigint, 1)) change (list_id, contacts)
    cross join (values (10), (15), (20)) spans (span)
    group by change.list_id, span, held.contact_id >> span order by change.list_id, span, held.contact_id >> span
    on conflict (tenant_id, list_id, span, block, shard) do update set contacts = b.contacts + excluded.contacts
)
select count(*) from moved
"""
LIST = """
select true from contact_list where tenant_id = $1 and campaign_id = $2 and list_id = $3 for key share
"""


async def has_list(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId) -> bool:
    """Whether the campaign has the list; it is not deleted until the transaction ends."""
    return bool(await conn.fetchval(LIST, tenant_id, campaign_id, list_id))


async def delete(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    chosen: Chosen,
    after: ContactId,
    by: Author,
    *,
    dry_run: bool,
    at_once: int = AT_ONCE,
) -> ManyDone:
    """Delete those of the next chosen contacts, the ones with an id above `after`, that are pending."""
    async with conn.transaction():
        if not dry_run:
            await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
        found = await choose(conn, tenant_id, campaign_id, chosen, after, at_once)
        if not found:
            return ManyDone(0, 0, None)
        if dry_run:
            (row,) = await by_index(conn, COUNT_DELETABLE, tenant_id, campaign_id, found)
            return _done(found, row[0], at_once)
        await by_index(conn, HOLD, tenant_id, campaign_id, found)
        (row,) = await by_index(conn, DELETE, tenant_id, campaign_id, found)
        if row[0]:
            await audit.record(
                conn, tenant_id, by, "contacts.delete", f"campaign {campaign_id}", detail_of(chosen, row[0])
            )
    return _done(found, row[0], at_once)


OF_NUMBER = """
select c.campaign_id, c.contact_id from campaign k cross join lateral (
    select campaign_id, contact_id from contact where tenant_id = $1 and campaign_id = k.campaign_id and number = $2
    offset 0
) c where k.tenant_id = $1 order by c.contact_id
"""
HOLD_ALL = """
select contact_id from contact where tenant_id = $1 and contact_id = any(array(select unnest($2::bigint[])))
order by contact_id for update
"""


async def erase(conn: Connection, tenant_id: TenantId, number: int) -> int | None:
    """Delete the contacts with a number from all campaigns, whatever their state, within the caller's transaction.

    Returns their number. None: one is in a call, and the transaction must not commit.
    """
    found = await conn.fetch(OF_NUMBER, tenant_id, number)
    await by_index(conn, HOLD_ALL, tenant_id, [row["contact_id"] for row in found])
    for row in found:
        (gone,) = await by_index(conn, ERASE, tenant_id, row["campaign_id"], [row["contact_id"]])
        if not gone[0] and await conn.fetchval(STILL_THERE, tenant_id, row["contact_id"]):
            return None
    return len(found)


STILL_THERE = "select true from contact where tenant_id = $1 and contact_id = $2"


async def move(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    chosen: Chosen,
    to_list: ListId,
    after: ContactId,
    by: Author,
    *,
    dry_run: bool,
    at_once: int = AT_ONCE,
) -> ManyDone | None:
    """Move the next chosen contacts, whatever state they are in. None: the campaign has no list `to_list`."""
    async with conn.transaction():
        if not dry_run:
            await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
        if not await has_list(conn, tenant_id, campaign_id, to_list):
            return None
        found = await choose(conn, tenant_id, campaign_id, chosen, after, at_once)
        if not found:
            return ManyDone(0, 0, None)
        if dry_run:
            (row,) = await by_index(conn, COUNT_MOVABLE, tenant_id, campaign_id, found, to_list)
            return _done(found, row[0], at_once)
        await by_index(conn, HOLD, tenant_id, campaign_id, found)
        (row,) = await by_index(conn, MOVE, tenant_id, campaign_id, found, to_list)
        if row[0]:
            detail = detail_of(chosen, row[0]) | {"toListId": to_list}
            await audit.record(conn, tenant_id, by, "contacts.move", f"campaign {campaign_id}", detail)
    return _done(found, row[0], at_once)


async def choose(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, chosen: Chosen, after: ContactId, at_once: int
) -> list[ContactId]:
    named = None if chosen.contact_ids is None else list(chosen.contact_ids)
    rows: list[asyncpg.Record] = await by_index(
        conn, CHOOSE, tenant_id, campaign_id, named, chosen.list_id, chosen.call_statuses, after, at_once
    )
    return [row["contact_id"] for row in rows]


def _done(found: Sequence[ContactId], changed: int, at_once: int) -> ManyDone:
    return ManyDone(changed, len(found) - changed, found[-1] if len(found) == at_once else None)


def detail_of(chosen: Chosen, contacts: int) -> dict[str, object]:
    return {
        "contactIds": None if chosen.contact_ids is None else list(chosen.contact_ids),
        "listId": chosen.list_id,
        "callStatus": chosen.call_statuses,
        "contacts": contacts,
    }
