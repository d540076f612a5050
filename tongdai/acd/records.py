"""Writes the records of one caller, in order; what the store refuses is left to be written again."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, assert_never

from tongdai.acd.caller import model, signals
from tongdai.acd.controlled import ControlledCaller
from tongdai.acd.store import AcdStore
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.clock import Clock
from tongdai.db.unavailable import unavailable

WRITE_S = 3.0
"""The time limit for writing a record when the database hangs; it is written again later."""
LONGEST_BACKOFF_S = 60.0
"""The longest wait before a record that the store refuses is written again."""


class Over(Protocol):
    def __call__(self, caller: ControlledCaller, ending: InboundEnding, *, changed: bool) -> None: ...


class Records:
    def __init__(self, store: AcdStore, clock: Clock, room: WaitingRoom, over: Over) -> None:
        """`over` is called when the end of a call is recorded; `changed`: nobody had recorded it before."""
        self._store, self._clock, self._room, self._over = store, clock, room, over
        self.connected: Callable[[], None] = lambda: None
        """Called after a connection was recorded."""

    async def write(self, caller: ControlledCaller) -> list[signals.Signal]:
        """Write the unwritten records, in order, and return their results; the rest is left after a failure."""
        results: list[signals.Signal] = []
        while caller.unwritten:
            record, at = caller.unwritten[0]
            try:
                async with asyncio.timeout(WRITE_S):
                    result = await self._commit(caller, record, at)
            except Exception as error:
                if unavailable(error):
                    return results
                caller.failed_writes += 1
                caller.write_at = self._clock.monotonic() + min(2.0**caller.failed_writes, LONGEST_BACKOFF_S)
                raise
            caller.unwritten.popleft()
            if result is not None:
                results.append(result)
        return results

    async def _commit(self, caller: ControlledCaller, record: model.Record, at: datetime) -> signals.Signal | None:
        call = caller.call
        match record:
            case model.RecordJoin():
                await self._join(caller, record, at)
            case model.RecordAnswer() | model.RecordKey():
                await self._answered(call, record, at)
            case model.RecordForward(number=number, channel=channel, transfer=transfer):
                called = model.NumberCall(number, channel, talks=False)
                await self._store.forward(call, called, at, transfer=transfer)
            case model.RecordOfferEnd(agent_id=agent_id, outcome=outcome):
                await self._store.offer_failed(call, agent_id, outcome, at)
                self._room.wake()
            case model.RecordConnection():
                if not await self._store.connect(call, at):
                    return signals.NotConnected()
                self.connected()
            case model.RecordCallback(phone=phone, others=others):
                asked = await self._store.ask_callback(call, phone, at, others=others)
                self._room.callbacks.asked(asked, caller.rules)
                caller.asked = asked is not None
                return signals.CallbackAsked(made=asked is not None)
            case model.RecordEnd(ending=ending):
                await self._end(caller, ending)
            case _:
                assert_never(record)
        return None

    async def _end(self, caller: ControlledCaller, ending: InboundEnding) -> None:
        if caller.asked and ending.outcome is not InboundOutcome.ANSWERED:
            ending = replace(ending, outcome=InboundOutcome.CALLBACK)
        changed = await self._store.end(caller.call, ending)
        self._over(caller, ending, changed=changed)
        self._room.wake()

    async def _answered(self, call: InboundCall, record: model.RecordAnswer | model.RecordKey, at: datetime) -> None:
        match record:
            case model.RecordAnswer(menu_id=menu_id):
                await self._store.answer(call, at, menu_id)
            case model.RecordKey(menu_id=menu_id, key=key, to=to):
                await self._store.key(call, menu_id, key, to, at)

    async def _join(self, caller: ControlledCaller, record: model.RecordJoin, at: datetime) -> None:
        assert caller.rules is not None, "a caller joins a queue whose rules were not read"
        call, queue_id, hops = caller.call, record.queue_id, record.hops
        caller.call = replace(call, queue_id=queue_id)
        if record.transfer:
            row = await self._store.transfer(call, queue_id, hops, at)
        else:
            row = await self._store.join(call, caller.rules, hops, at)
        caller.arrived_at = caller.arrived_at if row is None else row.arrived_at
        caller.joined_at = at
