"""Lists, contacts and customers in the database, and the tally that goes with each change."""

from dataclasses import dataclass
from enum import Enum, auto

from tongdai.contacts.model import DEFAULT_LIST, Added, Contact, ContactList, NewContact, Search
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, KeyId, ListId, TenantId

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

LISTS = """
select list_id, name, coalesce((
    select sum(contacts) from contact_tally t
    where t.tenant_id = l.tenant_id and t.campaign_id = l.campaign_id and t.list_id = l.list_id
), 0)::bigint as contact_count
from contact_list l where tenant_id = $1 and campaign_id = $2 order by list_id
"""


async def lists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[ContactList] | None:
    """All lists of a campaign, by id; None when there is no such campaign."""
    rows = await conn.fetch(LISTS, tenant_id, campaign_id)
    if not rows and not await conn.fetchval(CAMPAIGN_EXISTS, tenant_id, campaign_id):
        return None
    return [ContactList(row["list_id"], row["name"], row["contact_count"]) for row in rows]


_CONTACT = "contact_id, customer_id, phone, name, process_status, call_status, external_id, attributes"

# One row without a contact tells a page past the end; no row, that there is no such list.
PAGE = f"""
select total.contacts as total, c.* from contact_list l
cross join lateral (
    select coalesce(sum(t.contacts), 0)::bigint as contacts from contact_tally t
    where t.tenant_id = l.tenant_id and t.campaign_id = l.campaign_id and t.list_id = l.list_id
) total
left join lateral (
    select {_CONTACT} from contact
    where tenant_id = l.tenant_id and list_id = l.list_id order by contact_id limit $4 offset $5
) c on true
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""

PAGE_OF_STATUS = f"""
select total.contacts as total, c.* from contact_list l
cross join lateral (
    select coalesce(sum(t.contacts), 0)::bigint as contacts from contact_tally t
    where t.tenant_id = l.tenant_id and t.campaign_id = l.campaign_id and t.list_id = l.list_id
        and t.process_status = $6
) total
left join lateral (
    select {_CONTACT} from contact
    where tenant_id = l.tenant_id and list_id = l.list_id and process_status = $6
    order by contact_id limit $4 offset $5
) c on true
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""

# A number stands once in a campaign and an externalId seldom more often: these matches are counted. Each branch has an
# index of its own; a plan that ORs them has none.
_PERSON = f"""
with found as materialized (
    select {_CONTACT} from contact where tenant_id = $1 and campaign_id = $2 and list_id = $3 and {{column}} = $6
        and ($7::smallint is null or process_status = $7) and ($8::text is null or external_id = $8)
)
select total.contacts as total, c.* from contact_list l
cross join (select count(*) as contacts from found) total
left join lateral (select * from found order by contact_id limit $4 offset $5) c on true
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
PAGE_OF_PHONE = _PERSON.format(column="phone")
PAGE_OF_EXTERNAL = _PERSON.format(column="external_id")


async def page(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    list_id: ListId,
    search: Search,
    limit: int,
    offset: int,
) -> tuple[list[Contact], int] | None:
    """A page of a list's contacts, by id, and how many match; None when there is no such list in the campaign."""
    place = (tenant_id, campaign_id, list_id, limit, offset)
    status = search.process_status
    if search.phone is not None:
        rows = await conn.fetch(PAGE_OF_PHONE, *place, search.phone, status, search.external_id)
    elif search.external_id is not None:
        rows = await conn.fetch(PAGE_OF_EXTERNAL, *place, search.external_id, status, None)
    elif status is not None:
        rows = await conn.fetch(PAGE_OF_STATUS, *place, status)
    else:
        rows = await conn.fetch(PAGE, *place)
    if not rows:
        return None
        # After the total, the columns of _CONTACT are the fields of Contact.
    return [Contact._make(row[1:]) for row in rows if row[1] is not None], rows[0]["total"]


# The tally is kept by the statement that changes the contacts: `changed` is what that statement returned.
_TALLY = """
    insert into contact_tally as t (tenant_id, campaign_id, list_id, process_status, call_status, slot, contacts)
    select tenant_id, campaign_id, list_id, process_status, coalesce(call_status, ''), pg_backend_pid() % 8,
        {sign} count(*)
    from {changed} group by tenant_id, campaign_id, list_id, process_status, coalesce(call_status, '')
    order by tenant_id, campaign_id, list_id, process_status, coalesce(call_status, '')
    on conflict (tenant_id, campaign_id, list_id, process_status, call_status, slot)
    do update set contacts = t.contacts + excluded.contacts
"""
_TALLIED = "tenant_id, campaign_id, list_id, process_status, call_status"

# What another request commits while this statement runs is not seen by it: the customer or contact may then be neither
# known nor made, and the caller asks again.
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
    select customer_id from customer where tenant_id = $1 and phone = $4
), new_person as (
    insert into customer (tenant_id, phone) select $1, $4 from target where not exists (select from person)
    on conflict do nothing returning customer_id
), added as (
    insert into contact (tenant_id, campaign_id, list_id, customer_id, phone, name, external_id, attributes)
    select $1, $2, target.list_id, p.customer_id, $4, $5, $6, $7
    from target, (select customer_id from person union all select customer_id from new_person) p
    on conflict do nothing returning contact_id, {_TALLIED}
), tally as ({_TALLY.format(sign="", changed="added")})
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
            ADD, tenant_id, campaign_id, list_id, new.phone, new.name, new.external_id, new.attributes
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


async def list_named(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str) -> ListId:
    """The campaign's list of that name, made if there is none. The campaign must exist."""
    await conn.execute(MAKE_LIST, tenant_id, campaign_id, name)
    return await conn.fetchval(FIND_LIST, tenant_id, campaign_id, name)


# Writers of many rows to one campaign take turns; in order of the number, writers to different campaigns of one tenant
# cannot wait for each other's customers in a circle.
LOCK_CAMPAIGN = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"
CAMPAIGN_STATUS = "select status from campaign where tenant_id = $1 and campaign_id = $2 for key share"
ROWS_TABLE = """
create temporary table if not exists import_rows (
    position integer, phone text, name text, external_id text, attributes jsonb
) on commit delete rows
"""
ADD_CUSTOMERS = """
insert into customer (tenant_id, phone) select distinct $1::bigint, phone from import_rows order by phone
on conflict do nothing
"""
ADD_MANY = f"""
with added as (
    insert into contact (tenant_id, campaign_id, list_id, customer_id, phone, name, external_id, attributes)
    select $1, $2, $3, customer_id, phone, name, external_id, attributes from import_rows
    join customer using (phone) where tenant_id = $1 order by position
    on conflict do nothing returning {_TALLIED}
), tally as ({_TALLY.format(sign="", changed="added")})
select count(*) from added
"""


@dataclass(frozen=True, slots=True)
class AddedMany:
    created: int
    duplicates: int


async def add_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: list[NewContact]
) -> AddedMany | Refusal:
    """Put people into a list, in their order, within the caller's transaction. Numbers the campaign has are skipped."""
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    status = await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)
    if status is None or status == STOPPED:
        return Refusal.NO_CAMPAIGN if status is None else Refusal.STOPPED
    await conn.execute(ROWS_TABLE)
    await conn.copy_records_to_table(
        "import_rows",
        records=[(position, row.phone, row.name, row.external_id, row.attributes) for position, row in enumerate(rows)],
    )
    await conn.execute(ADD_CUSTOMERS, tenant_id)
    created = await conn.fetchval(ADD_MANY, tenant_id, campaign_id, list_id)
    return AddedMany(created, len(rows) - created)


DELETE = f"""
with gone as (
    delete from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3 and process_status = 0
    returning {_TALLIED}
), tally as ({_TALLY.format(sign="-", changed="gone")})
select count(*) from gone
"""
CONTACT_EXISTS = "select true from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3"


async def delete(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, by: KeyId
) -> Refusal | None:
    """Remove a contact that is pending; of a delete and a call that want it at once, one wins. None: it is gone."""
    async with conn.transaction():
        if await conn.fetchval(DELETE, tenant_id, campaign_id, contact_id):
            await audit.record(conn, tenant_id, by, "contact.delete", f"contact {contact_id}")
            return None
    if await conn.fetchval(CONTACT_EXISTS, tenant_id, campaign_id, contact_id):
        return Refusal.NOT_PENDING
    return Refusal.NO_CONTACT
