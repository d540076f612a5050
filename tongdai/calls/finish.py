"""Ends calls, in one place, and reads what the retry rules need before.

    retry_contexts ─→ RetryContext.next_attempt_at (pure) ─→ end: one statement
        live_call → call (the month in which it ends) · contact pending or processed · contact_due · counters
        · call_hour · segments

END must be the transaction's first locking statement and runs once per transaction for a tenant; with several tenants,
in the order of their ids. Locks: docs/architecture.md, "Lock order".

Ending a call that has ended changes nothing: the statement finds no active call, and `end` does not return its id. So a
caller may repeat it after an unknown result. A contact that was deleted meanwhile is left out; its call ends all the
same. Agents are not freed here: the caller does so in the same transaction, for the ids that `end` returned
(agents/store.freed). If anything in the transaction fails, all of it is rolled back, and the call is still active.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls import segments
from tongdai.calls.model import Call, EarlierCalls, Ending, RetryContext
from tongdai.calls.sql import ENDED, month_of
from tongdai.calls.store import ids_of
from tongdai.contacts.changes.log import logged
from tongdai.contacts.store import MOVED
from tongdai.db.columns import qualified
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.webhooks import outbox

_REMEMBERED = 1000
"""The earlier calls of a contact that count."""
RETRY_CONTEXTS = f"""
select a.call_id, clock_timestamp() as now, t.zone as tenant_zone, z.name as zone, before.outcomes, before.dialled_at
from unnest($2::uuid[]) as sent (call_id)
cross join lateral (
    select call_id, contact_id from live_call where tenant_id = $1 and call_id = sent.call_id limit 1
) a
join tenant t on t.tenant_id = $1
join contact c on c.tenant_id = $1 and c.contact_id = a.contact_id
join time_zone z on z.zone = c.zone
cross join lateral (
    select coalesce(array_agg(outcome order by dialled_at), '{{}}') as outcomes,
        coalesce(array_agg(dialled_at order by dialled_at), '{{}}') as dialled_at
    from (
        select outcome, dialled_at from call
        where tenant_id = $1 and contact_id = c.contact_id and {ENDED} and dialled_at is not null
            and ended_month >= {month_of("c.created_at")}
        order by opened_at desc limit {_REMEMBERED}
    ) earlier
) before
"""


async def retry_contexts(conn: Connection, calls: Sequence[Call]) -> dict[UUID, RetryContext]:
    """The input of the retry rules for the contact of each call, for active calls of one tenant.

    Calls that have ended, or whose contact was deleted, are missing.
    """
    if not calls:
        return {}
    return {
        row["call_id"]: RetryContext(
            EarlierCalls(Counter(map(Outcome, row["outcomes"])), row["dialled_at"]),
            row["zone"],
            row["tenant_zone"],
            row["now"],
        )
        for row in await by_index(conn, RETRY_CONTEXTS, *ids_of(calls))
    }


class FinishedCall(NamedTuple):
    call: Call
    ending: Ending
    next_attempt_at: datetime | None
    """The next due time of its contact; None: the contact is processed."""


KEPT = """call_id, switch_id, direction, campaign_id, contact_id, queue_id, called, phone, agent_id,
    opened_at, ringing_at, answered_at, dial_until, lease_until, wrap_up_code_id, wrap_up_note, contact_due_at"""
_GONE = qualified(KEPT, "gone")
_SUBSCRIBED = outbox.subscribed(*outbox.ENDS)
# A wrap-up code that was set during the call decides before the retry rules.
_DUE_AGAIN = """case when gone.contact_due_at is null then held.next_attempt_at
        when gone.contact_due_at < 'infinity' then gone.contact_due_at end"""
# The call moves from live_call to the partition of the month in which it ends.
END = f"""
with clock as materialized (
    select clock_timestamp() as now_at
), held as materialized (
    select sent.*, sent.outcome = any($7::text[]) as not_placed
    from unnest($2::uuid[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[], $8::text[], $9::text[],
        $10::integer[], $11::text[])
        as sent (call_id, outcome, hangup_cause, sip_status, next_attempt_at, amd_verdict, amd_cause, amd_ms, failure)
    cross join lateral (
        select from live_call where tenant_id = $1 and call_id = sent.call_id limit 1 for update
    ) a
), gone as (
    delete from live_call a using held where a.tenant_id = $1 and a.call_id = held.call_id
    returning a.*
), ended as (
    insert into call (tenant_id, {KEPT}, state, outcome, hangup_cause, sip_status, amd_verdict, amd_cause, amd_ms,
        failure, due_again_at, dialled_at, connected_at, ended_at, ended_month)
    select $1, {_GONE}, 'ended', held.outcome, held.hangup_cause, held.sip_status, held.amd_verdict, held.amd_cause,
        held.amd_ms, held.failure, {_DUE_AGAIN}, case when held.not_placed then null else gone.dialled_at end,
        case when held.failure is null then gone.connected_at end, clock.now_at, {month_of("clock.now_at")}
    from gone join held on held.call_id = gone.call_id cross join clock
    returning tenant_id, call_id, campaign_id, contact_id, outcome, due_again_at as next_attempt_at,
        dialled_at, answered_at, connected_at, ended_at, failure, outcome = any($7::text[]) as not_placed
), decided as materialized (
    select ended.tenant_id, ended.contact_id, c.campaign_id, c.list_id, c.zone, c.call_status, ended.next_attempt_at,
        case when ended.next_attempt_at is null then 2 else 0 end as process_status,
        case when ended.next_attempt_at is not null and ended.not_placed then c.call_status else ended.outcome end
            as became
    from (select * from ended order by tenant_id, contact_id) ended cross join lateral (
        select campaign_id, list_id, zone, call_status from contact
        where tenant_id = $1 and contact_id = ended.contact_id and process_status + 0 <> 2
        limit 1 for update
    ) c
), moved as (
    update contact c
    set process_status = d.process_status, call_status = d.became, in_run = false, changed_in = default
    from decided d where c.tenant_id = $1 and c.contact_id = d.contact_id
), {logged("decided")}, rescheduled as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, campaign_id, next_attempt_at, zone from decided where next_attempt_at is not null
), changes as (
    select d.tenant_id, d.campaign_id, d.list_id, change.process_status, change.call_status, change.contacts
    from decided d cross join lateral (values (1, d.call_status, -1), (d.process_status, d.became, 1))
        change (process_status, call_status, contacts)
), {MOVED}, counted as (
    insert into call_hour as h (tenant_id, campaign_id, hour, outcome, shard, calls, placed, answered, ring_s, talk_s)
    select $1::bigint, campaign_id, hour, outcome, pg_backend_pid() % 8, count(*), count(dialled_at),
        count(answered_at),
        coalesce(sum(greatest(extract(epoch from answered_at - dialled_at), 0)), 0),
        coalesce(sum(greatest(extract(epoch from ended_at - connected_at), 0)), 0)
    from (select *, date_trunc('hour', ended_at, 'UTC') as hour from ended) by_hour
    cross join (select count(*) from counters) after_it
    group by campaign_id, hour, outcome order by campaign_id, hour, outcome
    on conflict (tenant_id, campaign_id, hour, outcome, shard) do update set calls = h.calls + excluded.calls,
        placed = h.placed + excluded.placed, answered = h.answered + excluded.answered,
        ring_s = h.ring_s + excluded.ring_s, talk_s = h.talk_s + excluded.talk_s
){segments.ENDED}
select call_id, {_SUBSCRIBED} as subscribed from ended
"""


async def end(conn: Connection, ends: Sequence[FinishedCall]) -> set[UUID]:
    """End active calls of one tenant; their contacts are pending again or processed. Returns the ids that it ended.

    For the others, which had ended before, nothing changes. A call that was not placed counts as not dialled, and a
    contact that is pending again after it keeps its call status. A sound that was not played connected nobody. The
    caller frees the agents.
    """
    if not ends:
        return set()
    ordered = sorted(ends, key=lambda end: end.call.call_id)
    endings = [end.ending for end in ordered]
    rows = await by_index(
        conn,
        END,
        *ids_of([end.call for end in ordered]),
        [ending.outcome for ending in endings],
        [ending.hangup_cause for ending in endings],
        [ending.sip_status for ending in endings],
        [end.next_attempt_at for end in ordered],
        sorted(NOT_PLACED),
        [ending.detection and ending.detection.verdict for ending in endings],
        [ending.detection and ending.detection.cause for ending in endings],
        [ending.detection and ending.detection.took_ms for ending in endings],
        [ending.failure for ending in endings],
    )
    ended = {row["call_id"] for row in rows}
    if rows and rows[0]["subscribed"]:
        await outbox.publish_calls(conn, ordered[0].call.tenant_id, list(ended), *outbox.ENDS)
    return ended
