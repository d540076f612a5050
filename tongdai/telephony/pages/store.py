"""The store of pages that are gone: a protocol, and its implementation for one switch, `PostgresPages`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tongdai.agents import pages
from tongdai.agents.model import Agent, LostPage
from tongdai.calls.acts import controls
from tongdai.calls.acts.model import Talk
from tongdai.db.pool import Pool
from tongdai.ids import SwitchId, TenantId


class PageStore(Protocol):
    async def lost(self) -> Sequence[LostPage]:
        """The agents whose phone's page is gone; those of whom it is new are recorded as such, and get no calls."""
        ...

    async def awaited(self, channel_id: UUID) -> bool:
        """Whether a page is waited for, whose channel is gone."""
        ...

    async def call_anew(self, lost: LostPage) -> Agent | None:
        """The agent with the channel that is to be called. None: it is not waited for any more."""
        ...

    async def back(self, agent: Agent) -> bool | None:
        """The phone is connected: whether the agent is idle. None: it was given up, or lost, meanwhile."""
        ...

    async def give_up(self, agent: Agent) -> bool: ...

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        """None: the call has ended."""
        ...

    async def hold(self, agent: Agent, call_id: UUID, at: datetime, until: datetime) -> bool:
        """False: the call has ended."""
        ...

    async def held_since(self, agent: Agent, call_id: UUID, since: datetime) -> bool:
        """Whether the call is on hold since then, and was not before."""
        ...

    async def resume(self, agent: Agent, call_id: UUID, at: datetime) -> bool: ...

    async def mute(self, agent: Agent, call_id: UUID, channel: str) -> bool: ...


class PostgresPages:
    """Implements `PageStore` for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId) -> None:
        self._pool, self._switch_id = pool, switch_id

    async def lost(self) -> Sequence[LostPage]:
        async with self._pool.acquire() as conn:
            return await pages.lost(conn, self._switch_id)

    async def awaited(self, channel_id: UUID) -> bool:
        async with self._pool.acquire() as conn:
            return await pages.awaited(conn, channel_id)

    async def call_anew(self, lost: LostPage) -> Agent | None:
        agent = lost.agent
        async with self._pool.acquire() as conn:
            return await pages.call_anew(conn, agent.tenant_id, agent.agent_id, channel_of(agent))

    async def back(self, agent: Agent) -> bool | None:
        async with self._pool.acquire() as conn:
            state = await pages.back(conn, agent.tenant_id, agent.agent_id, channel_of(agent))
            return None if state is None else state == "idle"

    async def give_up(self, agent: Agent) -> bool:
        async with self._pool.acquire() as conn:
            return await pages.give_up(conn, agent.tenant_id, agent.agent_id, channel_of(agent))

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        async with self._pool.acquire() as conn:
            return await controls.talk(conn, tenant_id, call_id)

    async def hold(self, agent: Agent, call_id: UUID, at: datetime, until: datetime) -> bool:
        async with self._pool.acquire() as conn:
            return await controls.hold(conn, agent.tenant_id, call_id, agent.agent_id, at, until)

    async def held_since(self, agent: Agent, call_id: UUID, since: datetime) -> bool:
        async with self._pool.acquire() as conn:
            return await pages.held_since(conn, agent.tenant_id, call_id, since)

    async def resume(self, agent: Agent, call_id: UUID, at: datetime) -> bool:
        async with self._pool.acquire() as conn:
            return await controls.resume(conn, agent.tenant_id, call_id, agent.agent_id, at)

    async def mute(self, agent: Agent, call_id: UUID, channel: str) -> bool:
        async with self._pool.acquire() as conn:
            return await controls.mute(conn, agent.tenant_id, call_id, channel)


def channel_of(agent: Agent) -> UUID:
    assert agent.channel_id is not None, f"agent {agent.agent_id} has lost a page without a channel"
    return agent.channel_id
