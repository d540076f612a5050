"""The store of acts: a protocol, and its implementation for one switch, `PostgresActs`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tongdai.calls.acts import controls, store
from tongdai.calls.acts.model import Act, Control, Ended, Talk
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventKind
from tongdai.db.pool import Connection, Pool
from tongdai.ids import SwitchId, TenantId
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind


class ActStore(Protocol):
    async def asked(self) -> Sequence[Act]:
        """Acts that wait to be begun, oldest first."""
        ...

    async def interrupted(self) -> Sequence[Act]:
        """The repeatable acts that were begun and have no end, oldest first."""
        ...

    async def begin(self, act: Act) -> bool:
        """Take an act. False: it has lapsed, or was begun."""
        ...

    async def finish(self, act: Act, how: Ended) -> None: ...

    async def talk(self, of: Act | Control) -> Talk | None:
        """None: the call has ended."""
        ...

    async def controlled(self, now: datetime) -> Sequence[Control]:
        """The calls whose talk was changed, until each is forgotten."""
        ...

    async def hold(self, of: Act | Control, talk: Talk, at: datetime, until: datetime) -> bool:
        """False: the call has ended. Likewise the next two."""
        ...

    async def resume(self, of: Act | Control, talk: Talk, at: datetime) -> bool: ...

    async def mute(self, of: Act | Control, channel: str) -> bool: ...

    async def unmute(self, of: Act | Control) -> None: ...

    async def forget(self, control: Control) -> None:
        """Forget a call that has ended."""
        ...

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        """None: the call has ended."""
        ...

    async def may_call(self, tenant_id: TenantId, endpoint: str) -> bool:
        """Whether a phone is the tenant's."""
        ...

    async def phone_event(self, tenant_id: TenantId, call_id: UUID, kind: EventKind, endpoint: str) -> None:
        """A supervisor's phone was answered, or has left."""
        ...


class PostgresActs:
    """Implements `ActStore` for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId) -> None:
        self._pool, self._switch_id = pool, switch_id

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        async with self._pool.acquire() as conn:
            yield conn

    async def asked(self) -> Sequence[Act]:
        async with self._connection() as conn:
            return await store.asked(conn, self._switch_id)

    async def interrupted(self) -> Sequence[Act]:
        async with self._connection() as conn:
            return await store.interrupted(conn, self._switch_id)

    async def begin(self, act: Act) -> bool:
        async with self._connection() as conn:
            return await store.begin(conn, act)

    async def finish(self, act: Act, how: Ended) -> None:
        async with self._connection() as conn:
            await store.finish(conn, act, how)

    async def talk(self, of: Act | Control) -> Talk | None:
        async with self._connection() as conn:
            return await controls.talk(conn, of.tenant_id, of.call_id)

    async def controlled(self, now: datetime) -> Sequence[Control]:
        async with self._connection() as conn:
            return await controls.controlled(conn, self._switch_id, now)

    async def hold(self, of: Act | Control, talk: Talk, at: datetime, until: datetime) -> bool:
        assert talk.agent_id is not None, "a hold without an agent"
        async with self._connection() as conn:
            return await controls.hold(conn, of.tenant_id, of.call_id, talk.agent_id, at, until)

    async def resume(self, of: Act | Control, talk: Talk, at: datetime) -> bool:
        async with self._connection() as conn:
            return await controls.resume(conn, of.tenant_id, of.call_id, talk.agent_id, at)

    async def mute(self, of: Act | Control, channel: str) -> bool:
        async with self._connection() as conn:
            return await controls.mute(conn, of.tenant_id, of.call_id, channel)

    async def unmute(self, of: Act | Control) -> None:
        async with self._connection() as conn:
            await controls.unmute(conn, of.tenant_id, of.call_id)

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        async with self._connection() as conn:
            return await controls.talk(conn, tenant_id, call_id)

    async def may_call(self, tenant_id: TenantId, endpoint: str) -> bool:
        async with self._connection() as conn:
            return await endpoints.usable(conn, tenant_id, EndpointKind.PHONE, endpoint)

    async def phone_event(self, tenant_id: TenantId, call_id: UUID, kind: EventKind, endpoint: str) -> None:
        async with self._connection() as conn:
            at: datetime = await conn.fetchval("select clock_timestamp()")
            await events.of_phone(conn, tenant_id, call_id, at, kind, endpoint)

    async def forget(self, control: Control) -> None:
        async with self._connection() as conn:
            await controls.forget(conn, control.tenant_id, control.call_id)
