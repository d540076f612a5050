"""Active calls in the database: the steps of a call between its claim (claim.py) and its end (finish.py), and lists.

    claimed ── dial ──▶ dialing ── rang ──▶ ringing ── answered ──▶ answered ── connected ──▶ answered, with its agent

Each step is one statement for calls of one tenant, guarded by the states from which it may start: a step that is late
or repeated changes nothing, and the functions return the ids of the calls that changed. Leases, windows and due times
are compared with the database's clock. The lists (`active`, `overdue`, `ended`) serve one switch, over all its tenants.
Locks: docs/architecture.md, "Lock order"; calls of a statement are locked in the order of their ids.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tongdai.call_outcome import Outcome
from tongdai.calls import segments
from tongdai.calls.model import TRANSITIONS, Call, CallState
from tongdai.calls.sql import instant, month_of
from tongdai.campaigns.model import Status
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.dialing.rule import may_dial
from tongdai.do_not_call.rule import listing
from tongdai.ids import AgentId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.states import sources
from tongdai.switches.model import DEFAULT
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

_OWN_TRUNK = may_use("$1", "$4::smallint", "c.trunk", EndpointKind.TRUNK)
DIAL = f"""
with clock as materialized (
    select clock_timestamp() as now_at, clock_timestamp() + $3::interval as lease_until
), asked as materialized (
    select a.call_id, a.campaign_id, a.phone, a.dial_until
    from unnest($2::uuid[]) as sent (call_id) cross join clock
    cross join lateral (
        select call_id, campaign_id, phone, dial_until from live_call
        where tenant_id = $1 and call_id = sent.call_id and state = 'claimed' and lease_until > clock.now_at
        limit 1 for update
    ) a
), leader as materialized (
    select {may_dial("$4::smallint", "$5::bigint")} as may_dial
), eligibility as materialized (
    select asked.call_id, case
            when listed.permanent then 'dnc'
            when listed.listed or c.status <> {Status.RUNNING} or not leader.may_dial then 'cancelled'
            when c.trunk is not null and not {_OWN_TRUNK} then 'cancelled'
            when asked.dial_until <= clock.now_at then 'out_of_window'
        end as refusal
    from asked cross join clock cross join leader
    join campaign c on c.tenant_id = $1 and c.campaign_id = asked.campaign_id
    cross join lateral (
        {listing("asked.phone", "asked.campaign_id", "clock.now_at")}
    ) listed
), dialled as (
    update live_call a set state = 'dialing', dialled_at = clock.now_at, lease_until = clock.lease_until
    from eligibility e cross join clock where a.tenant_id = $1 and a.call_id = e.call_id and e.refusal is null
)
select call_id, refusal from eligibility
"""


async def dial(
    conn: Connection, calls: Sequence[Call], lease: timedelta, *, switch_id: SwitchId = DEFAULT, beat: int = 0
) -> dict[UUID, Outcome | None]:
    """The last checks, immediately before the originate request: claimed → dialing, for calls of one tenant.

    None: originate the call once this is committed. An outcome: the call stays claimed; end it with that outcome (for a
    listing that expires it is `cancelled`, and the next claim reschedules the contact; it is also `cancelled` while
    dialing is held, and when the campaign's trunk is not its tenant's). A call that is missing is not claimed any more,
    or its lease has expired: leave it alone. `beat` is the last one that the leader of the switch knows.
    """
    if not calls:
        return {}
    rows = await by_index(conn, DIAL, *ids_of(calls), lease, switch_id, beat)
    return {row["call_id"]: row["refusal"] and Outcome(row["refusal"]) for row in rows}


def ids_of(calls: Sequence[Call]) -> tuple[TenantId, list[UUID]]:
    """The common tenant of the calls, and their ids in ascending order, in which they are locked."""
    tenant_id = calls[0].tenant_id
    assert all(call.tenant_id == tenant_id for call in calls), "a statement is of one tenant"
    return tenant_id, sorted(call.call_id for call in calls)


class Step(NamedTuple):
    """An event of a call that the switch reported."""

    call: Call
    at: datetime
    agent_id: AgentId | None = None
    """The agent that the person was connected with; None: the audio file."""


async def _step(
    conn: Connection, sql: str, steps: Sequence[Step], *args: object, event: Event | None = None
) -> set[UUID]:
    """Run `sql` with the tenant, and the ids, instants and agents in the order of the ids; returns the ids that it
    changed, and tells of them by an event."""
    if not steps:
        return set()
    ordered = sorted(steps, key=lambda step: step.call.call_id)
    tenant_id, ids = ids_of([step.call for step in ordered])
    rows = await by_index(
        conn, sql, tenant_id, ids, [step.at for step in ordered], [step.agent_id for step in ordered], *args
    )
    changed = {row["call_id"] for row in rows}
    if event is not None and rows and rows[0]["subscribed"]:
        await outbox.publish_calls(conn, tenant_id, list(changed), event)
    return changed


_STEPPED = """
with clock as materialized (
    select clock_timestamp() + {lease} as lease_until
), held as materialized (
    select sent.call_id, sent.at, sent.agent_id, a.campaign_id, a.answered_at
    from unnest($2::uuid[], $3::timestamptz[], $4::bigint[]) as sent (call_id, at, agent_id)
    cross join lateral (
        select campaign_id, answered_at from live_call
        where tenant_id = $1 and call_id = sent.call_id and {condition} limit 1 for update
    ) a
), stepped as (
    update live_call a set {change} from held cross join clock where a.tenant_id = $1 and a.call_id = held.call_id
    returning a.call_id{returned}
){segments}
select call_id, {subscribed} as subscribed from stepped
"""
RANG = _STEPPED.format(
    condition="state = any($5::text[])",
    change="state = 'ringing', ringing_at = held.at",
    lease="interval '0'",
    segments="",
    returned="",
    subscribed=outbox.subscribed(Event.CALL_RINGING),
)


async def rang(conn: Connection, steps: Sequence[Step]) -> set[UUID]:
    """dialing → ringing; returns the calls that were dialing."""
    return await _step(conn, RANG, steps, sources(TRANSITIONS, CallState.RINGING), event=Event.CALL_RINGING)


ANSWERED = _STEPPED.format(
    condition="state = any($5::text[])",
    change="state = 'answered', answered_at = held.at, lease_until = clock.lease_until",
    lease="$6::interval",
    segments=segments.WAIT,
    returned="",
    subscribed=outbox.subscribed(Event.CALL_ANSWERED),
)


async def answered(conn: Connection, steps: Sequence[Step], lease: timedelta) -> set[UUID]:
    """dialing or ringing → answered; returns the calls that were in these states. A callee who is to
    be connected with an agent is waiting from now on."""
    before = sources(TRANSITIONS, CallState.ANSWERED)
    return await _step(conn, ANSWERED, steps, before, lease, event=Event.CALL_ANSWERED)


CONNECTED = _STEPPED.format(
    condition="state = 'answered' and connected_at is null",
    change="connected_at = held.at, agent_id = coalesce(held.agent_id, a.agent_id)",
    lease="interval '0'",
    segments=segments.TALK,
    returned="",
    subscribed="false",
)


# A caller may be connected several times: after a transfer.
TALKS = _STEPPED.format(
    condition=f"""state = 'answered' and not exists (
            select from open_segment where tenant_id = $1 and call_id = sent.call_id and kind in {segments.TALKS}
        )""",
    change="connected_at = coalesce(a.connected_at, held.at), agent_id = coalesce(held.agent_id, a.agent_id)",
    lease="interval '0'",
    segments=segments.TALK,
    returned=", a.direction = 'inbound' and a.connected_at = held.at as answered",
    subscribed=f"answered and {outbox.subscribed(Event.CALL_ANSWERED)}",
)


async def connected(conn: Connection, steps: Sequence[Step]) -> set[UUID]:
    """Record connections with an agent or the audio file; returns the calls that were answered and not yet
    connected."""
    return await _step(conn, CONNECTED, steps)


# A locked call is being dialled, answered or ended at this moment: it is skipped.
EXTEND = """
with clock as materialized (
    select clock_timestamp() + $3::interval as lease_until
), alive as materialized (
    select a.call_id from unnest($2::uuid[]) as sent (call_id)
    cross join lateral (
        select call_id from live_call where tenant_id = $1 and call_id = sent.call_id
        limit 1 for update skip locked
    ) a
)
update live_call a set lease_until = clock.lease_until
from alive cross join clock where a.tenant_id = $1 and a.call_id = alive.call_id
"""


async def extend(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID], lease: timedelta) -> None:
    """Renew the leases of calls, of either direction, whose channel was listed. Those that have ended are skipped."""
    await conn.execute(EXTEND, tenant_id, sorted(call_ids), lease)


CALL = """tenant_id, call_id, switch_id, campaign_id, contact_id, phone, state, opened_at, dial_until, lease_until,
    agent_id, dialled_at, ringing_at, answered_at, connected_at"""
# One that was transferred is a call of a queue, as one that came in (calls/inbound/store.py).
_TO_CONTACT = "contact_id is not null and queue_id is null"
ACTIVE = f"select {CALL} from live_call where switch_id = $1 and {_TO_CONTACT} order by opened_at, call_id"
FIND = f"select {CALL} from live_call where tenant_id = $1 and call_id = $2"


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> Call | None:
    """A live call to a contact, transferred or not."""
    row = await conn.fetchrow(FIND, tenant_id, call_id)
    return None if row is None else _call(row)


async def active(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Call]:
    """The active calls of all tenants of a switch to contacts; not those that were transferred."""
    return [_call(row) for row in await conn.fetch(ACTIVE, switch_id)]


OVERDUE = f"""
select {CALL} from live_call
where switch_id = $1 and {_TO_CONTACT} and lease_until < clock_timestamp() order by opened_at, call_id
"""


async def overdue(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Call]:
    """The active calls of a switch whose lease has expired by the database's clock."""
    return [_call(row) for row in await conn.fetch(OVERDUE, switch_id)]


# The tenant of a listed channel is not known: the id is looked up for each tenant, by primary key. A channel outlives
# its call by minutes at most, so one or two partitions are searched.
ENDED = f"""
select a.call_id from tenant cross join unnest($1::uuid[]) as listed (call_id)
cross join lateral (
    select call_id from call
    where tenant_id = tenant.tenant_id and call_id = listed.call_id and ended_at is not null
        and ended_month >= {month_of("now() - interval '1 day'")} limit 1
) a
"""


async def ended(conn: Connection, call_ids: Sequence[UUID]) -> list[UUID]:
    """Select the ids of calls, of any tenant, that ended within the last day."""
    return [row["call_id"] for row in await conn.fetch(ENDED, call_ids)]


def _call(row: asyncpg.Record) -> Call:
    values: dict[str, Any] = dict(row)
    values |= {"state": CallState(row["state"]), "dial_until": instant(row["dial_until"])}
    return Call(**values)
