"""Many contacts at once, added and removed, in the database."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from tongdai.contacts.in_call import in_call
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import CHANGED, COUNTERS, STOPPED, Refusal
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, CustomerId, ListId, TenantId

# Writers of many rows to one campaign take turns; in order of the number, writers to different campaigns of one tenant
# cannot wait for each other's customers in a circle.
LOCK_CAMPAIGN = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"
CAMPAIGN_STATUS = "select status from campaign where tenant_id = $1 and campaign_id = $2 for key share"
# A look-up for each number: no plan can join the whole table.
KNOWN = """
select c.phone, c.contact_id from unnest($3::text[]) wanted (phone)
cross join lateral (
    select phone, contact_id from contact where tenant_id = $1 and campaign_id = $2 and phone = wanted.phone limit 1
) c
"""
# Held, as undoing an import may delete them.
PEOPLE = """
select c.phone, c.customer_id from unnest($2::text[]) wanted (phone)
cross join lateral (
    select phone, customer_id from customer where tenant_id = $1 and phone = wanted.phone limit 1 for key share
) c
"""
ADD_CUSTOMERS = """
insert into customer (tenant_id, phone)
select $1, phone from unnest($2::text[]) with ordinality as sent (phone, position) order by position
returning phone, customer_id
"""
ADD_MANY = f"""
with added as (
    insert into contact (tenant_id, campaign_id, list_id, customer_id, phone, name, external_id, attributes, zone)
    select $1, $2, $3, customer_id, phone, name, external_id, attributes, zone
    from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[]) with ordinality
        as sent (customer_id, phone, name, external_id, attributes, zone, position) order by position
    returning phone, contact_id, {CHANGED}
), {COUNTERS.format(sign="", changed="added")}
select phone, contact_id from added
"""


@dataclass(frozen=True, slots=True)
class AddedMany:
    contact_ids: dict[str, ContactId]
    """The contact that each number now has in the campaign, made or found."""
    made: set[str]
    """The numbers whose contact was made."""
    new_customers: list[CustomerId]
    """The customers that were made."""

    @property
    def created(self) -> int:
        return len(self.made)


async def add_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: list[NewContact]
) -> AddedMany | Refusal:
    """Put people into a list, in their order, within the caller's transaction.

    Of rows with one number the first wins; a number that the campaign has is left where it is.
    """
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    status = await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)
    if status is None or status == STOPPED:
        return Refusal.NO_CAMPAIGN if status is None else Refusal.STOPPED
    first: dict[str, NewContact] = {}
    for row in rows:
        first.setdefault(row.phone, row)
    while True:
        # Rows that are looked for and then inserted cost a third less than with `on conflict do nothing`. What another
        # request has put there in between is a violation, and found the next time.
        with suppress(asyncpg.UniqueViolationError):
            async with conn.transaction():
                return await _add_new(conn, tenant_id, campaign_id, list_id, first)


async def _add_new(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: dict[str, NewContact]
) -> AddedMany:
    contact_ids = await known(conn, tenant_id, campaign_id, rows)
    new = [row for phone, row in rows.items() if phone not in contact_ids]
    if not new:
        return AddedMany(contact_ids, set(), [])
    phones = [row.phone for row in new]
    # Sorted, so that writers to different campaigns cannot wait for each other's customers in a circle.
    people = _by_number(await _fetch_planned(conn, PEOPLE, tenant_id, sorted(phones)))
    strangers = sorted(phone for phone in phones if phone not in people)
    made = _by_number(await conn.fetch(ADD_CUSTOMERS, tenant_id, strangers)) if strangers else {}
    people |= made
    added = await conn.fetch(
        ADD_MANY,
        tenant_id,
        campaign_id,
        list_id,
        [people[phone] for phone in phones],
        phones,
        [row.name for row in new],
        [row.external_id for row in new],
        [row.attributes for row in new],
        [row.zone for row in new],
    )
    contact_ids |= _by_number(added)
    return AddedMany(contact_ids, set(phones), list(made.values()))


async def known(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, phones: Iterable[str]
) -> dict[str, ContactId]:
    """Those of the numbers that the campaign has, and their contacts."""
    return _by_number(await _fetch_planned(conn, KNOWN, tenant_id, campaign_id, sorted(phones)))


async def _fetch_planned(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """Planned each time for the tables as they are: the plan of almost empty ones may pass by every row of them."""
    return await (await conn.prepare(sql)).fetch(*args)


def _by_number(rows: list[asyncpg.Record]) -> dict[str, Any]:
    return {row[0]: row[1] for row in rows}


# The ids come out of a select, so that the plan is for a few of them and reads the primary key; `+ 0` keeps it from any
# index of the campaign, and from that of contacts that are due.
_PENDING = f"""tenant_id = $1 and contact_id = any(array(select unnest($3::bigint[])))
        and campaign_id + 0 = $2 and process_status + 0 = 0 and not {in_call("contact")}"""
# Held first, and only what is held is removed: the statement after it sees every call that was claimed before, and none
# is claimed meanwhile.
HOLD_MANY = f"select contact_id from contact where {_PENDING} order by contact_id for update"
REMOVE_MANY = f"""
with gone as (
    delete from contact where {_PENDING}
    returning contact_id, {CHANGED}
), {COUNTERS.format(sign="-", changed="gone")}
select count(*) as contacts from gone
"""
# Those that somebody is just about to refer to are not free, and nobody is waited for.
FREE_CUSTOMERS = """
select customer_id from customer
where tenant_id = $1 and customer_id = any(array(select unnest($2::bigint[]))) for update skip locked
"""
# A statement of its own: it sees every contact that refers to a customer from before it was locked.
REMOVE_CUSTOMERS = """
delete from customer c where tenant_id = $1 and customer_id = any(array(select unnest($2::bigint[])))
    and not exists (select from contact where tenant_id = $1 and customer_id = c.customer_id)
"""


async def remove_many(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    contact_ids: Sequence[ContactId],
    customer_ids: Sequence[CustomerId],
) -> int:
    """Delete those of the contacts that are pending, then those of the customers that no contact refers to.

    Within the caller's transaction, as the last that it locks. Returns how many contacts went.
    """
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    held = [row["contact_id"] for row in await _fetch_planned(conn, HOLD_MANY, tenant_id, campaign_id, contact_ids)]
    gone = await _fetch_planned(conn, REMOVE_MANY, tenant_id, campaign_id, held)
    free = [row["customer_id"] for row in await _fetch_planned(conn, FREE_CUSTOMERS, tenant_id, customer_ids)]
    if free:
        await _fetch_planned(conn, REMOVE_CUSTOMERS, tenant_id, free)
    return gone[0]["contacts"]
