"""The dialer: calls the contacts of all running campaigns through one switch. One at a time for a database."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from tongdai import metrics
from tongdai.clock import Clock, cancel_requested
from tongdai.db.pool import UNREACHABLE
from tongdai.dialer.agent_phones import Phones
from tongdai.dialer.call_controller import Carrying
from tongdai.dialer.options import AGENT, CALL, Options
from tongdai.dialer.originator import Placing
from tongdai.dialer.per_call_queue import InOrder
from tongdai.dialer.reconcile import Reconciling
from tongdai.dialer.store import Records
from tongdai.switch import commands
from tongdai.switch.events import (
    ChannelDestroyed,
    ChannelStateChange,
    Connected,
    Dial,
    Disconnected,
    PlaybackFinished,
    Replaced,
    StasisStart,
)
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

ROUND_S = 1.0
SWEEP_S = 2.0
RECONCILE_S = 15.0
"""A third of the lease."""
ChannelEvent = ChannelDestroyed | ChannelStateChange | Dial | PlaybackFinished | StasisStart


class SwitchTaken(Exception):
    """Another process has the application now. This one must never dial again: it is to end."""


class Dialer:
    def __init__(
        self,
        records: Records,
        ari: Ari,
        clock: Clock,
        rng: random.Random,
        *,
        app: str,
        trunk: str | None,
        caller_id: str | None = None,
        sound: str = "hello-world",
        max_calls: int = 1000,
    ) -> None:
        """`ari` is run by the caller. `trunk`, `caller_id` and `sound` are for campaigns that name none; at most
        `max_calls` are up at once, of all."""
        options = Options(app, trunk, caller_id, sound, max_calls)
        self._ari, self._clock = ari, clock
        self._in_order = InOrder()
        self._carrying = Carrying(records, ari, clock, options, self._in_order)
        self._phones = Phones(records, ari, clock, options, self._in_order, self._carrying)
        self._placing = Placing(records, ari, clock, rng, options, self._in_order, self._carrying)
        self._reconciling = Reconciling(records, ari, self._carrying, self._phones)
        self._away = False

    async def run(self) -> None:
        """Until cancelled: what is claimed and not dialled is handed back then, calls that are up are left to the next
        process. Raises SwitchTaken when another has the switch."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._carrying.match())
                group.create_task(self._each(ROUND_S, self._placing.round))
                group.create_task(self._each(ROUND_S, self._phones.round))
                group.create_task(self._each(ROUND_S, self._look_after))
                group.create_task(self._each(SWEEP_S, self._reconciling.sweep))
                group.create_task(self._each(RECONCILE_S, self._reconcile))
        except BaseExceptionGroup as group:
            if group.subgroup(SwitchTaken) is None:
                raise
            raise SwitchTaken from None
        finally:
            await self._in_order.close()
            await self._placing.hand_back()
            metrics.SWITCH_UP.set(0)
            metrics.CALLS_UP.set(0)

    @property
    def active_calls(self) -> int:
        """Calls that have not ended."""
        return len(self._carrying.lines)

    @property
    def placed(self) -> int:
        """Calls that the switch placed for this one."""
        return self._placing.placed

    async def _listen(self) -> None:
        async for event in self._ari.events():
            match event:
                case Connected():
                    await self._reconciling.until_done()
                case Replaced():
                    log.error("switch taken over by another process: this one dials no more")
                    raise SwitchTaken
                case Disconnected():
                    log.warning("switch away: nothing is dialled")
                case _:
                    self._route(event)

    def _route(self, event: ChannelEvent) -> None:
        channel_id = event.channel_id
        if channel_id in self._carrying.lines:
            self._carrying.post(channel_id, event)
        elif channel_id is not None and self._phones.knows(channel_id):
            self._phones.post(channel_id, event)
        elif isinstance(event, StasisStart) and event.args[:1] in {(CALL,), (AGENT,)}:
            # It came so late that its call has ended, or its agent gone.
            self._in_order.go(self._hang_up(event.channel_id))

    async def _hang_up(self, channel_id: str) -> None:
        try:
            if await commands.hang_up(self._ari, channel_id):
                log.warning("stray call hung up", call=channel_id)
        except SwitchError:
            return  # the list of channels will show it

    async def _reconcile(self) -> None:
        if self._ari.up:
            await self._reconciling.once()

    async def _look_after(self) -> None:
        self._carrying.flush()
        metrics.SWITCH_UP.set(self._ari.up)
        metrics.CALLS_UP.set(self.active_calls)

    async def _each(self, interval_s: float, fn: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled, whatever it raises."""
        due_s = self._clock.monotonic()
        while not cancel_requested():
            try:
                await fn()
                self._reached(fn)
            except UNREACHABLE as error:
                self._unreached(error)
            except SwitchError as error:
                log.warning("switch did not answer", error=str(error))
            except Exception:
                log.exception("dialer goes on")
            due_s = max(due_s + interval_s, self._clock.monotonic())
            await asyncio.sleep(due_s - self._clock.monotonic())
            metrics.DIALER_LAG.set(self._clock.monotonic() - due_s)

    def _unreached(self, error: BaseException) -> None:
        """Told once."""
        if not self._away:
            log.warning("dialer waits for the database", error=type(error).__name__)
        self._away = True

    def _reached(self, fn: Callable[[], Awaitable[None]]) -> None:
        if self._away and fn == self._reconciling.sweep:
            log.info("database is back")
            self._away = False
