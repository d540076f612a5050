"""Users in the database."""

from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, TenantId, UserId
from tongdai.people.users.model import Language, Role, User
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


async def set_password(conn: Connection, tenant_id: TenantId, user_id: UserId, password: str, by: Author) -> None:
    """Set the hash of a user's password; a link by which it could be set is spent."""
    await conn.fetchval(SET_HASH, tenant_id, user_id, password)
    await audit.record(conn, tenant_id, by, "user.password", f"user {user_id}")
    await announce(conn)


HAS_AGENT = "select exists (select from agent where tenant_id = $1 and agent_id = $2)"


async def has_agent(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> bool:
    return await conn.fetchval(HAS_AGENT, tenant_id, agent_id)


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
