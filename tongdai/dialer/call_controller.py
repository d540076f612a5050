"""Calls from their claim to their end: what `core` decides is written, then done."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.calls.model import Call, Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.clock import Clock
from tongdai.db.pool import UNREACHABLE, unreachable
from tongdai.dialer import core
from tongdai.dialer.options import LEASE, WRITE_S, Options, script_of
from tongdai.dialer.per_call_queue import InOrder
from tongdai.dialer.store import Records
from tongdai.ids import AgentId, QueueId
from tongdai.switch import commands
from tongdai.switch.events import Event, PlaybackFinished
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

SEEK_S = 0.25
"""How soon an agent is found whom nobody told to be free."""
LEAST_S = 0.1
"""For one try to reserve an agent, however late it is."""
LONGEST_REST_S = 60.0
"""Between two tries to write what the records do not take."""


@dataclass(slots=True)
class Line:
    """A call in this process."""

    call: Call
    progress: core.Progress
    queue_id: QueueId | None
    asked: bool
    """The switch may have it. Without that nobody's phone rings."""
    unwritten: deque[core.Write] = field(default_factory=deque[core.Write])
    failures: int = 0
    write_at: float = 0.0
    """Not tried before, on the monotonic clock."""
    patience: asyncio.TimerHandle | None = None
    agent_id: AgentId | None = None
    """Who is reserved for it."""


class Carrying:
    def __init__(self, records: Records, ari: Ari, clock: Clock, options: Options, in_order: InOrder) -> None:
        self._records, self._ari, self._clock, self._options = records, ari, clock, options
        self._in_order = in_order
        self._waiting: dict[str, Line] = {}
        """Answered calls without an agent, the first answered first."""
        self._free = asyncio.Event()
        self.lines: dict[str, Line] = {}
        """By channel id."""
        self.over: set[str] = set()
        """Channel ids of those that ended here since it was last emptied."""

    def open(self, call: Call, settings: CallSettings) -> Line:
        """It was claimed just now."""
        progress = core.Progress(str(call.call_id), script_of(settings, self._options))
        return self._add(call, progress, settings, asked=False)

    def adopt(self, call: Call, settings: CallSettings) -> Line:
        """Another process left it."""
        script = script_of(settings, self._options)
        connected = call.connected_at is not None
        progress = core.adopted(str(call.call_id), script, call.state, call.answered_at, connected=connected)
        return self._add(call, progress, settings, asked=True)

    def _add(self, call: Call, progress: core.Progress, settings: CallSettings, *, asked: bool) -> Line:
        line = self.lines[progress.channel_id] = Line(call, progress, settings.queue_id, asked)
        return line

    def forget(self, channel_id: str) -> None:
        """It is none of ours any more."""
        line = self.lines.pop(channel_id, None)
        self.over.add(channel_id)
        self._waiting.pop(channel_id, None)
        if line is not None and line.patience is not None:
            line.patience.cancel()

    def post(self, channel_id: str, event: Event | core.Happening) -> None:
        """Something happened to a call; nothing, if it is not known here."""
        line = self.lines.get(channel_id)
        if line is None:
            return
        if not self._in_order.busy(channel_id):
            after, todo = core.step(line.progress, event, self._clock.now())
            if after is line.progress and not todo:
                return  # half of all events tell what is known
        self._in_order.post(channel_id, partial(self._happen, channel_id, event))

    def agents_free(self) -> None:
        """Somebody may have become free."""
        self._free.set()

    async def match(self) -> None:
        """For ever: tell those who wait, the first answered first in each queue, that an agent may be free."""
        while True:
            try:
                async with asyncio.timeout(SEEK_S if self._waiting else None):
                    await self._free.wait()
            except TimeoutError:
                pass
            self._free.clear()
            told: set[tuple[int, int | None]] = set()
            for channel_id, line in list(self._waiting.items()):
                queue = (line.call.tenant_id, line.queue_id)
                if queue not in told and not self._in_order.busy(channel_id):
                    told.add(queue)
                    self.post(channel_id, core.AgentFree())

    def flush(self) -> None:
        """Write what could not be written before."""
        now = self._clock.monotonic()
        for channel_id, line in list(self.lines.items()):
            if line.unwritten and line.write_at <= now and not self._in_order.busy(channel_id):
                self._in_order.post(channel_id, partial(self.write, line))

    async def _happen(self, channel_id: str, event: Event | core.Happening) -> None:
        line = self.lines.get(channel_id)
        if line is None:
            return
        if isinstance(event, PlaybackFinished) and not event.done:
            log.info("sound not played to its end", call=channel_id, campaign=line.call.campaign_id)
        happened: deque[Event | core.Happening] = deque((event,))
        while happened:
            line.progress, todo = core.step(line.progress, happened.popleft(), self._clock.now())
            if line.progress.stage is not core.Stage.WAITING:
                self._waiting.pop(channel_id, None)
            if todo:
                happened.extend(await self._do(line, todo))

    async def _do(self, line: Line, todo: Sequence[core.Command]) -> list[core.Happening]:
        """Write, then act; what came of it."""
        acts: list[core.Act] = []
        for command in todo:
            if isinstance(command, core.Rang | core.Answered | core.Connected | core.End):
                line.unwritten.append(command)
            else:
                acts.append(command)
        await self.write(line)
        happened = [await self._try(line, act) for act in acts]
        return [each for each in happened if each is not None]

    # Writing

    async def write(self, line: Line) -> None:
        """In order; what fails is left for `flush`. Asked twice, a record does not change again."""
        while line.unwritten:
            write = line.unwritten[0]
            try:
                async with asyncio.timeout(WRITE_S):
                    changed = await self._put(line, write)
            except Exception as error:
                if unreachable(error):
                    return
                line.failures += 1
                line.write_at = self._clock.monotonic() + min(2.0 ** min(line.failures, 6), LONGEST_REST_S)
                raise
            line.unwritten.popleft()
            if isinstance(write, core.End):
                self._ended(line, write, changed)

    async def _put(self, line: Line, write: core.Write) -> bool:
        call = line.call
        match write:
            case core.Rang(at=at):
                return await self._records.rang(call, at)
            case core.Answered(at=at):
                return await self._records.answered(call, at, LEASE)
            case core.Connected(at=at):
                return await self._records.connected(call, at, line.agent_id)
            case core.End(ending=ending):
                return await self._records.end(call, ending)
            case _:
                assert_never(write)

    def _ended(self, line: Line, write: core.End, changed: bool) -> None:
        self.forget(line.progress.channel_id)
        self.agents_free()
        if changed:
            told_end(line.call, write.ending.outcome, write.ending.hangup_cause)

    # Acting

    async def _try(self, line: Line, act: core.Act) -> core.Happening | None:
        """What came of it. Nothing is known when switch or records are away: the channel will be looked at again."""
        try:
            return await self._act(line, act)
        except UNREACHABLE:
            return None
        except SwitchError as error:
            log.warning("switch did not act", call=line.progress.channel_id, act=type(act).__name__, error=str(error))
            return None

    async def _act(self, line: Line, act: core.Act) -> core.Happening | None:
        channel_id = line.progress.channel_id
        match act:
            case core.SeekAgent():
                return await self._seek(line, act)
            case core.Connect(agent_channel=agent_channel):
                return await self._connect(line, agent_channel)
            case core.Play(sound=sound, playback_id=playback_id):
                played = await commands.play(self._ari, channel_id, playback_id, sound)
                return core.Plays() if played else None
            case core.Listen(playback_id=playback_id):
                return core.Plays() if await commands.playing(self._ari, playback_id) else core.Silent()
            case core.HangUp():
                await commands.hang_up(self._ari, channel_id)
            case core.Unbridge():
                await commands.destroy_bridge(self._ari, channel_id)
            case _:
                assert_never(act)
        return None

    async def _seek(self, line: Line, seek: core.SeekAgent) -> core.Happening | None:
        channel_id = line.progress.channel_id
        if line.queue_id is not None:
            try:
                async with asyncio.timeout(max(LEAST_S, (seek.until - self._clock.now()).total_seconds())):
                    agent = await self._records.reserve(line.call, line.queue_id)
            except UNREACHABLE:
                agent = None
            if agent is not None:
                line.agent_id = agent.agent_id
                self._waiting.pop(channel_id, None)
                self._free.set()  # there may be another, for who is next
                log.info("agent found", tenant=line.call.tenant_id, call=channel_id, agent=agent.agent_id)
                return core.AgentFound(str(agent.channel_id))
        wait_s = (seek.until - self._clock.now()).total_seconds()
        if wait_s <= 0:
            return core.TimeUp()
        if channel_id not in self._waiting:
            self._waiting[channel_id] = line
            self._free.set()
            if line.patience is None:
                line.patience = self._later(wait_s, partial(self.post, channel_id, core.TimeUp()))
        return None

    async def _connect(self, line: Line, agent_channel: str) -> core.Happening:
        channel_id = line.progress.channel_id
        await commands.create_bridge(self._ari, channel_id)
        if await commands.add_to_bridge(self._ari, channel_id, agent_channel, channel_id):
            return core.Bridged()
        if await commands.channel(self._ari, agent_channel) is not None:
            return core.NotBridged()
        await self._records.agent_gone(UUID(agent_channel))
        return core.AgentMissing()

    def _later(self, after_s: float, what: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(after_s, what)


def told_end(call: Call, outcome: Outcome, cause: int | None = None) -> None:
    """For who watches: the call has ended."""
    metrics.CALLS.labels(outcome.value).inc()
    log.info(
        "call ended",
        tenant=call.tenant_id,
        campaign=call.campaign_id,
        contact=call.contact_id,
        call=str(call.call_id),
        outcome=outcome.value,
        cause=cause,
    )
