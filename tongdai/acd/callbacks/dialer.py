"""Calls the customers of callbacks, until they answer.

    dial ── committed ──▶ dialling ── answered ──▶ a caller in the queue, at the callback's place (the ACD controller)
                              └── busy, not answered, refused ──▶ ended: the callback is due again, or has failed

Owns the channels of calls to customers from the commit of a try to the answer. The channel has the id of the call. A
try is committed before the switch is asked, and the switch is asked once: a process that takes over finds the call, and
follows its channel; a call without a channel ends when its lease has expired. In mode agent-first the agent of the try
is reserved from the commit on: who answers is bridged as a caller who was offered to that agent, and who does not frees
the agent without a wrap-up. When the agent's phone hangs up meanwhile, who answers waits at the head of the queue.

Trusts the store to check calling hours, do-not-call lists and held dialing in the transaction of the commit.

While the database is unavailable an answer is recorded later: the customer hears nothing until then.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog

from tongdai.acd.callbacks.pending import PendingCallbacks
from tongdai.acd.callbacks.store import Answered, Dialled
from tongdai.acd.store import AcdStore
from tongdai.agents.model import IdleAgent
from tongdai.call_outcome import InboundOutcome, OfferOutcome, Outcome
from tongdai.callbacks.model import Callback
from tongdai.calls.causes import outcome_of
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.switch import commands
from tongdai.switch.commands import Channel, Refused
from tongdai.switch.events import ChannelDestroyed, ChannelEvent, ChannelStateChange, Dial, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

WRITE_S = 3.0
"""The time limit for a step when the database hangs; it is repeated."""
RING_S = 30
"""How long the customer's phone rings."""
CALLBACK = "callback"
"""The first argument of channels to customers."""


@dataclass(slots=True, eq=False)
class CustomerCall:
    call: InboundCall
    callback_id: UUID | None
    """None: another process began the try."""
    rang: bool = False
    answered: bool = False
    """The phone was picked up: the record may be missing."""
    ending: InboundEnding | None = None
    """How the try ended: the record is missing."""


@dataclass(slots=True)
class Snapshot:
    before: set[str]
    in_store: Sequence[Dialled] = field(default_factory=list[Dialled])


class CallbackDialer:
    """Implements `ChannelOwner`."""

    def __init__(
        self,
        store: AcdStore,
        ari: Ari,
        clock: Clock,
        app: str,
        queue: PerChannelQueue,
        pending: PendingCallbacks,
        *,
        trunk: str | None,
        caller_id: str | None,
        may_dial: Callable[[], bool],
    ) -> None:
        """`trunk`, `caller_id`: for callbacks whose number has none."""
        self._store, self._ari, self._clock, self._app = store, ari, clock, app
        self._queue, self._pending, self._may_dial = queue, pending, may_dial
        self._trunk, self._caller_id = trunk, caller_id
        self.calls: dict[str, CustomerCall] = {}
        """The calls controlled here, by channel id."""
        self._gone: set[str] = set()
        """Channels of calls that ended, or were answered, since reconciliation last cleared the set."""
        self.take: Callable[[Answered], None] = lambda _answered: None
        """Called with each customer who has answered: a caller in a queue."""
        self.post_to_caller: Callable[[str, ChannelEvent], None] = lambda _channel_id, _event: None
        """Called with events of those who were taken meanwhile."""
        pending.dial = self.dial

    def owns(self, channel_id: str) -> bool:
        return channel_id in self.calls

    def post(self, channel_id: str, event: ChannelEvent) -> None:
        self._queue.post(channel_id, partial(self._handle, channel_id, event))

    # Tries

    def dial(self, callback: Callback, agent: IdleAgent | None) -> None:
        """Call the customer of a callback that was matched, once the try is committed."""
        self._queue.start(self._dial(callback, agent))

    async def _dial(self, callback: Callback, agent: IdleAgent | None) -> None:
        try:
            if not self._may():
                return
            async with asyncio.timeout(WRITE_S):
                begun = await self._store.dial(callback, None if agent is None else agent.agent_id, self._clock.now())
            if begun is None:
                return
            call, trunk = begun
            self.calls[call.channel] = CustomerCall(call, callback.callback_id)
            self._pending.dialled(callback)
        except UNAVAILABLE:
            return  # whether it is committed is not known: such a call is found, and ends with its lease
        finally:
            if not any(one.callback_id == callback.callback_id for one in self.calls.values()):
                self._pending.not_dialled(callback)
        fields = {"tenant": call.tenant_id, "call": str(call.call_id), "callback": str(callback.callback_id)}
        log.info("customer called back", queue=call.queue_id, **fields)
        self._queue.post(call.channel, partial(self._originate, self.calls[call.channel], trunk or self._trunk))

    def _may(self) -> bool:
        """The permission to originate: ask right before, with no await between."""
        return self._ari.up and self._may_dial()

    async def _originate(self, customer: CustomerCall, trunk: str | None) -> None:
        call = customer.call
        if trunk is None or not self._may():
            await self._end(customer, InboundEnding(Outcome.CANCELLED))
            return
        try:
            endpoint = commands.endpoint_of(call.phone.removeprefix("+"), trunk)
            asked = commands.originate(
                *(self._ari, call.channel, endpoint, self._app, [CALLBACK]),
                caller_id=call.called or self._caller_id,
                timeout_s=RING_S,
            )
            result = await asked  # nothing is awaited between `_may` and the request itself
        except SwitchError as error:
            # It may ring, now or later: events or the list of channels will show.
            log.warning("originate unknown", call=call.channel, error=type(error).__name__)
            return
        except ValueError as error:
            log.warning("number or trunk refused", call=call.channel, reason=str(error))
            await self._end(customer, InboundEnding(Outcome.FAILED))
            return
        if isinstance(result, Refused):
            log.warning("originate refused", call=call.channel, status=result.status, message=result.message)
            await self._end(customer, InboundEnding(Outcome.FAILED))

    async def _handle(self, channel_id: str, event: ChannelEvent) -> None:
        customer = self.calls.get(channel_id)
        if customer is None:
            self.post_to_caller(channel_id, event)  # was taken while the event was queued
            return
        match event:
            case Dial(status="RINGING") | ChannelStateChange(state="Ringing"):
                customer.rang = True
            case StasisStart():
                customer.answered = True
                await self._answer(customer)
            case ChannelDestroyed(cause=cause, tech_cause=status):
                outcome = outcome_of(rang=customer.rang, answered=customer.answered, cause=cause, sip_status=status)
                ended = InboundOutcome.ABANDONED if customer.answered else outcome
                await self._end(customer, InboundEnding(ended, cause))
            case _:
                pass

    async def _answer(self, customer: CustomerCall) -> None:
        """Record the answer, and give the customer to the ACD."""
        if customer.ending is not None:
            return
        try:
            async with asyncio.timeout(WRITE_S):
                found = await self._store.customer_answered(customer.call, self._clock.now())
        except UNAVAILABLE:
            return  # `flush` repeats it
        self._forget(customer)
        if found is None:  # another process has ended the call
            await commands.hang_up(self._ari, customer.call.channel)
            return
        log.info("customer answered", tenant=found.call.tenant_id, call=str(found.call.call_id))
        self.take(found)

    async def _end(self, customer: CustomerCall, ending: InboundEnding) -> None:
        customer.ending = customer.ending or ending
        try:
            async with asyncio.timeout(WRITE_S):
                changed = await self._store.end(customer.call, customer.ending)
        except UNAVAILABLE:
            return  # `flush` repeats it
        self._forget(customer)
        if changed:
            fields = {"outcome": customer.ending.outcome.value, "cause": customer.ending.hangup_cause}
            log.info("customer not reached", tenant=customer.call.tenant_id, call=customer.call.channel, **fields)

    def _forget(self, customer: CustomerCall) -> None:
        self.calls.pop(customer.call.channel, None)
        self._gone.add(customer.call.channel)
        if customer.callback_id is not None:
            self._pending.over(customer.callback_id)

    def flush(self) -> None:
        """Record what could not be recorded before."""
        for channel_id, customer in list(self.calls.items()):
            if self._queue.busy(channel_id):
                continue
            if customer.ending is not None:
                self._queue.post(channel_id, partial(self._end, customer, customer.ending))
            elif customer.answered:
                self._queue.post(channel_id, partial(self._answer, customer))

    def agent_left(self, call_id: UUID) -> None:
        """The phone of the agent of a call hung up: the customer will wait for another one."""
        customer = self.calls.get(str(call_id))
        if customer is not None:
            self._queue.post(customer.call.channel, partial(self._without_agent, customer))

    async def _without_agent(self, customer: CustomerCall) -> None:
        await self._store.offer_failed(customer.call, None, OfferOutcome.UNREACHABLE, self._clock.now())

    # Reconciliation

    async def snapshot(self) -> Snapshot:
        """Read the store, before the channels are listed. Raises UNAVAILABLE."""
        before = set(self.calls)
        self._gone.clear()
        return Snapshot(before, await self._store.dialled())

    async def reconcile(self, snapshot: Snapshot, listed: Mapping[str, Channel]) -> None:
        """Follow calls that another process has begun, and end those that have no channel. Raises UNAVAILABLE."""
        known = {found.call.channel for found in snapshot.in_store}
        for channel_id in snapshot.before - known:
            customer = self.calls.get(channel_id)
            if customer is not None and not self._queue.busy(channel_id):
                self._forget(customer)  # another process has ended it
        for call, overdue in snapshot.in_store:
            channel = listed.get(call.channel)
            customer = self.calls.get(call.channel)
            if customer is None and call.channel not in self._gone and (channel is not None or overdue):
                customer = self.calls[call.channel] = CustomerCall(call, None)
            if customer is None:
                continue
            if channel is not None and channel.state == "Up":
                customer.answered = True
                self._queue.post(call.channel, partial(self._answer_if_here, call.channel))
            elif channel is None and overdue:
                self._queue.post(call.channel, partial(self._end, customer, InboundEnding(Outcome.LOST)))
        await self._store.extend([found.call for found in snapshot.in_store if found.call.channel in listed])

    async def _answer_if_here(self, channel_id: str) -> None:
        customer = self.calls.get(channel_id)
        if customer is not None:
            await self._answer(customer)
