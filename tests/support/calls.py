"""Calls, agents and lists made straight in the database, in whatever state a test needs."""

import uuid
from datetime import UTC, datetime, timedelta

from tests.support import contacts

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
_CALL = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, agent_id, opened_at,
    dialled_at, ringing_at, answered_at, connected_at, ended_at, hangup_cause, sip_status, dial_until, lease_until,
    due_again_at, ended_month)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'infinity', 'infinity', $17,
    coalesce(date_trunc('month', $14::timestamptz at time zone 'UTC')::date, 'infinity')
returning call_id
"""
_COUNT = """
insert into call_hour as h (tenant_id, campaign_id, hour, outcome, shard, calls, placed, answered, ring_s, talk_s)
values ($1, $2, date_trunc('hour', $3::timestamptz), $4, 0, 1, $5, $6, $7, $8)
on conflict (tenant_id, campaign_id, hour, outcome, shard) do update set calls = h.calls + excluded.calls,
    placed = h.placed + excluded.placed, answered = h.answered + excluded.answered,
    ring_s = h.ring_s + excluded.ring_s, talk_s = h.talk_s + excluded.talk_s
"""


async def a_call(
    conn,
    tenant_id,
    campaign_id,
    contact_id=1,
    phone="+84901234567",
    *,
    state="ended",
    outcome=None,
    agent_id=None,
    opened_at=NOW,
    dialled_s=0.1,
    ringing_s=None,
    answered_s=None,
    connected_s=None,
    ended_s=None,
    cause=None,
    sip=None,
    due_again_at=None,
):
    """One call, its instants so many seconds after it was opened, counted as ending it would have counted it."""

    def at(seconds):
        return None if seconds is None else opened_at + timedelta(seconds=seconds)

    if state == "ended":
        outcome = outcome or "no_answer"
        ended_s = 30 if ended_s is None else ended_s
    if state == "answered" and answered_s is None:
        answered_s = 5
    if state == "claimed":
        dialled_s = None
    instants = [at(seconds) for seconds in (dialled_s, ringing_s, answered_s, connected_s, ended_s)]
    args = (campaign_id, contact_id, phone, state, outcome, agent_id, opened_at, *instants, cause, sip, due_again_at)
    made = await conn.fetchval(_CALL, tenant_id, uuid.uuid4(), *args)
    if state == "ended":
        ring = (answered_s - dialled_s) if answered_s is not None else 0.0
        talk = (ended_s - connected_s) if connected_s is not None else 0.0
        placed, answered = int(dialled_s is not None), int(answered_s is not None)
        await conn.execute(_COUNT, tenant_id, campaign_id, at(ended_s), outcome, placed, answered, ring, talk)
    return str(made)


async def agent(conn, tenant_id, queue_id, state="idle", endpoint=None):
    """Its id."""
    channel = None if state in {"offline", "calling"} else uuid.uuid4()
    busy = uuid.uuid4() if state in {"reserved", "talking"} else None
    return await conn.fetchval(
        "insert into agent (tenant_id, name, endpoint, queue_id, state, channel_id, call_id) "
        "values ($1, 'An agent', $2, $3, $4, $5, $6) returning agent_id",
        tenant_id, endpoint or f"agent{uuid.uuid4().hex[:8]}", queue_id, state, channel, busy,
    )  # fmt: skip


async def dnc(conn, tenant_id, phones, *, campaign_id=None, expires_at=None):
    """A do-not-call list with these numbers; its id."""
    list_id = await conn.fetchval(
        "insert into do_not_call_list (tenant_id, campaign_id, name) values ($1, $2, $3) returning dnc_list_id",
        tenant_id, campaign_id, f"List {uuid.uuid4().hex[:8]}",
    )  # fmt: skip
    rows = [(tenant_id, list_id, phone, expires_at) for phone in phones]
    await conn.executemany(
        "insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at) values ($1, $2, $3, $4)", rows
    )
    return list_id


async def settings(conn, tenant_id, campaign_id, **columns):
    """Set columns of a campaign."""
    names = ", ".join(f"{name} = ${i}" for i, name in enumerate(columns, 3))
    await conn.execute(
        f"update campaign set {names} where tenant_id = $1 and campaign_id = $2",
        tenant_id, campaign_id, *columns.values(),
    )  # fmt: skip


async def due(conn, tenant_id, contact_id, due_at=None, zone=None):
    """Set a contact's due time and zone."""
    await contacts.put_due(conn, tenant_id, contact_id, due_at, zone)


async def in_call(conn, tenant_id, contact_id, phone, campaign_id, state="ringing", **more):
    """A contact that is being called, by this call and no other."""
    await conn.execute(
        "delete from call where tenant_id = $1 and contact_id = $2 and ended_at is null", tenant_id, contact_id
    )
    await contacts.leave(conn, tenant_id, contact_id)
    return await a_call(conn, tenant_id, campaign_id, contact_id, phone, state=state, **more)
