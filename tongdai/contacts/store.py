"""Lists and contacts in the database, and the counters that go with each change."""

from enum import Enum, auto

from msgspec import UNSET

from tongdai.contacts.changes.log import logged
from tongdai.contacts.due import LEAVE_RUNS
from tongdai.contacts.fields import COLUMNS, FIELDS, parameters, values_of
from tongdai.contacts.in_call import in_call
from tongdai.contacts.model import DEFAULT_LIST, Added, Change, NewContact, number_of
from tongdai.contacts.numbers import store as time_zone_store
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ContactId, ListId, TenantId

STOPPED = 4
"""The status of a campaign that takes no contacts."""


class ContactRefusal(Enum):
    """Why nothing was changed."""

    NO_CAMPAIGN = auto()
    NO_LIST = auto()
    NO_CONTACT = auto()
    STOPPED = auto()
    NOT_PENDING = auto()


CAMPAIGN_EXISTS = "select true from campaign where tenant_id = $1 and campaign_id = $2"


async def campaign_exists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> bool:
    return bool(await conn.fetchval(CAMPAIGN_EXISTS, tenant_id, campaign_id))


CONTACT_EXISTS = "select true from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3"


async def contact_exists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId) -> bool:
    return bool(await conn.fetchval(CONTACT_EXISTS, tenant_id, campaign_id, contact_id))


def counted(changes: str) -> str:
    """A CTE that adds to the counters of contacts. `changes` is a query of rows to add: one for each key, in the order
    of the key, so that writers cannot deadlock."""
    return f"""counters as (
    insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
    {changes}
    on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
    do update set contacts = t.contacts + excluded.contacts returning true
)"""


# For contacts that change their state, from a CTE `changes`: campaign_id, list_id, process_status, call_status, and the
# number of contacts to add to these.
MOVED = counted("""select $1::bigint, campaign_id, list_id, process_status, coalesce(call_status, ''),
        pg_backend_pid() % 8, sum(contacts)
    from changes group by campaign_id, list_id, process_status, coalesce(call_status, '')
    having sum(contacts) <> 0
    order by campaign_id, list_id, process_status, coalesce(call_status, '')""")
_COUNTED = counted("""select $1::bigint, campaign_id, list_id, process_status, coalesce(call_status, ''),
        pg_backend_pid() % 8, {sign} count(*)
    from {changed} group by campaign_id, list_id, process_status, coalesce(call_status, '')
    order by campaign_id, list_id, process_status, coalesce(call_status, '')""")
# The counters are changed by the statement that changes the contacts: `changed` is what that statement returned. First
# contact_counter, then contact_block, each in the order of its key: so writers cannot deadlock.
COUNTERS = f"""
{_COUNTED}, blocks as (
    insert into contact_block as b (tenant_id, list_id, span, block, shard, contacts)
    select $1::bigint, list_id, span, contact_id >> span, pg_backend_pid() % 8, {{sign}} count(*)
    from (select count(*) from counters) after_it cross join {{changed}}
    cross join (values (10), (15), (20)) spans (span)
    group by list_id, span, contact_id >> span order by list_id, span, contact_id >> span
    on conflict (tenant_id, list_id, span, block, shard) do update set contacts = b.contacts + excluded.contacts
)
"""
CHANGED = "campaign_id, list_id, process_status, call_status"


def removal(condition: str) -> str:
    """The statement that deletes the contacts of tenant $1 and campaign $2 that meet the condition, from their runs and
    from what is due too, and returns how many. They were locked by a statement before it."""
    return f"""
with gone as (
    delete from contact where {condition} returning contact_id, zone, in_run, {CHANGED}
), leaving_run as (
    select contact_id, zone from gone where in_run
), {LEAVE_RUNS}, due as (
    delete from contact_due d using gone where d.tenant_id = $1 and d.contact_id = gone.contact_id
), settled as materialized (
    select gone.* from (select count(*) from holding) after_it cross join gone
), {logged("gone", deleted=True)}, {COUNTERS.format(sign="-", changed="settled")}
select count(*) as contacts from gone
"""


# What another request commits while this statement runs is not seen by it: the contact may then be neither known nor
# created, and the caller asks again. The list is locked in place of a foreign key.
ADD = f"""
with place as materialized (
    select c.status, l.list_id from campaign c
    left join lateral (
        select list_id from contact_list
        where tenant_id = $1 and campaign_id = $2 and ($3::bigint is null or list_id = $3)
        order by list_id limit 1 for key share
    ) l on true
    where c.tenant_id = $1 and c.campaign_id = $2
), known as (
    select contact_id, list_id from contact where tenant_id = $1 and campaign_id = $2 and number = $4
), numbered as materialized (
    select zone from time_zone where name = $5
), added as (
    insert into contact (tenant_id, campaign_id, list_id, number, zone, attributes, {COLUMNS})
    select $1, $2, place.list_id, $4, numbered.zone, $6, {parameters(7)}
    from place cross join numbered
    where place.status <> {STOPPED} and place.list_id is not null and not exists (select from known)
    on conflict do nothing returning contact_id, zone, {CHANGED}
), due as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, now(), zone from added returning contact_id
), settled as materialized (
    select added.* from (select count(*) from due) after_it cross join added
), {logged("added")}, {COUNTERS.format(sign="", changed="settled")}
select place.status, place.list_id as place_list, added.contact_id as added_id, added.list_id as added_list,
    known.contact_id as known_id, known.list_id as known_list, exists (select from numbered) as zone_numbered
from place left join added on true left join known on true
"""

MAKE_LIST = """
insert into contact_list (tenant_id, campaign_id, name) values ($1, $2, $3) on conflict do nothing
"""


async def add(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId | None, new: NewContact
) -> Added | ContactRefusal:
    """Put a person into a list, or (list_id None) into the campaign's first, made if it has none.

    A number that the campaign already has is left where it is and returned as a duplicate.
    """
    number = number_of(new.phone)
    while True:
        row = await conn.fetchrow(
            ADD, tenant_id, campaign_id, list_id, number, new.zone, new.attributes, *values_of(new)
        )
        if row is None:
            return ContactRefusal.NO_CAMPAIGN
        if row["place_list"] is None and list_id is not None:
            return ContactRefusal.NO_LIST
        if row["status"] == STOPPED:
            return ContactRefusal.STOPPED
        if row["added_id"] is not None:
            return Added(row["added_id"], row["added_list"], duplicate=False)
        if row["known_id"] is not None:
            return Added(row["known_id"], row["known_list"], duplicate=True)
        if row["place_list"] is None:
            await conn.execute(MAKE_LIST, tenant_id, campaign_id, DEFAULT_LIST)
        if not row["zone_numbered"]:
            await time_zone_store.numbers(conn, [new.zone])


FIND_LIST = "select list_id from contact_list where tenant_id = $1 and campaign_id = $2 and name = $3"


async def find_list(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str) -> ListId | None:
    """The campaign's list of that name."""
    return await conn.fetchval(FIND_LIST, tenant_id, campaign_id, name)


async def list_named(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, name: str) -> ListId:
    """The campaign's list of that name, made if there is none, and kept until the transaction ends. The campaign must
    exist."""
    while True:
        await conn.execute(MAKE_LIST, tenant_id, campaign_id, name)
        list_id = await conn.fetchval(f"{FIND_LIST} for key share", tenant_id, campaign_id, name)
        if list_id is not None:  # else it was deleted meanwhile
            return list_id


# Locked first: the statement after it sees every call that was claimed before, and none is claimed meanwhile.
HOLD = """
select number, zone from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3 for update
"""
# `+ 0`: db/plans.py.
DELETE = removal(
    f"tenant_id = $1 and campaign_id = $2 and contact_id = $3 and process_status + 0 = 0 and not {in_call('contact')}"
)


async def delete(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, by: Author
) -> ContactRefusal | None:
    """Remove a contact that is pending; of a delete and a call that want it at once, one wins. None: it is gone."""
    async with conn.transaction():
        await conn.execute(HOLD, tenant_id, campaign_id, contact_id)
        if await conn.fetchval(DELETE, tenant_id, campaign_id, contact_id):
            await audit.record(conn, tenant_id, by, "contact.delete", f"contact {contact_id}")
            return None
    if await contact_exists(conn, tenant_id, campaign_id, contact_id):
        return ContactRefusal.NOT_PENDING
    return ContactRefusal.NO_CONTACT


_SET = ", ".join(
    f"{field.column} = case when ${6 + 2 * field.index} then ${7 + 2 * field.index} else {field.column} end"
    for field in FIELDS
)
CHANGE = f"""
with changed as (
    update contact set attributes = case when $4 then $5 else attributes end, {_SET}, changed_in = default
    where tenant_id = $1 and campaign_id = $2 and contact_id = $3 returning contact_id
), {logged("changed")}
select count(*) from changed
"""
# A run is of one zone: a contact that moves to another gets a row of contact_due with the due time of its run.
MOVE_ZONE = f"""
with leaving_run as materialized (
    select contact_id, zone from contact
    where tenant_id = $1 and campaign_id = $2 and contact_id = $3 and in_run and process_status + 0 = 0
        and not {in_call("contact")}
), {LEAVE_RUNS}, queued as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, due_at, $4::smallint from holding
), waiting as (
    update contact_due set zone = $4 where tenant_id = $1 and contact_id = $3
), moved as (
    update contact set zone = $4, in_run = in_run and not exists (select from holding)
    where tenant_id = $1 and campaign_id = $2 and contact_id = $3 returning contact_id
)
select contact_id from moved
"""


async def change(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, change: Change, by: Author
) -> ContactRefusal | None:
    """Set what is given, whatever state the contact is in. None: it is done."""
    place = (tenant_id, campaign_id, contact_id)
    async with conn.transaction():
        held = await conn.fetchrow(HOLD, *place)
        if held is None:
            return ContactRefusal.NO_CONTACT
        if change.time_zone is not UNSET:
            name = change.time_zone or zone_of(f"+{held['number']}")
            zone = (await time_zone_store.numbers(conn, [name]))[name]
            if zone != held["zone"]:
                await conn.execute(MOVE_ZONE, *place, zone)
        attributes = change.attributes
        values: list[object] = [attributes is not UNSET, None if attributes is UNSET else attributes]
        for field in FIELDS:
            values += [field.column in change.values, change.values.get(field.column)]
        await conn.execute(CHANGE, *place, *values)
        await audit.record(conn, tenant_id, by, "contact.change", f"contact {contact_id}")
    return None
