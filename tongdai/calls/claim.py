"""The claim of due contacts: which may be called now, and a call opened for each.

The call alone tells that the contact is in a call: the contact is held while the claim runs and left as it is until
its call ends. Locks are taken in the order contact (without waiting), call, tally. Before it, in its transaction,
only an agent and a preview may be locked.
"""

from collections import Counter

import asyncpg

from tongdai.calls.model import Call, CallState, Claims, Terms
from tongdai.calls.sql import COUNTERS, ZONES_PENDING, by_index, instant
from tongdai.contacts.in_call import in_call
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId

WAITING_ZONES = f"""{ZONES_PENDING}select zones.zone from zones cross join lateral (
    select due_at from contact
    where tenant_id = $1 and campaign_id = $2 and process_status = 0 and zone = zones.zone
        and not {in_call("contact")}
    order by due_at, contact_id limit 1
) first where first.due_at <= statement_timestamp() order by zones.zone
"""


async def waiting_zones(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
    """The time zones, as contacts have them, of which a contact is pending and due."""
    return [row["zone"] for row in await by_index(conn, WAITING_ZONES, tenant_id, campaign_id)]


# `candidates` are chosen without a lock and materialized: a plan that joined them to the contacts anew for each row
# would take more than the limit. What another took meanwhile is passed by. The `+ 0` keeps the look-up of the few from
# the index of all that are due. In order of the number, two claims that want the same cannot wait for each other in a
# circle. Calls are locked before totals, as who ends a call does.
_CLAIM = f"""
with open_zones as materialized (
    select zone, closes_at from unnest($3::text[], $4::timestamptz[]) as sent (zone, closes_at)
    where closes_at > statement_timestamp()
        and exists (select from campaign where tenant_id = $1 and campaign_id = $2 and status = 2)
), candidates as materialized ({{candidates}}), due as materialized (
    select pending.contact_id, pending.list_id, pending.zone, pending.phone, pending.call_status, pending.due_at
    from candidates cross join lateral (
        select contact_id, list_id, zone, phone, call_status, due_at from contact
        where tenant_id = $1 and contact_id = candidates.contact_id
            and process_status + 0 = 0 and due_at <= statement_timestamp()
        limit 1 for update skip locked
    ) pending
), verdict as materialized (
    select due.contact_id, due.list_id, due.phone, due.call_status, due.due_at, open_zones.closes_at, listed.closed,
        greatest(listed.until_at, busy.until_at, called.until_at) as again_at, gen_random_uuid() as call_id
    from due join open_zones on open_zones.zone = due.zone
    cross join lateral (
        select coalesce(bool_or(d.expires_at is null), false) as closed, max(d.expires_at) as until_at
        from do_not_call d join do_not_call_list l on l.tenant_id = d.tenant_id and l.dnc_list_id = d.dnc_list_id
        where d.tenant_id = $1 and d.phone = due.phone and (l.campaign_id is null or l.campaign_id = $2)
            and (d.expires_at is null or d.expires_at > statement_timestamp())
    ) listed
    left join lateral (
        select statement_timestamp() + interval '1 minute' as until_at from call
        where tenant_id = $1 and phone = due.phone and ended_at is null limit 1
    ) busy on true
    cross join lateral (
        select max(placed.dialled_at + ceilings.period) as until_at
        from unnest($6::integer[], $7::interval[]) as ceilings (calls, period)
        cross join lateral (
            select dialled_at from call
            where tenant_id = $1 and phone = due.phone and ended_at is not null and dialled_at is not null
            order by opened_at desc offset ceilings.calls - 1 limit 1
        ) placed
        where placed.dialled_at + ceilings.period > statement_timestamp()
    ) called
), opened as (
    insert into call (tenant_id, call_id, campaign_id, contact_id, phone, agent_id, opened_at, dial_until,
        lease_until)
    select $1, call_id, $2, contact_id, phone, $8::bigint, statement_timestamp(), closes_at,
        statement_timestamp() + $9::interval
    from verdict where not closed and again_at is null order by phone
    returning true
), judged as materialized (
    select verdict.*, case when closed then 2 when again_at is null then 1 else 0 end as became
    from (select count(*) from opened) after_it cross join verdict
), put as (
    update contact c set process_status = j.became,
        call_status = case when j.closed then 'dnc' else c.call_status end,
        due_at = case when j.closed then c.due_at else j.again_at end
    from judged j where j.became <> 1 and c.tenant_id = $1 and c.contact_id = j.contact_id
), changes as (
    select $1 as tenant_id, $2::bigint as campaign_id, j.list_id, change.process_status, change.call_status,
        change.contacts
    from judged j cross join lateral (
        values (0, j.call_status, -1), (j.became, case when j.closed then 'dnc' else j.call_status end, 1)
    ) change (process_status, call_status, contacts)
    where j.became <> 0
), {COUNTERS}
select became, call_id, contact_id, phone, statement_timestamp() as opened_at, closes_at as dial_until,
    statement_timestamp() + $9::interval as lease_until
from judged order by due_at, contact_id
"""
CLAIM = _CLAIM.format(
    candidates=f"""
    select oldest.contact_id from open_zones cross join lateral (
        select contact_id, due_at from contact
        where tenant_id = $1 and campaign_id = $2 and zone = open_zones.zone and process_status = 0
            and due_at <= statement_timestamp() and not {in_call("contact")}
        order by due_at, contact_id limit $5::bigint
    ) oldest order by oldest.due_at, oldest.contact_id limit $5::bigint
"""
)
CLAIM_CONTACT = _CLAIM.format(
    candidates=f"""
    select contact_id from contact
    where tenant_id = $1 and contact_id = $5::bigint and campaign_id + 0 = $2 and not {in_call("contact")}
"""
)
# The claim saw none of its contacts in a call, and holds them. One that it put off or closed may have come into a call
# all the same before it had it; one that it opened a call for has not, or there would be two.
BEATEN = f"""
select exists (
    select from unnest($2::bigint[]) as left_alone (contact_id)
    join contact c on c.tenant_id = $1 and c.contact_id = left_alone.contact_id where {in_call("c")}
)
"""
_PENDING, _IN_CALL, _PROCESSED = 0, 1, 2


class _Beaten(Exception):
    """Another claim has a contact that this one put off or closed."""


async def claim(conn: Connection, terms: Terms, limit: int) -> Claims:
    """Look at up to `limit` due contacts, oldest due first, and open a call for each that may be called now.

    Concurrent callers get disjoint contacts. Fewer than `limit` examined: no more are due (or another has them just
    now). Nothing is taken for a campaign that does not run, nor of a zone that closed meanwhile.
    """
    return await _claim(conn, CLAIM, terms, limit, None)


async def claim_contact(conn: Connection, terms: Terms, contact_id: ContactId, agent_id: AgentId) -> Claims:
    """As `claim`, for one contact that an agent accepted; the call has the agent from the start.

    None examined: it is not pending, not due or out of its window, or the campaign does not run.
    """
    return await _claim(conn, CLAIM_CONTACT, terms, contact_id, agent_id)


async def _claim(conn: Connection, sql: str, terms: Terms, taken: int, agent_id: AgentId | None) -> Claims:
    while True:
        try:
            async with conn.transaction():
                rows = await _judged(conn, sql, terms, taken, agent_id)
        except (asyncpg.UniqueViolationError, _Beaten):
            # A claim that was committed while this one ran took a contact or a number of it: seen the next time.
            continue
        became = Counter(row["became"] for row in rows)
        calls = [_claimed(terms, agent_id, row) for row in rows if row["became"] == _IN_CALL]
        return Claims(calls, rescheduled=became[_PENDING], closed=became[_PROCESSED])


async def _judged(
    conn: Connection, sql: str, terms: Terms, taken: int, agent_id: AgentId | None
) -> list[asyncpg.Record]:
    rows = await by_index(
        conn,
        sql,
        terms.tenant_id,
        terms.campaign_id,
        list(terms.open_until),
        list(terms.open_until.values()),
        taken,
        [ceiling.calls for ceiling in terms.number_caps],
        [ceiling.period for ceiling in terms.number_caps],
        agent_id,
        terms.lease,
    )
    left = [row["contact_id"] for row in rows if row["became"] != _IN_CALL]
    if left and await conn.fetchval(BEATEN, terms.tenant_id, left):
        raise _Beaten
    return rows


def _claimed(terms: Terms, agent_id: AgentId | None, row: asyncpg.Record) -> Call:
    return Call(
        tenant_id=terms.tenant_id,
        call_id=row["call_id"],
        campaign_id=terms.campaign_id,
        contact_id=row["contact_id"],
        phone=row["phone"],
        state=CallState.CLAIMED,
        opened_at=row["opened_at"],
        dial_until=instant(row["dial_until"]),
        lease_until=row["lease_until"],
        agent_id=agent_id,
    )
