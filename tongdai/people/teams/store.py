"""Teams in the database."""

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId
from tongdai.people.teams.model import Refusal, Team

LIST = """
select t.team_id, t.name, (
    select count(*) from agent a where a.tenant_id = $1 and a.team_id = t.team_id
) as agents
from team t where t.tenant_id = $1 order by t.team_id
"""


async def teams(conn: Connection, tenant_id: TenantId) -> list[Team]:
    """The tenant's teams, by id."""
    return [Team(**dict(row)) for row in await conn.fetch(LIST, tenant_id)]


CREATE = """
insert into team (tenant_id, team_id, name)
select $1, coalesce($2, max(team_id) + 1, 1), $3 from team where tenant_id = $1
returning team_id
"""


async def create(conn: Connection, tenant_id: TenantId, team_id: int | None, name: str, by: Author) -> int | Refusal:
    """Create a team, without a number by the next one; returns its number."""
    try:
        async with conn.transaction():
            made = await conn.fetchval(CREATE, tenant_id, team_id, name)
            await audit.record(conn, tenant_id, by, "team.create", f"team {made}")
    except asyncpg.UniqueViolationError:
        return Refusal.TAKEN
    return made


RENAME = "update team set name = $3 where tenant_id = $1 and team_id = $2 returning true"


async def rename(conn: Connection, tenant_id: TenantId, team_id: int, name: str, by: Author) -> Refusal | None:
    try:
        async with conn.transaction():
            if not await conn.fetchval(RENAME, tenant_id, team_id, name):
                return Refusal.NO_TEAM
            await audit.record(conn, tenant_id, by, "team.change", f"team {team_id}")
    except asyncpg.UniqueViolationError:
        return Refusal.TAKEN
    return None


DELETE = """
delete from team t where t.tenant_id = $1 and t.team_id = $2
    and not exists (select from agent a where a.tenant_id = $1 and a.team_id = $2)
returning true
"""
HAS_TEAM = "select exists (select from team where tenant_id = $1 and team_id = $2)"


async def delete(conn: Connection, tenant_id: TenantId, team_id: int, by: Author) -> Refusal | None:
    """Delete a team without agents."""
    async with conn.transaction():
        if not await conn.fetchval(DELETE, tenant_id, team_id):
            there = await conn.fetchval(HAS_TEAM, tenant_id, team_id)
            return Refusal.HAS_AGENTS if there else Refusal.NO_TEAM
        await audit.record(conn, tenant_id, by, "team.delete", f"team {team_id}")
    return None
