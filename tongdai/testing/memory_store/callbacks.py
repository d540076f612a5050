"""Callbacks, and calls to customers: what `PostgresCallbacks` and the statements of `tongdai.callbacks` do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.callbacks.store import Answered, Dialled, Try
from tongdai.acd.caller.store import CallerRow
from tongdai.acd.store import LEASE
from tongdai.call_outcome import InboundOutcome, OfferOutcome, Outcome
from tongdai.callbacks import core
from tongdai.callbacks.model import OTHERS_A_DAY, TRANSITIONS, WITHHELD_A_DAY, Askable, Callback, CallbackState, Source
from tongdai.calls.inbound.model import InboundCall
from tongdai.calls.model import CallState
from tongdai.clock import Clock
from tongdai.ids import AgentId, QueueId
from tongdai.states import moved
from tongdai.testing.memory_store.store import MemoryStore


class Offer(NamedTuple):
    call_id: UUID
    agent_id: AgentId
    outcome: OfferOutcome | None = None


class MemoryCallbacks:
    """Implements `CallbackStore`; each method is one step that nothing comes between."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.live: dict[UUID, InboundCall] = {}
        self.waiting: dict[UUID, CallerRow] = store.callers
        self.offers: list[Offer] = []
        self.callbacks: dict[UUID, Callback] = {}
        self.forbidden: set[str] = set()
        """Numbers on a do-not-call list of the tenant."""
        self.own_numbers: set[str] = set()
        """The called numbers of the tenant, in E.164."""
        self._asked_from: dict[UUID, str] = {}
        """The numbers of callers who asked for a callback, by call id."""
        self.hours_open = True
        """Whether the tenant's calling hours allow calls."""
        self._tries = 0

    def add_callback(self, queue_id: QueueId, phone: str, **values: object) -> Callback:
        """A callback that is due now, for an hour."""
        now, number = self._clock.now(), len(self.callbacks) + 1
        given = {
            "arrived_at": now, "due_at": now, "expires_at": now + 12 * core.RETRY_AFTER, "agent_id": None,
            "agent_until": None, "source": Source.CALLER, "note": None, "from_call": None,
        }  # fmt: skip
        callback = Callback(
            tenant_id=self._store.tenant_id,
            callback_id=UUID(int=number + 2**64, version=4),
            queue_id=queue_id,
            phone=phone,
            called="+842873001234",
            state=CallbackState.PENDING,
            tries=0,
            call_id=None,
            created_at=now,
            ended_at=None,
            **(given | values),  # type: ignore[arg-type]
        )
        self.callbacks[callback.callback_id] = callback
        return callback

    def _move(self, callback: Callback, state: CallbackState, **values: object) -> None:
        if state is not callback.state:
            moved(TRANSITIONS, callback.state, state)
        over = state not in {CallbackState.PENDING, CallbackState.CALLING}
        ended_at = self._clock.now() if over else None
        changed = replace(callback, state=state, ended_at=ended_at, **values)  # type: ignore[arg-type]
        self.callbacks[callback.callback_id] = changed

    async def askable(self, call: InboundCall, at: datetime) -> Askable:
        since = at - timedelta(days=1)
        others = [
            one
            for one in self.callbacks.values()
            if one.source is Source.CALLER and one.created_at > since and _number(one.phone) != _number(call.phone)
            and one.from_call is not None and one.from_call != call.call_id
            and self._asked_from.get(one.from_call) == call.phone
        ]  # fmt: skip
        return Askable(frozenset(self.own_numbers), len(others) < (OTHERS_A_DAY if call.phone else WITHHELD_A_DAY))

    async def ask_callback(
        self, call: InboundCall, phone: str, at: datetime, *, others: bool = False
    ) -> Callback | None:
        found, askable = self.live.get(call.call_id), await self.askable(call, at)
        if others and (not askable.others or phone in askable.own):
            return None
        if found is None or found.connected_at is not None:
            return None
        self._asked_from[call.call_id] = call.phone
        row = self.waiting.pop(call.call_id, None)
        place = found.opened_at if row is None else row.arrived_at
        self.live[call.call_id] = replace(found, state=CallState.ANSWERED, answered_at=found.answered_at or at)
        for one in self.callbacks.values():
            if one.ended_at is None and (one.queue_id, one.phone) == (found.queue_id, phone):
                self._move(one, one.state, arrived_at=min(place, one.arrived_at), due_at=min(at, one.due_at))
                return self.callbacks[one.callback_id]
        expires_at = at + timedelta(hours=4)
        return self.add_callback(
            *(found.queue_id, phone), arrived_at=place, due_at=at, expires_at=expires_at, from_call=call.call_id
        )

    async def due_callbacks(self) -> Sequence[Callback]:
        now = self._clock.now()
        pending = [one for one in self.callbacks.values() if one.state is CallbackState.PENDING and one.due_at <= now]
        for one in pending:
            if one.expires_at <= now:
                self._move(one, CallbackState.EXPIRED)
        due = [one for one in pending if one.expires_at > now and self.hours_open]
        return sorted(due, key=lambda one: (one.arrived_at, one.callback_id))

    async def dial(self, callback: Callback, agent_id: AgentId | None, at: datetime) -> Try | None:
        found, now = self.callbacks[callback.callback_id], self._clock.now()
        due = found.state is CallbackState.PENDING and found.due_at <= now < found.expires_at and self.hours_open
        busy = any(_number(call.phone) == _number(found.phone) for call in self.live.values())
        if not due or busy or self._store.held:
            return None
        if found.phone in self.forbidden:
            self._move(found, CallbackState.FORBIDDEN)
            return None
        self._tries += 1
        call_id = UUID(int=self._tries + 2**96, version=4)
        if agent_id is not None and await self._store.reserve_agent(agent_id, call_id) is None:
            return None
        call = InboundCall(
            tenant_id=found.tenant_id,
            call_id=call_id,
            switch_id=1,  # type: ignore[arg-type]
            channel=str(call_id),
            queue_id=found.queue_id,
            called=found.called,
            phone=found.phone,
            state=CallState.DIALING,
            opened_at=now,
            lease_until=now + LEASE,
        )
        self.live[call_id] = call
        state = "waiting" if agent_id is None else "offered"
        offers = int(agent_id is not None)
        self.waiting[call_id] = CallerRow(call_id, found.queue_id, state, found.arrived_at, at, 0, offers)
        if agent_id is not None:
            self.offers.append(Offer(call_id, agent_id))
        self._move(found, CallbackState.CALLING, tries=found.tries + 1, call_id=call_id)
        return Try(call, None)

    async def customer_answered(self, call: InboundCall, at: datetime) -> Answered | None:
        found = self.live.get(call.call_id)
        if found is None or found.connected_at is not None:
            return None
        answered = replace(found, state=CallState.ANSWERED, answered_at=found.answered_at or at)
        self.live[call.call_id] = answered
        agents = (agent for agent in self._store.agents.values() if agent.call_id == call.call_id)
        return Answered(answered, self.waiting[call.call_id], next(agents, None))

    async def dialled(self) -> Sequence[Dialled]:
        now = self._clock.now()
        found = (one for one in self.live.values() if one.called_back and one.state is not CallState.ANSWERED)
        return [Dialled(one, one.lease_until < now) for one in found]

    # Called by the steps of the ACD

    def _of_try(self, call_id: UUID) -> Callback | None:
        calling = (one for one in self.callbacks.values() if one.state is CallbackState.CALLING)
        return next((one for one in calling if one.call_id == call_id), None)

    def try_connected(self, call_id: UUID) -> None:
        if (found := self._of_try(call_id)) is not None:
            self._move(found, CallbackState.DONE)

    def try_ended(self, call_id: UUID, outcome: Outcome | InboundOutcome) -> None:
        if (found := self._of_try(call_id)) is not None:
            state, tries, due_at = core.after_try(outcome, found.tries, self._clock.now())
            self._move(found, state, tries=tries, due_at=max(found.due_at, due_at))

    def replaced(self, call: InboundCall, queue_id: QueueId) -> datetime | None:
        """The place of a caller who asked to be called back before, and rings again."""
        for one in self.callbacks.values():
            open_ = one.state in {CallbackState.PENDING, CallbackState.CALLING} and one.source is Source.CALLER
            same = one.queue_id == queue_id and _number(one.phone) == _number(call.phone)
            if open_ and same and one.call_id != call.call_id:
                self._move(one, CallbackState.REPLACED)
                return one.arrived_at
        return None


def _number(phone: str) -> str:
    """Callers' numbers are as the switch has them, without a plus."""
    return phone.removeprefix("+")
