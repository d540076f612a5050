"""Controls callers: passes each event to `core.step`, commits the records it returns, then makes its requests.

    event ─→ core.step ─→ records to write (in order, until written) ─→ requests to switch and store ─→ their results
    the waiting room ─→ Matched, WaitOver: events of the caller

Owns the channels of inbound calls, from their arrival to their end, and what this process knows of them
(`ControlledCaller`). Events of one call are processed in order by the per-channel queue. The waiting room matches
callers with agents, and ends waits that last too long; the player plays what callers hear meanwhile. The bridge of a
caller has the id of the caller's channel.

Trusts the store to be idempotent and guarded: a record that is written twice changes nothing the second time, and an
agent who was taken meanwhile is not reserved again. After a failed request it does not assume that it was or was not
made: reconciliation finds out when it lists the channels.

While the database is unavailable, talks continue, `flush` writes the unwritten records later, in order, and callers who
arrive are refused with 503. When this process ends, callers hear their music, and the next process adopts them.

Asserted: records precede requests; nothing is recorded after the end.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID

import structlog

from tongdai.acd.admission import Send, closed_because
from tongdai.acd.audio.model import HoldAudio
from tongdai.acd.audio.player import Player
from tongdai.acd.callbacks.dialer import CallbackDialer
from tongdai.acd.callbacks.store import Answered
from tongdai.acd.caller import adoption, core, model, signals
from tongdai.acd.controlled import ControlledCaller, Parted, Snapshot, report_end
from tongdai.acd.eligibility import QueueKey
from tongdai.acd.phone_events import phone_signal
from tongdai.acd.records import WRITE_S, Records
from tongdai.acd.released import Released
from tongdai.acd.requests import Requests
from tongdai.acd.store import AcdStore, ActiveCall
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.call_outcome import OfferOutcome, Refusal
from tongdai.calls.inbound.model import Arrival, InboundEnding
from tongdai.clock import Clock
from tongdai.db.unavailable import unavailable
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind
from tongdai.queues.prompts.core import Announced
from tongdai.switch import commands
from tongdai.switch.commands import Channel
from tongdai.switch.events import INBOUND, ChannelEvent, Event, PlaybackFinished, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

UNSERVED = frozenset({DestinationKind.AGENT})
IN_QUEUE = frozenset({model.Stage.WAITING, model.Stage.CONNECTING})


class AcdController:
    """Implements `ChannelOwner`."""

    def __init__(
        self,
        store: AcdStore,
        ari: Ari,
        clock: Clock,
        app: str,
        queue: PerChannelQueue,
        room: WaitingRoom,
        player: Player,
        switch_id: SwitchId,
        trunk: str | None = None,
    ) -> None:
        """`trunk`: for numbers that no other is for."""
        self._store, self._ari, self._clock, self._app = store, ari, clock, app
        self._queue, self._room, self._player, self._switch_id = queue, room, player, switch_id
        self._requests = Requests(store, ari, clock, room, player, app, trunk, self._notify, self._waiting_in)
        self.records = Records(store, clock, room, self._over)
        self._arriving: set[str] = set()
        """Channels whose call is being opened."""
        self.callers: dict[str, ControlledCaller] = {}
        """The callers controlled here, by channel id."""
        self._phones: dict[str, str] = {}
        """The callers' channels, by those of the phones that ring for them, or are connected for the talk."""
        self._channels: dict[UUID, str] = {}
        """Their channels, by call id."""
        self.ended: set[str] = set()
        """Channels of calls that ended here since reconciliation last cleared the set."""
        self.released = Released(store, self.callers, self._left)
        self.dialer: CallbackDialer | None = None
        self.parted: Parted | None = None
        room.notify = self._notify

    def owns(self, channel_id: str) -> bool:
        return channel_id in self.callers or channel_id in self._arriving or channel_id in self._phones

    def post(self, channel_id: str, event: ChannelEvent | signals.Signal) -> None:
        """Process an event of a caller who is controlled here, after those before."""
        caller_channel = self._phones.get(channel_id)
        if caller_channel is not None:
            signal = phone_signal(channel_id, event)
            if isinstance(signal, signals.AgentLeft):
                self._left(caller_channel, signal)
            elif signal is not None:
                self._queue.post(caller_channel, partial(self._handle, caller_channel, signal))
        elif not isinstance(event, StasisStart) and self.owns(channel_id):
            self._queue.post(channel_id, partial(self._handle, channel_id, event))

    def _left(self, channel_id: str, left: signals.AgentLeft) -> None:
        if (caller := self.callers.get(channel_id)) is None:
            return
        call = caller.call
        if self.parted is None or not self.parted(call.tenant_id, call.call_id, left.channel):
            self.post(channel_id, left)

    def agent_left(self, call_id: UUID, agent_channel: str) -> None:
        """The phone of the agent of a call hung up."""
        channel_id = self._channels.get(call_id)
        if channel_id is not None:
            self.post(channel_id, signals.AgentLeft(agent_channel))
        elif self.dialer is not None:
            self.dialer.agent_left(call_id)

    async def take_contact(self, tenant_id: TenantId, call_id: UUID) -> bool:
        """Control a call to a contact who talks with an agent from now on, which nobody controls any more. False: they
        do not talk. Raises UNAVAILABLE."""
        found = await self._store.take(tenant_id, call_id)
        if found is not None and not self.owns(found.call.channel):
            self.adopt(found)
        return found is not None

    async def transfer(self, channel_id: str, to: Destination, preferred: AgentId | None) -> str | None:
        """Transfer a caller who talks, or waits, to a queue or a number, within the queue of the channel: to
        `preferred` of the agents of that queue. Returns why not; None: it is done."""
        caller = self.callers.get(channel_id)
        if caller is None or caller.progress.stage not in {model.Stage.TALKING, model.Stage.WAITING}:
            return "The caller neither talks nor waits: they are being connected, or hear a menu or a message"
        if to.kind is DestinationKind.QUEUE and to.target is not None:
            found = await self._store.queue(caller.call.tenant_id, QueueId(int(to.target)))
            if found is None:
                return "Inbound queue not found"
            closed = closed_because(found.rules, found.counts) if preferred is None else None
            if closed is not None:
                return f"Queue {to.target} takes no callers now: {closed}"
            caller.rules = found.rules
        await self._handle(channel_id, signals.Transferred(to, preferred))
        return None

    def agent_became_free(self) -> None:
        """An agent may have become free."""
        self._room.wake()

    @property
    def waiting(self) -> int:
        """The number of callers in queues, offered or not."""
        return sum(caller.progress.stage in IN_QUEUE for caller in self.callers.values())

    def _waiting_in(self, queue: QueueKey) -> int:
        in_queue = (caller for caller in self.callers.values() if caller.progress.stage in IN_QUEUE)
        return sum((caller.call.tenant_id, caller.progress.queue_id) == queue for caller in in_queue)

    def flush(self) -> None:
        """Write the records that could not be written before, and let callers wait whose queue could not be read."""
        now = self._clock.monotonic()
        for channel_id, caller in list(self.callers.items()):
            if self._queue.busy(channel_id):
                continue
            if caller.unwritten and caller.write_at <= now:
                self._queue.post(channel_id, partial(self._carry_out, caller, []))
            elif not caller.unwritten and (caller.request_failed or self._room.lacks(caller)):
                caller.request_failed = False
                self.post(channel_id, signals.RequestFailed())

    # Arrival

    def arrive(self, event: StasisStart) -> None:
        """Take a channel that came in."""
        if not self.owns(event.channel_id):
            self._arriving.add(event.channel_id)
            self._queue.post(event.channel_id, partial(self._open, event))

    async def _open(self, event: StasisStart) -> None:
        channel_id, called = event.channel_id, event.args[1] if len(event.args) > 1 else ""
        try:
            with suppress(SwitchError):
                if not await commands.subscribe_to_channel(self._ari, self._app, channel_id):
                    return  # the caller has hung up
            arrival = Arrival(switch_id=self._switch_id, channel=channel_id, called=called, phone=event.caller)
            try:
                async with asyncio.timeout(WRITE_S):
                    call = await self._store.arrive(arrival, event.endpoint or None)
            except Exception as error:
                await self._refuse(channel_id, Refusal.CONGESTION)
                if not unavailable(error):
                    raise
                log.warning("inbound call refused: database unavailable", channel=channel_id, trunk=event.endpoint)
                return
            if call is None:
                await self._refuse(channel_id, Refusal.UNALLOCATED)
                return
            progress, requests = core.arrived(call)
            caller = self._add(ControlledCaller(call, progress, call.opened_at))
            log.info("caller arrived", tenant=call.tenant_id, call=str(call.call_id), queue=call.queue_id)
        finally:
            self._arriving.discard(channel_id)
        await self._carry_out(caller, [request for request in requests if not isinstance(request, model.Record)])

    async def _refuse(self, channel_id: str, why: Refusal) -> None:
        with suppress(SwitchError):
            await commands.refuse(self._ari, channel_id, why)

    def adopt(self, found: ActiveCall) -> None:
        """Start to control a caller whom another process left, at the same place."""
        call, row, agent, number, others, asked = found
        epoch = int(self._clock.now().timestamp() * 1000)
        hops = None if row is None else row.hops
        progress = adoption.adopted(call, hops, agent, number, others, epoch, asked=asked)
        arrived_at, joined_at = (call.opened_at, None) if row is None else (row.arrived_at, row.joined_at)
        audio = HoldAudio(unknown=True, heard=Announced(None if row is None else row.announced))
        self._add(ControlledCaller(call, progress, arrived_at, joined_at=joined_at, audio=audio))
        log.info("caller adopted", tenant=call.tenant_id, call=str(call.call_id), stage=progress.stage)
        if progress.stage is model.Stage.TALKING and progress.agent_channel is None:  # the agent hung up meanwhile
            self._left(call.channel, signals.AgentLeft(""))

    def take(self, answered: Answered) -> None:
        """Control a customer who was called back, and has answered."""
        self.adopt(ActiveCall(*answered))
        self.post(answered.call.channel, signals.ChannelListed(up=True))

    async def _subscribe(self, channel_id: str) -> None:
        with suppress(SwitchError):
            await commands.subscribe_to_channel(self._ari, self._app, channel_id)

    def _add(self, caller: ControlledCaller) -> ControlledCaller:
        channel_id = caller.call.channel
        assert channel_id not in self.callers, f"caller {channel_id} is controlled already"
        self.callers[channel_id] = caller
        self._channels[caller.call.call_id] = channel_id
        self._own_phone(caller.progress, caller)
        return caller

    def forget(self, channel_id: str) -> None:
        """Drop a caller whose call has ended, or whom another process controls."""
        caller = self.callers.pop(channel_id, None)
        self.ended.add(channel_id)
        if caller is not None:
            self._channels.pop(caller.call.call_id, None)
            for phone in caller.progress.ringing:
                self._phones.pop(phone, None)
            self._room.remove(caller)

    async def snapshot(self) -> Snapshot:
        """Read the store, for `reconcile`. Raises UNAVAILABLE."""
        before = {channel_id: caller.progress.agent_channels for channel_id, caller in self.callers.items()}
        self.ended.clear()
        return Snapshot(before, await self._store.active())

    async def reconcile(self, snapshot: Snapshot, listed: Mapping[str, Channel], *, connected: bool = False) -> None:
        """Compare the store's calls with the switch's list of channels, which was made after they were read: one that
        is not listed has ended. `connected`: the switch may have forgotten what it was to send. Raises UNAVAILABLE."""
        before, in_store = snapshot
        phones = before | self._compare(before, in_store)
        for channel in listed.values():
            came_in = channel.app == self._app and channel.args[:1] == (INBOUND,)
            if came_in and not self.owns(channel.channel_id) and channel.channel_id not in self.ended:
                self._missed(channel)
        for found in in_store:
            if connected and found.call.channel in listed:
                self._queue.start(self._subscribe(found.call.channel))
            channel = listed.get(found.call.channel)
            signal = signals.ChannelAbsent() if channel is None else signals.ChannelListed(channel.state == "Up")
            self.post(found.call.channel, signal)
        for channel_id, agent_channels in phones.items():
            for agent_channel in agent_channels:
                self._compare_agent(channel_id, agent_channel, listed.get(agent_channel))
        await self._store.extend([found.call for found in in_store if found.call.channel in listed])

    def _compare(self, before: Collection[str], in_store: Sequence[ActiveCall]) -> dict[str, tuple[str, ...]]:
        """Adopt callers whom another process left, and forget those whose call another one ended. Returns the channels
        of the adopted callers, and of their agents."""
        adopted: dict[str, tuple[str, ...]] = {}
        for found in in_store:
            channel_id = found.call.channel
            elsewhere = self.dialer is not None and self.dialer.owns(channel_id)  # has just answered
            if not self.owns(channel_id) and channel_id not in self.ended and not elsewhere:
                self.adopt(found)
                adopted[channel_id] = self.callers[channel_id].progress.agent_channels
        for channel_id in set(before) - {found.call.channel for found in in_store}:
            caller = self.callers.get(channel_id)
            if caller is not None and not caller.unwritten:
                self.forget(channel_id)
        return adopted

    def _compare_agent(self, channel_id: str, agent_channel: str, listed: Channel | None) -> None:
        if listed is None:
            rang = agent_channel in self._phones  # nobody saw how it ended
            outcome = OfferOutcome.WITHDRAWN if rang else OfferOutcome.UNREACHABLE
            self._left(channel_id, signals.AgentLeft(agent_channel, outcome))
        elif listed.state == "Up" and agent_channel in self._phones:
            self.post(channel_id, signals.AgentAnswered(agent_channel))

    def _missed(self, channel: Channel) -> None:
        """Take a channel that came in while nobody listened."""
        log.warning("inbound call found", channel=channel.channel_id, trunk=channel.endpoint)
        now = self._clock.now()
        self.arrive(StasisStart(channel.channel_id, channel.args, now, channel.name, channel.state, channel.caller))

    # Events

    def _notify(self, call_id: UUID, signal: signals.Signal) -> None:
        channel_id = self._channels.get(call_id)
        if channel_id is not None:
            self.post(channel_id, signal)

    async def _handle(self, channel_id: str, event: Event | signals.Signal) -> None:
        caller = self.callers.get(channel_id)
        if caller is None:
            return  # the call ended, or was refused, while the event was queued
        if isinstance(event, PlaybackFinished):
            event = self._player.finished(caller, event)
        requests = self._step(caller, event)
        if requests is not None:
            await self._carry_out(caller, requests)

    def _step(self, caller: ControlledCaller, event: Event | signals.Signal) -> list[model.Request] | None:
        """Call `core.step`, once for an event. Queues its records for writing and returns its requests; None:
        neither."""
        self._log_sent(caller, event)
        before = caller.progress
        caller.progress, commands_ = core.step(before, event)
        self._own_phone(before, caller)
        if caller.progress.stage not in IN_QUEUE:
            self._room.remove(caller)
        requests: list[model.Request] = []
        for command in commands_:
            if isinstance(command, model.Record):
                assert not requests, "a request precedes a record"
                assert not any(isinstance(record, model.RecordEnd) for record, _ in caller.unwritten), (
                    "recorded after the end"
                )
                caller.unwritten.append((command, self._clock.now()))
            else:
                requests.append(command)
        return requests if commands_ else None

    def _log_sent(self, caller: ControlledCaller, event: Event | signals.Signal) -> None:
        """Report a caller who may not wait, and is hung up, and a destination that is not served."""
        if isinstance(event, signals.WaitOver | signals.Admitted):
            to = event.to if isinstance(event, signals.WaitOver) else event.admission
            if not isinstance(to, Send):
                return
            if to.to.kind in UNSERVED:
                log.warning("destination not served", call=str(caller.call.call_id), kind=to.to.kind.value)
            if isinstance(event, signals.Admitted) and to.to == HANG_UP:
                fields = {"call": str(caller.call.call_id), "queue": caller.progress.queue_id}
                log.info("caller not admitted", tenant=caller.call.tenant_id, outcome=to.outcome.value, **fields)

    def _own_phone(self, before: model.CallerProgress, caller: ControlledCaller) -> None:
        """Own the channels of phones that ring for the caller, for as long as they do and the two talk."""
        for phone in before.ringing:
            self._phones.pop(phone, None)
        for phone in caller.progress.ringing:
            self._phones[phone] = caller.call.channel

    async def _carry_out(self, caller: ControlledCaller, requests: list[model.Request]) -> None:
        """Write the records, then make the requests, then process their results as events."""
        results: deque[signals.Signal] = deque()
        next_requests: list[model.Request] | None = requests
        while True:
            if next_requests is not None:
                results.extend(await self.records.write(caller))
                for request in next_requests:
                    result = await self._requests.make(caller, request)
                    if result is not None:
                        results.append(result)
            if not results:
                return
            next_requests = self._step(caller, results.popleft())

    def _over(self, caller: ControlledCaller, ending: InboundEnding, *, changed: bool) -> None:
        """The end of a call is recorded; `changed`: nobody had recorded it before."""
        call = caller.call
        self.forget(call.channel)
        if changed:
            report_end(call, ending)
