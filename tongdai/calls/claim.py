"""The claim of due contacts: selects those that may be called now, and inserts a call for each.

Due contacts are in runs and in contact_due (contacts/due.py): the claim takes the oldest of both, moves the cursor of
a run that it takes from, and deletes or reschedules the rows of contact_due that it takes. A contact's own row is
locked while the claim runs, and does not change until its call ends. Contacts behind a locked contact, which the cursor
cannot pass, are removed from the run.

A claim examines contacts in one of three ways: it opens a call; it reschedules the contact (its number is in a call,
over a frequency cap, or on a do-not-call list until a known time); or it closes the contact (listed permanently). All
happen in one statement, or none.

Runs and contacts that another transaction has locked are skipped, so concurrent claims get disjoint contacts and do not
wait for each other. Before it, in its transaction, only an agent and a preview may be locked. Locks:
docs/architecture.md, "Lock order".
"""

from collections import Counter

import asyncpg

from tongdai.calls.model import Call, CallState, ClaimConditions, Claims
from tongdai.calls.number_cap import blocked_until
from tongdai.calls.sql import instant
from tongdai.campaigns.model import Status
from tongdai.contacts import due
from tongdai.contacts.changes.log import logged
from tongdai.contacts.in_call import phone
from tongdai.contacts.model import ProcessStatus
from tongdai.contacts.store import MOVED
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.dialing.rule import may_dial
from tongdai.do_not_call.rule import listing
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId

WAITING_ZONES = f"""{due.WAITING_ZONES}
select zones.name from zones
where exists (
    select from contact_due
    where tenant_id = $1 and campaign_id = $2 and zone = zones.zone and due_at <= statement_timestamp() offset 0
) or exists (
    select from (
        select next_id, last_id from contact_run
        where tenant_id = $1 and campaign_id = $2 and zone = zones.zone and due_at <= statement_timestamp() offset 0
    ) r cross join lateral ({due.in_run("r", "zones.zone", "1")}) c
)
order by zones.name
"""


async def waiting_zones(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
    """The time zones, as contacts have them, in which a contact is pending and due."""
    return [row["name"] for row in await by_index(conn, WAITING_ZONES, tenant_id, campaign_id)]


# `candidates` returns contact_id, zone, due_at and, for a contact in a run, the run's first_id, next_id and contacts;
# runs are locked. It is materialized: a plan that repeated it for each contact would lock more than the limit. `+ 0`:
# db/plans.py. Calls are inserted in the order of their numbers, so that two
# claims of the same numbers cannot deadlock, and before the counters change, as in finish.END. The contacts of a run
# that were examined are counted, not joined: without hash joins (see by_index) each would be compared with each.
_CLAIM = f"""
with open_zones as materialized (
    select z.zone, sent.closes_at from unnest($3::text[], $4::timestamptz[]) as sent (name, closes_at)
    join time_zone z on z.name = sent.name
    where sent.closes_at > statement_timestamp()
        and exists (select from campaign where tenant_id = $1 and campaign_id = $2 and status = {Status.RUNNING})
        and exists (select from tenant where tenant_id = $1 and switch_id = $10)
        and {may_dial("$10", "$11")}
), candidates as materialized ({{candidates}}), held as materialized (
    select candidates.contact_id, candidates.due_at, candidates.first_id, c.list_id, c.zone, c.number, c.call_status
    from candidates cross join lateral (
        select list_id, zone, number, call_status from contact
        where tenant_id = $1 and contact_id = candidates.contact_id and process_status + 0 = 0
            and (in_run or candidates.first_id is null)
        limit 1 for update skip locked
    ) c
), due as materialized (
    select held.* from held left join lateral (
        select contact_id from contact_due
        where tenant_id = $1 and contact_id = held.contact_id and held.first_id is null
            and due_at <= statement_timestamp()
        limit 1 for update skip locked
    ) popped on true
    where held.first_id is not null or popped.contact_id is not null
), eligibility as materialized (
    select due.contact_id, due.list_id, due.zone, due.first_id, {phone("due")} as phone, due.call_status, due.due_at,
        open_zones.closes_at, listed.permanent as closed,
        greatest(listed.until_at, busy.until_at, called.until_at) as next_attempt_at,
        gen_random_uuid() as call_id
    from due join open_zones on open_zones.zone = due.zone
    cross join lateral (
        {listing(phone("due"), "$2", "statement_timestamp()")}
    ) listed
    left join lateral (
        select statement_timestamp() + interval '1 minute' as until_at from live_call
        where tenant_id = $1 and phone = {phone("due")} limit 1
    ) busy on true
    cross join lateral (
        {blocked_until(phone("due"), "$6", "$7", "statement_timestamp()")}
    ) called
), opened as (
    insert into live_call (tenant_id, call_id, campaign_id, contact_id, phone, agent_id, opened_at, dial_until,
        lease_until, switch_id)
    select $1, call_id, $2, contact_id, phone, $8::bigint, statement_timestamp(), closes_at,
        statement_timestamp() + $9::interval, $10::smallint
    from eligibility where not closed and next_attempt_at is null order by phone
    returning true
), runs as materialized (
    select zone, first_id, contacts, sum(examined) as taken, {{cursor}} as next_id
    from (
        select contact_id, max(zone) as zone, max(first_id) as first_id, max(contacts) as contacts,
            max(next_id) as next_id, count(*) - 1 as examined
        from (
            select contact_id, zone, first_id, contacts, next_id from candidates where first_id is not null
            union all select contact_id, null, null, null, null from eligibility where first_id is not null
        ) of_run group by contact_id
    ) of_contact group by zone, first_id, contacts, next_id
), judged as materialized (
    select eligibility.*, case when closed then 2 when next_attempt_at is null then 1 else 0 end as became,
        coalesce(eligibility.contact_id >= runs.next_id, false) as ahead, pg_current_xact_id() as changing_in
    from (select count(*) from opened) after_it cross join eligibility
    left join runs on runs.zone = eligibility.zone and runs.first_id = eligibility.first_id
), put as (
    update contact c set process_status = case when j.closed then 2 else 0 end, in_run = false,
        call_status = case when j.closed then 'dnc' else c.call_status end,
        changed_in = case when j.closed then j.changing_in else c.changed_in end
    from judged j where c.tenant_id = $1 and c.contact_id = j.contact_id
        and (j.became = 2 or j.first_id is not null and (j.became = 0 or j.ahead))
), {logged("judged where closed")}, advanced as (
    update contact_run r set next_id = runs.next_id, contacts = runs.contacts - runs.taken from runs
    where r.tenant_id = $1 and r.campaign_id = $2 and r.zone = runs.zone and r.first_id = runs.first_id
        and runs.taken > 0 and runs.contacts > runs.taken
), ended as (
    delete from contact_run r using runs
    where r.tenant_id = $1 and r.campaign_id = $2 and r.zone = runs.zone and r.first_id = runs.first_id
        and runs.contacts = runs.taken
), rescheduled as (
    update contact_due d set due_at = j.next_attempt_at from judged j
    where d.tenant_id = $1 and d.contact_id = j.contact_id and j.became = 0 and j.first_id is null
), queued as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, next_attempt_at, zone from judged where became = 0 and first_id is not null
), popped as (
    delete from contact_due d using judged j
    where d.tenant_id = $1 and d.contact_id = j.contact_id and j.became <> 0 and j.first_id is null
), changes as (
    select $1 as tenant_id, $2::bigint as campaign_id, j.list_id, change.process_status, change.call_status,
        change.contacts
    from judged j cross join lateral (
        values (0, j.call_status, -1), (j.became, case when j.closed then 'dnc' else j.call_status end, 1)
    ) change (process_status, call_status, contacts)
    where j.became <> 0
), {MOVED}
select became, call_id, contact_id, phone, statement_timestamp() as opened_at, closes_at as dial_until,
    statement_timestamp() + $9::interval as lease_until
from judged order by due_at, contact_id
"""
# Reads and locks only as many runs as are needed for $5 contacts.
CLAIM = _CLAIM.format(
    candidates=f"""
    select oldest.* from open_zones cross join lateral (
        (
            select contact_id, zone, due_at, null::bigint as first_id, null::bigint as next_id,
                null::integer as contacts
            from contact_due
            where tenant_id = $1 and campaign_id = $2 and zone = open_zones.zone
                and due_at <= statement_timestamp()
            order by due_at, contact_id limit $5::bigint
        ) union all (
            select c.contact_id, r.zone, r.due_at, r.first_id, r.next_id, r.contacts
            from (
                select zone, first_id, next_id, last_id, contacts, due_at from contact_run
                where tenant_id = $1 and campaign_id = $2 and zone = open_zones.zone
                    and due_at <= statement_timestamp()
                order by first_id for update skip locked
            ) r cross join lateral ({due.in_run("r", "open_zones.zone", "$5::bigint")}) c limit $5::bigint
        )
    ) oldest order by due_at, contact_id limit $5::bigint
""",
    cursor="coalesce(min(contact_id) filter (where examined = 0), max(contact_id) + 1)",
)
# The contact leaves its run out of turn; the cursor of the run does not move.
CLAIM_CONTACT = _CLAIM.format(
    candidates="""
    select contact_id, zone, due_at, null::bigint as first_id, null::bigint as next_id, null::integer as contacts
    from contact_due where tenant_id = $1 and contact_id = $5::bigint and campaign_id + 0 = $2
    union all
    select c.contact_id, c.zone, r.due_at, r.first_id, r.next_id, r.contacts from contact c cross join lateral (
        select first_id, next_id, last_id, contacts, due_at from contact_run
        where tenant_id = $1 and campaign_id = $2 and zone = c.zone and first_id <= c.contact_id
        order by first_id desc limit 1 for update skip locked
    ) r
    where c.tenant_id = $1 and c.contact_id = $5::bigint and c.campaign_id + 0 = $2 and c.in_run
        and c.contact_id between r.next_id and r.last_id
""",
    cursor="next_id",
)


async def claim(conn: Connection, conditions: ClaimConditions, limit: int) -> Claims:
    """Examine up to `limit` due contacts, oldest due first, and open a call for each that may be called now.

    Concurrent callers get disjoint contacts. Fewer than `limit` examined: no more are due, or other transactions have
    locked them. Nothing is claimed while dialing is held, for a campaign that is not running, or for a zone whose
    window has closed.
    """
    return await _claim(conn, CLAIM, conditions, limit, None)


async def claim_contact(
    conn: Connection, conditions: ClaimConditions, contact_id: ContactId, agent_id: AgentId
) -> Claims:
    """Claim one contact that an agent accepted, for that agent; otherwise as `claim`.

    None examined: it is not pending, not due or outside its window, or the campaign is not running.
    """
    return await _claim(conn, CLAIM_CONTACT, conditions, contact_id, agent_id)


async def _claim(
    conn: Connection, sql: str, conditions: ClaimConditions, taken: int, agent_id: AgentId | None
) -> Claims:
    while True:
        try:
            async with conn.transaction():
                rows = await by_index(conn, sql, *_arguments(conditions, taken, agent_id))
        except asyncpg.UniqueViolationError as error:
            if error.table_name == "contact_due":
                raise  # a contact is in two places: retrying would loop forever
            continue  # a call of one of the numbers was committed while this claim ran: the next attempt sees it
        became = Counter(row["became"] for row in rows)
        calls = [_claimed(conditions, agent_id, row) for row in rows if row["became"] == ProcessStatus.IN_CALL]
        return Claims(calls, rescheduled=became[ProcessStatus.PENDING], closed=became[ProcessStatus.PROCESSED])


def _arguments(conditions: ClaimConditions, taken: int, agent_id: AgentId | None) -> tuple[object, ...]:
    return (
        conditions.tenant_id,
        conditions.campaign_id,
        list(conditions.open_until),
        list(conditions.open_until.values()),
        taken,
        [cap.calls for cap in conditions.number_caps],
        [cap.period for cap in conditions.number_caps],
        agent_id,
        conditions.lease,
        conditions.switch_id,
        conditions.beat,
    )


def _claimed(conditions: ClaimConditions, agent_id: AgentId | None, row: asyncpg.Record) -> Call:
    return Call(
        tenant_id=conditions.tenant_id,
        call_id=row["call_id"],
        campaign_id=conditions.campaign_id,
        contact_id=row["contact_id"],
        phone=row["phone"],
        state=CallState.CLAIMED,
        opened_at=row["opened_at"],
        dial_until=instant(row["dial_until"]),
        lease_until=row["lease_until"],
        agent_id=agent_id,
        switch_id=conditions.switch_id,
    )
