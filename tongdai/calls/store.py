"""Calls in the database: the steps of a call up to its end, and which there are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.calls.model import TRANSITIONS, Call, CallState, Outcome
from tongdai.calls.sql import by_index, instant
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, TenantId
from tongdai.states import sources

DIAL = """
with asked as materialized (
    select a.tenant_id, a.call_id, a.campaign_id, a.phone, a.dial_until
    from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, call_id)
    cross join lateral (
        select tenant_id, call_id, campaign_id, phone, dial_until from call
        where tenant_id = sent.tenant_id and call_id = sent.call_id
            and state = 'claimed' and lease_until > clock_timestamp()
        limit 1 for update
    ) a
), verdict as materialized (
    select asked.tenant_id, asked.call_id, case
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
    update call a
    set state = 'dialing', dialled_at = clock_timestamp(), lease_until = clock_timestamp() + $3::interval
    from verdict v where a.tenant_id = v.tenant_id and a.call_id = v.call_id and v.refusal is null
)
select call_id, refusal from verdict
"""


async def dial(conn: Connection, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
    """Right before the switch is asked: claimed → dialing, in a transaction that is committed before. None: go.

    Otherwise why not, and it stays claimed: end it so (a listing that ends is `cancelled`, and the next claim puts the
    contact off until then). One that is missing is not claimed any more, or its lease is
    past: leave it alone.
    """
    rows = await by_index(conn, DIAL, *keys_of(calls), lease)
    return {row["call_id"]: row["refusal"] and Outcome(row["refusal"]) for row in rows}


def key_of(call: Call) -> tuple[TenantId, UUID]:
    return call.tenant_id, call.call_id


def keys_of(calls: Sequence[Call]) -> tuple[list[TenantId], list[UUID]]:
    """In the order of the ids, so that two statements cannot wait for each other in a circle."""
    ordered = sorted(calls, key=key_of)
    return [call.tenant_id for call in ordered], [call.call_id for call in ordered]


class Step(NamedTuple):
    """Something that the switch told of a call."""

    call: Call
    at: datetime
    agent_id: AgentId | None = None
    """Of a connection: who is heard; None: the audio file."""


async def _step(conn: Connection, sql: str, steps: Sequence[Step], *args: object) -> set[UUID]:
    """`sql` gets the keys, instants and agents in the order of the ids; the ids of those that it changed."""
    ordered = sorted(steps, key=lambda step: key_of(step.call))
    sent = *keys_of([step.call for step in ordered]), [s.at for s in ordered], [s.agent_id for s in ordered]
    return {row["call_id"] for row in await by_index(conn, sql, *sent, *args)}


_STEPPED = """
with sent as materialized (
    select * from unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::bigint[])
        as sent (tenant_id, call_id, at, agent_id)
), held as materialized (
    select sent.tenant_id, sent.call_id, sent.at, sent.agent_id from sent cross join lateral (
        select from call where tenant_id = sent.tenant_id and call_id = sent.call_id and {condition}
        limit 1 for update
    ) a
)
update call a set {change} from held
where a.tenant_id = held.tenant_id and a.call_id = held.call_id returning a.call_id
"""
RANG = _STEPPED.format(condition="state = any($5::text[])", change="state = 'ringing', ringing_at = held.at")


async def rang(conn: Connection, steps: Sequence[Step]) -> set[UUID]:
    """dialing → ringing; which of them. The others were not dialing."""
    return await _step(conn, RANG, steps, sources(TRANSITIONS, CallState.RINGING))


ANSWERED = _STEPPED.format(
    condition="state = any($5::text[])",
    change="state = 'answered', answered_at = held.at, lease_until = clock_timestamp() + $6::interval",
)


async def answered(conn: Connection, steps: Sequence[Step], lease: timedelta) -> set[UUID]:
    """dialing or ringing → answered; which of them. The others were neither."""
    return await _step(conn, ANSWERED, steps, sources(TRANSITIONS, CallState.ANSWERED), lease)


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
    select a.tenant_id, a.call_id from unnest($1::bigint[], $2::uuid[]) as sent (tenant_id, call_id)
    cross join lateral (
        select tenant_id, call_id from call
        where tenant_id = sent.tenant_id and call_id = sent.call_id and ended_at is null
        limit 1 for update skip locked
    ) a
)
update call a set lease_until = clock_timestamp() + $3::interval
from alive where a.tenant_id = alive.tenant_id and a.call_id = alive.call_id
"""


async def extend(conn: Connection, calls: Sequence[Call], lease: timedelta) -> None:
    """There is a sign of life of them: their leases begin anew. Those that ended are left."""
    await conn.execute(EXTEND, *keys_of(calls), lease)


CALL = """tenant_id, call_id, campaign_id, contact_id, phone, state, opened_at, dial_until, lease_until, agent_id,
    dialled_at, ringing_at, answered_at, connected_at"""
LIVE = f"select {CALL} from call where ended_at is null order by opened_at, call_id"


async def live(conn: Connection) -> list[Call]:
    """Those of all tenants that have not ended."""
    return [_call(row) for row in await conn.fetch(LIVE)]


OVERDUE = f"""
select {CALL} from call where ended_at is null and lease_until < clock_timestamp()
order by opened_at, call_id
"""


async def overdue(conn: Connection) -> list[Call]:
    """Those of all tenants that have not ended and whose lease is past by the database's clock."""
    return [_call(row) for row in await conn.fetch(OVERDUE)]


# The tenant of a channel that the switch lists is not known: each is asked for, by its key.
ENDED = """
select a.call_id from tenant cross join unnest($1::uuid[]) as listed (call_id)
cross join lateral (
    select call_id from call
    where tenant_id = tenant.tenant_id and call_id = listed.call_id and ended_at is not null limit 1
) a
"""


async def ended(conn: Connection, call_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these ids are of calls, of whatever tenant, that have ended."""
    return [row["call_id"] for row in await conn.fetch(ENDED, call_ids)]


def _call(row: asyncpg.Record) -> Call:
    values: dict[str, Any] = dict(row)
    values |= {"state": CallState(row["state"]), "dial_until": instant(row["dial_until"])}
    return Call(**values)
