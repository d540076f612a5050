"""Pages of browsers that have an agent's phone in mode nailed-up, and are loaded again, or closed, in mid-call.

    called at a page ──▶ lost: the page is gone, or another one has the account ──▶ called anew ──▶ back
                          └─ nobody has come back in time ──▶ given up: as any phone that is gone

A page has a name that it makes when it is loaded, and tells with its websocket: the same page may come back after a cut
network, with its call; another one has no call. The agent's state is as before: only an idle agent is unreachable
meanwhile. The rows say all of it, so that whoever leads the switch finds who is to be called.
"""

from datetime import datetime
from uuid import UUID

import asyncpg

from tongdai.agents.accounts.browser import with_page
from tongdai.agents.history.record import RECORDED, begins
from tongdai.agents.model import Agent, LostPage
from tongdai.agents.rows import COLUMNS, OF_AGENT, agent_of
from tongdai.db.columns import qualified
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, SwitchId, TenantId

_CALLED = """a.mode = 'nailed_up' and a.channel_id is not null and a.page is not null
    and a.state not in ('offline', 'hanging_up', 'reserved', 'alerting')"""
_LOST = "(a.page_lost_at is not null or a.page is distinct from p.page)"
_ACCOUNT = """agent a join phone_account p
    on p.tenant_id = a.tenant_id and p.agent_id = a.agent_id and p.removed_at is null and p.browser"""


LOST = f"""
select {qualified(COLUMNS, "a")}, coalesce(a.page_lost_at, now()) as lost_at, a.page_lost_at is null as new,
    extract(epoch from now() - coalesce(a.page_lost_at, now()))::float as lost_s,
    p.page is not null and {with_page("a.tenant_id")} as there, a.page is not distinct from p.page as called
from {_ACCOUNT}
where a.switch_id = $1 and {_CALLED} and {_LOST} order by a.tenant_id, a.agent_id
"""  # noqa: S608 - columns and conditions
LOSE = f"""
with clock as materialized (
    select now() as now_at
), changed as (
    update agent a set page_lost_at = clock.now_at, phone_reachable = false,
        state = case when a.state = 'idle' then 'unreachable' else a.state end,
        state_since = case when a.state = 'idle' then {begins("clock.now_at", "a")} else a.state_since end
    from clock where a.tenant_id = $1 and a.agent_id = $2 and a.channel_id = $3 and a.page_lost_at is null
    returning a.*
), {RECORDED}
select true from changed
"""  # noqa: S608 - columns


async def lost(conn: Connection, switch_id: SwitchId) -> list[LostPage]:
    """The agents of a switch, of all tenants, whose page is gone; recorded of those for whom it is new."""
    found: list[LostPage] = []
    for row in await conn.fetch(LOST, switch_id):
        fields = dict(row.items())
        since, new, lost_s = fields.pop("lost_at"), fields.pop("new"), fields.pop("lost_s")
        there, called = fields.pop("there"), fields.pop("called")
        agent = agent_of(fields)
        if new:
            await conn.execute(LOSE, agent.tenant_id, agent.agent_id, agent.channel_id)
        found.append(LostPage(agent, since, lost_s, there, called and not new))
    return found


OF_CHANNEL = f"""
select a.tenant_id, a.agent_id, a.page_lost_at is null as new from {_ACCOUNT}
where a.channel_id = $1 and {_CALLED} and {_LOST}
"""  # noqa: S608 - conditions


async def awaited(conn: Connection, channel_id: UUID) -> bool:
    """Whether the page of a channel that is gone is, too, so that another one is waited for. Recorded, if it is new."""
    row: asyncpg.Record | None = await conn.fetchrow(OF_CHANNEL, channel_id)
    if row is not None and row["new"]:
        await conn.execute(LOSE, row["tenant_id"], row["agent_id"], channel_id)
    return row is not None


CALL_ANEW = f"""
with anew as materialized (
    select page, gen_random_uuid() as channel_id from phone_account
    where tenant_id = $1 and agent_id = $2 and removed_at is null and browser and page is not null
)
update agent set channel_id = anew.channel_id, page = anew.page
from anew where agent.tenant_id = $1 and agent.agent_id = $2 and agent.channel_id = $3
    and agent.page_lost_at is not null and agent.state not in ('offline', 'hanging_up')
returning {OF_AGENT}
"""  # noqa: S608 - columns


async def call_anew(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> Agent | None:
    """The agent with another channel, for the page that has the account: commit, then call the phone. None: it is not
    waited for any more."""
    row = await conn.fetchrow(CALL_ANEW, tenant_id, agent_id, channel_id)
    return None if row is None else agent_of(row)


BACK = f"""
with clock as materialized (
    select now() as now_at
), changed as (
    update agent a set page_lost_at = null, phone_reachable = true,
        state = case when a.state = 'unreachable' then 'idle' else a.state end,
        state_since = case when a.state = 'unreachable' then {begins("clock.now_at", "a")} else a.state_since end
    from clock where a.tenant_id = $1 and a.agent_id = $2 and a.channel_id = $3 and a.page_lost_at is not null
    returning a.*
), {RECORDED}
select state from changed
"""  # noqa: S608 - columns


async def back(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> str | None:
    """The phone is connected again; the agent's state. None: it was given up meanwhile, or was lost again."""
    return await conn.fetchval(BACK, tenant_id, agent_id, channel_id)


GIVE_UP = """
update agent set page = null, page_lost_at = null
where tenant_id = $1 and agent_id = $2 and channel_id = $3 and page_lost_at is not null returning true
"""


async def give_up(conn: Connection, tenant_id: TenantId, agent_id: AgentId, channel_id: UUID) -> bool:
    """No page has come back in time: hang up the channel, whose end is that of any phone."""
    return await conn.fetchval(GIVE_UP, tenant_id, agent_id, channel_id) is True


HELD_SINCE = """
select exists (
    select from open_segment where tenant_id = $1 and call_id = $2 and kind = 'hold' and started_at >= $3
)
"""


async def held_since(conn: Connection, tenant_id: TenantId, call_id: UUID, since: datetime) -> bool:
    """Whether a call is on hold because the page was lost then, and not because its agent had put it there."""
    return await conn.fetchval(HELD_SINCE, tenant_id, call_id, since)
