"""Calls, agents, queues and do-not-call lists written straight to the database in the state a test needs."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tests.support import contacts
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, DncListId, QueueId, TenantId

A_CONTACT = ContactId(1)
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
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    contact_id: ContactId = A_CONTACT,
    phone: str = "+84901234567",
    *,
    state: str = "ended",
    outcome: str | None = None,
    agent_id: AgentId | None = None,
    opened_at: datetime = NOW,
    dialled_s: float | None = 0.1,
    ringing_s: float | None = None,
    answered_s: float | None = None,
    connected_s: float | None = None,
    ended_s: float | None = None,
    cause: int | None = None,
    sip: int | None = None,
    due_again_at: datetime | None = None,
) -> str:
    """Insert a call and return its id.

    Its instants are given as seconds after it was opened. An ended call is counted in call_hour, as its end would have
    counted it.
    """

    def at(seconds: float | None) -> datetime | None:
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
    call_id = await conn.fetchval(_CALL, tenant_id, uuid.uuid4(), *args)
    if ended_s is not None:
        ring_s = 0.0 if answered_s is None or dialled_s is None else answered_s - dialled_s
        talk_s = 0.0 if connected_s is None else ended_s - connected_s
        placed, answered = int(dialled_s is not None), int(answered_s is not None)
        await conn.execute(_COUNT, tenant_id, campaign_id, at(ended_s), outcome, placed, answered, ring_s, talk_s)
    return str(call_id)


async def in_call(
    conn: Connection,
    tenant_id: TenantId,
    contact_id: ContactId,
    phone: str,
    campaign_id: CampaignId,
    state: str = "ringing",
    *,
    opened_at: datetime = NOW,
    answered_s: float | None = None,
    connected_s: float | None = None,
) -> str:
    """Put a contact in a live call in that state, in place of any other, and return the call's id."""
    await conn.execute(
        "delete from call where tenant_id = $1 and contact_id = $2 and ended_at is null", tenant_id, contact_id
    )
    await contacts.leave(conn, tenant_id, contact_id)
    return await a_call(
        conn, tenant_id, campaign_id, contact_id, phone, state=state, opened_at=opened_at, answered_s=answered_s,
        connected_s=connected_s,
    )  # fmt: skip


async def new_queue(conn: Connection, tenant_id: TenantId) -> QueueId:
    """An inbound queue."""
    return await conn.fetchval(
        "insert into inbound_queue (tenant_id, name) values ($1, 'A queue') returning queue_id", tenant_id
    )


async def new_agent(
    conn: Connection,
    tenant_id: TenantId,
    queue_id: QueueId,
    state: str = "idle",
    *,
    call_id: uuid.UUID | None = None,
    **columns: object,
) -> AgentId:
    """An agent in that state; a reserved or talking agent has a call of its own unless one is given."""
    channel_id = None if state in {"offline", "calling"} or columns.get("mode") == "ring" else uuid.uuid4()
    if call_id is None and state in {"reserved", "talking"}:
        call_id = uuid.uuid4()
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", ${place}" for place in range(7, 7 + len(columns)))
    agent_id: AgentId = await conn.fetchval(
        f"insert into agent (tenant_id, name, endpoint, queue_id, state, channel_id, call_id{names}) "
        f"values ($1, 'An agent', $2, $3, $4, $5, $6{values}) returning agent_id",
        tenant_id, f"agent{uuid.uuid4().hex[:8]}", queue_id, state, channel_id, call_id, *columns.values(),
    )  # fmt: skip
    await join_queue(conn, tenant_id, agent_id, queue_id)
    return agent_id


async def join_queue(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, queue_id: QueueId, position: int = 1
) -> None:
    """Make an agent a member of a queue."""
    await conn.execute(
        "insert into agent_queue (tenant_id, agent_id, queue_id, position) values ($1, $2, $3, $4)",
        tenant_id, agent_id, queue_id, position,
    )  # fmt: skip


async def new_dnc_list(
    conn: Connection,
    tenant_id: TenantId,
    phones: Iterable[str],
    *,
    campaign_id: CampaignId | None = None,
    expires_at: datetime | None = None,
) -> DncListId:
    """A do-not-call list with these numbers, of one campaign or of all."""
    dnc_list_id = await conn.fetchval(
        "insert into do_not_call_list (tenant_id, campaign_id, name) values ($1, $2, $3) returning dnc_list_id",
        tenant_id, campaign_id, f"List {uuid.uuid4().hex[:8]}",
    )  # fmt: skip
    rows = [(tenant_id, dnc_list_id, phone, expires_at) for phone in phones]
    await conn.executemany(
        "insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at) values ($1, $2, $3, $4)", rows
    )
    return dnc_list_id


async def configure(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, **columns: object) -> None:
    """Set columns of a campaign."""
    names = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 3))
    await conn.execute(
        f"update campaign set {names} where tenant_id = $1 and campaign_id = $2",
        tenant_id, campaign_id, *columns.values(),
    )  # fmt: skip
