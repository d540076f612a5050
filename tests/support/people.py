"""Users of tenants, and requests by their sessions."""

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2

from tests.support.api import PEPPER, Tenant
from tongdai.ids import AgentId, TenantId
from tongdai.people.sessions import store as sessions
from tongdai.people.users import store as users
from tongdai.people.users.model import Role, User
from tongdai.people.users.passwords import _hasher
from tongdai.tenants import key_format, session_token

PASSWORD = "a long password of theirs"
_numbers = itertools.count(1)


@cache
def hashed() -> str:
    return _hasher.hash(PASSWORD)


@dataclass(frozen=True)
class Person:
    """A user who is signed in, and their requests."""

    client: httpx2.AsyncClient
    user: User
    token: str

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{session_token.COOKIE}={self.token}"}

    @property
    def csrf(self) -> dict[str, str]:
        return {"X-CSRF-Token": session_token.csrf_token(session_token.marked(self.token), PEPPER.encode())}

    @property
    def headers(self) -> dict[str, str]:
        return self.cookie | self.csrf

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = self.headers | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        response = await self.call(method, path, **options)
        assert response.status_code == 200, response.text
        return response.json()


async def user_of(tenant: Tenant, role: Role, agent_id: int | None = None, login: str | None = None) -> User:
    """A user with PASSWORD."""
    async with tenant.api.pool.acquire() as conn:
        made = await users.create(
            conn,
            TenantId(tenant.tenant_id),
            name="Đào",
            login=login or f"{role}-{tenant.tenant_id}-{next(_numbers)}@example.com",
            role=role,
            agent_id=None if agent_id is None else AgentId(agent_id),
            team_ids=(),
            password=hashed(),
            by=None,
        )
    assert made is not None
    return made


async def person_of(tenant: Tenant, role: Role, agent_id: int | None = None) -> Person:
    """A user with a session, begun without a password."""
    user = await user_of(tenant, role, agent_id)
    token = session_token.generate()
    digest = key_format.digest(session_token.marked(token), PEPPER.encode())
    async with tenant.api.pool.acquire() as conn:
        await sessions.begin(conn, user.tenant_id, user.user_id, digest, "127.0.0.1", "tests")
    return Person(tenant.api.client, user, token)


async def agent_of(tenant: Tenant, endpoint: str = "phone") -> int:
    """An agent of a new queue."""
    queue_id = await tenant.queue(f"Q {endpoint}")
    return (
        await tenant.done("POST", "/v1/agents", json={"agentName": "A", "endpoint": endpoint, "queueId": queue_id})
    )["agentId"]


async def ids_of(tenant: Tenant) -> dict[str, object]:
    """A user with a session, and a team whose number no other tenant has."""
    person = await person_of(tenant, Role.VIEWER)
    async with tenant.api.pool.acquire() as conn:
        (session,) = await sessions.of_user(conn, person.user.tenant_id, person.user.user_id)
    team = await tenant.done("POST", "/v1/teams", json={"name": "A team", "teamId": tenant.tenant_id})
    return {"user": person.user.user_id, "session": session.session_id, "team": team["teamId"]}
