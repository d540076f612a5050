"""Users in the database."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, TenantId, UserId
from tongdai.people.users.model import Change, Language, Refusal, Role, User, changed, refusal_of
from tongdai.tenants.store import announce

_USER = """user_id, tenant_id, name, login, role, agent_id, team_ids, language, password is not null as has_password,
    created_at, disabled_at"""

CREATE = f"""
insert into user_account (tenant_id, name, login, role, agent_id, team_ids, password)
values ($1, $2, $3, $4, $5, $6, $7) on conflict (login) do nothing
returning {_USER}
"""


async def create(
    conn: Connection,
    tenant_id: TenantId,
    *,
    name: str,
    login: str,
    role: Role,
    agent_id: AgentId | None,
    team_ids: tuple[int, ...],
    password: str | None,
    by: Author | None,
) -> User | None:
    """Create a user; `password` is its hash. None: the login is taken."""
    async with conn.transaction():
        row = await conn.fetchrow(CREATE, tenant_id, name, login, role, agent_id, list(team_ids), password)
        if row is None:
            return None
        made = _user(row)
        await audit.record(conn, tenant_id, by, "user.create", f"user {made.user_id}", {"role": role})
    return made


FIND = f"select {_USER} from user_account where tenant_id = $1 and user_id = $2"


async def find(conn: Connection, tenant_id: TenantId, user_id: UserId) -> User | None:
    row = await conn.fetchrow(FIND, tenant_id, user_id)
    return None if row is None else _user(row)


PAGE = f"select {_USER} from user_account where tenant_id = $1 order by user_id limit $2 offset $3"
COUNT = "select count(*) from user_account where tenant_id = $1"


async def page(conn: Connection, tenant_id: TenantId, limit: int, offset: int) -> tuple[list[User], int]:
    """A page of the tenant's users, by id, and the number of all."""
    rows = await conn.fetch(PAGE, tenant_id, limit, offset)
    return [_user(row) for row in rows], await conn.fetchval(COUNT, tenant_id)


AFTER = f"select {_USER} from user_account where tenant_id = $1 and user_id > $2 order by user_id limit $3"


async def after(conn: Connection, tenant_id: TenantId, user_id: UserId | None, limit: int) -> list[User]:
    """The tenant's next users behind one (None: the first), by id."""
    return [_user(row) for row in await conn.fetch(AFTER, tenant_id, user_id or 0, limit)]


OWNERS = """
select user_id from user_account where tenant_id = $1 and role = 'owner' and disabled_at is null
order by user_id for update
"""
CHANGE = f"""
update user_account set name = $3, role = $4, agent_id = $5, team_ids = $6, disabled_at = $7
where tenant_id = $1 and user_id = $2 returning {_USER}
"""


async def change(
    conn: Connection, tenant_id: TenantId, user_id: UserId, sent: Change, now: datetime, by: Author | None
) -> Refusal | None:
    """Change a user, everywhere at once; in a transaction, which holds the tenant's owners."""
    owners = [UserId(row["user_id"]) for row in await conn.fetch(OWNERS, tenant_id)]
    user = await find(conn, tenant_id, user_id)
    if user is None:
        return Refusal.NO_USER
    after = changed(user, sent, now)
    refusal = refusal_of(user, after, owners) or await _unknown(conn, tenant_id, sent)
    if refusal is not None:
        return refusal
    values = after.name, after.role, after.agent_id, list(after.team_ids), after.disabled_at
    await conn.fetchrow(CHANGE, tenant_id, user_id, *values)
    detail = {"role": after.role, "disabled": after.disabled_at is not None}
    await audit.record(conn, tenant_id, by, "user.change", f"user {user_id}", detail)
    await announce(conn)
    return None


async def _unknown(conn: Connection, tenant_id: TenantId, sent: Change) -> Refusal | None:
    """The refusal of a change that names what the tenant does not have."""
    agent_id, team_ids = sent.agent_id, sent.team_ids
    if agent_id and not await has_agent(conn, tenant_id, agent_id):
        return Refusal.NO_AGENT
    return Refusal.NO_TEAM if team_ids and not await has_teams(conn, tenant_id, team_ids) else None


DELETE = "delete from user_account where tenant_id = $1 and user_id = $2"


async def delete(conn: Connection, tenant_id: TenantId, user_id: UserId, by: Author) -> Refusal | None:
    """Delete a user with their sessions; in a transaction, which holds the tenant's owners."""
    owners = [UserId(row["user_id"]) for row in await conn.fetch(OWNERS, tenant_id)]
    user = await find(conn, tenant_id, user_id)
    refusal = Refusal.NO_USER if user is None else refusal_of(user, None, owners)
    if refusal is not None:
        return refusal
    await conn.execute(DELETE, tenant_id, user_id)
    await audit.record(conn, tenant_id, by, "user.delete", f"user {user_id}")
    await announce(conn)
    return None


BY_LOGIN = f"select {_USER}, password from user_account where login = $1"


async def by_login(conn: Connection, login: str) -> tuple[User, str | None] | None:
    """The user of a login, of whatever tenant, and the hash of the password."""
    row = await conn.fetchrow(BY_LOGIN, login)
    return None if row is None else (_user(row), row["password"])


SET_LANGUAGE = "update user_account set language = $3 where tenant_id = $1 and user_id = $2"


async def set_language(conn: Connection, tenant_id: TenantId, user_id: UserId, language: Language | None) -> None:
    await conn.execute(SET_LANGUAGE, tenant_id, user_id, language)


SET_HASH = """
with changed as (
    update user_account set password = $3 where tenant_id = $1 and user_id = $2 returning user_id
), spent as (
    delete from password_reset r using changed where r.user_id = changed.user_id
)
select count(*) from changed
"""


async def set_password(
    conn: Connection, tenant_id: TenantId, user_id: UserId, password: str, by: Author | None
) -> None:
    """Set the hash of a user's password; a link by which it could be set is spent."""
    await conn.fetchval(SET_HASH, tenant_id, user_id, password)
    await audit.record(conn, tenant_id, by, "user.password", f"user {user_id}")
    await announce(conn)


HAS_AGENT = "select exists (select from agent where tenant_id = $1 and agent_id = $2)"


async def has_agent(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    return await conn.fetchval(HAS_AGENT, tenant_id, agent_id)


TEAMS = "select count(*) from team where tenant_id = $1 and team_id = any($2::bigint[])"


async def has_teams(conn: Connection, tenant_id: TenantId, team_ids: Collection[int]) -> bool:
    """Whether the tenant has all these teams."""
    return await conn.fetchval(TEAMS, tenant_id, list(team_ids)) == len(set(team_ids))


ANY = "select exists (select from user_account)"


async def any_user(conn: Connection) -> bool:
    """Whether the installation has a user."""
    return await conn.fetchval(ANY)


def _user(row: asyncpg.Record) -> User:
    fields: dict[str, Any] = dict(row.items())
    fields.pop("password", None)
    fields["role"] = Role(row["role"])
    fields["team_ids"] = tuple(row["team_ids"])
    fields["language"] = None if row["language"] is None else Language(row["language"])
    return User(**fields)
