"""Agents in the database: the transitions of their state (model.py), one function each.

Every statement is guarded by the state from which it starts, so a late or repeated event changes nothing and returns
None, False or an empty list. `by` is the key of the request, for the audit log; transitions by the dialer have none.
Functions for one agent or call take the tenant; those of the dialer's rounds (`to_call`, `to_hang_up`, `present`,
`wrap_ups_over`) list all tenants of a switch and then change one tenant a statement.

A segment of wrap-up begins and ends with the state. Locks: docs/architecture.md, "Lock order".
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from tongdai.agents.model import Agent, AgentState, OfflineReason
from tongdai.calls import segments
from tongdai.calls.segments import WrapUp
from tongdai.db import audit
from tongdai.db.columns import qualified
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, KeyId, QueueId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.switches.model import DEFAULT

log = structlog.get_logger()

COLUMNS = """tenant_id, agent_id, name, endpoint, queue_id, wrap_up_s, state, state_since, channel_id, call_id,
    sign_out_pending, offline_reason, created_at"""
_OF_AGENT = qualified(COLUMNS, "agent")

FIND = f"select {COLUMNS} from agent where tenant_id = $1 and agent_id = $2"


async def find(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Agent | None:
    return _agent_or_none(await conn.fetchrow(FIND, tenant_id, agent_id))


SIGN_IN = f"""
update agent set state = 'calling', state_since = now(), offline_reason = null
where tenant_id = $1 and agent_id = $2 and state = 'offline' returning {COLUMNS}
"""


async def sign_in(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """offline → calling: the dialer calls the phone. None when the state does not allow it."""
    return await _act(conn, SIGN_IN, tenant_id, agent_id, by, "agent.sign-in")


SIGN_OUT = f"""
with clock as materialized (
    select now() as now_at
), shown as (
    delete from preview where tenant_id = $1 and agent_id = $2
)
update agent set
    sign_out_pending = state in ('reserved', 'talking'),
    state_since = case when state in ('reserved', 'talking') then state_since else clock.now_at end,
    state = case when state in ('reserved', 'talking') then state
        when channel_id is null then 'offline' else 'hanging_up' end,
    offline_reason = case when channel_id is null then 'signed_out' end
from clock
where tenant_id = $1 and agent_id = $2 and state in ('calling', 'idle', 'reserved', 'talking', 'wrap_up')
returning {_OF_AGENT}
"""


async def sign_out(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """calling, idle, wrap_up → hanging_up, or offline when the phone was not called yet; None in other states.

    An agent who is reserved or talking keeps the call, with `sign_out_pending` set. A contact that was offered to
    the agent can be offered to others.
    """
    return await _act(conn, SIGN_OUT, tenant_id, agent_id, by, "agent.sign-out")


READY = f"""
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and state = 'wrap_up' returning {COLUMNS}
"""


async def ready(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None) -> Agent | None:
    """wrap_up → idle before the wrap-up time is over. None when the state does not allow it."""
    return await _act(conn, READY, tenant_id, agent_id, by, "agent.ready")


async def _act(
    conn: Connection, statement: str, tenant_id: TenantId, agent_id: AgentId, by: KeyId | None, action: str
) -> Agent | None:
    async with conn.transaction():
        agent = _agent_or_none(await conn.fetchrow(statement, tenant_id, agent_id))
        if agent is not None:
            await segments.end_wrap_ups(conn, tenant_id, [agent_id])
            await audit.record(conn, tenant_id, by, action, f"agent {agent_id}")
    return agent


TENANTS_TO_CALL = """
select distinct a.tenant_id from agent a join tenant t on t.tenant_id = a.tenant_id
where a.state = 'calling' and a.channel_id is null and t.switch_id = $1
"""
# Checked once more, as the phone may have been given to another since the agent was created.
NOT_GIVEN = f"""
update agent set state = 'offline', state_since = now(), offline_reason = 'unreachable'
where tenant_id = $1 and state = 'calling' and channel_id is null
    and not {may_use("$1", "$2::smallint", "agent.endpoint", EndpointKind.PHONE)}
returning agent_id, endpoint
"""
TO_CALL = f"""
with signed_in as materialized (
    select agent_id, gen_random_uuid() as channel_id from agent
    where tenant_id = $1 and state = 'calling' and channel_id is null
        and exists (select from tenant where tenant_id = $1 and switch_id = $2)
    order by agent_id for update skip locked
)
update agent set channel_id = s.channel_id, switch_id = $2
from signed_in s where agent.tenant_id = $1 and agent.agent_id = s.agent_id returning {_OF_AGENT}
"""


async def to_call(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents of a switch who signed in, each with a new `channel_id`: commit, then call `PJSIP/<endpoint>`.

    An agent whose phone is not the tenant's (numbers/endpoints/rule.py) is offline instead, as unreachable. A phone is
    called once: after a crash in between the channel does not exist, and the agent is `gone`.
    """
    found: list[Agent] = []
    for row in await conn.fetch(TENANTS_TO_CALL, switch_id):
        for refused in await conn.fetch(NOT_GIVEN, row["tenant_id"], switch_id):
            log.warning("phone not called: it is not the tenant's", tenant=row["tenant_id"], **refused)
        found += [agent_of(each) for each in await conn.fetch(TO_CALL, row["tenant_id"], switch_id)]
    return found


ANSWERED = """
update agent set state = 'idle', state_since = now()
where tenant_id = $1 and agent_id = $2 and channel_id = $3 and state = 'calling' returning true
"""


async def answered(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> bool:
    """calling → idle, when the phone was answered. False: the agent signed out meanwhile, or the channel is old."""
    return bool(await conn.fetchval(ANSWERED, tenant_id, agent_id, channel_id))


OF_CHANNEL = "select tenant_id, agent_id from agent where channel_id = $1"
# `old` returns the call, as an update returns the row as it is afterwards.
GONE = """
with old as materialized (
    select agent_id, call_id from agent where tenant_id = $1 and agent_id = $2 and channel_id = $3 for update
), shown as (
    delete from preview using old where preview.tenant_id = $1 and preview.agent_id = old.agent_id
), ended as (
    update agent
    set state = 'offline', state_since = now(), channel_id = null, call_id = null, sign_out_pending = false,
        offline_reason = case when state = 'hanging_up' or sign_out_pending then 'signed_out' else $4 end
    from old where agent.tenant_id = $1 and agent.agent_id = old.agent_id
)
select agent_id, call_id from old
"""


async def gone(conn: Connection, channel_id: UUID, why: OfflineReason = OfflineReason.PHONE_HUNG_UP) -> UUID | None:
    """Any state → offline, when the phone's call ended, or was never there; for the reason `why`, unless the agent had
    signed out. Returns the call that the agent had: end it.

    None when the agent had no call, or the channel belongs to no agent.
    """
    for tenant_id, agent_id in await conn.fetch(OF_CHANNEL, channel_id):
        async with conn.transaction():
            row = await conn.fetchrow(GONE, tenant_id, agent_id, channel_id, why)
            if row is not None:
                await segments.end_wrap_ups(conn, tenant_id, [agent_id])
                return row["call_id"]
    return None


PRESENT = f"select {COLUMNS} from agent where state <> 'offline' and channel_id is not null and switch_id = $1"


async def present(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents, of all tenants, whose phone has a channel on the switch. If the switch does not list the channel,
    they are `gone`."""
    return [agent_of(row) for row in await conn.fetch(PRESENT, switch_id)]


TO_HANG_UP = f"select {COLUMNS} from agent where state = 'hanging_up' and switch_id = $1"


async def to_hang_up(conn: Connection, switch_id: SwitchId = DEFAULT) -> list[Agent]:
    """The agents of a switch who signed out: hang up `channel_id`. They are listed until the channel is `gone`."""
    return [agent_of(row) for row in await conn.fetch(TO_HANG_UP, switch_id)]


# Materialized with its row lock: concurrent reservations take different agents, and none waits for another.
RESERVE = f"""
with longest as materialized (
    select agent_id from agent where tenant_id = $1 and queue_id = $2 and state = 'idle' and switch_id = $4
    order by state_since, agent_id limit 1 for update skip locked
)
update agent set state = 'reserved', state_since = now(), call_id = $3
from longest where agent.tenant_id = $1 and agent.agent_id = longest.agent_id returning {_OF_AGENT}
"""


async def reserve(
    conn: Connection, tenant_id: TenantId, queue_id: QueueId, call_id: UUID, switch_id: SwitchId = DEFAULT
) -> Agent | None:
    """The queue's agent on the switch who is idle longest → reserved for the call; None when none is idle."""
    return _agent_or_none(await conn.fetchrow(RESERVE, tenant_id, queue_id, call_id, switch_id))


HOLD_IDLE = "select true from agent where tenant_id = $1 and agent_id = $2 and state = 'idle' for no key update"


async def hold_idle(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    """Keep an idle agent idle until the transaction ends; False when the agent is not idle."""
    return bool(await conn.fetchval(HOLD_IDLE, tenant_id, agent_id))


RESERVE_FOR = """
update agent set state = 'reserved', state_since = now(), call_id = $3
where tenant_id = $1 and agent_id = $2 and state = 'idle' returning true
"""


async def reserve_for(conn: Connection, tenant_id: TenantId, agent_id: AgentId, call_id: UUID) -> bool:
    """idle → reserved, for the agent who accepted a preview."""
    return bool(await conn.fetchval(RESERVE_FOR, tenant_id, agent_id, call_id))


_OF_CALLS = """
from unnest($2::uuid[]) as sent (call_id)
where agent.tenant_id = $1 and agent.call_id = sent.call_id and agent.state = any($3::text[])
returning """
TALKING = f"update agent set state = 'talking', state_since = now() {_OF_CALLS}{_OF_AGENT}"


async def talking(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[Agent]:
    """reserved → talking for the agents of the calls, when they are bridged; returns them."""
    return [agent_of(row) for row in await conn.fetch(TALKING, tenant_id, call_ids, ["reserved"])]


FREED = f"""
update agent set state_since = now(), call_id = null, sign_out_pending = false,
    state = case when sign_out_pending then 'hanging_up' when state = 'talking' then 'wrap_up' else 'idle' end
{_OF_CALLS}{_OF_AGENT}, sent.call_id as had
"""


async def freed(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> list[Agent]:
    """Frees the agents of calls that have ended: talking → wrap_up, reserved → idle; if a sign-out is pending, either →
    hanging_up, and the caller hangs up their `channel_id`. A call may have no agent (any more). Call it in the
    transaction of the end."""
    agents: list[Agent] = []
    wrap_ups: list[WrapUp] = []
    for row in await conn.fetch(FREED, tenant_id, call_ids, ["reserved", "talking"]):
        fields: dict[str, Any] = dict(row)
        call_id = fields.pop("had")
        agents.append(agent := agent_of(fields))
        if agent.state is AgentState.WRAP_UP:
            wrap_ups.append(WrapUp(call_id, agent.queue_id, agent.agent_id, agent.state_since))
    await segments.begin_wrap_ups(conn, tenant_id, wrap_ups)
    return agents


TENANTS_IN_WRAP_UP = """
select distinct tenant_id from agent
where state = 'wrap_up' and state_since + make_interval(secs => wrap_up_s) <= now() and switch_id = $1
"""
WRAP_UPS_OVER = """
with over as materialized (
    select agent_id from agent
    where tenant_id = $1 and switch_id = $2 and state = 'wrap_up'
        and state_since + make_interval(secs => wrap_up_s) <= now()
    order by agent_id for update skip locked
)
update agent set state = 'idle', state_since = now()
from over where agent.tenant_id = $1 and agent.agent_id = over.agent_id returning agent.agent_id
"""


async def wrap_ups_over(conn: Connection, switch_id: SwitchId = DEFAULT) -> int:
    """wrap_up → idle for all agents, of all tenants, whose wrap-up time has ended by the database's clock; returns
    their number."""
    over = 0
    for row in await conn.fetch(TENANTS_IN_WRAP_UP, switch_id):
        async with conn.transaction():
            agents = [each["agent_id"] for each in await conn.fetch(WRAP_UPS_OVER, row["tenant_id"], switch_id)]
            await segments.end_wrap_ups(conn, row["tenant_id"], agents)
        over += len(agents)
    return over


def _agent_or_none(row: asyncpg.Record | None) -> Agent | None:
    return None if row is None else agent_of(row)


def agent_of(row: asyncpg.Record | Mapping[str, Any]) -> Agent:
    """The agent of a row that has COLUMNS."""
    fields: dict[str, Any] = dict(row.items())
    fields["state"] = AgentState(fields["state"])
    reason = fields["offline_reason"]
    fields["offline_reason"] = None if reason is None else OfflineReason(reason)
    return Agent(**fields)
