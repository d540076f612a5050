"""Attempts in the database: the steps of a call, its one end.

Locks are taken in the order attempt, contact, tally, call_hour: an end is the first in its transaction, and there is
one of them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.calls.model import NOT_PLACED, TRANSITIONS, Attempt, AttemptState, Ending, History, Outcome
from tongdai.calls.statements import TALLIED, by_index, instant
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, ContactId, TenantId

# In the order of the ids, so that two of them cannot wait for each other in a circle.
DIAL = """
with asked as materialized (
    select a.tenant_id, a.attempt_id, a.campaign_id, a.phone, a.dial_until
    from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, attempt_id)
    cross join lateral (
        select tenant_id, attempt_id, campaign_id, phone, dial_until from attempt
        where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id
            and state = 'claimed' and lease_until > clock_timestamp()
        limit 1 for update
    ) a
), verdict as materialized (
    select asked.tenant_id, asked.attempt_id, case
            when listed.for_ever then 'dnc'
            when listed.listed or c.status <> 2 then 'cancelled'
            when asked.dial_until <= clock_timestamp() then 'out_of_window'
        end as refusal
    from asked join campaign c on c.tenant_id = asked.tenant_id and c.campaign_id = asked.campaign_id
    cross join lateral (
        select count(*) > 0 as listed, bool_or(d.expires_at is null) as for_ever
        from do_not_call d join do_not_call_list l on l.tenant_id = d.tenant_id and l.dnc_list_id = d.dnc_list_id
        where d.tenant_id = asked.tenant_id and d.phone = asked.phone
            and (l.campaign_id is null or l.campaign_id = asked.campaign_id)
            and (d.expires_at is null or d.expires_at > clock_timestamp())
    ) listed
), dialled as (
    update attempt a
    set state = 'dialing', dialled_at = clock_timestamp(), lease_until = clock_timestamp() + $3::interval
    from verdict v where a.tenant_id = v.tenant_id and a.attempt_id = v.attempt_id and v.refusal is null
)
select attempt_id, refusal from verdict
"""


async def dial(conn: Connection, attempts: Sequence[Attempt], lease: timedelta) -> dict[UUID, Outcome | None]:
    """Right before the switch is asked: claimed → dialing, in a transaction that is committed before. None: go.

    Otherwise why not, and it stays claimed: end it so (a listing that ends is `cancelled`, and the next claim puts the
    contact off until then). One that is missing is not claimed any more, or its lease is
    past: leave it alone.
    """
    rows = await by_index(conn, DIAL, *_keys(attempts), lease)
    return {row["attempt_id"]: row["refusal"] and Outcome(row["refusal"]) for row in rows}


def _keys(attempts: Sequence[Attempt]) -> tuple[list[TenantId], list[UUID]]:
    ordered = sorted(attempts, key=lambda attempt: (attempt.tenant_id, attempt.attempt_id))
    return [attempt.tenant_id for attempt in ordered], [attempt.attempt_id for attempt in ordered]


def _before(state: AttemptState) -> list[str]:
    return [before for before, after in TRANSITIONS.items() if state in after]


RANG = """
update attempt set state = 'ringing', ringing_at = $4
where tenant_id = $1 and attempt_id = $2 and state = any($3::text[]) returning true
"""


async def rang(conn: Connection, attempt: Attempt, at: datetime) -> bool:
    """dialing → ringing. False: it was not dialing."""
    before = _before(AttemptState.RINGING)
    return await conn.fetchval(RANG, attempt.tenant_id, attempt.attempt_id, before, at) is not None


ANSWERED = """
update attempt set state = 'answered', answered_at = $4, lease_until = clock_timestamp() + $5::interval
where tenant_id = $1 and attempt_id = $2 and state = any($3::text[]) returning true
"""


async def answered(conn: Connection, attempt: Attempt, at: datetime, lease: timedelta) -> bool:
    """dialing or ringing → answered. False: it was neither."""
    before = _before(AttemptState.ANSWERED)
    return await conn.fetchval(ANSWERED, attempt.tenant_id, attempt.attempt_id, before, at, lease) is not None


CONNECTED = """
update attempt set connected_at = $3, agent_id = coalesce($4, agent_id)
where tenant_id = $1 and attempt_id = $2 and state = 'answered' and connected_at is null returning true
"""


async def connected(conn: Connection, attempt: Attempt, at: datetime, agent_id: AgentId | None) -> bool:
    """Who answered hears an agent, or (None) the audio file. False: it is not answered, or was connected before."""
    return await conn.fetchval(CONNECTED, attempt.tenant_id, attempt.attempt_id, at, agent_id) is not None


# One that is locked is being dialled, answered or ended at this instant: nobody waits for it.
EXTEND = """
with alive as materialized (
    select a.tenant_id, a.attempt_id from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, attempt_id)
    cross join lateral (
        select tenant_id, attempt_id from attempt
        where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id and state <> 'ended'
        limit 1 for update skip locked
    ) a
)
update attempt a set lease_until = clock_timestamp() + $3::interval
from alive where a.tenant_id = alive.tenant_id and a.attempt_id = alive.attempt_id
"""


async def extend(conn: Connection, attempts: Sequence[Attempt], lease: timedelta) -> None:
    """There is a sign of life of them: their leases begin anew. Those that ended are left."""
    await conn.execute(EXTEND, *_keys(attempts), lease)


ATTEMPT = """tenant_id, attempt_id, campaign_id, contact_id, phone, state, opened_at, dial_until, lease_until, agent_id,
    dialled_at, ringing_at, answered_at, connected_at"""
LIVE = f"select {ATTEMPT} from attempt where state <> 'ended' order by opened_at, attempt_id"


async def live(conn: Connection) -> list[Attempt]:
    """Those of all tenants that have not ended."""
    return [_attempt(row) for row in await conn.fetch(LIVE)]


OVERDUE = f"""
select {ATTEMPT} from attempt where state <> 'ended' and lease_until < clock_timestamp() order by opened_at, attempt_id
"""


async def overdue(conn: Connection) -> list[Attempt]:
    """Those of all tenants that have not ended and whose lease is past by the database's clock."""
    return [_attempt(row) for row in await conn.fetch(OVERDUE)]


# The tenant of a channel that the switch lists is not known: each is asked for, by its key.
ENDED = """
select a.attempt_id from tenant cross join unnest($1::uuid[]) as listed (attempt_id)
cross join lateral (
    select attempt_id from attempt
    where tenant_id = tenant.tenant_id and attempt_id = listed.attempt_id and state = 'ended' limit 1
) a
"""


async def ended(conn: Connection, attempt_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these ids are of attempts, of whatever tenant, that have ended."""
    return [row["attempt_id"] for row in await conn.fetch(ENDED, attempt_ids)]


def _attempt(row: asyncpg.Record) -> Attempt:
    values: dict[str, Any] = dict(row)
    values |= {"state": AttemptState(row["state"]), "dial_until": instant(row["dial_until"])}
    return Attempt(**values)


HISTORY = """
select outcome, dialled_at from attempt
where tenant_id = $1 and contact_id = $2 and state = 'ended' and dialled_at is not null order by opened_at, dialled_at
"""
_REMEMBERED = 1000


async def history(conn: Connection, tenant_id: TenantId, contact_id: ContactId) -> History:
    """What became of the contact's earlier calls."""
    rows = await conn.fetch(HISTORY, tenant_id, contact_id)
    outcomes = Counter(Outcome(row["outcome"]) for row in rows)
    return History(outcomes, [row["dialled_at"] for row in rows[-_REMEMBERED:]])


END = f"""
with ended as (
    update attempt set state = 'ended', outcome = $3, hangup_cause = $4, tech_cause = $5, due_again_at = $6,
        ended_at = clock_timestamp(), dialled_at = case when $8 then null else dialled_at end
    where tenant_id = $1 and attempt_id = $2 and state <> 'ended'
    returning campaign_id, contact_id, dialled_at, answered_at, connected_at, ended_at
), before as materialized (
    select c.contact_id, c.campaign_id, c.list_id, c.call_status
    from ended join contact c on c.tenant_id = $1 and c.contact_id = ended.contact_id
    where c.process_status = 1 for update of c
), decided as materialized (
    select contact_id, campaign_id, list_id, call_status,
        case when $6::timestamptz is null then 2 else 0 end as process_status,
        case when $7 then call_status else $3 end as became
    from before
), moved as (
    update contact c
    set process_status = d.process_status, call_status = d.became, due_at = coalesce($6::timestamptz, c.due_at)
    from decided d where c.tenant_id = $1 and c.contact_id = d.contact_id
), changes as (
    select d.campaign_id, d.list_id, change.process_status, change.call_status, change.contacts
    from decided d cross join lateral (values (1, d.call_status, -1), (d.process_status, d.became, 1))
        change (process_status, call_status, contacts)
), {TALLIED}, counted as (
    insert into call_hour as h (tenant_id, campaign_id, hour, outcome, slot, calls, placed, answered, ring_s, talk_s)
    select $1, campaign_id, date_trunc('hour', ended_at, 'UTC'), $3, pg_backend_pid() % 8, 1,
        (dialled_at is not null)::integer, (answered_at is not null)::integer,
        coalesce(greatest(extract(epoch from answered_at - dialled_at), 0), 0),
        coalesce(greatest(extract(epoch from ended_at - connected_at), 0), 0)
    from ended cross join (select count(*) from tally) after_it
    on conflict (tenant_id, campaign_id, hour, outcome, slot) do update set calls = h.calls + excluded.calls,
        placed = h.placed + excluded.placed, answered = h.answered + excluded.answered,
        ring_s = h.ring_s + excluded.ring_s, talk_s = h.talk_s + excluded.talk_s
)
select true from ended
"""


async def end(conn: Connection, attempt: Attempt, ending: Ending, again_at: datetime | None) -> bool:
    """The one place where an attempt ends: its contact is pending again, due at `again_at`, or (None) processed.

    False: it had ended, and nothing was changed. One that was not placed was not dialled, and leaves a contact that is
    pending again the status it had. Its agent is the caller's to free.
    """
    not_placed = ending.outcome in NOT_PLACED
    leaves_it = again_at is not None and not_placed
    done = await by_index(
        conn,
        END,
        attempt.tenant_id,
        attempt.attempt_id,
        ending.outcome,
        ending.hangup_cause,
        ending.tech_cause,
        again_at,
        leaves_it,
        not_placed,
    )
    return bool(done)
