"""Contacts of a campaign that are given the same values, by the thousand; a step is as in many/store.py."""

from tongdai.contacts.bulk_store import LOCK_CAMPAIGN
from tongdai.contacts.changes.log import logged
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.many.model import Chosen, ManyChanged
from tongdai.contacts.many.store import AT_ONCE, HELD, HOLD, choose, detail_of
from tongdai.contacts.model import MAX_ATTRIBUTES, Change
from tongdai.db import audit
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ContactId, TenantId

# $4 and $5: whether attributes are sent, and which; null clears, others are merged by key. Then the same of each field.
_ATTRIBUTES = """case when not $4::boolean then attributes when $5::jsonb is null then null
        else coalesce(attributes, '{}') || $5::jsonb end"""
_VALUES = [
    (
        field.column,
        f"case when ${6 + 2 * field.index}::boolean then ${7 + 2 * field.index}::text else {field.column} end",
    )
    for field in FIELDS
]
_DIFFERS = " or ".join(f"{value} is distinct from {column}" for column, value in _VALUES)
# As text jsonb has a space after each colon and comma.
_WOULD_BE = f"""
select contact_id, {_ATTRIBUTES} as attributes, {", ".join(f"{value} as {column}" for column, value in _VALUES)},
    {_DIFFERS} or {_ATTRIBUTES} is distinct from attributes as differs
from contact where {HELD}
"""  # noqa: S608 - columns
_CHANGING = f"""
would_be as materialized ({_WOULD_BE}), fitting as materialized (
    select would_be.*, attributes is null or not $4::boolean or octet_length(attributes::text) + 1
        - 2 * (select count(*) from jsonb_object_keys(attributes)) <= {MAX_ATTRIBUTES} as fits
    from would_be where differs
)
"""  # noqa: S608 - columns
_COUNTS = """
select count(*) filter (where fits) as changed, count(*) filter (where not fits) as too_long from fitting
"""
COUNT = f"with {_CHANGING} {_COUNTS}"
_SET = ", ".join(f"{column} = fitting.{column}" for column, _ in _VALUES)
CHANGE = f"""
with {_CHANGING}, changed as (
    update contact c set attributes = fitting.attributes, {_SET}, changed_in = default from fitting
    where c.tenant_id = $1 and c.contact_id = any(array(select unnest($3::bigint[])))
        and c.contact_id = fitting.contact_id and fitting.fits
    returning c.contact_id
), {logged("changed")}
{_COUNTS}
"""  # noqa: S608 - columns


async def change(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    chosen: Chosen,
    change: Change,
    after: ContactId,
    by: Author,
    *,
    dry_run: bool,
    at_once: int = AT_ONCE,
) -> ManyChanged:
    """Give the next chosen contacts the values that are set, whatever state they are in."""
    given = isinstance(change.attributes, dict) or change.attributes is None
    values: list[object] = [given, change.attributes if given else None]
    for field in FIELDS:
        values += [field.column in change.values, change.values.get(field.column)]
    async with conn.transaction():
        if not dry_run:
            await conn.execute(LOCK_CAMPAIGN, str(tenant_id), str(campaign_id))
        found = await choose(conn, tenant_id, campaign_id, chosen, after, at_once)
        if not found:
            return ManyChanged(0, 0, 0, None)
        if not dry_run:
            await by_index(conn, HOLD, tenant_id, campaign_id, found)
        (row,) = await by_index(conn, COUNT if dry_run else CHANGE, tenant_id, campaign_id, found, *values)
        if row["changed"] and not dry_run:
            detail = detail_of(chosen, row["changed"]) | {"fields": _names(change)}
            await audit.record(conn, tenant_id, by, "contacts.change", f"campaign {campaign_id}", detail)
    last = found[-1] if len(found) == at_once else None
    return ManyChanged(row["changed"], len(found) - row["changed"] - row["too_long"], row["too_long"], last)


def _names(change: Change) -> list[str]:
    """The names on the wire of what is set: an audit has no values of contacts."""
    names = [field.text.wire for field in FIELDS if field.column in change.values]
    return [*names, "attributes"] if isinstance(change.attributes, dict) or change.attributes is None else names
