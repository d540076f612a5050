"""The users of the demo: an owner, a supervisor and an agent, with one password, which is made at the first start."""

import secrets
from pathlib import Path

from tongdai.agents import roster
from tongdai.db.pool import Connection
from tongdai.demo import secret_file
from tongdai.demo.calls import ENDPOINT
from tongdai.demo.tenant import TENANT
from tongdai.ids import AgentId
from tongdai.people.users import store
from tongdai.people.users.model import Role
from tongdai.people.users.passwords import Passwords
from tongdai.settings.declarations import Settings

PASSWORD_FILE = "demo.password"  # noqa: S105 - a name
LOGINS = {
    Role.OWNER: ("owner@demo.example", "Chị Thu"),
    Role.SUPERVISOR: ("supervisor@demo.example", "Anh Nam"),
    Role.AGENT: ("agent@demo.example", "Lan"),
}
"""Logins and names."""


async def prepare(conn: Connection, settings: Settings) -> str:
    """Create the users that are missing, and return their password."""
    path = Path(settings.data_dir) / PASSWORD_FILE
    password = secret_file.read(path)
    is_new = not password
    if is_new:
        password = "-".join(secrets.token_hex(2) for _ in range(4))
    hashed = await Passwords().hash(password)
    async with conn.transaction():
        for role in LOGINS:
            await _user(conn, role, hashed, is_new=is_new)
    if is_new:
        secret_file.write(path, password)
    return password


async def _user(conn: Connection, role: Role, hashed: str, *, is_new: bool) -> None:
    login, name = LOGINS[role]
    found = await store.by_login(conn, login)
    if found is not None:
        if is_new and found[0].tenant_id == TENANT:
            await store.set_password(conn, TENANT, found[0].user_id, hashed, None)
        return
    agent_id = await _agent(conn) if role is Role.AGENT else None
    if role is Role.AGENT and agent_id is None:
        return  # somebody has deleted the demo's agents
    await store.create(
        conn, TENANT, name=name, login=login, role=role, agent_id=agent_id, team_ids=(), password=hashed, by=None
    )


async def _agent(conn: Connection) -> AgentId | None:
    """The first of the demo's agents."""
    everybody, _ = await roster.page(conn, TENANT, 2**31, 0, queue_id=None, state=None)
    return next((agent.agent_id for agent in everybody if agent.endpoint.startswith(ENDPOINT)), None)
