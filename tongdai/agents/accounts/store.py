"""Phone accounts in the database: made, changed and marked as removed by the API, done by the leader of their switch.

    API: make, rotate, remove ──→ phone_account ──→ leader: wanted, unwanted, …the switch…, pushed, refused, gone

A removed account stays a row until its switch has removed it. Its name is the tenant's phone (`sip_endpoint`) from its
making until then, so that nobody else can be given the name.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from tongdai.agents.accounts import browser
from tongdai.agents.accounts.model import (
    SALT,
    AccountRefusal,
    Credentials,
    PhoneAccount,
    Unwanted,
    Wanted,
    name_of,
    password_of,
)
from tongdai.agents.model import AgentState, Mode
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, SwitchId, TenantId
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind, SipEndpoint

LOCK_AGENT = """
select a.state, t.switch_id from agent a join tenant t on t.tenant_id = $1
where a.tenant_id = $1 and a.agent_id = $2 for no key update of a
"""
FIND = """
select name, made_at, password_at, pushed_at, problem, browser from phone_account
where tenant_id = $1 and agent_id = $2 and removed_at is null
"""


async def find(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> PhoneAccount | None:
    row = await conn.fetchrow(FIND, tenant_id, agent_id)
    return None if row is None else PhoneAccount(**dict(row.items()))


TAKEN = "select true from agent where tenant_id = $1 and endpoint = $2"
SWITCH = "select switch_id from tenant where tenant_id = $1"


async def reserve_name(conn: Connection, tenant_id: TenantId, by: Author | None) -> str:
    """A new name for a phone of the tenant on its switch, given to the tenant."""
    switch_id = await conn.fetchval(SWITCH, tenant_id)
    while True:
        name = name_of(tenant_id, secrets.token_bytes(SALT))
        given = await endpoints.find(conn, switch_id, name) or await conn.fetchval(TAKEN, tenant_id, name)
        if given is None:
            made = await endpoints.give(conn, switch_id, name, EndpointKind.PHONE, tenant_id, by)
            if isinstance(made, SipEndpoint):
                return name


INSERT = """
insert into phone_account (tenant_id, name, agent_id, switch_id, salt)
select $1, $2, $3, switch_id, $4 from tenant where tenant_id = $1
"""


async def insert(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, name: str, pepper: bytes, by: Author | None
) -> Credentials:
    """The account of an agent who has none and whose endpoint has that name, which was reserved in this transaction."""
    salt = secrets.token_bytes(SALT)
    await conn.execute(INSERT, tenant_id, name, agent_id, salt)
    await audit.record(conn, tenant_id, by, "phone_account.make", f"agent {agent_id}", {"name": name})
    return Credentials(name, password_of(pepper, name, salt))


SET_ENDPOINT = "update agent set endpoint = $3 where tenant_id = $1 and agent_id = $2"


async def make(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, pepper: bytes, by: Author | None
) -> Credentials | AccountRefusal:
    """Make an account for an offline agent, whose endpoint it becomes."""
    async with conn.transaction():
        agent = await conn.fetchrow(LOCK_AGENT, tenant_id, agent_id)
        if agent is None:
            return AccountRefusal.NO_AGENT
        if await find(conn, tenant_id, agent_id) is not None:
            return AccountRefusal.HAS_ACCOUNT
        if agent["state"] != AgentState.OFFLINE:
            return AccountRefusal.SIGNED_IN
        name = await reserve_name(conn, tenant_id, by)
        await conn.execute(SET_ENDPOINT, tenant_id, agent_id, name)
        return await insert(conn, tenant_id, agent_id, name, pepper, by)


ROTATE = """
with clock as materialized (
    select now() as now_at
)
update phone_account p set salt = $3, password_at = clock.now_at, pushed_at = null, problem = null,
    browser = false, holding = null, session_id = null, held_until = null
from clock where p.tenant_id = $1 and p.agent_id = $2 and p.removed_at is null returning name
"""


async def rotate(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, pepper: bytes, by: Author | None
) -> Credentials | AccountRefusal:
    """Give an account another password, for a desk phone, which must be set up again. A call that it is in
    continues."""
    salt = secrets.token_bytes(SALT)
    async with conn.transaction():
        if await conn.fetchrow(LOCK_AGENT, tenant_id, agent_id) is None:
            return AccountRefusal.NO_AGENT
        name = await conn.fetchval(ROTATE, tenant_id, agent_id, salt)
        if name is None:
            return AccountRefusal.NO_ACCOUNT
        await audit.record(conn, tenant_id, by, "phone_account.rotate", f"agent {agent_id}", {"name": name})
    return Credentials(name, password_of(pepper, name, salt))


REMOVE = """
with clock as materialized (
    select now() as now_at
)
update phone_account p set removed_at = clock.now_at, pushed_at = null, problem = null,
    holding = null, session_id = null, held_until = null
from clock where p.tenant_id = $1 and p.agent_id = $2 and p.removed_at is null returning name
"""


async def remove(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None) -> str | AccountRefusal:
    """Remove the account of an offline agent; returns its name. The agent keeps it as the name of an endpoint that does
    not exist, and cannot be called until they have another one."""
    async with conn.transaction():
        agent = await conn.fetchrow(LOCK_AGENT, tenant_id, agent_id)
        if agent is None:
            return AccountRefusal.NO_AGENT
        if agent["state"] != AgentState.OFFLINE:
            return AccountRefusal.SIGNED_IN
        return await discard(conn, tenant_id, agent_id, by) or AccountRefusal.NO_ACCOUNT


async def discard(conn: Connection, tenant_id: TenantId, agent_id: AgentId, by: Author | None) -> str | None:
    """Mark the account of an agent as removed, in the transaction that deletes the agent, who is offline; None: they
    have none."""
    name = await conn.fetchval(REMOVE, tenant_id, agent_id)
    if name is not None:
        await audit.record(conn, tenant_id, by, "phone_account.remove", f"agent {agent_id}", {"name": name})
    return name


MODE_CHANGED = """
update phone_account set pushed_at = null where tenant_id = $1 and agent_id = $2 and removed_at is null
"""


async def mode_changed(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> None:
    """The account of an agent, if they have one, is another on the switch from now on."""
    await conn.execute(MODE_CHANGED, tenant_id, agent_id)


# For the leader of a switch.

_ACCOUNT = "p.tenant_id, p.agent_id, p.name, p.salt, a.mode, p.browser, p.pushed_at is not null as pushed, p.problem"
_ACCOUNTS = "phone_account p join agent a on a.tenant_id = p.tenant_id and a.agent_id = p.agent_id"
_WANTED = "p.removed_at is null and (p.holding is not null or not p.browser)"
WANTED = f"""
select {_ACCOUNT} from {_ACCOUNTS} where p.switch_id = $1 and {_WANTED} order by p.tenant_id, p.name
"""
CHANGED = f"""
select {_ACCOUNT} from {_ACCOUNTS} where p.switch_id = $1 and {_WANTED} and p.pushed_at is null
order by p.tenant_id, p.name
"""


async def wanted(conn: Connection, switch_id: SwitchId) -> list[Wanted]:
    """The accounts that a switch should have, over all tenants."""
    return [_wanted(row) for row in await conn.fetch(WANTED, switch_id)]


async def changed(conn: Connection, switch_id: SwitchId) -> list[Wanted]:
    """The accounts that were made or changed since the switch took them, or that it has refused."""
    return [_wanted(row) for row in await conn.fetch(CHANGED, switch_id)]


def _wanted(row: asyncpg.Record | Mapping[str, Any]) -> Wanted:
    fields: dict[str, Any] = dict(row.items())
    fields["mode"] = Mode(row["mode"])
    return Wanted(**fields)


UNWANTED = """
select tenant_id, name from phone_account
where switch_id = $1 and removed_at is not null and pushed_at is null
    or switch_id = $1 and browser and holding is null and removed_at is null and pushed_at is not null
order by tenant_id, name
"""


async def unwanted(conn: Connection, switch_id: SwitchId) -> list[Unwanted]:
    """The accounts that a switch should remove, over all tenants: removed ones, and browsers' that nobody holds."""
    await browser.expire(conn, switch_id)
    return [Unwanted(row["tenant_id"], row["name"]) for row in await conn.fetch(UNWANTED, switch_id)]


PUSHED = """
with clock as materialized (
    select now() as now_at
)
update phone_account p set pushed_at = clock.now_at, problem = null
from clock where p.tenant_id = $1 and p.name = $2 and p.salt = $3 and p.removed_at is null
"""


async def pushed(conn: Connection, account: Wanted) -> None:
    """The switch has the account, unless it was changed meanwhile."""
    await conn.execute(PUSHED, account.tenant_id, account.name, account.salt)


REFUSED = """
update phone_account set pushed_at = null, problem = $4
where tenant_id = $1 and name = $2 and salt = $3 and removed_at is null
"""


async def refused(conn: Connection, account: Wanted, problem: str) -> None:
    """The switch did not take it."""
    await conn.execute(REFUSED, account.tenant_id, account.name, account.salt, problem)


GONE = "delete from phone_account where tenant_id = $1 and name = $2 and removed_at is not null returning switch_id"


RELEASED = """
update phone_account set pushed_at = null
where tenant_id = $1 and name = $2 and browser and holding is null and removed_at is null
"""


async def gone(conn: Connection, account: Unwanted) -> None:
    """The switch has removed it: nobody has the name any more, unless it waits for a browser."""
    async with conn.transaction():
        await conn.execute(RELEASED, account.tenant_id, account.name)
        switch_id = await conn.fetchval(GONE, account.tenant_id, account.name)
        if switch_id is not None:
            await endpoints.give_up(conn, account.tenant_id, switch_id, account.name)
