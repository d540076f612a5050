"""Many contacts at once, added and removed, in the database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg

from tongdai.contacts import time_zone_store
from tongdai.contacts.due import LEAVE_RUNS
from tongdai.contacts.in_call import in_call
from tongdai.contacts.model import NewContact, number_of
from tongdai.contacts.store import CHANGED, COUNTERS, STOPPED, Refusal
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, ListId, TenantId

# Writers of many rows to one campaign take turns, from before the first id is taken: so their runs are disjoint.
LOCK_CAMPAIGN = "select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))"
# The list is locked in place of a foreign key checked for each row; contact_counter's refuses one that is not there.
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
# Identity gives ids in the order of the rows. Blocks are counted for the smallest span, and those added up.
INSERT_CHUNK = """
with added as (
    insert into contact (tenant_id, campaign_id, list_id, number, zone, in_run, name, external_id, attributes)
    select $1, $2, $3, number, zone, zone = any($9::smallint[]), name, external_id, attributes
    from unnest($4::bigint[], $5::smallint[], $6::text[], $7::text[], $8::jsonb[]) with ordinality
        as sent (number, zone, name, external_id, attributes, position) order by position
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
), counters as (
    insert into contact_counter as t (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
    select $1, $2, $3, 0, '', pg_backend_pid() % 8, contacts from total
    on conflict (tenant_id, campaign_id, list_id, process_status, call_status, shard)
    do update set contacts = t.contacts + excluded.contacts returning true
), narrow as materialized (
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
) end as contact_ids from total
"""
_RUN_SHARE = 8
"""A zone with fewer than one in so many of a chunk's contacts has no run: the claim would pass by all others of its
range for each of them."""
_RUN_LEAST = 16


class Columns(NamedTuple):
    """Contacts to insert, by columns of one length; no number stands in them twice."""

    numbers: Sequence[int]
    """E.164 without the `+`."""
    zones: Sequence[int]
    """As `time_zone_store.numbers` tells them."""
    names: Sequence[str | None] | None = None
    """None: no row has one."""
    external_ids: Sequence[str | None] | None = None
    attributes: Sequence[dict[str, Any] | None] | None = None


async def insert_chunk(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: Columns
) -> Sequence[int]:
    """Insert contacts in their order, with their runs, due rows, counters and blocks, in one statement.

    Within the caller's transaction, which has called `lock_list`. Returns the ids, which ascend. UniqueViolationError
    when the campaign has one of the numbers: insert in a savepoint, and leave out those that `known_numbers` finds.
    """
    assert len(rows.zones) == len(rows.numbers), "columns of one length"
    if not rows.numbers:
        return []
    many = max(_RUN_LEAST, len(rows.numbers) // _RUN_SHARE)
    in_runs = [zone for zone, contacts in Counter(rows.zones).items() if contacts >= many]
    added = await conn.fetchrow(
        INSERT_CHUNK,
        tenant_id,
        campaign_id,
        list_id,
        rows.numbers,
        rows.zones,
        rows.names,
        rows.external_ids,
        rows.attributes,
        in_runs,
    )
    assert added is not None
    assert added["contacts"] == len(rows.numbers), "each row inserted is returned"
    first: int = added["first_id"]
    return added["contact_ids"] or range(first, first + len(rows.numbers))


async def lock_list(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId) -> Refusal | None:
    """Begin to write many rows: take the campaign's turn, and hold the list. None: go on."""
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    status = await conn.fetchval(CAMPAIGN_STATUS, tenant_id, campaign_id)
    if status is None or status == STOPPED:
        return Refusal.NO_CAMPAIGN if status is None else Refusal.STOPPED
    return None if await conn.fetchval(LOCK_LIST, tenant_id, campaign_id, list_id) else Refusal.NO_LIST


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
) -> AddedMany | Refusal:
    """Put people into a list, in their order, within the caller's transaction.

    Of rows with one number the first wins; a number that the campaign has is left where it is.
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
                made = await _insert(conn, tenant_id, campaign_id, list_id, new)
                return AddedMany(found | made, set(made))
        found = await known(conn, tenant_id, campaign_id, first)


async def _insert(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId, rows: list[NewContact]
) -> dict[str, ContactId]:
    phones = [row.phone for row in rows]
    names = [row.zone for row in rows]
    numbered = await time_zone_store.numbers(conn, names)
    columns = Columns(
        numbers=[number_of(phone) for phone in phones],
        zones=[numbered[name] for name in names],
        names=[row.name for row in rows],
        external_ids=[row.external_id for row in rows],
        attributes=[row.attributes for row in rows],
    )
    contact_ids = await insert_chunk(conn, tenant_id, campaign_id, list_id, columns)
    return dict(zip(phones, map(ContactId, contact_ids), strict=True))


async def known(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, phones: Iterable[str]
) -> dict[str, ContactId]:
    """Those of the numbers, in E.164, that the campaign has, and their contacts."""
    numbers = {number_of(phone): phone for phone in phones}
    found = await known_numbers(conn, tenant_id, campaign_id, numbers)
    return {numbers[number]: contact_id for number, contact_id in found.items()}


async def known_numbers(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, numbers: Iterable[int]
) -> dict[int, ContactId]:
    """Those of the numbers, without the `+`, that the campaign has, and their contacts."""
    rows = await _fetch_planned(conn, KNOWN, tenant_id, campaign_id, sorted(numbers))
    return {row["number"]: row["contact_id"] for row in rows}


async def _fetch_planned(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """Planned each time for the tables as they are: the plan of almost empty ones may pass by every row of them."""
    return await (await conn.prepare(sql)).fetch(*args)


# The ids come out of a select, so that the plan is for a few of them and reads the primary key; `+ 0` keeps it from any
# index of the campaign.
_PENDING = f"""tenant_id = $1 and contact_id = any(array(select unnest($3::bigint[])))
        and campaign_id + 0 = $2 and process_status + 0 = 0 and not {in_call("contact")}"""
# Locked first, and only what is locked is removed: the statement after it sees every call that was claimed before, and
# none is claimed meanwhile.
HOLD_MANY = f"select contact_id from contact where {_PENDING} order by contact_id for update"
REMOVE_MANY = f"""
with gone as (
    delete from contact where {_PENDING} returning contact_id, zone, in_run, {CHANGED}
), leaving as (
    select contact_id, zone from gone where in_run
), {LEAVE_RUNS}, due as (
    delete from contact_due d using gone where d.tenant_id = $1 and d.contact_id = gone.contact_id
), settled as materialized (
    select gone.* from (select count(*) from holding) after_it cross join gone
), {COUNTERS.format(sign="-", changed="settled")}
select count(*) as contacts from gone
"""


async def remove_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_ids: Sequence[ContactId]
) -> int:
    """Delete those of the contacts that are pending.

    Within the caller's transaction, as the last that it locks. Returns how many contacts went.
    """
    await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
    held = [row["contact_id"] for row in await _fetch_planned(conn, HOLD_MANY, tenant_id, campaign_id, contact_ids)]
    gone = await _fetch_planned(conn, REMOVE_MANY, tenant_id, campaign_id, held)
    return gone[0]["contacts"]
