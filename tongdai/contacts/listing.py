"""A campaign's lists, and the contacts of a list a page at a time, in the database."""

import asyncpg

from tongdai.contacts.fields import COLUMNS, DOCUMENTED, FIELDS, qualified_columns
from tongdai.contacts.in_call import IN_CALL, process_status
from tongdai.contacts.model import Contact, ContactList, ProcessStatus, Search, number_of
from tongdai.contacts.store import campaign_exists
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, ListId, TenantId

LISTS = """
select list_id, name, coalesce((
    select sum(contacts) from contact_counter t
    where t.tenant_id = $1 and t.campaign_id = l.campaign_id and t.list_id = l.list_id
), 0)::bigint as contact_count
from contact_list l where tenant_id = $1 and campaign_id = $2 order by list_id
"""


async def lists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[ContactList] | None:
    """All lists of a campaign, by id; None when there is no such campaign."""
    rows = await conn.fetch(LISTS, tenant_id, campaign_id)
    if not rows and not await campaign_exists(conn, tenant_id, campaign_id):
        return None
    return [ContactList(row["list_id"], row["name"], row["contact_count"]) for row in rows]


# Of `c`, a row of contact, and `z`, its time zone: whether it is in a call is evaluated only for rows on the page. In
# the order of the fields of Contact and of `Contact.shown`.
CONTACT = f"""c.contact_id, c.number, {qualified_columns("c", FIELDS[:DOCUMENTED])}{process_status("c")},
    c.call_status, {qualified_columns("c", FIELDS[DOCUMENTED:])}c.attributes, nullif(z.name, '') as zone"""


_COLUMNS = f"contact_id, number, process_status, call_status, attributes, zone, {COLUMNS}"
"""The columns of a contact that CONTACT needs."""


def _by_id(where: str, limit: str) -> str:
    """The contacts of list $3 by id: the two ranges of the index by status, merged.

    The columns are named: with `*` each row would be copied twice more on its way.
    """
    of_list = f"select {_COLUMNS} from contact where tenant_id = $1 and list_id = $3 {where}"
    return f"""
        select {_COLUMNS} from (
            ({of_list} and process_status = 0 order by contact_id)
            union all ({of_list} and process_status = 2 order by contact_id)
        ) contact order by contact_id limit {limit}
    """


# One row without a contact: the page is past the end. No row: there is no such list.
PAGE = f"""
select total.contacts as total, {CONTACT} from contact_list l
cross join lateral (
    select coalesce(sum(t.contacts), 0)::bigint as contacts from contact_counter t
    where t.tenant_id = $1 and t.campaign_id = l.campaign_id and t.list_id = l.list_id
) total
left join lateral ({_by_id("", "$4 offset $5")}) c on true left join time_zone z on z.zone = c.zone
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""

# Of the ranges of ids within the one that the page begins in, so many contacts are there, and so many before.
_WITHIN = """
    select b.block, sum(b.contacts) as contacts,
        min(wide.before) + sum(sum(b.contacts)::integer) over (order by b.block) - sum(b.contacts) as before
    from {wider} wide join contact_block b on b.tenant_id = $1 and b.list_id = $3 and b.span = {span}
        and b.block >= wide.block << 5 and b.block < (wide.block + 1) << 5
    where wide.before <= $5 and $5 < wide.before + wide.contacts group by b.block
"""

# Where a page deep in a list begins, without passing by all before it: sums over the ranges of 2^20 ids tell in which
# one, then sums over those of 2^15 within it, and of 2^10; the rest of the way is contact by contact. Nothing begins
# past the end.
PAGE_DEEP = f"""
with wide as (
    select block, sum(contacts) as contacts, sum(sum(contacts)::integer) over (order by block) - sum(contacts) as before
    from contact_block where tenant_id = $1 and list_id = $3 and span = 20 group by block
), middle as ({_WITHIN.format(wider="wide", span=15)}), narrow as ({_WITHIN.format(wider="middle", span=10)}),
start as (
    select block << 10 as contact_id, $5 - before as further
    from narrow where before <= $5 and $5 < before + contacts
)
select total.contacts as total, {CONTACT} from contact_list l
cross join lateral (
    select coalesce(sum(t.contacts), 0)::bigint as contacts from contact_counter t
    where t.tenant_id = $1 and t.campaign_id = l.campaign_id and t.list_id = l.list_id
) total
left join lateral ({
    _by_id("and contact_id >= (select contact_id from start)", "$4 offset (select further from start)")
}) c on true left join time_zone z on z.zone = c.zone
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
DEEP = 1000
"""From this offset on the sums cost less than passing by what comes before."""

_OF_STATUS = f"""
select total.contacts as total, {CONTACT} from contact_list l
cross join lateral (
    select coalesce(sum(t.contacts), 0)::bigint as contacts from contact_counter t
    where t.tenant_id = $1 and t.campaign_id = l.campaign_id and t.list_id = l.list_id
        and t.process_status = $6
) total
left join lateral (
    select * from {{contacts}} order by contact_id limit $4 offset $5
) c on true left join time_zone z on z.zone = c.zone
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
PAGE_OF_STATUS = _OF_STATUS.format(
    contacts=f"""contact
    where tenant_id = $1 and list_id = $3 and process_status = $6 and contact_id not in ({IN_CALL})"""
)
PAGE_IN_CALL = _OF_STATUS.format(
    contacts=f"""(
        select contact.* from ({IN_CALL}) live
        cross join lateral (
            select * from contact where tenant_id = $1 and contact_id = live.contact_id and list_id + 0 = $3 limit 1
        ) contact
    ) contact"""
)

# A number stands once in a campaign and an externalId seldom more often: these matches are counted. Each branch has an
# index of its own; a plan that ORs them has none. `+ 0` keeps it from passing by the whole list.
_PERSON = f"""
with found as materialized (
    select * from (
        select {CONTACT} from contact c join time_zone z on z.zone = c.zone
        where c.tenant_id = $1 and c.campaign_id = $2 and c.list_id + 0 = $3 and {{column}} = $6
            and ($8::text is null or external_id = $8)
    ) of_all where $7::smallint is null or process_status = $7
)
select total.contacts as total, c.* from contact_list l
cross join (select count(*) as contacts from found) total
left join lateral (select * from found order by contact_id limit $4 offset $5) c on true
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
PAGE_OF_PHONE = _PERSON.format(column="number")
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
        rows = await conn.fetch(PAGE_OF_PHONE, *place, number_of(search.phone), status, search.external_id)
    elif search.external_id is not None:
        rows = await conn.fetch(PAGE_OF_EXTERNAL, *place, search.external_id, status, None)
    elif status is not None:
        sql = PAGE_IN_CALL if status == ProcessStatus.IN_CALL else PAGE_OF_STATUS
        rows = await conn.fetch(sql, *place, status)
    else:
        rows = await conn.fetch(PAGE if offset < DEEP else PAGE_DEEP, *place)
    if not rows:
        return None
    return [contact_of(row) for row in rows if row[1] is not None], rows[0]["total"]


# Behind contact $5. Whatever the filter, a contact is found by its id, which never changes.
_AFTER = f"""
select l.list_id, {CONTACT} from contact_list l
left join lateral ({{contacts}}) c on true left join time_zone z on z.zone = c.zone
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
AFTER = _AFTER.format(contacts=_by_id("and contact_id > $5", "$4"))
AFTER_OF_STATUS = _AFTER.format(
    contacts=f"""
    select * from contact where tenant_id = $1 and list_id = $3 and process_status = $6 and contact_id > $5
        and contact_id not in ({IN_CALL}) order by contact_id limit $4"""
)
AFTER_IN_CALL = _AFTER.format(
    contacts=f"""
    select contact.* from ({IN_CALL} and contact_id > $5) live
    cross join lateral (
        select * from contact where tenant_id = $1 and contact_id = live.contact_id and list_id + 0 = $3 limit 1
    ) contact order by contact.contact_id limit $4"""
)
_PERSON_AFTER = f"""
select l.list_id, c.* from contact_list l
left join lateral (
    select * from (
        select {CONTACT} from contact c join time_zone z on z.zone = c.zone
        where c.tenant_id = $1 and c.campaign_id = $2 and c.list_id + 0 = $3 and {{column}} = $6 and c.contact_id > $5
            and ($8::text is null or external_id = $8)
    ) of_all where $7::smallint is null or process_status = $7 order by contact_id limit $4
) c on true
where l.tenant_id = $1 and l.campaign_id = $2 and l.list_id = $3 order by c.contact_id
"""
AFTER_OF_PHONE = _PERSON_AFTER.format(column="number")
AFTER_OF_EXTERNAL = _PERSON_AFTER.format(column="external_id")


async def after(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    list_id: ListId,
    search: Search,
    contact_id: ContactId | None,
    limit: int,
) -> list[Contact] | None:
    """The next contacts of a list behind one (None: the first), by id; None when the campaign has no such list."""
    place = (tenant_id, campaign_id, list_id, limit, contact_id or 0)
    status = search.process_status
    if search.phone is not None:
        rows = await conn.fetch(AFTER_OF_PHONE, *place, number_of(search.phone), status, search.external_id)
    elif search.external_id is not None:
        rows = await conn.fetch(AFTER_OF_EXTERNAL, *place, search.external_id, status, None)
    elif status is not None:
        sql = AFTER_IN_CALL if status == ProcessStatus.IN_CALL else AFTER_OF_STATUS
        rows = await conn.fetch(sql, *(place if status == ProcessStatus.IN_CALL else (*place, status)))
    else:
        rows = await conn.fetch(AFTER, *place)
    if not rows:
        return None
    return [contact_of(row) for row in rows if row[1] is not None]


FIND = f"""
select c.list_id, {CONTACT} from contact c join time_zone z on z.zone = c.zone
where c.tenant_id = $1 and c.campaign_id = $2 and c.contact_id = $3
"""


async def find(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId
) -> tuple[Contact, ListId] | None:
    """A contact of the campaign, and the list it is in."""
    row = await conn.fetchrow(FIND, tenant_id, campaign_id, contact_id)
    return None if row is None else (contact_of(row), row[0])


def contact_of(row: asyncpg.Record) -> Contact:
    """Read the columns of CONTACT, which follow one other."""
    return Contact(row[1], row[2], row[3:])
