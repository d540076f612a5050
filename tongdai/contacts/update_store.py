"""Updates of contacts that a campaign has, by rows with their numbers; within the caller's transaction.

A row gives a contact the values that it has, and leaves what it lacks: an absent or empty text leaves the contact's,
attributes are merged by key. A row never clears anything. The contact stays in its list, and so do its state, calls and
due time; it may be in a call.

    HOLD_CHANGED  ─→ locks the contacts that change, by ascending id; others are neither locked nor written
    CHANGE_VALUES ─→ texts and attributes; not of contacts whose attributes would have more than MAX_ATTRIBUTES bytes
    MOVE_ZONE     ─→ contacts whose row names another time zone leave their runs (contacts/due.py)

Contacts are locked before counters (docs/architecture.md, "Lock order"): so before new contacts are inserted.
"""

from collections.abc import Mapping
from itertools import compress

from tongdai.contacts.changes.log import logged
from tongdai.contacts.columns import NewContacts, as_columns
from tongdai.contacts.fields import COLUMNS, FIELDS
from tongdai.contacts.model import MAX_ATTRIBUTES, NewContact
from tongdai.contacts.numbers import store as time_zone_store
from tongdai.contacts.store import HOLD, MOVE_ZONE
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ContactId, TenantId

_VALUES = 7
"""The parameter of the first of FIELDS."""
_TEXTS = ", ".join(rf"string_to_table(${_VALUES + f.index}::text, E'\n', E'\x1a')" for f in FIELDS)
_GIVEN = ", ".join(f"nullif(sent.{f.column}, '') as {f.column}" for f in FIELDS)
# Contacts ($3), the place of the row of each from 1 ($4), the zone that it names ($5); then columns of NewContacts: $6
# attributes, $7 and so on the declared fields. A column that is null has no lines: `rows from` fills it up.
_SENT = rf"""
sent as materialized (
    select wanted.contact_id, wanted.zone, sent.attributes::jsonb as attributes, {_GIVEN}
    from unnest($3::bigint[], $4::bigint[], $5::smallint[]) wanted (contact_id, position, zone)
    left join rows from (
        string_to_table($6::text, E'\n', 'null'), {_TEXTS}
    ) with ordinality as sent (attributes, {COLUMNS}, position) on sent.position = wanted.position
)
"""
_MERGED = "coalesce(contact.attributes, '{}') || coalesce(sent.attributes, '{}')"
_DIFFERS = " or ".join(
    [
        *(f"coalesce(sent.{f.column}, contact.{f.column}) is distinct from contact.{f.column}" for f in FIELDS),
        f"{_MERGED} <> coalesce(contact.attributes, '{{}}')",
        "sent.zone <> contact.zone",
    ]
)
# A look-up for each contact: no plan can read the whole table.
HOLD_CHANGED = f"""
with {_SENT}
select changing.contact_id, changing.zone
from (select * from sent order by contact_id) sent
cross join lateral (
    select contact_id, nullif(sent.zone, zone) as zone from contact
    where tenant_id = $1 and contact_id = sent.contact_id and campaign_id + 0 = $2 and ({_DIFFERS}) for update
) changing
"""
# As text jsonb has a space after each colon and comma.
_FITS = f"""(
    merged.given is null or octet_length(merged.attributes::text) <= {MAX_ATTRIBUTES}
    or octet_length(merged.attributes::text) + 1 - 2 * (select count(*) from jsonb_object_keys(merged.attributes))
        <= {MAX_ATTRIBUTES}
)"""
_SET = ", ".join(f"{f.column} = coalesce(merged.{f.column}, contact.{f.column})" for f in FIELDS)
CHANGE_VALUES = f"""
with {_SENT}, merged as materialized (
    select sent.contact_id, {", ".join(f"sent.{f.column}" for f in FIELDS)}, sent.attributes as given, own.attributes
    from sent
    cross join lateral (
        select {_MERGED} as attributes from contact
        where tenant_id = $1 and contact_id = sent.contact_id and campaign_id + 0 = $2 limit 1
    ) own
), changed as (
    update contact set {_SET},
        attributes = case when merged.given is null then contact.attributes else merged.attributes end,
        changed_in = default
    from merged
    where contact.tenant_id = $1 and contact.contact_id = any(array(select unnest($3::bigint[])))
        and contact.contact_id = merged.contact_id and {_FITS}
    returning contact.contact_id
), {logged("changed")}
select contact_id from merged where not {_FITS}
"""


OVERFULL = f"""
with {_SENT}, merged as materialized (
    select sent.contact_id, sent.attributes as given, own.attributes
    from sent
    cross join lateral (
        select {_MERGED} as attributes from contact
        where tenant_id = $1 and contact_id = sent.contact_id and campaign_id + 0 = $2 limit 1
    ) own
)
select contact_id from merged where not {_FITS}
"""


async def overfull(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, new: NewContacts, known: Mapping[int, ContactId]
) -> set[ContactId]:
    """The contacts that `update_many` would leave as they are; changes nothing."""
    if not known or new.attributes is None:
        return set()
    wanted = (list(known.values()), [at + 1 for at in known], [None] * len(known))
    rows = await conn.fetch(OVERFULL, tenant_id, campaign_id, *wanted, new.attributes, *new.values)
    return {row["contact_id"] for row in rows}


async def update_many(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, new: NewContacts, known: Mapping[int, ContactId]
) -> set[ContactId]:
    """Give contacts the values of their rows; `known` has the contact of each row's place in `new`, from 0.

    Returns the contacts that are left as they are, because their attributes would be too long.
    """
    if not known:
        return set()
    zones = await _own_zones(conn, new, known)
    rows = {contact_id: at + 1 for at, contact_id in known.items()}
    columns = (new.attributes, *new.values)
    wanted = (list(known.values()), [at + 1 for at in known], [zones.get(at) for at in known])
    held = await conn.fetch(HOLD_CHANGED, tenant_id, campaign_id, *wanted, *columns)
    if not held:
        return set()
    contact_ids: list[ContactId] = [row["contact_id"] for row in held]
    changing = (contact_ids, [rows[contact_id] for contact_id in contact_ids], [None] * len(held))
    left = await conn.fetch(CHANGE_VALUES, tenant_id, campaign_id, *changing, *columns)
    too_long: set[ContactId] = {row["contact_id"] for row in left}
    for row in held:
        if row["zone"] is not None and row["contact_id"] not in too_long:
            await conn.execute(MOVE_ZONE, tenant_id, campaign_id, row["contact_id"], row["zone"])
    return too_long


async def _own_zones(conn: Connection, new: NewContacts, known: Mapping[int, ContactId]) -> dict[int, int]:
    """The time zones that rows name, by place. The number's own is no change that somebody asked for."""
    if new.own_zones is None:
        return {}
    places = [at for at in compress(range(new.count), map(int, new.own_zones)) if at in known]
    names = new.contact_zones()
    numbers = await time_zone_store.numbers(conn, [names[at] for at in places])
    return {at: numbers[names[at]] for at in places}


async def update(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, new: NewContact, by: Author
) -> bool | None:
    """Give a contact the values of `new`. False: its attributes would be too long. None: it is gone."""
    async with conn.transaction():
        if await conn.fetchrow(HOLD, tenant_id, campaign_id, contact_id) is None:
            return None
        if await update_many(conn, tenant_id, campaign_id, as_columns([new]), {0: contact_id}):
            return False
        await audit.record(conn, tenant_id, by, "contact.change", f"contact {contact_id}")
    return True
