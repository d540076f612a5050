"""Callbacks in the ACD's store in PostgreSQL: see acd/postgres_store.py."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from tongdai.acd.callbacks.store import Answered, Dialled, Try
from tongdai.acd.caller import store as callers
from tongdai.acd.store import LEASE
from tongdai.agents import store as agents
from tongdai.agents.rows import COLUMNS, agent_or_none
from tongdai.call_outcome import OfferOutcome
from tongdai.callbacks import store as callbacks
from tongdai.callbacks.model import Askable, AskedFor, Callback, Source
from tongdai.calls.inbound import store as inbound
from tongdai.calls.inbound.model import InboundCall
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, SwitchId, TenantId
from tongdai.webhooks import outbox
from tongdai.webhooks.model import Event

OF_CALL = f"select {COLUMNS} from agent where tenant_id = $1 and call_id = $2"  # noqa: S608 - columns
TRUNK = "select trunk from called_number where tenant_id = $1 and number = $2"


class PostgresCallbacks:
    """Implements `CallbackStore`, for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId) -> None:
        self._pool, self._switch_id = pool, switch_id

    async def askable(self, call: InboundCall, at: datetime) -> Askable:
        async with self._pool.acquire() as conn:
            return await callbacks.askable(conn, call.tenant_id, call.phone, at)

    async def ask_callback(
        self, call: InboundCall, phone: str, at: datetime, *, others: bool = False
    ) -> Callback | None:
        tenant_id, call_id = call.tenant_id, call.call_id
        async with self._pool.acquire() as conn, conn.transaction():
            if others and not await callbacks.may_ask(conn, tenant_id, call.phone, phone, call_id, at):
                return None
            # A caller who was in no queue is in this one from now to the end of the call.
            if not await inbound.join(conn, tenant_id, call_id, call.queue_id, at, LEASE):
                return None
            row = await callers.find(conn, tenant_id, call_id)
            place = await callers.place_of(conn, tenant_id, call_id) if row is None else row.arrived_at
            limits = await callbacks.term(conn, tenant_id, call.queue_id, at)
            if limits is None:
                return None
            wanted = AskedFor(
                queue_id=call.queue_id,
                phone=phone,
                called=call.called,
                source=Source.CALLER,
                arrived_at=place or call.opened_at,
                due_at=at,
                expires_at=limits.expires_at,
                from_call=call_id,
            )
            asked = await callbacks.ask(conn, tenant_id, wanted)
            await callers.leave(conn, tenant_id, call_id, OfferOutcome.WITHDRAWN, at)
            return asked

    async def due_callbacks(self) -> Sequence[Callback]:
        async with self._pool.acquire() as conn:
            return await callbacks.due(conn, self._switch_id)

    async def dial(self, callback: Callback, agent_id: AgentId | None, at: datetime) -> Try | None:
        tenant_id, call_id = callback.tenant_id, uuid4()
        async with self._pool.acquire() as conn, conn.transaction():
            if not await callbacks.may_dial(conn, callback):
                return None
            if agent_id is not None and not await agents.reserve_agent(conn, tenant_id, agent_id, call_id):
                return None
            call = await inbound.dial(
                *(conn, tenant_id, call_id, callback.queue_id),
                switch_id=self._switch_id,
                called=callback.called,
                phone=callback.phone,
                lease=LEASE,
            )
            await callers.join(
                *(conn, tenant_id, call_id, callback.queue_id), arrived_at=callback.arrived_at, at=at, hops=0
            )
            if agent_id is not None:
                await callers.offer(conn, tenant_id, call_id, agent_id, at)
            begun = await callbacks.begin_try(conn, callback, call_id)
            assert begun is not None, f"callback {callback.callback_id} is held, and cannot be dialled"
            return Try(call, await _trunk(conn, tenant_id, callback.called))

    async def customer_answered(self, call: InboundCall, at: datetime) -> Answered | None:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await inbound.join(conn, call.tenant_id, call.call_id, call.queue_id, at, LEASE):
                return None
            if call.answered_at is None:
                await outbox.publish_calls(conn, call.tenant_id, [call.call_id], Event.CALL_ANSWERED)
            found = await inbound.find(conn, call.tenant_id, call.call_id)
            row = await callers.find(conn, call.tenant_id, call.call_id)
            agent = agent_or_none(await conn.fetchrow(OF_CALL, call.tenant_id, call.call_id))
            assert found is not None, f"call {call.call_id} is held"
            assert row is not None, f"customer {call.call_id} has a place until the call ends"
            return Answered(found, row, agent)

    async def dialled(self) -> Sequence[Dialled]:
        async with self._pool.acquire() as conn:
            return [Dialled(*found) for found in await inbound.dialled(conn, self._switch_id)]


async def _trunk(conn: Connection, tenant_id: TenantId, number: str) -> str | None:
    digits = number.removeprefix("+")
    return await conn.fetchval(TRUNK, tenant_id, int(digits)) if digits.isdigit() else None
