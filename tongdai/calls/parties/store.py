"""Parties of live calls in the database: written by the leader of their switch.

    add ──▶ called ── move ──▶ consulting ── move ──▶ talking        remove, or forget once the call has ended

Each step is guarded by the state from which it may start: one that is late or repeated changes nothing. The caller has
locked the live call before; docs/architecture.md, "Lock order".
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.calls.parties.model import TRANSITIONS, Party, PartyKind, PartyOfSwitch, PartyState
from tongdai.db.columns import qualified
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, SwitchId, TenantId
from tongdai.states import sources

_COLUMNS = "tenant_id, call_id, channel, kind, agent_id, target, state, called_at"
ADD = """
insert into call_party (tenant_id, call_id, channel, switch_id, kind, agent_id, target, state, called_at)
select $1, call_id, $3, switch_id, $4, $5, $6, $7, $8
from live_call where tenant_id = $1 and call_id = $2 and state = 'answered'
on conflict do nothing
returning true
"""


async def add(conn: Connection, party: Party) -> bool:
    """Add a party to an answered call: commit, then call it. False: the call has ended, or the party is there."""
    values = (party.channel, party.kind, party.agent_id, party.target, party.state, party.called_at)
    return bool(await conn.fetchval(ADD, party.tenant_id, party.call_id, *values))


MOVE = """
update call_party set state = $4
where tenant_id = $1 and call_id = $2 and channel = $3 and state = any($5::text[]) returning true
"""


async def move(conn: Connection, tenant_id: TenantId, call_id: UUID, channel: str, to: PartyState) -> bool:
    """called → consulting → talking. False: there is no such party, or it was there before."""
    return bool(await conn.fetchval(MOVE, tenant_id, call_id, channel, to, sources(TRANSITIONS, to)))


REMOVE = "delete from call_party where tenant_id = $1 and call_id = $2 and channel = $3"


async def remove(conn: Connection, tenant_id: TenantId, call_id: UUID, channel: str) -> None:
    """The party has left the call, or its leg has ended."""
    await conn.execute(REMOVE, tenant_id, call_id, channel)


REMOVE_ALL = "delete from call_party where tenant_id = $1 and call_id = $2"


async def remove_all(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """The talk of a call is over, which continues: legs without a row are hung up."""
    await conn.execute(REMOVE_ALL, tenant_id, call_id)


OF_CALLS = f"""
select {_COLUMNS} from call_party where tenant_id = $1 and call_id = any($2::uuid[]) order by called_at, channel
"""


async def of_calls(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[Party]:
    """The parties of these calls, in the order in which they were called."""
    return [_party(row) for row in await conn.fetch(OF_CALLS, tenant_id, call_ids)]


_NUMBER = """tenant_id = $1 and call_id = $2 and kind = 'number'
    and (state = 'talking' or channel like $2::text || '-number-%')"""
NUMBER = f"select {_COLUMNS} from call_party where {_NUMBER} order by called_at desc, channel limit 1"
REMOVE_NUMBERS = f"delete from call_party where {_NUMBER}"


REMOVE_UNREACHED = f"""
delete from call_party where {_NUMBER} and state = 'called'
    and ($3::int is null or substring(channel from '-([0-9]+)$')::int < $3)
"""


async def remove_unreached(conn: Connection, tenant_id: TenantId, call_id: UUID, hops: int | None) -> None:
    """The number that was called for the caller of a call was not reached. `hops` (None: whatever they are): of the
    caller, who was sent on. The channel of a number ends with those at its call: one that was called later stays."""
    await conn.execute(REMOVE_UNREACHED, tenant_id, call_id, hops)


def is_number(party: Party) -> bool:
    """Whether a party is a number that is called for the caller, rather than consulted, or talks with them."""
    forwarded = party.channel.startswith(f"{party.call_id}-number-")
    return party.kind is PartyKind.NUMBER and (party.state is PartyState.TALKING or forwarded)


async def number(conn: Connection, tenant_id: TenantId, call_id: UUID) -> Party | None:
    """The number that is called for the caller of a call, or talks with them."""
    row = await conn.fetchrow(NUMBER, tenant_id, call_id)
    return None if row is None else _party(row)


async def remove_numbers(conn: Connection, tenant_id: TenantId, call_id: UUID) -> None:
    """No number is called for the caller any more, or talks."""
    await conn.execute(REMOVE_NUMBERS, tenant_id, call_id)


OF_SWITCH = f"""
select {qualified(_COLUMNS, "p")}, coalesce(a.channel, p.call_id::text) as customer, a.call_id is null as over,
    g.mode is distinct from 'nailed_up' as leg
from call_party p left join live_call a on a.tenant_id = p.tenant_id and a.call_id = p.call_id
left join agent g on g.tenant_id = p.tenant_id and g.agent_id = p.agent_id
where p.switch_id = $1 order by p.called_at, p.channel
"""


async def of_switch(conn: Connection, switch_id: SwitchId) -> list[PartyOfSwitch]:
    """The parties of all calls of a switch, over all tenants, until each is removed or forgotten."""
    found: list[PartyOfSwitch] = []
    for row in await conn.fetch(OF_SWITCH, switch_id):
        fields: dict[str, Any] = dict(row.items())
        customer, over, leg = (fields.pop(name) for name in ("customer", "over", "leg"))
        found.append(PartyOfSwitch(_party(fields), customer, over, leg))
    return found


FORGET = """
delete from call_party p where p.tenant_id = $1 and p.call_id = $2 and p.channel = $3
    and not exists (select from live_call where tenant_id = $1 and call_id = $2)
"""


async def forget(conn: Connection, tenant_id: TenantId, call_id: UUID, channel: str) -> None:
    """Delete a party, which was hung up, of a call that has ended."""
    await conn.execute(FORGET, tenant_id, call_id, channel)


EXISTS = "select exists (select from agent where tenant_id = $1 and agent_id = $2)"


async def agent_exists(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Whether an agent of the tenant can be asked for, available or not."""
    return bool(await conn.fetchval(EXISTS, tenant_id, agent_id))


TALKS_WITH = "update live_call set agent_id = $3 where tenant_id = $1 and call_id = $2"


async def talks_with(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId) -> None:
    """The talk of a call is that agent's from now on."""
    await conn.execute(TALKS_WITH, tenant_id, call_id, agent_id)


def _party(row: asyncpg.Record | dict[str, Any]) -> Party:
    fields: dict[str, Any] = dict(row.items())
    fields["kind"], fields["state"] = PartyKind(fields["kind"]), PartyState(fields["state"])
    return Party(**fields)
