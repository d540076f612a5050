"""Bulk inserts and deletes of contacts, in the database, within the caller's transaction.

    lock_list ─→ advisory lock of the campaign (until the end of the transaction), campaign and list `for key share`
              ─→ ContactRefusal: no such campaign or list, or the campaign is stopped; nothing may be written
    insert_columns ─→ inserts all, in one statement; the usual case, as most files have only new numbers
              ─→ UniqueViolationError: the campaign has one of the numbers; roll back, then
    insert_unknown ─→ looks up each number and inserts the others; UniqueViolationError only when a single insert,
                      which takes no advisory lock, has added one of the numbers since: roll back and repeat

The advisory lock serialises bulk writers of a campaign from before the first id is taken, so ids of a chunk are
contiguous among those of the campaign's other chunks and runs are disjoint (contacts/due.py). Contacts, runs, due rows,
counters and blocks change in one statement: a transaction that fails leaves none of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import asyncpg

from tongdai.contacts.columns import NewContacts, as_columns
from tongdai.contacts.fields import COLUMNS, FIELDS
from tongdai.contacts.in_call import in_call
from tongdai.contacts.model import NewContact, number_of
from tongdai.contacts.numbers import store as time_zone_store
from tongdai.contacts.store import STOPPED, ContactRefusal, counted, removal
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, ListId, TenantId

LOCK_CAMPAIGN = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"
# The list is locked instead of a foreign key that is checked for each row; that of contact_counter refuses an unknown
# list.
CAMPAIGN_STATUS = "select status from campaign where tenant_id = $1 and campaign_id = $2 for key share"
LOCK_LIST = """
select true from contact_list where tenant_id = $1 and campaign_id = $2 and list_id = $3 for key share
"""
# A look-up for each number: no plan can join the whole table.
KNOWN = """
select c.number, c.contact_id from unnest($3::bigint[]) wanted (number)
cross join lateral (
    select number, contact_id from contact where tenant_id = $1 and campaign_id = $2 and number = wanted.number limit 1
) c
"""
_VALUES = 9
"""The parameter of the first of FIELDS."""
_TEXTS = ", ".join(rf"string_to_table(${_VALUES + f.index}::text, E'\n', E'\x1a')" for f in FIELDS)
# The columns of NewContacts: $4 numbers, $5 places of zones, $6 attributes, $9 and so on the declared fields. The line
# after the last one is empty.
_SENT = rf"""
    select number::bigint, ($7::smallint[])[coalesce(zone_place::integer, 0) + 1] as zone,
        attributes::jsonb as attributes, {COLUMNS}, position
    from rows from (
        string_to_table($4::text, E'\n'), string_to_table($5::text, E'\n'), string_to_table($6::text, E'\n', 'null'),
        {_TEXTS}
    ) with ordinality as sent (number, zone_place, attributes, {COLUMNS}, position)
    where number <> ''
"""
_COUNTED = counted("select $1, $2, $3, 0, '', pg_backend_pid() % 8, contacts from total where contacts > 0")
# Identity gives ids in the order of the rows. Blocks are counted for the smallest span, and those added up.
_INSERT = f"""added as (
    insert into contact (tenant_id, campaign_id, list_id, number, zone, in_run, attributes, {COLUMNS})
    select $1, $2, $3, number, zone, zone = any($8::smallint[]), attributes, {COLUMNS}
    from ({{sent}}) sent order by position
    returning contact_id, zone, in_run
), runs as (
    insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
    select $1, $2, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
    from added where in_run group by zone
), due as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, now(), zone from added where not in_run
), total as materialized (
    select count(*) as contacts, min(contact_id) as first_id, max(contact_id) as last_id from added
), logged as (
    insert into contact_change (tenant_id, first_id, last_id)
    select $1, first_id, last_id from total where contacts > 0
), {_COUNTED}, narrow as materialized (
    select contact_id >> 10 as block, count(*) as contacts from added group by contact_id >> 10
), blocks as (
    insert into contact_block as b (tenant_id, list_id, span, block, shard, contacts)
    select $1, $3, span, block >> (span - 10), pg_backend_pid() % 8, sum(contacts)
    from (select count(*) from counters) after_it cross join narrow cross join (values (10), (15), (20)) spans (span)
    group by span, block >> (span - 10) order by span, block >> (span - 10)
    on conflict (tenant_id, list_id, span, block, shard) do update set contacts = b.contacts + excluded.contacts
)
select contacts, first_id, case when last_id - first_id >= contacts then (
    select array_agg(contact_id order by contact_id) from added
) end as contact_ids{{also}} from total
"""
INSERT_COLUMNS = f"with {_INSERT.format(sent=_SENT, also='')}"
_NOT_KNOWN = "select * from sent where not exists (select from known where known.position = sent.position)"
_KNOWN_TOO = """,
    (select array_agg(position) from known) as places, (select array_agg(contact_id) from known) as known_ids"""
# A look-up for each number, as in KNOWN. Only what is not found is inserted.
INSERT_UNKNOWN = f"""
with sent as materialized ({_SENT}), known as materialized (
    select sent.position, c.contact_id from sent
    cross join lateral (
        select contact_id from contact where tenant_id = $1 and campaign_id = $2 and number = sent.number limit 1
    ) c
), {_INSERT.format(sent=_NOT_KNOWN, also=_KNOWN_TOO)}"""
_RUN_SHARE = 8
"""A zone with less than this share (1/8) of a chunk's contacts gets no run: the claim would skip all others in its
range."""
_RUN_LEAST = 16


async def insert_columns(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, new: NewContacts
) -> Sequence[ContactId]:
    """Insert contacts in their order, with their runs, due rows, counters and blocks, in one statement.

    Within the caller's transaction, which has called `lock_list`. Returns the ids, which ascend. UniqueViolationError
    when the campaign has one of the numbers: then `insert_unknown`, in another transaction or savepoint.
    """
    if not new.count:
        return []
    values = await _values(conn, new)
    added = await conn.fetchrow(INSERT_COLUMNS, tenant_id, campaign_id, list_id, *values)
    assert added is not None
    assert added["contacts"] == new.count, "each contact sent is inserted"
    return _ids(added)


async def insert_unknown(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, new: NewContacts
) -> tuple[Sequence[ContactId], list[ContactId]]:
    """Insert the contacts whose numbers the campaign does not have: the ids of all, and those that were found.

    UniqueViolationError when somebody adds one of the numbers at the same moment.
    """
    if not new.count:
        return [], []
    values = await _values(conn, new)
    (row,) = await _fetch_planned(conn, INSERT_UNKNOWN, tenant_id, campaign_id, list_id, *values)
    found: dict[int, ContactId] = dict(zip(row["places"] or (), row["known_ids"] or (), strict=True))
    assert row["contacts"] + len(found) == new.count, "each contact sent is inserted or found"
    if not found:
        return _ids(row), []
    made = iter(_ids(row))
    contact_ids = [found.get(place) or next(made) for place in range(1, new.count + 1)]
    return contact_ids, list(found.values())


async def _values(conn: Connection, new: NewContacts) -> tuple[object, ...]:
    """The arguments from $4 on."""
    numbers = await time_zone_store.numbers(conn, new.zones)
    zones = [numbers[name] for name in new.zones]
    counts = Counter(zones[place] for place in new.places())
    many = max(_RUN_LEAST, new.count // _RUN_SHARE)
    in_runs = [zone for zone, contacts in counts.items() if contacts >= many]
    return new.numbers, new.zone_places, new.attributes, zones, in_runs, *new.values


def _ids(added: asyncpg.Record) -> Sequence[ContactId]:
    if added["contact_ids"] is not None:
        return added["contact_ids"]
    return cast("Sequence[ContactId]", range(added["first_id"] or 0, (added["first_id"] or 0) + added["contacts"]))


async def lock_list(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId
) -> ContactRefusal | None:
    """Take the campaign's advisory lock and lock the list. None: rows may be written."""
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    status = await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)
    if status is None or status == STOPPED:
        return ContactRefusal.NO_CAMPAIGN if status is None else ContactRefusal.STOPPED
    return None if await conn.fetchval(LOCK_LIST, tenant_id, campaign_id, list_id) else ContactRefusal.NO_LIST


@dataclass(frozen=True, slots=True)
class AddedMany:
    contact_ids: dict[str, ContactId]
    """The contact that each number now has in the campaign, created or found."""
    made: set[str]
    """The numbers whose contact was created."""

    @property
    def created(self) -> int:
        return len(self.made)


async def add_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: list[NewContact]
) -> AddedMany | ContactRefusal:
    """Add contacts to a list, in their order, within the caller's transaction.

    Of rows with the same number the first wins; a contact that the campaign has stays in its list.
    """
    refusal = await lock_list(conn, tenant_id, campaign_id, list_id)
    if refusal is not None:
        return refusal
    first: dict[str, NewContact] = {}
    for row in rows:
        first.setdefault(row.phone, row)
    found: dict[str, ContactId] = {}
    while True:
        # A plain insert costs a third less than `on conflict do nothing`. Numbers are looked up after a violation only.
        new = [row for phone, row in first.items() if phone not in found]
        with suppress(asyncpg.UniqueViolationError):
            async with conn.transaction():
                ids = await insert_columns(conn, tenant_id, campaign_id, list_id, as_columns(new))
                made = dict(zip((row.phone for row in new), ids, strict=True))
                return AddedMany(found | made, set(made))
        found = await known(conn, tenant_id, campaign_id, first)


async def known(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, phones: Iterable[str]
) -> dict[str, ContactId]:
    """Look up which numbers, in E.164, the campaign has, and their contacts."""
    numbers = {number_of(phone): phone for phone in phones}
    found = await known_numbers(conn, tenant_id, campaign_id, numbers)
    return {numbers[number]: contact_id for number, contact_id in found.items()}


async def known_numbers(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, numbers: Iterable[int]
) -> dict[int, ContactId]:
    """Look up which numbers, without the `+`, the campaign has, and their contacts."""
    rows = await _fetch_planned(conn, KNOWN, tenant_id, campaign_id, sorted(numbers))
    return {row["number"]: row["contact_id"] for row in rows}


async def _fetch_planned(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """Plans the statement each time: a plan made while the tables were almost empty may read every row of them."""
    return await (await conn.prepare(sql)).fetch(*args)


# The ids come out of a select, so that the plan is for a few of them and reads the primary key; `+ 0` keeps it from any
# index of the campaign. A contact that was called and waits for another attempt has a call_status.
_UNCALLED = f"""tenant_id = $1 and contact_id = any(array(select unnest($3::bigint[])))
        and campaign_id + 0 = $2 and process_status + 0 = 0 and call_status is null
        and not {in_call("contact")}"""
# Locked first, and only locked contacts are deleted: the next statement sees every call that was claimed before, and
# none is claimed in between.
HOLD_MANY = f"select contact_id from contact where {_UNCALLED} order by contact_id for update"
REMOVE_MANY = removal(_UNCALLED)


async def remove_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_ids: Sequence[ContactId]
) -> int:
    """Delete those of the contacts that are pending and were never called.

    Within the caller's transaction, whose last locks these must be. Returns how many contacts were deleted.
    """
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    held = [row["contact_id"] for row in await _fetch_planned(conn, HOLD_MANY, tenant_id, campaign_id, contact_ids)]
    gone = await _fetch_planned(conn, REMOVE_MANY, tenant_id, campaign_id, held)
    return gone[0]["contacts"]
