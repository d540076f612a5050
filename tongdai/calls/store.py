"""Attempts in the database: the steps of a call, its one end.

Locks are taken in the order attempt, contact, tally, call_hour: an end is the first in its transaction, and there is
one of them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.calls.model import NOT_PLACED, TRANSITIONS, Attempt, AttemptState, Ending, History, Outcome, Past
from tongdai.calls.statements import TALLIED, by_index, instant
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, TenantId

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


def _key(attempt: Attempt) -> tuple[TenantId, UUID]:
    return attempt.tenant_id, attempt.attempt_id


def _keys(attempts: Sequence[Attempt]) -> tuple[list[TenantId], list[UUID]]:
    """In the order of the ids, so that two statements cannot wait for each other in a circle."""
    ordered = sorted(attempts, key=_key)
    return [attempt.tenant_id for attempt in ordered], [attempt.attempt_id for attempt in ordered]


def _before(state: AttemptState) -> list[str]:
    return [before for before, after in TRANSITIONS.items() if state in after]


class Step(NamedTuple):
    """Something that the switch told of a call."""

    attempt: Attempt
    at: datetime
    agent_id: AgentId | None = None
    """Of a connection: who is heard; None: the audio file."""


async def _step(conn: Connection, sql: str, steps: Sequence[Step], *args: object) -> set[UUID]:
    """`sql` gets the keys, instants and agents in the order of the ids; the ids of those that it changed."""
    ordered = sorted(steps, key=lambda step: _key(step.attempt))
    sent = *_keys([step.attempt for step in ordered]), [s.at for s in ordered], [s.agent_id for s in ordered]
    return {row["attempt_id"] for row in await by_index(conn, sql, *sent, *args)}


_STEPPED = """
with sent as materialized (
    select * from unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::bigint[])
        as sent (tenant_id, attempt_id, at, agent_id)
), held as materialized (
    select sent.tenant_id, sent.attempt_id, sent.at, sent.agent_id from sent cross join lateral (
        select from attempt where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id and {condition}
        limit 1 for update
    ) a
)
update attempt a set {change} from held
where a.tenant_id = held.tenant_id and a.attempt_id = held.attempt_id returning a.attempt_id
"""
RANG = _STEPPED.format(condition="state = any($5::text[])", change="state = 'ringing', ringing_at = held.at")


async def rang(conn: Connection, steps: Sequence[Step]) -> set[UUID]:
    """dialing → ringing; which of them. The others were not dialing."""
    return await _step(conn, RANG, steps, _before(AttemptState.RINGING))


ANSWERED = _STEPPED.format(
    condition="state = any($5::text[])",
    change="state = 'answered', answered_at = held.at, lease_until = clock_timestamp() + $6::interval",
)


async def answered(conn: Connection, steps: Sequence[Step], lease: timedelta) -> set[UUID]:
    """dialing or ringing → answered; which of them. The others were neither."""
    return await _step(conn, ANSWERED, steps, _before(AttemptState.ANSWERED), lease)


CONNECTED = _STEPPED.format(
    condition="state = 'answered' and connected_at is null",
    change="connected_at = held.at, agent_id = coalesce(held.agent_id, a.agent_id)",
)


async def connected(conn: Connection, steps: Sequence[Step]) -> set[UUID]:
    """Who answered is heard by whom; of which of them. The others are not answered, or were connected before."""
    return await _step(conn, CONNECTED, steps)


# One that is locked is being dialled, answered or ended at this instant: nobody waits for it.
EXTEND = """
with alive as materialized (
    select a.tenant_id, a.attempt_id from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, attempt_id)
    cross join lateral (
        select tenant_id, attempt_id from attempt
        where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id and ended_at is null
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
LIVE = f"select {ATTEMPT} from attempt where ended_at is null order by opened_at, attempt_id"


async def live(conn: Connection) -> list[Attempt]:
    """Those of all tenants that have not ended."""
    return [_attempt(row) for row in await conn.fetch(LIVE)]


OVERDUE = f"""
select {ATTEMPT} from attempt where ended_at is null and lease_until < clock_timestamp()
order by opened_at, attempt_id
"""


async def overdue(conn: Connection) -> list[Attempt]:
    """Those of all tenants that have not ended and whose lease is past by the database's clock."""
    return [_attempt(row) for row in await conn.fetch(OVERDUE)]


# The tenant of a channel that the switch lists is not known: each is asked for, by its key.
ENDED = """
select a.attempt_id from tenant cross join unnest($1::uuid[]) as listed (attempt_id)
cross join lateral (
    select attempt_id from attempt
    where tenant_id = tenant.tenant_id and attempt_id = listed.attempt_id and ended_at is not null limit 1
) a
"""


async def ended(conn: Connection, attempt_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these ids are of attempts, of whatever tenant, that have ended."""
    return [row["attempt_id"] for row in await conn.fetch(ENDED, attempt_ids)]


def _attempt(row: asyncpg.Record) -> Attempt:
    values: dict[str, Any] = dict(row)
    values |= {"state": AttemptState(row["state"]), "dial_until": instant(row["dial_until"])}
    return Attempt(**values)


_REMEMBERED = 1000
PAST = f"""
select sent.attempt_id, clock_timestamp() as now, t.zone as tenant_zone, c.zone, before.outcomes, before.dialled_at
from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, attempt_id)
cross join lateral (
    select contact_id from attempt where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id limit 1
) a
join tenant t on t.tenant_id = sent.tenant_id
join contact c on c.tenant_id = sent.tenant_id and c.contact_id = a.contact_id
cross join lateral (
    select coalesce(array_agg(outcome order by dialled_at), '{{}}') as outcomes,
        coalesce(array_agg(dialled_at order by dialled_at), '{{}}') as dialled_at
    from (
        select outcome, dialled_at from attempt
        where tenant_id = sent.tenant_id and contact_id = c.contact_id and ended_at is not null
            and dialled_at is not null
        order by opened_at desc limit {_REMEMBERED}
    ) earlier
) before
"""


async def pasts(conn: Connection, attempts: Sequence[Attempt]) -> dict[UUID, Past]:
    """What became of the earlier calls of each one's contact. One whose contact is gone is missing."""
    return {
        row["attempt_id"]: Past(
            History(Counter(map(Outcome, row["outcomes"])), row["dialled_at"]),
            row["zone"],
            row["tenant_zone"],
            row["now"],
        )
        for row in await by_index(conn, PAST, *_keys(attempts))
    }


class End(NamedTuple):
    attempt: Attempt
    ending: Ending
    again_at: datetime | None
    """When its contact is due again; None: it is processed."""


# Each lock is taken in the order of its keys.
END = f"""
with sent as materialized (
    select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[])
        as sent (tenant_id, attempt_id, outcome, hangup_cause, tech_cause, again_at)
), held as materialized (
    select sent.*, sent.outcome = any($7::text[]) as not_placed from sent cross join lateral (
        select from attempt
        where tenant_id = sent.tenant_id and attempt_id = sent.attempt_id and ended_at is null limit 1 for update
    ) a
), ended as (
    update attempt a set state = 'ended', outcome = held.outcome, hangup_cause = held.hangup_cause,
        tech_cause = held.tech_cause, due_again_at = held.again_at, ended_at = clock_timestamp(),
        dialled_at = case when held.not_placed then null else a.dialled_at end
    from held where a.tenant_id = held.tenant_id and a.attempt_id = held.attempt_id
    returning a.tenant_id, a.attempt_id, a.campaign_id, a.contact_id, a.outcome, held.again_at, held.not_placed,
        a.dialled_at, a.answered_at, a.connected_at, a.ended_at
), decided as materialized (
    select ended.tenant_id, ended.contact_id, c.campaign_id, c.list_id, c.call_status, ended.again_at,
        case when ended.again_at is null then 2 else 0 end as process_status,
        case when ended.again_at is not null and ended.not_placed then c.call_status else ended.outcome end as became
    from (select * from ended order by tenant_id, contact_id) ended cross join lateral (
        select campaign_id, list_id, call_status from contact
        where tenant_id = ended.tenant_id and contact_id = ended.contact_id and process_status + 0 = 1
        limit 1 for update
    ) c
), moved as (
    update contact c
    set process_status = d.process_status, call_status = d.became, due_at = coalesce(d.again_at, c.due_at)
    from decided d where c.tenant_id = d.tenant_id and c.contact_id = d.contact_id
), changes as (
    select d.tenant_id, d.campaign_id, d.list_id, change.process_status, change.call_status, change.contacts
    from decided d cross join lateral (values (1, d.call_status, -1), (d.process_status, d.became, 1))
        change (process_status, call_status, contacts)
), {TALLIED}, counted as (
    insert into call_hour as h (tenant_id, campaign_id, hour, outcome, slot, calls, placed, answered, ring_s, talk_s)
    select tenant_id, campaign_id, hour, outcome, pg_backend_pid() % 8, count(*), count(dialled_at), count(answered_at),
        coalesce(sum(greatest(extract(epoch from answered_at - dialled_at), 0)), 0),
        coalesce(sum(greatest(extract(epoch from ended_at - connected_at), 0)), 0)
    from (select *, date_trunc('hour', ended_at, 'UTC') as hour from ended) by_hour
    cross join (select count(*) from tally) after_it
    group by tenant_id, campaign_id, hour, outcome order by tenant_id, campaign_id, hour, outcome
    on conflict (tenant_id, campaign_id, hour, outcome, slot) do update set calls = h.calls + excluded.calls,
        placed = h.placed + excluded.placed, answered = h.answered + excluded.answered,
        ring_s = h.ring_s + excluded.ring_s, talk_s = h.talk_s + excluded.talk_s
)
select attempt_id from ended
"""


async def end(conn: Connection, ends: Sequence[End]) -> set[UUID]:
    """The one place where attempts end: their contacts are pending again or processed. Returns which of them ended.

    The others had ended, and nothing was changed. One that was not placed was not dialled, and leaves a contact that is
    pending again the status it had. Its agent is the caller's to free.
    """
    ordered = sorted(ends, key=lambda end: _key(end.attempt))
    rows = await by_index(
        conn,
        END,
        *_keys([end.attempt for end in ordered]),
        [end.ending.outcome for end in ordered],
        [end.ending.hangup_cause for end in ordered],
        [end.ending.tech_cause for end in ordered],
        [end.again_at for end in ordered],
        sorted(NOT_PLACED),
    )
    return {row["attempt_id"] for row in rows}
