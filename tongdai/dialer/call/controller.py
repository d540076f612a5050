"""Controls active calls: passes each event to `core.step`, commits the records it returns, then makes its requests.

    event ─→ core.step ─→ records to write (in order, until written) ─→ requests to the switch ─→ their results: events

Owns the channels of calls to contacts, from their claim to their end, and what this process knows of them
(`ControlledCall`). Events of one call are processed in order by the per-channel queue. An event is processed at once
when no job of its call is running or queued (half of all events change nothing, and cost no task); otherwise it is
queued.

Trusts the store to be idempotent and guarded: a record that is written twice changes nothing the second time. After a
failed request it does not assume that it was or was not made: reconciliation finds out when it lists the channels.

While the database is unavailable, calls continue, and `flush` writes the unwritten records later, in order; agents
cannot be reserved. While the switch is unreachable, requests fail and calls continue without events. When this process
ends, the originator ends the calls that were not dialled, and the next process adopts the others.

Each call has one timer for the abandon threshold, started by its first request that has one.

Asserted: a call is opened once; records precede requests; nothing is recorded after the end; a call that waits for an
agent is at stage WAITING.

After several calls in a row whose sound was not played it pauses their campaign (`Unplayed`).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.agents.model import OfflineReason
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call
from tongdai.campaigns.model import PauseReason
from tongdai.campaigns.settings.model import CallSettings
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.dialer.call import core, model
from tongdai.dialer.call.machine_detector import MachineDetector
from tongdai.dialer.call.unplayed import Unplayed
from tongdai.dialer.options import LEASE, WRITE_S, Options, treatment_of
from tongdai.dialer.store import DialerStore
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.switch import commands
from tongdai.switch.events import Event, PlaybackFinished
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

Decide = Callable[[model.CallProgress, Event | model.Signal, datetime], core.Step]

LOOK_FOR_AGENT_S = 0.25
"""Poll interval for agents freed elsewhere."""
LEAST_RESERVE_S = 0.1
"""Minimum timeout of a reservation attempt."""
LONGEST_BACKOFF_S = 60.0
"""The longest wait before a record that the store refuses is written again."""


@dataclass(slots=True)
class ControlledCall:
    """A call that this process controls."""

    call: Call
    """The row, as of when the call was opened or adopted."""
    progress: model.CallProgress
    queue_id: QueueId | None
    may_be_dialled: bool
    """Whether an originate request may have been made. If not, no phone can ring."""
    unwritten: deque[model.Record] = field(default_factory=deque[model.Record])
    failed_writes: int = 0
    write_at: float = 0.0
    """When to try again, by the monotonic clock."""
    threshold: asyncio.TimerHandle | None = None
    """The timer of the abandon threshold."""
    agent_id: AgentId | None = None
    """The agent reserved for the call."""


class CallController:
    """Implements `ChannelOwner`."""

    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        clock: Clock,
        options: Options,
        queue: PerChannelQueue,
        decide: Decide = core.step,
    ) -> None:
        self._store, self._ari, self._clock, self._options = store, ari, clock, options
        self._queue, self._decide = queue, decide
        self._detector = MachineDetector(ari, clock, options.app)
        self._waiting: dict[str, ControlledCall] = {}
        """Answered calls that wait for an agent, in the order of their answers."""
        self._agents_free = asyncio.Event()
        self.calls: dict[str, ControlledCall] = {}
        """The calls controlled here, by channel id."""
        self.unplayed = Unplayed(options.unplayed_calls)
        self.sound_failed: Callable[[str], None] = lambda _: None
        """Called with each sound that the switch could not play."""
        self.connected: Callable[[], None] = lambda: None
        """Called after a connection was recorded."""
        self.ended: set[str] = set()
        """Channel ids of calls that ended here since reconciliation last cleared the set."""

    def owns(self, channel_id: str) -> bool:
        return channel_id in self.calls

    def open(self, call: Call, settings: CallSettings) -> ControlledCall:
        """Start to control a call that was just claimed."""
        progress = model.CallProgress(str(call.call_id), treatment_of(settings, self._options))
        return self._add(ControlledCall(call, progress, settings.queue_id, may_be_dialled=False))

    def adopt(self, call: Call, settings: CallSettings, agent_channel: str | None = None) -> ControlledCall:
        """Start to control a call that another process left. `agent_channel`: of the phone of the agent who talks."""
        treatment = treatment_of(settings, self._options)
        connected = call.connected_at is not None
        row = (str(call.call_id), treatment, call.state, call.answered_at)
        progress = core.adopted(*row, connected=connected, agent_channel=agent_channel)
        return self._add(ControlledCall(call, progress, settings.queue_id, may_be_dialled=True))

    def _add(self, controlled: ControlledCall) -> ControlledCall:
        channel_id = controlled.progress.channel_id
        assert channel_id not in self.calls, f"call {channel_id} is controlled already"
        self.calls[channel_id] = controlled
        return controlled

    def forget(self, channel_id: str) -> None:
        """Drop a call that has ended, or that another process controls."""
        controlled = self.calls.pop(channel_id, None)
        self.ended.add(channel_id)
        self._waiting.pop(channel_id, None)
        if controlled is not None and controlled.threshold is not None:
            controlled.threshold.cancel()

    def post(self, channel_id: str, event: Event | model.Signal) -> None:
        """Process an event of a call, if the call is controlled here."""
        controlled = self.calls.get(channel_id)
        if controlled is None:
            return
        if self._queue.busy(channel_id):
            self._queue.post(channel_id, partial(self._handle, channel_id, event))
        elif (requests := self._step(controlled, event)) is not None:
            self._queue.post(channel_id, partial(self._carry_out, controlled, requests))

    def agent_became_free(self) -> None:
        """An agent may have become free."""
        self._agents_free.set()

    def queues_of_callees(self) -> set[tuple[TenantId, QueueId]]:
        """The queues for whose agents answered calls wait."""
        return {
            (controlled.call.tenant_id, controlled.queue_id)
            for controlled in self._waiting.values()
            if controlled.queue_id is not None
        }

    async def offer_agents(self) -> None:
        """Until cancelled: let waiting calls, the first answered of each queue first, try to reserve an agent."""
        while True:
            try:
                async with asyncio.timeout(LOOK_FOR_AGENT_S if self._waiting else None):
                    await self._agents_free.wait()
            except TimeoutError:
                pass
            self._agents_free.clear()
            offered: set[tuple[int, int | None]] = set()
            for channel_id, controlled in list(self._waiting.items()):
                queue = (controlled.call.tenant_id, controlled.queue_id)
                if queue not in offered and not self._queue.busy(channel_id):
                    offered.add(queue)
                    self.post(channel_id, model.AgentFree())

    def flush(self) -> None:
        """Write the records that could not be written before."""
        now = self._clock.monotonic()
        for channel_id, controlled in list(self.calls.items()):
            if controlled.unwritten and controlled.write_at <= now and not self._queue.busy(channel_id):
                self._queue.post(channel_id, partial(self.write, controlled))

    # Events

    async def _handle(self, channel_id: str, event: Event | model.Signal) -> None:
        controlled = self.calls.get(channel_id)
        if controlled is None:
            return  # it ended while the event was queued
        requests = self._step(controlled, event)
        if requests is not None:
            await self._carry_out(controlled, requests)

    def _step(self, controlled: ControlledCall, event: Event | model.Signal) -> list[model.Request] | None:
        """Call `core.step`, once for an event. Queues its records for writing and returns its requests; None:
        neither."""
        played = controlled.progress.played
        controlled.progress, commands = self._decide(controlled.progress, event, self._clock.now())
        if isinstance(event, PlaybackFinished) and not event.done:
            self._report_sound(controlled, missing=controlled.progress.played is False and played is not False)
        if controlled.progress.stage is not model.Stage.WAITING:
            self._waiting.pop(controlled.progress.channel_id, None)
        requests: list[model.Request] = []
        for command in commands:
            if isinstance(command, model.RecordRinging | model.RecordAnswer | model.RecordConnection | model.RecordEnd):
                assert not requests, "a request precedes a record"
                assert not any(isinstance(record, model.RecordEnd) for record in controlled.unwritten), (
                    "recorded after the end"
                )
                controlled.unwritten.append(command)
            else:
                requests.append(command)
        return requests if commands else None

    async def _carry_out(self, controlled: ControlledCall, requests: list[model.Request]) -> None:
        """Write the records, then make the requests, then process their results as events."""
        results: deque[model.Signal] = deque()
        next_requests: list[model.Request] | None = requests
        while True:
            if next_requests is not None:
                await self.write(controlled)
                for request in next_requests:
                    result = await self._try(controlled, request)
                    if result is not None:
                        results.append(result)
            if not results:
                return
            next_requests = self._step(controlled, results.popleft())

    # DialerStore

    async def write(self, controlled: ControlledCall) -> None:
        """Write the unwritten records, in order; after a failure the rest is left to `flush`."""
        while controlled.unwritten:
            record = controlled.unwritten[0]
            try:
                async with asyncio.timeout(WRITE_S):
                    changed = await self._commit(controlled, record)
            except Exception as error:
                if unavailable(error):
                    return
                controlled.failed_writes += 1
                backoff_s = min(2.0 ** min(controlled.failed_writes, 6), LONGEST_BACKOFF_S)
                controlled.write_at = self._clock.monotonic() + backoff_s
                raise
            controlled.unwritten.popleft()
            if isinstance(record, model.RecordEnd):
                self._ended(controlled, record, changed)
                await self._pause_if_unplayed(controlled)

    async def _commit(self, controlled: ControlledCall, record: model.Record) -> bool:
        call = controlled.call
        match record:
            case model.RecordRinging(at=at):
                return await self._store.rang(call, at)
            case model.RecordAnswer(at=at):
                return await self._store.answered(call, at, LEASE)
            case model.RecordConnection(at=at):
                changed = await self._store.connected(call, at, controlled.agent_id)
                self.connected()
                return changed
            case model.RecordEnd(ending=ending):
                return await self._store.end(call, ending)
            case _:
                assert_never(record)

    def _ended(self, controlled: ControlledCall, record: model.RecordEnd, changed: bool) -> None:
        self.forget(controlled.progress.channel_id)
        self.agent_became_free()
        if changed:
            report_end(controlled.call, record.ending.outcome, record.ending.hangup_cause)

    async def _pause_if_unplayed(self, controlled: ControlledCall) -> None:
        """Pause the campaign when so many calls in a row played nothing. While the database is unavailable the next
        call does it."""
        call = controlled.call
        key = (call.tenant_id, call.campaign_id)
        if not self.unplayed.ended(key, played=controlled.progress.played):
            return
        calls = self.unplayed.calls(key)
        try:
            async with asyncio.timeout(WRITE_S):
                paused = await self._store.pause(call, PauseReason.SOUND_NOT_PLAYED, calls)
        except UNAVAILABLE:
            return
        if paused:
            reason = PauseReason.SOUND_NOT_PLAYED.value
            log.error("campaign paused itself", tenant=key[0], campaign=key[1], reason=reason, calls=calls)

    def _report_sound(self, controlled: ControlledCall, *, missing: bool) -> None:
        """A sound was not played to its end. `missing`: the switch could not play it at all."""
        call, treatment = controlled.call, controlled.progress.treatment
        sound = treatment.sound or ""
        fields = {"tenant": call.tenant_id, "campaign": call.campaign_id, "call": controlled.progress.channel_id}
        if missing:
            log.warning("sound not played", sound=sound, **fields)
            self.sound_failed(sound)
        else:
            log.info("sound not played to its end", **fields)

    # Requests

    async def _try(self, controlled: ControlledCall, request: model.Request) -> model.Signal | None:
        """The result of a request; None when it has none or is unknown: reconciliation checks the channel again."""
        try:
            return await self._make(controlled, request)
        except UNAVAILABLE:
            return None
        except SwitchError as error:
            name = type(request).__name__
            log.warning("request failed", call=controlled.progress.channel_id, request=name, error=str(error))
            return None

    async def _make(self, controlled: ControlledCall, request: model.Request) -> model.Signal | None:
        channel_id = controlled.progress.channel_id
        match request:
            case model.DetectMachine(until=until):
                return await self._detect_machine(controlled, until)
            case model.ReserveAgent(until=until):
                return await self._reserve_agent(controlled, until)
            case model.BridgeWithAgent(agent_channel=agent_channel):
                return await self._bridge(controlled, agent_channel)
            case model.PlaySound(sound=sound, playback_id=playback_id):
                return model.SoundPlaying() if await commands.play(self._ari, channel_id, playback_id, sound) else None
            case model.CheckSound(playback_id=playback_id):
                return model.SoundPlaying() if await commands.playing(self._ari, playback_id) else model.SoundOver()
            case model.HangUp():
                await commands.hang_up(self._ari, channel_id)
            case model.DestroyBridge():
                await commands.destroy_bridge(self._ari, channel_id)
            case _:
                assert_never(request)
        return None

    async def _detect_machine(self, controlled: ControlledCall, until: datetime) -> model.Signal | None:
        self._set_threshold(controlled, until)
        missing = await self._detector.start(controlled.progress.channel_id)
        return None if missing is None else model.DetectionUnavailable(missing)

    async def _reserve_agent(self, controlled: ControlledCall, until: datetime) -> model.Signal | None:
        channel_id = controlled.progress.channel_id
        if controlled.queue_id is not None:
            try:
                async with asyncio.timeout(max(LEAST_RESERVE_S, (until - self._clock.now()).total_seconds())):
                    agent = await self._store.reserve(controlled.call, controlled.queue_id)
            except UNAVAILABLE:
                agent = None
            if agent is not None:
                controlled.agent_id = agent.agent_id
                self._waiting.pop(channel_id, None)
                self.agent_became_free()  # there may be another one, for the next call
                log.info("agent reserved", tenant=controlled.call.tenant_id, call=channel_id, agent=agent.agent_id)
                return model.AgentReserved(str(agent.channel_id))
        if self._clock.now() >= until:
            return model.ThresholdReached()
        if channel_id not in self._waiting and self.owns(channel_id):
            assert controlled.progress.stage is model.Stage.WAITING, f"{controlled.progress.stage} waits for an agent"
            self._waiting[channel_id] = controlled
            self.agent_became_free()
            self._set_threshold(controlled, until)
        return None

    def _set_threshold(self, controlled: ControlledCall, until: datetime) -> None:
        if controlled.threshold is None:
            after_s = (until - self._clock.now()).total_seconds()
            reached = partial(self.post, controlled.progress.channel_id, model.ThresholdReached())
            controlled.threshold = asyncio.get_running_loop().call_later(after_s, reached)

    async def _bridge(self, controlled: ControlledCall, agent_channel: str) -> model.Signal:
        channel_id = controlled.progress.channel_id
        await commands.create_bridge(self._ari, channel_id)
        if await commands.add_to_bridge(self._ari, channel_id, agent_channel, channel_id):
            return model.BridgedWithAgent()
        if await commands.channel(self._ari, agent_channel) is not None:
            return model.NotBridged()
        await self._store.agent_gone(UUID(agent_channel), OfflineReason.LOST)
        return model.AgentMissing()


def report_end(call: Call, outcome: Outcome, cause: int | None = None) -> None:
    """Count and log a call that has ended."""
    metrics.COUNTS.call_ended(call.tenant_id, call.campaign_id, outcome.value)
    log.info(
        "call ended",
        tenant=call.tenant_id,
        campaign=call.campaign_id,
        contact=call.contact_id,
        call=str(call.call_id),
        outcome=outcome.value,
        cause=cause,
    )
