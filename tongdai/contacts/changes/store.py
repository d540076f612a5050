"""Contacts in the order of their changes, in the database: what a reader follows (decision 0074).

    snapshot ─→ all contacts by id, without those changed since the reader began, which the log has
    log      ─→ from where the reader began, each change whose contact was not changed again since

A contact that is changed is read at its newest change below the horizon or, if that is above it, later: each state of a
contact is read once at most, and the last one always. A page looks at a bounded number of contacts or changes, and may
be empty.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tongdai.changes.store import Horizon
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.ids import ContactId, TenantId

LOOKED_AT = 2000
"""Contacts, or ranges of the log, that a page looks at."""


class ContactPlace(NamedTuple):
    """How far a reader is."""

    database: int
    start: int
    """The position at which it began."""
    position: int
    """That of the last change read; 0: it is in the snapshot."""
    contact_id: int
    """The last contact read there."""


class Read(NamedTuple):
    changed: Sequence[ContactId]
    deleted: Sequence[ContactId]
    next: ContactPlace
    up_to_date: bool
    """Whether nothing is left that may be shown now."""


# What was changed by a transaction of another database, of which this one is a copy, is in the log or not: here the log
# decides, there a position that is yet to come.
SNAPSHOT = """
with looked_at as materialized (
    select contact_id, changed_in from contact where tenant_id = $1 and contact_id > $2
    order by contact_id limit $5::bigint
)
select contact_id, changed_in >= $3::xid8 and changed_in < $4::xid8 and exists (
    select from contact_change e where e.tenant_id = $1 and e.changed_in = looked_at.changed_in
        and e.first_id <= looked_at.contact_id and looked_at.contact_id <= e.last_id
) as changed from looked_at order by contact_id
"""
# Each range by itself, from behind the place of the reader: within it no contact is sorted.
LOG = """
with entry as materialized (
    select changed_in, first_id, last_id, deleted, row_number() over (order by changed_in, first_id, last_id, deleted)
        as nth
    from (
        select changed_in, first_id, last_id, deleted from contact_change
        where tenant_id = $1 and changed_in >= $2::xid8 and changed_in < $4::xid8
            and (changed_in > $2::xid8 or last_id > $3)
        order by changed_in, first_id, last_id, deleted limit $5::bigint
    ) waiting
), read as (
    select entry.changed_in, c.contact_id, false as deleted
    from entry cross join lateral (
        select contact_id from contact
        where tenant_id = $1 and contact_id >= entry.first_id and contact_id <= entry.last_id
            and (entry.changed_in > $2::xid8 or contact_id > $3) and changed_in = entry.changed_in
        order by contact_id limit $6::bigint
    ) c where not entry.deleted
    union
    select entry.changed_in, gone.contact_id, true
    from entry cross join lateral (
        select contact_id from generate_series(
            case when entry.changed_in > $2::xid8 then entry.first_id else greatest(entry.first_id, $3::bigint + 1) end,
            entry.last_id
        ) gone (contact_id)
        where not exists (select from contact where tenant_id = $1 and contact.contact_id = gone.contact_id)
        order by contact_id limit $6::bigint
    ) gone where entry.deleted
)
select changed_in as position, contact_id, deleted, null as entries from (
    select changed_in, contact_id, deleted from read order by changed_in, contact_id limit $6::bigint
) first
union all
(select changed_in, last_id, false, nth from entry order by nth desc limit 1)
"""


async def read(
    conn: Connection, tenant_id: TenantId, place: ContactPlace, horizon: Horizon, size: int, looked_at: int = LOOKED_AT
) -> Read:
    """The next changes behind a place; `horizon` is of a statement before."""
    if place.position == 0:
        return await _snapshot(conn, tenant_id, place, horizon, min(size, looked_at))
    return await _log(conn, tenant_id, place, horizon, size, looked_at)


async def _snapshot(conn: Connection, tenant_id: TenantId, place: ContactPlace, horizon: Horizon, size: int) -> Read:
    rows = await by_index(conn, SNAPSHOT, tenant_id, place.contact_id, place.start, horizon.following, size)
    found = [row["contact_id"] for row in rows if not row["changed"]]
    if len(rows) == size:
        return Read(found, (), place._replace(contact_id=rows[-1]["contact_id"]), up_to_date=False)
    return Read(found, (), place._replace(position=place.start, contact_id=0), up_to_date=False)


async def _log(
    conn: Connection, tenant_id: TenantId, place: ContactPlace, horizon: Horizon, size: int, looked_at: int
) -> Read:
    rows = await by_index(conn, LOG, tenant_id, place.position, place.contact_id, horizon.position, looked_at, size)
    if not rows:
        return Read(
            (), (), place._replace(position=max(place.position, horizon.position), contact_id=0), up_to_date=True
        )
    last = next(row for row in rows if row["entries"] is not None)
    found = sorted((row["position"], row["contact_id"], row["deleted"]) for row in rows if row["entries"] is None)
    behind = found[-1][:2] if len(found) == size else (last["position"], last["contact_id"])
    return Read(
        [contact_id for _, contact_id, deleted in found if not deleted],
        [contact_id for _, contact_id, deleted in found if deleted],
        place._replace(position=behind[0], contact_id=behind[1]),
        up_to_date=len(found) < size and last["entries"] < looked_at,
    )
