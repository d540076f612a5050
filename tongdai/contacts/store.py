"""Lists, contacts and customers in the database, and the tally that goes with each change."""

from enum import Enum, auto

from tongdai.contacts.in_call import in_call
from tongdai.contacts.model import DEFAULT_LIST, Added, Change, NewContact
from tongdai.contacts.time_zones import zone_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, KeyId, ListId, TenantId
from tongdai.keep import KEEP

STOPPED = 4
"""The status of a campaign that takes no contacts."""


class Refusal(Enum):
    """Why nothing was changed."""

    NO_CAMPAIGN = auto()
    NO_LIST = auto()
    NO_CONTACT = auto()
    STOPPED = auto()
    NOT_PENDING = auto()


CAMPAIGN_EXISTS = "select true from campaign where tenant_id = $1 and campaign_id = $2"

# The totals are kept by the statement that changes the contacts: `changed` is what that statement returned. First the
# tally, then the blocks, each in the order of its key: so writers cannot wait for each other in a circle.
COUNTERS = """
counters as (
    insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
    select tenant_id, campaign_id, list_id, process_status, coalesce(call_status, ''), pg_backend_pid() % 8,
        {sign} count(*)
    from {changed} group by tenant_id, campaign_id, list_id, process_status, coalesce(call_status, '')
    order by tenant_id, campaign_id, list_id, process_status, coalesce(call_status, '')
    on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
    do update set contacts = t.contacts + excluded.contacts returning true
), blocks as (
    insert into contact_block as b (tenant_id, list_id, span, block, shard, contacts)
    select tenant_id, list_id, span, contact_id >> span, pg_backend_pid() % 8, {sign} count(*)
    from (select count(*) from counters) after_it cross join {changed} cross join (values (10), (15), (20)) spans (span)
    group by tenant_id, list_id, span, contact_id >> span order by tenant_id, list_id, span, contact_id >> span
    on conflict (tenant_id, list_id, span, block, shard) do update set contacts = b.contacts + excluded.contacts
)
"""
CHANGED = "tenant_id, campaign_id, list_id, process_status, call_status"

# What another request commits while this statement runs is not seen by it: the customer or contact may then be neither
# known nor made, and the caller asks again. A customer that is found is held, as undoing an import may delete it.
ADD = f"""
with place as (
    select c.status, l.list_id from campaign c
    left join lateral (
        select list_id from contact_list l
        where l.tenant_id = c.tenant_id and l.campaign_id = c.campaign_id and ($3::bigint is null or l.list_id = $3)
        order by list_id limit 1
    ) l on true
    where c.tenant_id = $1 and c.campaign_id = $2
), known as (
    select contact_id, list_id from contact where tenant_id = $1 and campaign_id = $2 and phone = $4
), target as (
    select list_id from place
    where status <> {STOPPED} and list_id is not null and not exists (select from known)
), person as (
    select customer_id from customer where tenant_id = $1 and phone = $4 and exists (select from target)
    for key share
), new_person as (
    insert into customer (tenant_id, phone) select $1, $4 from target where not exists (select from person)
    on conflict do nothing returning customer_id
), added as (
    insert into contact (tenant_id, campaign_id, list_id, customer_id, phone, name, external_id, attributes, zone)
    select $1, $2, target.list_id, p.customer_id, $4, $5, $6, $7, $8
    from target, (select customer_id from person union all select customer_id from new_person) p
    on conflict do nothing returning contact_id, {CHANGED}
), {COUNTERS.format(sign="", changed="added")}
select place.status, place.list_id as place_list, added.contact_id as added_id, added.list_id as added_list,
    known.contact_id as known_id, known.list_id as known_list
from place left join added on true left join known on true
"""

MAKE_LIST = """
insert into contact_list (tenant_id, campaign_id, name) values ($1, $2, $3) on conflict do nothing
"""


async def add(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId | None, new: NewContact
) -> Added | Refusal:
    """Put a person into a list, or (list_id None) into the campaign's first, made if it has none.

    A number that the campaign already has is left where it is and told as a duplicate.
    """
    while True:
        row = await conn.fetchrow(
            ADD, tenant_id, campaign_id, list_id, new.phone, new.name, new.external_id, new.attributes, new.zone
        )
        if row is None:
            return Refusal.NO_CAMPAIGN
        if row["place_list"] is None and list_id is not None:
            return Refusal.NO_LIST
        if row["status"] == STOPPED:
            return Refusal.STOPPED
        if row["added_id"] is not None:
            return Added(row["added_id"], row["added_list"], duplicate=False)
        if row["known_id"] is not None:
            return Added(row["known_id"], row["known_list"], duplicate=True)
        if row["place_list"] is None:
            await conn.execute(MAKE_LIST, tenant_id, campaign_id, DEFAULT_LIST)


FIND_LIST = "select list_id from contact_list where tenant_id = $1 and campaign_id = $2 and name = $3"


async def find_list(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str) -> ListId | None:
    """The campaign's list of that name."""
    return await conn.fetchval(FIND_LIST, tenant_id, campaign_id, name)


async def list_named(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str) -> ListId:
    """The campaign's list of that name, made if there is none. The campaign must exist."""
    await conn.execute(MAKE_LIST, tenant_id, campaign_id, name)
    return await conn.fetchval(FIND_LIST, tenant_id, campaign_id, name)


# Held first: the statement after it sees every call that was claimed before, and none is claimed meanwhile.
HOLD = "select from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3 for update"
# `+ 0` keeps it from the index of those that are due, of which it would read all that the tenant has.
DELETE = f"""
with gone as (
    delete from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3 and process_status + 0 = 0
        and not {in_call("contact")}
    returning contact_id, {CHANGED}
), {COUNTERS.format(sign="-", changed="gone")}
select count(*) from gone
"""
CONTACT_EXISTS = "select true from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3"


async def delete(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, by: KeyId
) -> Refusal | None:
    """Remove a contact that is pending; of a delete and a call that want it at once, one wins. None: it is gone."""
    async with conn.transaction():
        await conn.execute(HOLD, tenant_id, campaign_id, contact_id)
        if await conn.fetchval(DELETE, tenant_id, campaign_id, contact_id):
            await audit.record(conn, tenant_id, by, "contact.delete", f"contact {contact_id}")
            return None
    if await conn.fetchval(CONTACT_EXISTS, tenant_id, campaign_id, contact_id):
        return Refusal.NOT_PENDING
    return Refusal.NO_CONTACT


PHONE = "select phone from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3"
CHANGE = """
update contact set name = case when $4 then $5 else name end, zone = coalesce($6, zone),
    external_id = case when $7 then $8 else external_id end, attributes = case when $9 then $10 else attributes end
where tenant_id = $1 and campaign_id = $2 and contact_id = $3 returning true
"""


async def change(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, change: Change, by: KeyId
) -> Refusal | None:
    """Set what is given, whatever state the contact is in. None: it is done."""
    place = (tenant_id, campaign_id, contact_id)
    async with conn.transaction():
        phone = await conn.fetchval(PHONE, *place)  # a contact never gets another
        if phone is None:
            return Refusal.NO_CONTACT
        zone = None if change.time_zone is KEEP else change.time_zone or zone_of(phone)
        fields: list[object] = []
        for value in (change.name, change.external_id, change.attributes):
            fields += [value is not KEEP, None if value is KEEP else value]
        if not await conn.fetchval(CHANGE, *place, *fields[:2], zone, *fields[2:]):
            return Refusal.NO_CONTACT
        await audit.record(conn, tenant_id, by, "contact.change", f"contact {contact_id}")
    return None
