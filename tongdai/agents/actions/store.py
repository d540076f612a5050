"""Transitions of agents by request, of the agent or of a supervisor; one transaction each, with its audit record.

None when the state does not allow the action (model.ALLOWED). `by` is the key of the request, for the audit log, where
what a supervisor forced has a name of its own.
"""

from tongdai.agents.history.record import BEGINS, RECORDED, begins
from tongdai.agents.model import Action, Agent, NextState, SupervisorAction
from tongdai.agents.rows import COLUMNS, OF_AGENT, agent_or_none
from tongdai.agents.store import WORKED, ending
from tongdai.calls import segments
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, TenantId

SIGN_IN = f"""
with home as materialized (
    select switch_id from tenant where tenant_id = $1
), changed as (
    update agent set state = case when mode = 'nailed_up' then 'calling' when phone_reachable then 'idle'
            else 'unreachable' end,
        state_since = {BEGINS}, offline_reason = null, missed = 0, switch_id = home.switch_id
    from home where tenant_id = $1 and agent_id = $2 and state = 'offline' returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def sign_in(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None) -> Agent | None:
    """offline → calling: the dialer calls the phone; in mode ring → idle, or unreachable."""
    return await _act(conn, SIGN_IN, tenant_id, agent_id, by, Action.SIGN_IN)


_IN_CALL = "state in ('reserved', 'alerting', 'talking')"
SIGN_OUT = f"""
with clock as materialized (
    select now() as now_at
), shown as (
    delete from preview where tenant_id = $1 and agent_id = $2
), changed as (
    update agent set
        next_state = case when {_IN_CALL} then 'offline' end, pause_reason = null, wrap_up_until = null,
        state_since = case when {_IN_CALL} then state_since else {begins("clock.now_at")} end,
        state = case when {_IN_CALL} then state when channel_id is null then 'offline' else 'hanging_up' end,
        offline_reason = case when not {_IN_CALL} and channel_id is null then 'signed_out' end
    from clock
    where tenant_id = $1 and agent_id = $2 and state not in ('offline', 'hanging_up')
    returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def sign_out(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None, *, forced: bool = False
) -> Agent | None:
    """Any state → hanging_up, or offline when the phone has no call. An agent who has a call keeps it: offline is the
    next state. A contact that was offered to the agent can be offered to others."""
    action = SupervisorAction.FORCE_SIGN_OUT if forced else Action.SIGN_OUT
    return await _act(conn, SIGN_OUT, tenant_id, agent_id, by, action)


READY = f"""
with changed as (
    update agent set state = case when phone_reachable or state = 'unreachable' then 'idle' else 'unreachable' end,
        state_since = {BEGINS}, next_state = null, pause_reason = null, wrap_up_until = null, missed = 0,
        phone_reachable = phone_reachable or state = 'unreachable'
    where tenant_id = $1 and agent_id = $2
        and (state = 'paused' or state = 'wrap_up' and (not code_needed or $3) or $3 and state = 'unreachable')
    returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def ready(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None, *, forced: bool = False
) -> Agent | None:
    """wrap_up, paused → idle, or unreachable while the phone is; what was to come next is taken back. `forced`:
    unreachable → idle too, and the phone is tried again; a wrap-up that needs a code ends without one."""
    action = SupervisorAction.FORCE_READY if forced else Action.READY
    return await _act(conn, READY, tenant_id, agent_id, by, action, forced)


_LATER = "(state in ('calling', 'reserved', 'alerting', 'talking') or state = 'wrap_up' and code_needed)"
PAUSE = f"""
with clock as materialized (
    select now() as now_at
), shown as (
    delete from preview where tenant_id = $1 and agent_id = $2
), changed as (
    update agent set
        next_state = case when {_LATER} then 'paused' end, pause_reason = $3,
        wrap_up_until = case when {_LATER} then wrap_up_until end,
        state_since = case when {_LATER} or state = 'paused' and pause_reason = $3 then state_since
            else {begins("clock.now_at")} end,
        state = case when {_LATER} then state else 'paused' end
    from clock
    where tenant_id = $1 and agent_id = $2 and state not in ('offline', 'hanging_up')
    returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def pause(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, reason: str, by: Author | None, *, forced: bool = False
) -> Agent | None:
    """idle, wrap_up, unreachable → paused; of a paused agent a pause for another reason begins. Of one who has a call,
    whose phone is being called or whose wrap-up needs a code, paused is the next state. A contact that was offered to
    the agent can be offered to others."""
    action = SupervisorAction.FORCE_PAUSE if forced else Action.PAUSE
    return await _act(conn, PAUSE, tenant_id, agent_id, by, action, reason)


SET_NEXT = f"""
update agent set next_state = $3, pause_reason = $4
where tenant_id = $1 and agent_id = $2 and state in ('calling', 'reserved', 'alerting', 'talking', 'wrap_up')
returning {OF_AGENT}
"""


async def set_next_state(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId,
    next_state: NextState | None,
    reason: str | None,
    by: Author | None,
) -> Agent | None:
    """Set what the agent becomes when the present call and its wrap-up have ended; None takes back what was set."""
    assert (reason is not None) == (next_state is NextState.PAUSED), "a pause has a reason, and nothing else has"
    return await _act(conn, SET_NEXT, tenant_id, agent_id, by, Action.NEXT_STATE, next_state, reason)


RELEASE = f"""
with {ending("agent_id = $2")}, shown as (
    delete from preview where tenant_id = $1 and agent_id = $2
), changed as (
    update agent set {WORKED},
        state = case when state <> 'hanging_up' and mode = 'nailed_up' and channel_id is not null then 'hanging_up'
            else 'offline' end,
        channel_id = case when state <> 'hanging_up' and mode = 'nailed_up' then channel_id end,
        offline_reason = case when state = 'hanging_up' or mode = 'ring' or channel_id is null then 'signed_out' end,
        state_since = {begins("ending.now_at")}, call_id = null, next_state = null, pause_reason = null,
        wrap_up_until = null
    from ending where agent.tenant_id = $1 and agent.agent_id = ending.agent_id and state <> 'offline'
    returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""


async def release(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None) -> Agent | None:
    """Any state → hanging_up, and hanging_up → offline, whatever the switch reports: an agent whose state is wrong can
    sign in again. In mode ring → offline. The leader of the switch hangs up what the phone still has (acd/released.py,
    telephony/reconcile.py)."""
    return await _act(conn, RELEASE, tenant_id, agent_id, by, SupervisorAction.RELEASE)


async def _act(
    conn: Connection,
    statement: str,
    tenant_id: TenantId,
    agent_id: AgentId,
    by: Author | None,
    action: Action | SupervisorAction,
    *more: object,
) -> Agent | None:
    async with conn.transaction():
        agent = agent_or_none(await conn.fetchrow(statement, tenant_id, agent_id, *more))
        if agent is not None:
            if agent.state != "wrap_up":
                await segments.end_wrap_ups(conn, tenant_id, [agent_id])
            details = {"reason": agent.pause_reason} if agent.pause_reason is not None else None
            await audit.record(conn, tenant_id, by, f"agent.{action}", f"agent {agent_id}", details)
    return agent
