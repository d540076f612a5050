"""Call logs in the database: calls of both directions, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tongdai.calls.sql import month_of
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.reports.call_logs.model import Logged


@dataclass(frozen=True, slots=True)
class Filter:
    """Each field that is not None must match."""

    phone: str | None = None
    """E.164: the number of either side."""
    direction: str | None = None
    since: datetime | None = None
    before: datetime | None = None


# The parts of a list are read by the indexes in the order of opening that have no others (calls/history.py); those of a
# number by its own. `ended_month` skips what had ended before.
_MATCHES = f"""
    and c.opened_at >= coalesce($3::timestamptz, '-infinity') and c.opened_at < coalesce($4::timestamptz, 'infinity')
    and c.ended_month >= coalesce({month_of("$3::timestamptz")}, '-infinity')
    and ($2::text is null or c.direction = $2)"""
_OF_NUMBER = f"c.phone = $5 {_MATCHES}"
_OF_CALLED = f"c.called = $5 and c.phone <> $5 {_MATCHES}"
_OF_CAMPAIGN = f"""c.campaign_id is not null and c.called is null and c.phone <> $5 and exists (
        select from campaign k where k.tenant_id = $1 and k.campaign_id = c.campaign_id
            and '+' || ltrim(k.caller_id, '+') = $5
    ) {_MATCHES}"""
_NUMBERED = " union all ".join(
    f"select c.call_id, c.opened_at from call c where c.tenant_id = $1 and {part}"
    for part in (_OF_NUMBER, _OF_CALLED, _OF_CAMPAIGN)
)
_ALL = f"select c.call_id, c.opened_at from call c where c.tenant_id = $1 {_MATCHES}"
_PAGED = """
with page as materialized (
    {found} order by opened_at desc, call_id desc limit ${limit}::bigint offset ${offset}::bigint
)
select c.call_id, c.direction, c.phone as other, coalesce(c.called, k.caller_id) as own, c.outcome, c.opened_at,
    c.answered_at, c.connected_at, c.ended_at, c.agent_id, a.name as agent_name, c.queue_id, c.campaign_id,
    c.contact_id, coalesce(p.name, known.name) as customer_name
from page
cross join lateral (
    select * from call where tenant_id = $1 and call_id = page.call_id order by ended_month limit 1
) c
left join campaign k on k.tenant_id = $1 and k.campaign_id = c.campaign_id
left join agent a on a.tenant_id = $1 and a.agent_id = c.agent_id
left join contact p on p.tenant_id = $1 and p.contact_id = c.contact_id
left join lateral (
    select n.name from (
        select b.contact_id from call b
        where b.tenant_id = $1 and b.phone = c.phone and b.contact_id is not null and b.ended_month < 'infinity'
        order by b.opened_at desc limit 1
    ) last join contact n on n.tenant_id = $1 and n.contact_id = last.contact_id
    where c.contact_id is null and c.phone <> ''
) known on true
order by page.opened_at desc, page.call_id desc
"""
PAGE = _PAGED.format(found=_ALL, limit=5, offset=6)
PAGE_OF_NUMBER = _PAGED.format(found=_NUMBERED, limit=6, offset=7)
COUNT = f"select count(*) from call c where c.tenant_id = $1 {_MATCHES}"
COUNT_OF_NUMBER = f"select count(*) from ({_NUMBERED}) found"


async def page(
    conn: Connection, tenant_id: TenantId, by: Filter, limit: int, offset: int
) -> tuple[Sequence[Logged], int]:
    """A page of the calls that match, newest first, and their number."""
    args = (tenant_id, by.direction, by.since, by.before)
    if by.phone is None:
        rows, total = await conn.fetch(PAGE, *args, limit, offset), await conn.fetchval(COUNT, *args)
    else:
        rows = await conn.fetch(PAGE_OF_NUMBER, *args, by.phone, limit, offset)
        total = await conn.fetchval(COUNT_OF_NUMBER, *args, by.phone)
    return [Logged(*row) for row in rows], total
