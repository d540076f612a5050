"""Accounts that browsers use: each is held by one connection of one browser, and is on the switch meanwhile.

    hold ──▶ held ──extend, each few seconds──▶ held
               ├── leave: the connection has ended ──▶ held by nobody, for a reload ──▶ LEASE later: released
               ├── not extended: the server crashed ──────────────────────────────────▶ LEASE later: released
               ├── release: the session has ended ───────────────────────────▶ released
               └── hold by another connection: that one has it, the first one's `extend` says so

Credentials are of the holding's session: another session gets another password, which signs the first one off. What
is released is removed from the switch (`store.unwanted`), so that its password is good for nothing; the row stays, for
the next holding. A rotated account is a desk phone's again.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from tongdai.agents.accounts.model import SALT, Credentials, password_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, Author, SessionId, SwitchId, TenantId

LEASE = timedelta(seconds=15)
"""How long a holding lasts that is not extended: a reload takes less."""


class NotHeld(Enum):
    NO_ACCOUNT = auto()
    """The agent has no account: their phone is in the switch's own files."""
    DESK_PHONE = auto()
    """The account is a desk phone's, which would be signed off."""
    ELSEWHERE = auto()
    """Another browser has it."""


@dataclass(frozen=True, slots=True)
class Held:
    credentials: Credentials
    renewed: bool
    """The password is a new one."""


NOBODY = UUID(int=0)
"""The holding of an account that no connection has at the moment: it waits for the same session."""


def in_browser(tenant: str) -> str:
    """SQL: whether the phone of the agent `a`, of that tenant, is in a browser."""
    return f"""exists (
        select from phone_account p
        where p.tenant_id = {tenant} and p.agent_id = a.agent_id and p.removed_at is null and p.browser
    )"""


def with_page(tenant: str, which: str = "true") -> str:
    """SQL: whether it is, and a page answers there, of which that condition is true."""
    return f"""exists (
        select from phone_account p
        where p.tenant_id = {tenant} and p.agent_id = a.agent_id and p.removed_at is null and p.browser
            and p.holding <> '{NOBODY}' and p.held_until > now() and ({which})
    )"""


def page_of(agent: str) -> str:
    """SQL: the name of the page that has the phone of an agent (an alias); null: none has it, or it has no name."""
    return f"""(
        select p.page from phone_account p
        where p.tenant_id = $1 and p.agent_id = {agent}.agent_id and p.removed_at is null and p.browser
            and p.held_until > now()
    )"""  # noqa: S608 - an alias


FIND = """
select name, salt, browser, session_id, held_until > now() as held from phone_account
where tenant_id = $1 and agent_id = $2 and removed_at is null for no key update
"""
HOLD = """
with clock as materialized (
    select now() as now_at, now() + $5::interval as until
)
update phone_account p set browser = true, holding = $3, session_id = $4, held_until = clock.until, page = $7,
    salt = $6, pushed_at = case when p.salt = $6 then p.pushed_at end, problem = null,
    password_at = case when p.salt = $6 then p.password_at else clock.now_at end
from clock where p.tenant_id = $1 and p.agent_id = $2 and p.removed_at is null
"""


async def hold(
    conn: Connection,
    tenant_id: TenantId,
    agent_id: AgentId,
    session_id: SessionId,
    holding: UUID,
    pepper: bytes,
    by: Author,
    *,
    take: bool,
    page: UUID | None = None,
) -> Held | NotHeld:
    """Have the account of an agent for a connection. `take`: also from a desk phone, or another session's browser.
    `page`: its name, by which a page is known that connects again."""
    async with conn.transaction():
        row = await conn.fetchrow(FIND, tenant_id, agent_id)
        if row is None:
            return NotHeld.NO_ACCOUNT
        own = bool(row["held"]) and row["session_id"] == session_id
        if not take and not own:
            if not row["browser"]:
                return NotHeld.DESK_PHONE
            if row["held"]:
                return NotHeld.ELSEWHERE
        salt = row["salt"] if own else secrets.token_bytes(SALT)
        await conn.execute(HOLD, tenant_id, agent_id, holding, session_id, LEASE, salt, page)
        if not own:
            await audit.record(conn, tenant_id, by, "phone_account.hold", f"agent {agent_id}", {"name": row["name"]})
    return Held(Credentials(row["name"], password_of(pepper, row["name"], salt)), renewed=not own)


EXTEND = """
with clock as materialized (
    select now() + $4::interval as until
)
update phone_account p set held_until = clock.until
from clock where p.tenant_id = $1 and p.agent_id = $2 and p.holding = $3 and p.removed_at is null returning true
"""


async def extend(conn: Connection, tenant_id: TenantId, agent_id: AgentId, holding: UUID) -> bool:
    """False: the connection does not have the account any more."""
    return await conn.fetchval(EXTEND, tenant_id, agent_id, holding, LEASE) is True


LEAVE = """
update phone_account p set holding = $4, page = case when $5 then null else p.page end
where p.tenant_id = $1 and p.agent_id = $2 and p.holding = $3 and p.removed_at is null
"""


async def leave(
    conn: Connection, tenant_id: TenantId, agent_id: AgentId, holding: UUID, *, page_gone: bool = False
) -> None:
    """End a holding whose connection has ended, unless another one has the account. It stays on the switch for the rest
    of the lease: a page that is loaded again need not wait for it. `page_gone`: the page was closed, or is loaded
    again; otherwise the same one may connect again."""
    await conn.execute(LEAVE, tenant_id, agent_id, holding, NOBODY, page_gone)


RELEASE = """
with clock as materialized (
    select now() as now_at
)
update phone_account p set held_until = clock.now_at
from clock where p.tenant_id = $1 and p.agent_id = $2 and p.holding = $3
"""


async def release(conn: Connection, tenant_id: TenantId, agent_id: AgentId, holding: UUID) -> None:
    """End a holding now, unless another connection has the account."""
    await conn.execute(RELEASE, tenant_id, agent_id, holding)


ON_SWITCH = """
select pushed_at is not null as there, problem from phone_account
where tenant_id = $1 and agent_id = $2 and holding = $3 and removed_at is null
"""


@dataclass(frozen=True, slots=True)
class OnSwitch:
    there: bool
    problem: str | None


async def on_switch(conn: Connection, tenant_id: TenantId, agent_id: AgentId, holding: UUID) -> OnSwitch | None:
    """Whether the switch has the account as it is; None: the connection does not have it any more."""
    row = await conn.fetchrow(ON_SWITCH, tenant_id, agent_id, holding)
    return None if row is None else OnSwitch(row["there"], row["problem"])


EXPIRED = """
select tenant_id, name from phone_account
where switch_id = $1 and browser and held_until <= now() order by tenant_id, name
"""
EXPIRE = """
with clock as materialized (
    select now() as now_at
)
update phone_account p set holding = null, session_id = null, held_until = null,
    pushed_at = coalesce(p.pushed_at, clock.now_at)
from clock where p.tenant_id = $1 and p.name = $2 and p.browser and p.held_until <= clock.now_at
"""


async def expire(conn: Connection, switch_id: SwitchId) -> None:
    """Release what was not extended, for the leader of the switch; `pushed_at` says that the switch may have it."""
    for row in await conn.fetch(EXPIRED, switch_id):
        await conn.execute(EXPIRE, row["tenant_id"], row["name"])
