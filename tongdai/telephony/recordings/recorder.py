"""Has the switch record the calls that are to be recorded.

    connected with somebody → wanted (committed) → two listeners of the customer's channel → announced → recording
    call ended, and the switch's recordings over → spooled → (the collector)

Owns the channels that listen, whose ids and whose recordings' names are made of the call's id: so each step can be
repeated, and a process that takes over finds what the one before has begun. The sides are recorded apart, and none is
mixed with the other; both end with the customer's channel, whatever bridge it is in, and whether this process runs or
not. Nothing here is waited for by a call: one that cannot be recorded continues without.

It trusts the store to know which calls are connected, and Asterisk to close a recording's file when its channel ends.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from tongdai.clock import Clock
from tongdai.recordings.model import LISTENER, Failure, Recording, RecordingState, Side
from tongdai.switch import commands
from tongdai.switch.commands.recordings import MODULE
from tongdai.switch.events import Event, StasisStart
from tongdai.switch.interface import Ari, SwitchError, SwitchRefused
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.telephony.recordings.announcer import Announcer
from tongdai.telephony.recordings.store import RecordingStore

log = structlog.get_logger()

LOOK_S = 0.25
"""How often calls are looked for that have been connected, besides those that are reported."""
CHECK_S = 2.0
"""How often recordings are looked at that are not over."""
LISTENS_WITHIN_S = 5.0


class Recorder:
    def __init__(
        self,
        store: RecordingStore,
        ari: Ari,
        clock: Clock,
        app: str,
        queue: PerChannelQueue,
        spooled: asyncio.Event,
        has_room: Callable[[], bool],
    ) -> None:
        """`spooled` is set when there may be something to collect. `has_room`: whether the disk has room for more."""
        self._store, self._ari, self._clock, self._app, self._queue = store, ari, clock, app, queue
        self._spooled, self._has_room = spooled, has_room
        self._announcer = Announcer(ari, clock, app)
        self._asked = asyncio.Event()
        self._listening: dict[str, asyncio.Event] = {}
        """Whether the application has a listener by now, for those that are waited for."""
        self._beginning: set[str] = set()
        """Channels of customers whose recording is being begun."""
        self._module: bool | None = None
        """Whether the switch has the module that recordings need; None: it has not been asked."""
        self._checked_at = -CHECK_S

    def wake(self) -> None:
        """A call may have been connected."""
        self._asked.set()

    def reconnected(self) -> None:
        """The switch is connected again, perhaps another one."""
        self._module = None
        self._checked_at = -CHECK_S

    def observe(self, event: Event) -> None:
        if isinstance(event, StasisStart) and event.channel_id in self._listening:
            self._listening[event.channel_id].set()
        self._announcer.observe(event)

    async def look(self) -> None:
        """Once woken, or after LOOK_S: begin what is to be recorded, and look at what is not over."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._asked.wait()
        except TimeoutError:
            pass
        self._asked.clear()
        if not self._ari.up:
            return
        for recording in await self._store.want():
            self._begin(recording)
        if self._clock.monotonic() - self._checked_at >= CHECK_S:
            self._checked_at = self._clock.monotonic()
            await self._check()

    async def _check(self) -> None:
        for recording in await self._store.unfinished():
            if recording.state is RecordingState.WANTED:
                self._begin(recording)
            elif recording.state is RecordingState.RECORDING and not recording.live:
                await self._end(recording)
            elif recording.state is RecordingState.SPOOLED:
                self._spooled.set()

    def _begin(self, recording: Recording) -> None:
        if recording.channel not in self._beginning:
            self._beginning.add(recording.channel)
            self._queue.start(self._begun(recording))

    async def _begun(self, recording: Recording) -> None:
        try:
            why, announced_ms = await self._try(recording)
            if why is None:
                await self._store.started(recording, self._clock.now(), announced_ms)
            else:
                await self._store.failed(recording, why, announced_ms)
                log.warning("call not recorded", call=str(recording.call_id), reason=why.value)
        except SwitchError as error:  # it stays wanted, and is tried again
            log.warning("recording not confirmed", call=str(recording.call_id), error=str(error))
        finally:
            self._beginning.discard(recording.channel)

    async def _try(self, recording: Recording) -> tuple[Failure | None, int | None]:
        """The failure, None: the switch records; and for how long it was announced."""
        if not recording.live:
            # A process that was killed may have begun it and not recorded that it did. One that was to be announced is
            # not kept: nobody knows whether it was.
            if recording.announcement is not None:
                return Failure.NOT_ANNOUNCED, None
            begun = [await commands.recording_stored(self._ari, recording.name(side)) for side in Side]
            return (None if any(begun) else Failure.CALL_ENDED), None
        if not self._has_room():
            return Failure.DISK_FULL, None
        if self._module is None:
            self._module = await commands.module_running(self._ari, MODULE)
        if not self._module:
            log.error("calls are not recorded: the switch lacks a module", module=MODULE)
            return Failure.REFUSED, None
        try:
            return await self._announce_and_record(recording)
        except SwitchRefused as error:
            log.warning("recording refused", call=str(recording.call_id), error=str(error))
            return Failure.REFUSED, None

    async def _announce_and_record(self, recording: Recording) -> tuple[Failure | None, int | None]:
        listeners = [recording.listener(side) for side in Side]
        listen = (self._listen(recording.channel, *each) for each in zip(listeners, Side, strict=True))
        if not all(await asyncio.gather(*listen)):
            return Failure.CALL_ENDED, None
        announced_ms = None
        if recording.announcement is not None:
            announced = await self._announcer.announce(recording, recording.announcement)
            if announced.failure is not None:
                for listener in listeners:
                    await commands.hang_up(self._ari, listener)
                return announced.failure, announced.ms
            announced_ms = announced.ms
        names = zip(listeners, map(recording.name, Side), strict=True)
        done = await asyncio.gather(*(commands.record(self._ari, *each) for each in names))
        return (None if all(done) else Failure.CALL_ENDED), announced_ms

    async def _listen(self, channel: str, listener: str, side: Side) -> bool:
        """Have a channel that hears one side. A channel takes requests only once it has entered the application."""
        entered = self._listening.setdefault(listener, asyncio.Event())
        try:
            spy = "in" if side is Side.CUSTOMER else "out"
            snoop = partial(commands.snoop, self._ari, channel, listener, self._app, [LISTENER])
            try:
                if not await snoop(spy=spy, whisper="none"):
                    return False
            except SwitchRefused:
                # In use: begun by a try whose reply was lost, or by the process before.
                return await commands.channel(self._ari, listener) is not None
            try:
                async with asyncio.timeout(LISTENS_WITHIN_S):
                    await entered.wait()
            except TimeoutError:  # its event was lost
                pass
            return True
        finally:
            self._listening.pop(listener, None)

    async def _end(self, recording: Recording) -> None:
        """Whether the switch has finished a recording whose call has ended."""
        for side in Side:
            if await commands.recording_lives(self._ari, recording.name(side)):
                return
        await self._store.spooled(recording)
        self._spooled.set()
