"""How many contacts of a campaign are pending: by time zone and due time, and those whose number is kept from calls.

Few of millions are read. Runs tell how many contacts they hold. Of contact_due, all but the largest range of due
times are counted; what the counter has more is the largest. A number is kept by a do-not-call list, an active call,
or a frequency cap: such numbers are gathered, and their contacts counted once, from the smaller side. Must apply the
same rules as the claim query.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from tongdai.calls.diagnostics.rules import Reason, ZoneCount
from tongdai.calls.live.campaign_snapshot import Place, fetch, value
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.contacts.due import WAITING_ZONES, in_run
from tongdai.contacts.in_call import IN_CALL, phone
from tongdai.db.pool import Connection
from tongdai.do_not_call.rule import in_force

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


async def zone_counts(conn: Connection, place: Place, pending: int, limit: int = _FIRST) -> list[ZoneCount]:
    """All that are pending, of whom the counter says how many there are. In a snapshot.

    Ranges are counted up to `limit`, and up to a multiple of it, until one at most is longer: which one that is need
    not be known before, and it is never counted to its end.
    """
    zones = {row["zone"]: row["name"] for row in await fetch(conn, ZONES, *place)}
    runs: dict[int, int] = {row["zone"]: row["contacts"] for row in await fetch(conn, RUNS, *place)}
    known: dict[tuple[int, bool], int] = {}
    longer = [(zone, later) for zone in zones for later in (False, True)]
    while len(longer) > 1:
        sent = [zone for zone, _ in longer], [later for _, later in longer]
        rows = await fetch(conn, RANGES, *place, *sent, limit)
        known |= {(row["zone"], row["later"]): row["contacts"] for row in rows if row["contacts"] < limit}
        longer = [span for span in longer if span not in known]
        limit *= _GROWTH
    for span in longer:
        known[span] = pending - sum(runs.values()) - sum(known.values())
    return [
        ZoneCount(name, runs.get(zone, 0) + known[zone, False] + known[zone, True], known[zone, True])
        for zone, name in zones.items()
    ]


class Kept(NamedTuple):
    """Pending contacts of a time zone whose number is kept from calls, by the first of the reasons that hold."""

    reason: Reason
    contacts: ZoneCount


_REASONS = (Reason.DO_NOT_CALL, Reason.NUMBER_IN_CALL, Reason.OVER_NUMBER_CAP)
"""The reasons in the order of their numbers in the statements, from 1."""
_SLACK = timedelta(hours=1)
"""More than a claimed call waits to be dialled: caps count from dialling, while their index has the time of the
claim."""

# A number that is in a call is kept by that, whatever its earlier ones. It has one at a time, so its calls were
# dialled in the order in which they were claimed: as many within the period as it may have are the same as the last
# but so many within it, which is what a claim asks.
_NUMBERS = f"""
with kept as materialized (
    select substr(phone, 2)::bigint as number, min(reason) as reason from (
        select d.phone, 1 as reason
        {in_force("$2")}
        union all
        select phone, 2 from live_call where tenant_id = $1
        union all
        select a.phone, 3 from unnest($3::integer[], $4::interval[]) as caps (calls, period)
        join call a on a.tenant_id = $1 and a.ended_at is not null and a.opened_at > now() - $5::interval
            and a.dialled_at + caps.period > now()
        group by a.phone, caps.calls, caps.period having count(*) >= caps.calls
    ) numbers group by phone order by number
)
"""
# A contact that waits in a run is due.
_COUNTED = """
select found.reason, z.name as zone, found.pending, found.later from (
    select reason, zone, count(*) as pending, count(*) filter (where due_at > now()) as later
    from found where reason is not null group by reason, zone
) found join time_zone z on z.zone = found.zone
"""
# Each number is looked up; in their order, so that the next is on the same page of the index or on one of the next.
BY_NUMBER = f"""{_NUMBERS}, found as (
    select kept.reason, c.zone, d.due_at from kept
    cross join lateral (
        select contact_id, zone from contact
        where tenant_id = $1 and campaign_id = $2 and number = kept.number and process_status + 0 = 0
            and contact_id not in ({IN_CALL}) offset 0
    ) c
    left join lateral (
        select due_at from contact_due where tenant_id = $1 and contact_id = c.contact_id limit 1
    ) d on true
) {_COUNTED}"""
# All are read once.
BY_BOTH = f"""{_NUMBERS}, found as (
    select kept.reason, c.zone, d.due_at
    from kept join contact c on c.tenant_id = $1 and c.campaign_id = $2 and c.number = kept.number
        and c.process_status = 0 and c.contact_id not in ({IN_CALL})
    left join contact_due d on d.tenant_id = $1 and d.campaign_id = $2 and d.contact_id = c.contact_id
) {_COUNTED}"""
# Each contact is looked up. `offset 0` keeps the look-ups what they are written as: of one number, by its index.
BY_CONTACT = f"""
with waiting as (
    select contact_id, due_at from contact_due where tenant_id = $1 and campaign_id = $2
    union all
    select c.contact_id, null from contact_run r cross join lateral ({in_run("r", "r.zone", "null")}) c
    where r.tenant_id = $1 and r.campaign_id = $2
), found as (
    select c.zone, waiting.due_at, case
        when exists (
            select {in_force("$2")} and d.phone = {phone("c")} offset 0
        ) then 1
        when exists (
            select from live_call where tenant_id = $1 and phone = {phone("c")} offset 0
        ) then 2
        when exists (
            select from unnest($3::integer[], $4::interval[]) as caps (calls, period)
            cross join lateral (
                select from call where tenant_id = $1 and phone = {phone("c")} and ended_at is not null
                    and opened_at > now() - $5::interval and dialled_at + caps.period > now()
                offset caps.calls - 1 limit 1
            ) placed
        ) then 3
    end as reason
    from waiting cross join lateral (
        select zone, number from contact where tenant_id = $1 and contact_id = waiting.contact_id limit 1
    ) c
) {_COUNTED}"""

# Numbers on lists, and calls of so long: as kept by those who write them, and nearly so is enough.
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
# Sorts and hashes of as many as there may be, in memory. The planner takes each campaign for a small one: these
# settings say when to read it whole.
_ROOM = "set local work_mem = '64MB'"
_WHOLE = "set local enable_nestloop = off; set local enable_mergejoin = off; set local enable_indexscan = off"
_AS_BEFORE = "set local enable_nestloop = on; set local enable_mergejoin = on; set local enable_indexscan = on"


def way(numbers: int, pending: int) -> str:
    """The statement that is fastest for so many. Measured: to look up a contact is the dearest."""
    if numbers > 4 * pending:
        return BY_CONTACT
    return BY_NUMBER if 6 * numbers <= pending else BY_BOTH


async def kept_counts(
    conn: Connection, place: Place, pending: int, caps: Sequence[FrequencyCap], sql: str | None = None
) -> list[Kept]:
    """Count pending contacts whose number a do-not-call list, an active call or a frequency cap forbids to call.

    `sql` is one of the three ways, or None: the one for so many.
    """
    span = max((cap.period + _SLACK for cap in caps), default=timedelta())
    if sql is None:
        sql = way(int(await value(conn, SIZE, *place, span)), pending)
    await conn.execute(_ROOM)
    if sql == BY_BOTH:
        await conn.execute(_WHOLE)
    different = list(set(caps))
    calls, periods = [one.calls for one in different], [one.period for one in different]
    rows = await fetch(conn, sql, *place, calls, periods, span)
    if sql == BY_BOTH:
        await conn.execute(_AS_BEFORE)
    return [Kept(_REASONS[row["reason"] - 1], ZoneCount(row["zone"], row["pending"], row["later"])) for row in rows]
