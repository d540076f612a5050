"""Reports of the switch on agents' phones: whether they can be reached, and whether they are in calls of others.

The reports are facts about phones, kept in the agent's row whatever the state: only an idle agent's state changes by
them, and back. So a phone that is away for a moment interrupts no call and no pause, and is not counted as a refusal.
Phones are named by their endpoints; each function takes many of them, in any order and any number of times, and
returns the number of agents who can take calls since.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from tongdai.agents.accounts.browser import in_browser, with_page
from tongdai.agents.history.record import BEGINS, RECORDED, begins
from tongdai.db.pool import Connection
from tongdai.ids import SwitchId, TenantId


class Phone(NamedTuple):
    """The phone of an agent who is signed in, or whose phone was in a call of others."""

    endpoint: str
    channel_id: UUID | None
    """The channel of the connection to it, or of the call for which it rings; None: there is none."""
    busy_elsewhere: bool
    reachable: bool
    """The fact in the agent's row."""
    browser: bool
    """It is in a browser, which may go to sleep with its call connected: it signs on, and is asked whether it is
    there."""
    page: bool
    """A page of a browser has it, with its connection if there is one, and answers."""


CALLED_AT = "a.mode = 'ring' or a.channel_id is null or a.page is null or a.page = p.page"
"""SQL: whether the page `p` that has the account is the one of the phone's connection (pages.py)."""
PHONES = f"""
select a.endpoint, a.channel_id, a.busy_elsewhere, a.phone_reachable,
    {in_browser("a.tenant_id")} as browser,
    a.page_lost_at is null and {with_page("a.tenant_id", CALLED_AT)} as page
from agent a where a.switch_id = $1 and (a.state <> 'offline' or a.busy_elsewhere)
"""


async def watched(conn: Connection, switch_id: SwitchId) -> list[Phone]:
    """The phones of the agents of a switch, of all tenants, that are compared with its channels."""
    return [Phone(*row) for row in await conn.fetch(PHONES, switch_id)]


TENANTS_OF_PHONES = """
select distinct a.tenant_id from agent a join tenant t on t.tenant_id = a.tenant_id
where a.endpoint = any($2::text[]) and t.switch_id = $1
order by a.tenant_id
"""


def _statement(of: str, changed: str) -> str:
    """Locks in the order of ids, like every statement that takes several agents."""
    return f"""
with clock as materialized (
    select now() as now_at
), held as materialized (
    select agent_id from agent
    where tenant_id = $1 and endpoint = any($2::text[]) and {of} order by agent_id for update
), changed as (
    update agent set {changed}
    from held, clock where agent.tenant_id = $1 and agent.agent_id = held.agent_id returning agent.*
), {RECORDED}
select state = 'idle' and not busy_elsewhere from changed
"""


def _between(source: str, target: str) -> str:
    return f"""state = case when state = '{source}' then '{target}' else state end,
    state_since = case when state = '{source}' then {begins("clock.now_at")} else state_since end"""


REACHABLE = _statement("not phone_reachable", f"phone_reachable = true, {_between('unreachable', 'idle')}")
UNREACHABLE = _statement("phone_reachable", f"phone_reachable = false, {_between('idle', 'unreachable')}")
BUSY_ELSEWHERE = _statement("not busy_elsewhere", "busy_elsewhere = true")
FREE_ELSEWHERE = _statement("busy_elsewhere", "busy_elsewhere = false")


async def reachable(conn: Connection, switch_id: SwitchId, endpoints: Sequence[str]) -> int:
    """The switch can reach the phones: unreachable → idle."""
    return await _each_tenant(conn, REACHABLE, switch_id, endpoints)


async def unreachable(conn: Connection, switch_id: SwitchId, endpoints: Sequence[str]) -> int:
    """The switch cannot reach the phones: idle → unreachable; others become so instead of idle. Returns 0."""
    return await _each_tenant(conn, UNREACHABLE, switch_id, endpoints)


async def busy_elsewhere(conn: Connection, switch_id: SwitchId, endpoints: Sequence[str]) -> int:
    """The phones are in calls that are not of this system: their agents get no calls. Returns 0."""
    return await _each_tenant(conn, BUSY_ELSEWHERE, switch_id, endpoints)


async def free_elsewhere(conn: Connection, switch_id: SwitchId, endpoints: Sequence[str]) -> int:
    """The phones are in no call any more that is not of this system."""
    return await _each_tenant(conn, FREE_ELSEWHERE, switch_id, endpoints)


TRY_AGAIN_AFTER = timedelta(minutes=1)
"""How long a phone that could not be called is left alone, while nothing is heard of it."""
TENANTS_OF_UNREACHABLE = "select distinct tenant_id from agent where state = 'unreachable' and switch_id = $1"
TRY_AGAIN = f"""
with held as materialized (
    select a.agent_id from agent a
    where a.tenant_id = $1 and a.state = 'unreachable' and a.mode = 'ring' and a.state_since < now() - $2::interval
        and (not {in_browser("$1")} or {with_page("$1")})
    order by a.agent_id for update skip locked
), changed as (
    update agent set phone_reachable = true, state = 'idle', state_since = {BEGINS}
    from held where agent.tenant_id = $1 and agent.agent_id = held.agent_id returning agent.*
), {RECORDED}
select true from changed
"""


async def try_again(conn: Connection, switch_id: SwitchId) -> int:
    """unreachable → idle, for agents in mode ring whose phone could not be called a while ago. Not of a browser that is
    not there: it signs on."""
    tenants = await conn.fetch(TENANTS_OF_UNREACHABLE, switch_id)
    return sum([len(await conn.fetch(TRY_AGAIN, row["tenant_id"], TRY_AGAIN_AFTER)) for row in tenants])


async def _each_tenant(conn: Connection, statement: str, switch_id: SwitchId, endpoints: Sequence[str]) -> int:
    tenants: list[TenantId] = [row["tenant_id"] for row in await conn.fetch(TENANTS_OF_PHONES, switch_id, endpoints)]
    available = 0
    for tenant_id in tenants:
        changed = await conn.fetch(statement, tenant_id, endpoints)
        available += sum(row[0] for row in changed)
    return available
