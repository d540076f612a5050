"""The agents of a tenant: create, list, change and delete."""

from collections.abc import Collection, Sequence
from typing import TypeVar

import asyncpg
from msgspec import UNSET, UnsetType

from tongdai.agents.accounts import store as accounts
from tongdai.agents.model import Agent, AgentRefusal, AgentState, Change, Membership, Mode, Roles, Skill, with_own
from tongdai.agents.rows import COLUMNS, agent_of
from tongdai.agents.store import find, member_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, QueueId, TenantId
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind

T = TypeVar("T")

# Locked, so that none of them is deleted before the agent refers to it.
QUEUES = """
select queue_id from inbound_queue where tenant_id = $1 and queue_id = any($2::bigint[]) order by queue_id for key share
"""
CREATE = """
insert into agent (tenant_id, name, endpoint, queue_id, wrap_up_s, mode, team_id) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id, endpoint) do nothing returning agent_id
"""


async def create(
    conn: Connection,
    tenant_id: TenantId,
    name: str,
    endpoint: str,
    queue_id: QueueId,
    wrap_up_s: int,
    by: Author | None,
    *,
    mode: Mode = Mode.NAILED_UP,
    team_id: int | None = None,
    queues: Sequence[Membership] = (),
    skills: Sequence[Skill] = (),
) -> AgentId | AgentRefusal:
    """Create an agent, who is offline, and return its id; or NO_QUEUE, ENDPOINT_NOT_GIVEN, ENDPOINT_TAKEN."""
    members = with_own(queues, queue_id)
    async with conn.transaction():
        if not await _known(conn, tenant_id, members):
            return AgentRefusal.NO_QUEUE
        if not await endpoints.usable(conn, tenant_id, EndpointKind.PHONE, endpoint):
            return AgentRefusal.ENDPOINT_NOT_GIVEN
        agent_id = await conn.fetchval(CREATE, tenant_id, name, endpoint, queue_id, wrap_up_s, mode, team_id)
        if agent_id is None:
            return AgentRefusal.ENDPOINT_TAKEN
        await _set_queues(conn, tenant_id, agent_id, members)
        await _set_skills(conn, tenant_id, agent_id, skills)
        await audit.record(conn, tenant_id, by, "agent.create", f"agent {agent_id}")
    return agent_id


async def _known(conn: Connection, tenant_id: TenantId, queues: Collection[Membership]) -> bool:
    """Lock the queues; False when one of them does not exist."""
    return len(await conn.fetch(QUEUES, tenant_id, [queue.queue_id for queue in queues])) == len(queues)


SET_QUEUES = """
with removed as (
    delete from agent_queue where tenant_id = $1 and agent_id = $2 and queue_id <> all($3::bigint[])
)
insert into agent_queue (tenant_id, agent_id, queue_id, position)
select $1, $2, sent.queue_id, sent.position from unnest($3::bigint[], $4::smallint[]) as sent (queue_id, position)
on conflict (tenant_id, agent_id, queue_id) do update set position = excluded.position
"""
SET_SKILLS = """
with removed as (
    delete from agent_skill where tenant_id = $1 and agent_id = $2 and skill <> all($3::text[])
)
insert into agent_skill (tenant_id, agent_id, skill, level)
select $1, $2, sent.skill, sent.level from unnest($3::text[], $4::smallint[]) as sent (skill, level)
on conflict (tenant_id, agent_id, skill) do update set level = excluded.level
"""


async def _set_queues(conn: Connection, tenant_id: TenantId, agent_id: AgentId, queues: Sequence[Membership]) -> None:
    ids, positions = [queue.queue_id for queue in queues], [queue.position for queue in queues]
    await conn.execute(SET_QUEUES, tenant_id, agent_id, ids, positions)


async def _set_skills(conn: Connection, tenant_id: TenantId, agent_id: AgentId, skills: Sequence[Skill]) -> None:
    names, levels = [skill.skill for skill in skills], [skill.level for skill in skills]
    await conn.execute(SET_SKILLS, tenant_id, agent_id, names, levels)


ROLES_QUEUES = """
select agent_id, queue_id, position from agent_queue where tenant_id = $1 and agent_id = any($2::bigint[])
order by agent_id, position, queue_id
"""
ROLES_SKILLS = """
select agent_id, skill, level from agent_skill where tenant_id = $1 and agent_id = any($2::bigint[])
order by agent_id, skill
"""


async def roles(conn: Connection, tenant_id: TenantId, agent_ids: Sequence[AgentId]) -> dict[AgentId, Roles]:
    """The queues and skills of agents."""
    queues: dict[AgentId, list[Membership]] = {agent_id: [] for agent_id in agent_ids}
    skills: dict[AgentId, list[Skill]] = {agent_id: [] for agent_id in agent_ids}
    for row in await conn.fetch(ROLES_QUEUES, tenant_id, agent_ids):
        queues[row["agent_id"]].append(Membership(row["queue_id"], row["position"]))
    for row in await conn.fetch(ROLES_SKILLS, tenant_id, agent_ids):
        skills[row["agent_id"]].append(Skill(row["skill"], row["level"]))
    return {one: Roles(queues=tuple(queues[one]), skills=tuple(skills[one])) for one in agent_ids}


_FILTER = f"""
from agent a where a.tenant_id = $1 and ($2::bigint is null or {member_of("$2", "a")})
    and ($3::text is null or a.state = $3) and ($4::bigint is null or a.team_id = $4)
"""
PAGE = f"select {COLUMNS} {_FILTER} order by agent_id limit $5 offset $6"
COUNT = f"select count(*) {_FILTER}"


async def page(
    conn: Connection,
    tenant_id: TenantId,
    limit: int,
    offset: int,
    *,
    queue_id: QueueId | None,
    state: AgentState | None,
    team_id: int | None = None,
) -> tuple[list[Agent], int]:
    """A page of the matching agents, by id, and the number of all that match."""
    rows = await conn.fetch(PAGE, tenant_id, queue_id, state, team_id, limit, offset)
    return [agent_of(row) for row in rows], await conn.fetchval(COUNT, tenant_id, queue_id, state, team_id)


AFTER = f"select {COLUMNS} {_FILTER} and a.agent_id > $5 order by a.agent_id limit $6"


async def after(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId | None,
    limit: int,
    *,
    queue_id: QueueId | None,
    state: AgentState | None,
    team_id: int | None = None,
) -> list[Agent]:
    """The next matching agents behind one (None: the first), by id."""
    rows = await conn.fetch(AFTER, tenant_id, queue_id, state, team_id, agent_id or 0, limit)
    return [agent_of(row) for row in rows]


# Sets only the fields that are sent, so that concurrent changes of different fields both hold.
CHANGE = """
with held as materialized (
    select agent_id, queue_id as queue_before from agent where tenant_id = $1 and agent_id = $2 for no key update
)
update agent set name = coalesce($3, name), endpoint = coalesce($4::text, endpoint), queue_id = coalesce($5, queue_id),
    wrap_up_s = coalesce($6, wrap_up_s), mode = coalesce($7::text, mode),
    team_id = case when $8 then $9 else team_id end
from held
where agent.tenant_id = $1 and agent.agent_id = held.agent_id and (
    ($4::text is null or endpoint = $4) and ($7::text is null or mode = $7) or state = 'offline'
)
returning queue_id, queue_before
"""


async def change(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, fields: Change, by: Author
) -> AgentRefusal | None:
    """Change the fields that are sent, or say why not. Other queues take effect from the agent's next call."""
    queue_id, queues, skills = _sent(fields.queue_id), _sent(fields.queues), _sent(fields.skills)
    named = {queue.queue_id: queue for queue in (*(queues or ()), *([Membership(queue_id)] if queue_id else ()))}
    try:
        async with conn.transaction():
            if not await _known(conn, tenant_id, named.values()):
                known = await find(conn, tenant_id, agent_id)
                return AgentRefusal.NO_AGENT if known is None else AgentRefusal.NO_QUEUE
            endpoint = _sent(fields.endpoint)
            if endpoint is not None and not await endpoints.usable(conn, tenant_id, EndpointKind.PHONE, endpoint):
                known = await find(conn, tenant_id, agent_id)
                return AgentRefusal.NO_AGENT if known is None else AgentRefusal.ENDPOINT_NOT_GIVEN
            values = (_sent(fields.name), _sent(fields.endpoint), queue_id, _sent(fields.wrap_up_s), _sent(fields.mode))
            team = (fields.team_id is not UNSET, _sent(fields.team_id))
            row = await conn.fetchrow(CHANGE, tenant_id, agent_id, *values, *team)
            if row is None:
                return await _why_not(conn, tenant_id, agent_id)
            if fields.mode is not UNSET:
                await accounts.mode_changed(conn, tenant_id, agent_id)
            if queues is not None or row["queue_id"] != row["queue_before"]:
                before = (await roles(conn, tenant_id, [agent_id]))[agent_id].queues
                members = (
                    with_own(before, row["queue_id"], row["queue_before"])
                    if queues is None
                    else with_own(queues, row["queue_id"])
                )
                await _set_queues(conn, tenant_id, agent_id, members)
            if skills is not None:
                await _set_skills(conn, tenant_id, agent_id, skills)
            await audit.record(conn, tenant_id, by, "agent.change", f"agent {agent_id}")
    except asyncpg.UniqueViolationError:
        return AgentRefusal.ENDPOINT_TAKEN
    return None


DELETE = "delete from agent where tenant_id = $1 and agent_id = $2 and state = 'offline' returning true"


async def delete(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author) -> AgentRefusal | None:
    """Delete an agent; NO_AGENT or SIGNED_IN when that is not possible."""
    async with conn.transaction():
        if not await conn.fetchval(DELETE, tenant_id, agent_id):
            return await _why_not(conn, tenant_id, agent_id)
        await accounts.discard(conn, tenant_id, agent_id, by)
        await audit.record(conn, tenant_id, by, "agent.delete", f"agent {agent_id}")
    return None


async def _why_not(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> AgentRefusal:
    return AgentRefusal.NO_AGENT if await find(conn, tenant_id, agent_id) is None else AgentRefusal.SIGNED_IN


def _sent(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value
