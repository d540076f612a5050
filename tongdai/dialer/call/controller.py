"""Controls live calls: asks `core` what each event means, commits what it says, then makes the requests it says.

    event ─→ core.step ─→ records to write (in order, until written) ─→ requests to the switch ─→ their results: events

It owns the channels of calls to contacts, from their claim to their end, and all that this process knows of them
(`LiveCall`). Events of one call are handled one after the other, by the per-channel queue. An event is stepped once: at
once when nothing of its call is under way (half of all events change nothing and cost no task), else in its turn.

It trusts the store to be idempotent and guarded: a record that is written twice changes nothing the second time. It
trusts no request to have been made or not: what fails is found out when reconciliation lists the channels.

When the database is unreachable, calls continue, and `flush` writes what is unwritten later, in order; agents cannot be
reserved meanwhile. When the switch is away, requests fail and calls continue unheard. When this process ends,
`originator` hands back what was not dialled, and the next process adopts the rest.

The abandon threshold has one timer per call, set with its first request that names one.

Asserted: a call is opened once; records precede requests; nothing is recorded after the end; a call that waits for an
agent is at stage WAITING.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.agents.model import OfflineReason
from tongdai.calls.model import Call, Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.clock import Clock
from tongdai.db.pool import UNREACHABLE, unreachable
from tongdai.dialer.call import core, model
from tongdai.dialer.call.machine_detector import MachineDetector
from tongdai.dialer.options import LEASE, WRITE_S, Options, treatment_of
from tongdai.dialer.per_channel_queue import PerChannelQueue
from tongdai.dialer.store import DialerStore
from tongdai.ids import AgentId, QueueId
from tongdai.switch import commands
from tongdai.switch.events import Event, PlaybackFinished
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

LOOK_FOR_AGENT_S = 0.25
"""How soon an agent is found who became free without a word to this process."""
LEAST_RESERVE_S = 0.1
"""For one try to reserve an agent, even past the threshold."""
LONGEST_BACKOFF_S = 60.0
"""Between two tries to write what the store refuses."""


@dataclass(slots=True)
class LiveCall:
    """A call that this process controls."""

    call: Call
    """Its row when it was opened or adopted."""
    progress: model.CallProgress
    queue_id: QueueId | None
    may_be_dialled: bool
    """The switch may have been asked. Until then no phone can ring."""
    unwritten: deque[model.Record] = field(default_factory=deque[model.Record])
    failed_writes: int = 0
    write_at: float = 0.0
    """Not tried before, on the monotonic clock."""
    threshold: asyncio.TimerHandle | None = None
    """The timer of the abandon threshold."""
    agent_id: AgentId | None = None
    """Reserved for it."""


class CallController:
    """Implements `ChannelOwner`."""

    def __init__(self, store: DialerStore, ari: Ari, clock: Clock, options: Options, queue: PerChannelQueue) -> None:
        self._store, self._ari, self._clock, self._options = store, ari, clock, options
        self._queue = queue
        self._detector = MachineDetector(ari, clock, options.app)
        self._waiting: dict[str, LiveCall] = {}
        """Answered calls without an agent, the first answered first."""
        self._agents_free = asyncio.Event()
        self.live: dict[str, LiveCall] = {}
        """By channel id."""
        self.ended: set[str] = set()
        """Channel ids of calls that ended here since reconciliation emptied it."""

    def owns(self, channel_id: str) -> bool:
        return channel_id in self.live

    def open(self, call: Call, settings: CallSettings) -> LiveCall:
        """Take a call that was claimed just now."""
        progress = model.CallProgress(str(call.call_id), treatment_of(settings, self._options))
        return self._add(LiveCall(call, progress, settings.queue_id, may_be_dialled=False))

    def adopt(self, call: Call, settings: CallSettings) -> LiveCall:
        """Take a call that another process left."""
        treatment = treatment_of(settings, self._options)
        connected = call.connected_at is not None
        progress = core.adopted(str(call.call_id), treatment, call.state, call.answered_at, connected=connected)
        return self._add(LiveCall(call, progress, settings.queue_id, may_be_dialled=True))

    def _add(self, live: LiveCall) -> LiveCall:
        channel_id = live.progress.channel_id
        assert channel_id not in self.live, f"call {channel_id} is controlled already"
        self.live[channel_id] = live
        return live

    def forget(self, channel_id: str) -> None:
        """Drop a call that has ended, or that another process controls."""
        live = self.live.pop(channel_id, None)
        self.ended.add(channel_id)
        self._waiting.pop(channel_id, None)
        if live is not None and live.threshold is not None:
            live.threshold.cancel()

    def post(self, channel_id: str, event: Event | model.Signal) -> None:
        """Handle an event of a call; nothing, if the call is not controlled here."""
        live = self.live.get(channel_id)
        if live is None:
            return
        if self._queue.busy(channel_id):
            self._queue.post(channel_id, partial(self._handle, channel_id, event))
        elif (requests := self._step(live, event)) is not None:
            self._queue.post(channel_id, partial(self._carry_out, live, requests))

    def agent_became_free(self) -> None:
        """An agent may have become free."""
        self._agents_free.set()

    async def offer_agents(self) -> None:
        """Until cancelled: let those who wait, the first answered first in each queue, try to reserve an agent."""
        while True:
            try:
                async with asyncio.timeout(LOOK_FOR_AGENT_S if self._waiting else None):
                    await self._agents_free.wait()
            except TimeoutError:
                pass
            self._agents_free.clear()
            offered: set[tuple[int, int | None]] = set()
            for channel_id, live in list(self._waiting.items()):
                queue = (live.call.tenant_id, live.queue_id)
                if queue not in offered and not self._queue.busy(channel_id):
                    offered.add(queue)
                    self.post(channel_id, model.AgentFree())

    def flush(self) -> None:
        """Write what could not be written before."""
        now = self._clock.monotonic()
        for channel_id, live in list(self.live.items()):
            if live.unwritten and live.write_at <= now and not self._queue.busy(channel_id):
                self._queue.post(channel_id, partial(self.write, live))

    # Events

    async def _handle(self, channel_id: str, event: Event | model.Signal) -> None:
        live = self.live.get(channel_id)
        if live is None:
            return  # it ended while the event waited for its turn
        requests = self._step(live, event)
        if requests is not None:
            await self._carry_out(live, requests)

    def _step(self, live: LiveCall, event: Event | model.Signal) -> list[model.Request] | None:
        """The one call of `core.step` for an event. Its records are to be written; its requests are returned, None when
        there is nothing to do."""
        if isinstance(event, PlaybackFinished) and not event.done:
            log.info("sound not played to its end", call=live.progress.channel_id, campaign=live.call.campaign_id)
        live.progress, commands = core.step(live.progress, event, self._clock.now())
        if live.progress.stage is not model.Stage.WAITING:
            self._waiting.pop(live.progress.channel_id, None)
        requests: list[model.Request] = []
        for command in commands:
            if isinstance(command, model.RecordRinging | model.RecordAnswer | model.RecordConnection | model.RecordEnd):
                assert not requests, "a request precedes a record"
                assert not any(isinstance(record, model.RecordEnd) for record in live.unwritten), (
                    "recorded after the end"
                )
                live.unwritten.append(command)
            else:
                requests.append(command)
        return requests if commands else None

    async def _carry_out(self, live: LiveCall, requests: list[model.Request]) -> None:
        """Write, then make the requests, then do what their results mean."""
        results: deque[model.Signal] = deque()
        next_requests: list[model.Request] | None = requests
        while True:
            if next_requests is not None:
                await self.write(live)
                for request in next_requests:
                    result = await self._try(live, request)
                    if result is not None:
                        results.append(result)
            if not results:
                return
            next_requests = self._step(live, results.popleft())

    # DialerStore

    async def write(self, live: LiveCall) -> None:
        """Write what is unwritten, in order; the rest of it is left to `flush` after a failure."""
        while live.unwritten:
            record = live.unwritten[0]
            try:
                async with asyncio.timeout(WRITE_S):
                    changed = await self._commit(live, record)
            except Exception as error:
                if unreachable(error):
                    return
                live.failed_writes += 1
                backoff_s = min(2.0 ** min(live.failed_writes, 6), LONGEST_BACKOFF_S)
                live.write_at = self._clock.monotonic() + backoff_s
                raise
            live.unwritten.popleft()
            if isinstance(record, model.RecordEnd):
                self._ended(live, record, changed)

    async def _commit(self, live: LiveCall, record: model.Record) -> bool:
        call = live.call
        match record:
            case model.RecordRinging(at=at):
                return await self._store.rang(call, at)
            case model.RecordAnswer(at=at):
                return await self._store.answered(call, at, LEASE)
            case model.RecordConnection(at=at):
                return await self._store.connected(call, at, live.agent_id)
            case model.RecordEnd(ending=ending):
                return await self._store.end(call, ending)
            case _:
                assert_never(record)

    def _ended(self, live: LiveCall, record: model.RecordEnd, changed: bool) -> None:
        self.forget(live.progress.channel_id)
        self.agent_became_free()
        if changed:
            report_end(live.call, record.ending.outcome, record.ending.hangup_cause)

    # Requests

    async def _try(self, live: LiveCall, request: model.Request) -> model.Signal | None:
        """Its result; None when there is none, or it is unknown: reconciliation looks at the channel again."""
        try:
            return await self._make(live, request)
        except UNREACHABLE:
            return None
        except SwitchError as error:
            name = type(request).__name__
            log.warning("request failed", call=live.progress.channel_id, request=name, error=str(error))
            return None

    async def _make(self, live: LiveCall, request: model.Request) -> model.Signal | None:
        channel_id = live.progress.channel_id
        match request:
            case model.DetectMachine(until=until):
                return await self._detect_machine(live, until)
            case model.ReserveAgent(until=until):
                return await self._reserve_agent(live, until)
            case model.BridgeWithAgent(agent_channel=agent_channel):
                return await self._bridge(live, agent_channel)
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

    async def _detect_machine(self, live: LiveCall, until: datetime) -> model.Signal | None:
        self._set_threshold(live, until)
        missing = await self._detector.start(live.progress.channel_id)
        return None if missing is None else model.DetectionUnavailable(missing)

    async def _reserve_agent(self, live: LiveCall, until: datetime) -> model.Signal | None:
        channel_id = live.progress.channel_id
        if live.queue_id is not None:
            try:
                async with asyncio.timeout(max(LEAST_RESERVE_S, (until - self._clock.now()).total_seconds())):
                    agent = await self._store.reserve(live.call, live.queue_id)
            except UNREACHABLE:
                agent = None
            if agent is not None:
                live.agent_id = agent.agent_id
                self._waiting.pop(channel_id, None)
                self.agent_became_free()  # there may be another, for the next one
                log.info("agent reserved", tenant=live.call.tenant_id, call=channel_id, agent=agent.agent_id)
                return model.AgentReserved(str(agent.channel_id))
        if self._clock.now() >= until:
            return model.ThresholdReached()
        if channel_id not in self._waiting and self.owns(channel_id):
            assert live.progress.stage is model.Stage.WAITING, f"{live.progress.stage} waits for an agent"
            self._waiting[channel_id] = live
            self.agent_became_free()
            self._set_threshold(live, until)
        return None

    def _set_threshold(self, live: LiveCall, until: datetime) -> None:
        if live.threshold is None:
            after_s = (until - self._clock.now()).total_seconds()
            reached = partial(self.post, live.progress.channel_id, model.ThresholdReached())
            live.threshold = asyncio.get_running_loop().call_later(after_s, reached)

    async def _bridge(self, live: LiveCall, agent_channel: str) -> model.Signal:
        channel_id = live.progress.channel_id
        await commands.create_bridge(self._ari, channel_id)
        if await commands.add_to_bridge(self._ari, channel_id, agent_channel, channel_id):
            return model.BridgedWithAgent()
        if await commands.channel(self._ari, agent_channel) is not None:
            return model.NotBridged()
        await self._store.agent_gone(UUID(agent_channel), OfflineReason.LOST)
        return model.AgentMissing()


def report_end(call: Call, outcome: Outcome, cause: int | None = None) -> None:
    """Metrics and the log of a call that has ended."""
    metrics.call_ended(call.tenant_id, call.campaign_id, outcome.value)
    log.info(
        "call ended",
        tenant=call.tenant_id,
        campaign=call.campaign_id,
        contact=call.contact_id,
        call=str(call.call_id),
        outcome=outcome.value,
        cause=cause,
    )
