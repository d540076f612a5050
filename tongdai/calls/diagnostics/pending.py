"""Counts the pending contacts of a campaign: by time zone and due time, and those whose number may not be called.

Of millions, few are read. A run has the number of its contacts. Of contact_due all ranges of due times are counted but
the largest, which is the rest of the counter's total. A number may not be called because of a do-not-call list, an
active call or a frequency cap: such numbers are collected, and their contacts counted once, from the smaller side. The
rules are those of the claim query (do_not_call/rule.py, calls/number_cap.py).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from tongdai.calls.diagnostics.campaign_snapshot import CampaignKey, fetch, value
from tongdai.calls.diagnostics.rules import PendingReason, ZoneCount
from tongdai.calls.number_cap import CLAIMED_BEFORE, blocked_numbers, blocked_until
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.contacts.due import WAITING_ZONES, in_run
from tongdai.contacts.in_call import IN_CALL, phone
from tongdai.db.pool import Connection
from tongdai.do_not_call.rule import in_force, is_listed

ZONES = f"{WAITING_ZONES} select zone, name from zones order by name"
# A run is due from when its contacts were inserted.
RUNS = """
select zone, sum(contacts)::bigint as contacts from contact_run where tenant_id = $1 and campaign_id = $2 group by zone
"""
RANGES = """
select sent.zone, sent.later, case when sent.later then (
        select count(*) from (
            select from contact_due where tenant_id = $1 and campaign_id = $2 and zone = sent.zone and due_at > now()
            limit $5::bigint
        ) later
    ) else (
        select count(*) from (
            select from contact_due where tenant_id = $1 and campaign_id = $2 and zone = sent.zone and due_at <= now()
            limit $5::bigint
        ) due
    ) end as contacts
from unnest($3::smallint[], $4::boolean[]) as sent (zone, later)
"""
_FIRST, _GROWTH = 50_000, 64


async def zone_counts(conn: Connection, key: CampaignKey, pending: int, limit: int = _FIRST) -> list[ZoneCount]:
    """The pending contacts by zone; `pending` is their total by the counter. Within a snapshot.

    Ranges are counted up to `limit`, then up to multiples of it, until at most one is longer: so the largest range need
    not be known in advance, and is never counted to its end.
    """
    zones = {row["zone"]: row["name"] for row in await fetch(conn, ZONES, *key)}
    runs: dict[int, int] = {row["zone"]: row["contacts"] for row in await fetch(conn, RUNS, *key)}
    known: dict[tuple[int, bool], int] = {}
    longer = [(zone, later) for zone in zones for later in (False, True)]
    while len(longer) > 1:
        sent = [zone for zone, _ in longer], [later for _, later in longer]
        rows = await fetch(conn, RANGES, *key, *sent, limit)
        known |= {(row["zone"], row["later"]): row["contacts"] for row in rows if row["contacts"] < limit}
        longer = [span for span in longer if span not in known]
        limit *= _GROWTH
    for span in longer:
        known[span] = pending - sum(runs.values()) - sum(known.values())
    return [
        ZoneCount(name, runs.get(zone, 0) + known[zone, False] + known[zone, True], known[zone, True])
        for zone, name in zones.items()
    ]


class Blocked(NamedTuple):
    """Pending contacts of a time zone whose number may not be called, by the first reason that applies."""

    reason: PendingReason
    contacts: ZoneCount


_REASONS = (PendingReason.DO_NOT_CALL, PendingReason.NUMBER_IN_CALL, PendingReason.OVER_NUMBER_CAP)
"""The reasons in the order of their numbers in the statements, from 1."""

# The least reason counts: a number in a call is counted as that, whatever its earlier calls.
_NUMBERS = f"""
with blocked as materialized (
    select substr(phone, 2)::bigint as number, min(reason) as reason from (
        select d.phone, 1 as reason
        {in_force("$2")}
        union all
        select phone, 2 from live_call where tenant_id = $1
        union all
        select phone, 3 from (
            {blocked_numbers("$3", "$4", "$5")}
        ) capped
    ) numbers group by phone order by number
)
"""
# A contact in a run is due.
_COUNTED = """
select found.reason, z.name as zone, found.pending, found.later from (
    select reason, zone, count(*) as pending, count(*) filter (where due_at > now()) as later
    from found where reason is not null group by reason, zone
) found join time_zone z on z.zone = found.zone
"""
# Each number is looked up, in order, so that the next one is on the same index page or on one of the next.
BY_NUMBER = f"""{_NUMBERS}, found as (
    select blocked.reason, c.zone, d.due_at from blocked
    cross join lateral (
        select contact_id, zone from contact
        where tenant_id = $1 and campaign_id = $2 and number = blocked.number and process_status + 0 = 0
            and contact_id not in ({IN_CALL}) offset 0
    ) c
    left join lateral (
        select due_at from contact_due where tenant_id = $1 and contact_id = c.contact_id limit 1
    ) d on true
) {_COUNTED}"""
# The campaign is read once.
BY_BOTH = f"""{_NUMBERS}, found as (
    select blocked.reason, c.zone, d.due_at
    from blocked join contact c on c.tenant_id = $1 and c.campaign_id = $2 and c.number = blocked.number
        and c.process_status = 0 and c.contact_id not in ({IN_CALL})
    left join contact_due d on d.tenant_id = $1 and d.campaign_id = $2 and d.contact_id = c.contact_id
) {_COUNTED}"""
# Each contact is looked up, and its number by an index (`offset 0`: db/plans.py).
BY_CONTACT = f"""
with waiting as (
    select contact_id, due_at from contact_due where tenant_id = $1 and campaign_id = $2
    union all
    select c.contact_id, null from contact_run r cross join lateral ({in_run("r", "r.zone", "null")}) c
    where r.tenant_id = $1 and r.campaign_id = $2
), found as (
    select c.zone, waiting.due_at, case
        when {is_listed(phone("c"), "$2")} then 1
        when exists (
            select from live_call where tenant_id = $1 and phone = {phone("c")} offset 0
        ) then 2
        when (
            {blocked_until(phone("c"), "$3", "$4")}
        ) is not null then 3
    end as reason
    from waiting cross join lateral (
        select zone, number from contact where tenant_id = $1 and contact_id = waiting.contact_id limit 1
    ) c
) {_COUNTED}"""

# The number of list entries, and of calls within the longest period, from their counters: an estimate is enough.
SIZE = """
select (
    select coalesce(sum(entries), 0) from do_not_call_list
    where tenant_id = $1 and (campaign_id is null or campaign_id = $2)
) + (
    select coalesce(sum(h.placed), 0) from campaign c
    join call_hour h on h.tenant_id = $1 and h.campaign_id = c.campaign_id
    where c.tenant_id = $1 and h.hour > now() - $3::interval
)
"""
# Sorts and hashes in memory. The planner assumes that each campaign is small: these settings make it read the whole
# campaign.
_MEMORY = "set local work_mem = '64MB'"
_WHOLE = "set local enable_nestloop = off; set local enable_mergejoin = off; set local enable_indexscan = off"
_AS_BEFORE = "set local enable_nestloop = on; set local enable_mergejoin = on; set local enable_indexscan = on"


def fastest(numbers: int, pending: int) -> str:
    """The fastest statement for these numbers, by measurement: looking up a contact costs most."""
    if numbers > 4 * pending:
        return BY_CONTACT
    return BY_NUMBER if 6 * numbers <= pending else BY_BOTH


async def blocked_counts(
    conn: Connection, key: CampaignKey, pending: int, caps: Sequence[FrequencyCap], sql: str | None = None
) -> list[Blocked]:
    """Count pending contacts whose number a do-not-call list, an active call or a frequency cap forbids to call.

    `sql` is one of the three statements; None: the fastest.
    """
    span = max((cap.period + CLAIMED_BEFORE for cap in caps), default=timedelta())
    if sql is None:
        sql = fastest(int(await value(conn, SIZE, *key, span)), pending)
    await conn.execute(_MEMORY)
    if sql == BY_BOTH:
        await conn.execute(_WHOLE)
    different = list(set(caps))
    calls, periods = [one.calls for one in different], [one.period for one in different]
    spans = () if sql == BY_CONTACT else (span,)
    rows = await fetch(conn, sql, *key, calls, periods, *spans)
    if sql == BY_BOTH:
        await conn.execute(_AS_BEFORE)
    return [Blocked(_REASONS[row["reason"] - 1], ZoneCount(row["zone"], row["pending"], row["later"])) for row in rows]
