"""Live calls whose talk was changed, in the database: on hold, muted. Written by the leader of their switch.

A row exists while something differs from a plain talk, and until its call has ended and a muted phone is unmuted. The
segments change with the row: `talk` and `hold` follow each other without a gap. Locks: the call, its segments, then the
row; docs/architecture.md, "Lock order".
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from tongdai.calls import segments
from tongdai.calls.acts.model import Control, Talk
from tongdai.calls.model import CallState
from tongdai.calls.parties import store as parties
from tongdai.calls.segments import Kind
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, SwitchId, TenantId

TALK = """
select a.state, coalesce(a.channel, a.call_id::text) as channel, g.agent_id,
    g.channel_id::text as agent_channel, t.held_until, t.muted_channel
from live_call a
left join agent g on g.tenant_id = $1 and g.call_id = a.call_id and g.state = 'talking'
    and g.agent_id = coalesce(a.agent_id, g.agent_id)
left join call_control t on t.tenant_id = $1 and t.call_id = a.call_id
where a.tenant_id = $1 and a.call_id = $2
"""


async def talk(conn: Connection, tenant_id: TenantId, call_id: UUID) -> Talk | None:
    """None: the call has ended."""
    row = await conn.fetchrow(TALK, tenant_id, call_id)
    if row is None:
        return None
    fields: dict[str, Any] = dict(row.items())
    fields["state"] = CallState(row["state"])
    others = await parties.of_calls(conn, tenant_id, [call_id])
    party = next((party for party in others if party.channel != row["agent_channel"]), None)
    return Talk(**fields, party=party)


LOCK = "select switch_id from live_call where tenant_id = $1 and call_id = $2 and state = 'answered' for update"
HOLD = """
insert into call_control (tenant_id, call_id, switch_id, held_until)
values ($1, $2, $3, $4) on conflict (tenant_id, call_id) do update set held_until = excluded.held_until
"""
RESUME = "update call_control set held_until = null where tenant_id = $1 and call_id = $2"
PLAIN = """
delete from call_control where tenant_id = $1 and call_id = $2 and held_until is null and muted_channel is null
"""


async def hold(
    conn: Connection,
    tenant_id: TenantId,
    call_id: UUID,
    agent_id: AgentId,
    at: datetime,
    until: datetime,
    kind: Kind = Kind.HOLD,
) -> bool:
    """The talk becomes a hold, or a consult. False: the call has ended."""
    async with conn.transaction():
        switch_id = await conn.fetchval(LOCK, tenant_id, call_id)
        if switch_id is None:
            return False
        await segments.change(conn, tenant_id, call_id, kind, agent_id, at)
        await conn.execute(HOLD, tenant_id, call_id, switch_id, until)
    return True


async def resume(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId | None, at: datetime) -> bool:
    """The hold becomes a talk, perhaps another one's. False: the call has ended."""
    async with conn.transaction():
        if await conn.fetchval(LOCK, tenant_id, call_id) is None:
            return False
        await segments.change(conn, tenant_id, call_id, Kind.TALK, agent_id, at)
        await conn.execute(RESUME, tenant_id, call_id)
        await conn.execute(PLAIN, tenant_id, call_id)
    return True


async def unheld(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """The talk with the one who held the customer is over."""
    await conn.execute(RESUME, tenant_id, call_id)
    await conn.execute(PLAIN, tenant_id, call_id)


MUTE = """
insert into call_control (tenant_id, call_id, switch_id, muted_channel)
values ($1, $2, $3, $4) on conflict (tenant_id, call_id) do update set muted_channel = excluded.muted_channel
"""
UNMUTE = "update call_control set muted_channel = null where tenant_id = $1 and call_id = $2"


async def mute(conn: Connection, tenant_id: TenantId, call_id: UUID, channel: str) -> bool:
    """The phone with that channel is muted, or about to be. False: the call has ended."""
    async with conn.transaction():
        switch_id = await conn.fetchval(LOCK, tenant_id, call_id)
        if switch_id is None:
            return False
        await conn.execute(MUTE, tenant_id, call_id, switch_id, channel)
    return True


async def unmute(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """No phone of the call is muted any more."""
    async with conn.transaction():
        await conn.execute(UNMUTE, tenant_id, call_id)
        await conn.execute(PLAIN, tenant_id, call_id)


CONTROLLED = """
select t.tenant_id, t.call_id, coalesce(a.channel, t.call_id::text) as channel, a.call_id is null as over,
    coalesce(t.held_until <= $2, false) as overdue, t.muted_channel
from call_control t left join live_call a on a.tenant_id = t.tenant_id and a.call_id = t.call_id
where t.switch_id = $1
"""


async def controlled(conn: Connection, switch_id: SwitchId, now: datetime) -> list[Control]:
    """The calls of a switch whose talk was changed, over all tenants."""
    return [Control(**dict(row.items())) for row in await conn.fetch(CONTROLLED, switch_id, now)]


FORGET = """
delete from call_control t where t.tenant_id = $1 and t.call_id = $2
    and not exists (select from live_call where tenant_id = $1 and call_id = $2)
"""


async def forget(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """Delete the row of a call that has ended."""
    await conn.execute(FORGET, tenant_id, call_id)
