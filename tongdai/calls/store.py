"""Attempts in the database: the steps of a call up to its end, and which there are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.calls.model import TRANSITIONS, Attempt, AttemptState, Outcome
from tongdai.calls.sql import by_index, instant
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
    rows = await by_index(conn, DIAL, *keys_of(attempts), lease)
    return {row["attempt_id"]: row["refusal"] and Outcome(row["refusal"]) for row in rows}


def key_of(attempt: Attempt) -> tuple[TenantId, UUID]:
    return attempt.tenant_id, attempt.attempt_id


def keys_of(attempts: Sequence[Attempt]) -> tuple[list[TenantId], list[UUID]]:
    """In the order of the ids, so that two statements cannot wait for each other in a circle."""
    ordered = sorted(attempts, key=key_of)
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
    ordered = sorted(steps, key=lambda step: key_of(step.attempt))
    sent = *keys_of([step.attempt for step in ordered]), [s.at for s in ordered], [s.agent_id for s in ordered]
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
    await conn.execute(EXTEND, *keys_of(attempts), lease)


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
