"""Leads one switch: calls the contacts of all running campaigns through it, and its agents' phones, and connects the
callers of its queues with agents.

    events             channel router → call controller, agents' phones, or the ACD
    at once            acts: do what the API asks of live calls
    twice a second     pages: call phones anew whose page was loaded again
    4 times a second   sounds: check what the API asks for · waiting room: match callers and agents, also at once
                       recorder: begin what is to be recorded, also at once
    every second       originator: place calls · agents' phones: call, hang up, end wrap-ups · flush unwritten records
                       waiting room: rules of queues, empty queues · player: announcements
                       released: hang up the phones of agents who have no caller any more
                       phone accounts: put on the switch what it lacks · parties: hang up what is left over
                       phone watch: calls of agents' phones that are not ours, also as they are reported
    every 2 seconds    reconciler: expired leases · recorder: recordings that are over → collector: into the storage
    every 15 seconds   reconciler: everything; also at each connection to the switch

Owns the loops and nothing else; the header of each part says what it owns. Trusts the leader election to run one for
a switch, and Asterisk to report when that failed (`Replaced`): this one then ends, with SwitchTaken.

A loop that fails runs again, and reports to the supervisor of background tasks. When it is cancelled, calls continue:
those not dialled are ended and their contacts pending again, and the next process adopts the others.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.acd.audio.player import Link, Player
from tongdai.acd.audio.switch_prompts import SwitchPrompts
from tongdai.acd.callbacks.dialer import CallbackDialer
from tongdai.acd.controller import AcdController
from tongdai.acd.store import AcdStore
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.clock import Clock, cancel_requested
from tongdai.db.unavailable import unavailable
from tongdai.dialer.call.controller import CallController
from tongdai.dialer.options import Options
from tongdai.dialer.originator import Originator
from tongdai.dialer.sounds import Sounds
from tongdai.dialer.store import DialerStore
from tongdai.ids import SwitchId, TenantId
from tongdai.runtime.background import Attempts
from tongdai.switch.events import Connected, DeviceStateChanged, Disconnected, PlaybackFinished, Replaced
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.switches.model import DEFAULT
from tongdai.telephony.accounts.pusher import AccountPusher
from tongdai.telephony.accounts.store import AccountStore
from tongdai.telephony.acts.executor import Acts
from tongdai.telephony.acts.store import ActStore
from tongdai.telephony.acts.transfers import Transfers
from tongdai.telephony.agent_phones import AgentPhones
from tongdai.telephony.channel_router import ChannelRouter
from tongdai.telephony.pages.controller import ROUND_S as PAGES_S
from tongdai.telephony.pages.controller import Pages
from tongdai.telephony.pages.store import PageStore
from tongdai.telephony.parties.controller import Parties
from tongdai.telephony.parties.store import PartyStore
from tongdai.telephony.parties.talks import Talks
from tongdai.telephony.phone_watch import PhoneWatch
from tongdai.telephony.reconcile import Reconciler
from tongdai.telephony.recordings.parts import Recordings

log = structlog.get_logger()

ROUND_S = 1.0
SOUNDS_S = 0.25
SWEEP_S = 2.0
RECONCILE_S = 15.0
"""A third of the lease."""


class SwitchTaken(Exception):
    """Another process has taken over the application: this one must end, and never dial again."""


class Telephony:
    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        clock: Clock,
        rng: random.Random,
        options: Options,
        may_dial: Callable[[], bool] = lambda: True,
        acts: ActStore | None = None,
        acd: AcdStore | None = None,
        switch_id: SwitchId = DEFAULT,
        accounts: AccountStore | None = None,
        link: Link | None = None,
        parties: PartyStore | None = None,
        pages: PageStore | None = None,
        recordings: Recordings | None = None,
    ) -> None:
        """The caller runs `ari`. While `may_dial` returns False nothing is dialled, and active calls continue.
        `acts`, `accounts`, `parties`, `pages`, `recordings`: None: nothing is done for them. `acd`: None: calls that
        come in are refused. `link`: makes the URLs by which the switch fetches sound files; None: it cannot."""
        self._ari, self._clock = ari, clock
        self._queue = PerChannelQueue()
        self._controller = CallController(store, ari, clock, options, self._queue)
        self._sounds = Sounds(store, ari, clock, rng, options.app, enabled=options.check_sounds)
        self._room = None if acd is None else WaitingRoom(acd, clock, rng, self._controller.queues_of_callees)
        self._acd = self._player = self._callbacks = None
        if acd is not None and self._room is not None:
            prompts = SwitchPrompts(self._sounds.present, clock, self._queue.start)
            self._player = Player(acd, ari, clock, link, prompts, self._room.position)
            self._acd = AcdController(
                *(acd, ari, clock, options.app, self._queue, self._room, self._player, switch_id), options.trunk
            )
            self._callbacks = CallbackDialer(
                *(acd, ari, clock, options.app, self._queue, self._room.callbacks),
                trunk=options.trunk,
                caller_id=options.caller_id,
                may_dial=may_dial,
            )
            self._acd.dialer, self._callbacks.take = self._callbacks, self._acd.take
            self._callbacks.post_to_caller = self._acd.post
        self._phones = AgentPhones(store, ari, clock, options, self._queue, self._controller, self._acd)
        self._parties, talks = None, Talks(self._controller, self._acd)
        if parties is not None:
            elsewhere = None if self._acd is None else self._acd.owns
            self._parties = Parties(parties, ari, clock, options, self._queue, talks, elsewhere)
        self._pages = None
        if pages is not None:
            wait_s = options.phone_return_s
            self._pages = Pages(pages, ari, clock, wait_s, self._queue, self._phones, talks, self._parties)
            self._phones.awaited = self._pages.awaited
            if self._parties is not None:
                self._parties.awaited = self._pages.parted
        self._phones.parted = self._parted
        if self._acd is not None:
            self._acd.parted = self._parted
        self._recorder = self._collector = None
        if recordings is not None:
            self._recorder, self._collector = recordings.parts(ari, clock, options.app, self._queue, switch_id)
            self._controller.connected = self._recorder.wake
            if self._acd is not None:
                self._acd.records.connected = self._recorder.wake
        rest = [part for part in (self._parties, self._acd, self._callbacks) if part is not None]
        owners = (self._controller, self._phones, *rest)
        self._router = ChannelRouter(ari, self._queue, owners, None if self._acd is None else self._acd.arrive)
        self._watch = PhoneWatch(
            *(store, ari, clock, options.app),
            owned=lambda channel_id: self._router.owner_of(channel_id) is not None,
            agent_became_free=self._phones.agent_became_free,
        )
        self._controller.sound_failed = self._sounds.doubt
        self._originator = Originator(
            store, ari, clock, rng, options, self._queue, self._controller, self._sounds, may_dial
        )
        transfers = None if self._acd is None else Transfers(ari, self._acd, self._controller)
        self._acts = None if acts is None else Acts(acts, ari, clock, options, self._queue, self._parties, transfers)
        self._accounts = None if accounts is None else AccountPusher(accounts, ari, clock)
        self._reconciler = Reconciler(
            *(store, ari, self._controller, self._phones, self._router, self._acd, options.app),
            callbacks=self._callbacks,
            connected=self._watch.connected,
            parties=self._parties,
            pages=self._pages,
        )

    def _parted(self, tenant_id: TenantId, call_id: UUID, channel_id: str) -> bool:
        """The phone of an agent in a call is gone: whether another part decides how the call continues."""
        if self._pages is not None and self._pages.parted(call_id):
            return True
        return self._parties is not None and self._parties.parted(tenant_id, call_id, channel_id)

    async def run(self) -> None:
        """Until cancelled. Raises SwitchTaken when another process has the switch."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._controller.offer_agents())
                for interval_s, fn, name in self._rounds():
                    group.create_task(self._each(interval_s, fn, name))
                if self._acts is not None:
                    group.create_task(self._acts.run())
        except BaseExceptionGroup as group:
            if group.subgroup(SwitchTaken) is None:
                raise
            raise SwitchTaken from None
        finally:
            await self._queue.close()
            if self._player is not None:
                await self._player.close()
            await self._originator.release_undialled()
            metrics.SWITCH_UP.set(0)
            metrics.ACTIVE_CALLS.set(0)

    def _rounds(self) -> Iterator[tuple[float, Callable[[], Awaitable[None]], str]]:
        """Yield what is done at a steady rate: how often, in seconds; what; and its name."""
        yield ROUND_S, self._originator.round, "placing calls"
        yield ROUND_S, self._phones.round, "agents' phones"
        yield 0, self._watch.look, "calls of agents' phones"
        yield ROUND_S, self._flush, "unwritten records"
        if self._room is not None:
            yield 0, self._room.look, "callers and agents"
            yield ROUND_S, self._room.round, "queues with callers"
            yield ROUND_S, self._play, "hold music and announcements"
            yield ROUND_S, self._look_for_released, "released agents"
        if self._parties is not None:
            yield ROUND_S, self._round_of_parties, "parties of calls"
        if self._pages is not None:
            yield PAGES_S, self._pages.round, "pages of phones"
        if self._accounts is not None:
            yield ROUND_S, self._accounts.round, "phone accounts"
        if self._sounds.enabled:
            yield SOUNDS_S, self._sounds.round, "sounds"
        if self._recorder is not None and self._collector is not None:
            yield 0, self._recorder.look, "recordings"
            yield 0, self._collector.round, "finished recordings"
        yield SWEEP_S, self._reconciler.sweep, "expired leases"
        yield RECONCILE_S, self._reconcile, "reconciliation"

    @property
    def active_calls(self) -> int:
        """The number of active calls."""
        return len(self._controller.calls) + sum(
            len(part) for part in (self._acd and self._acd.callers, self._callbacks and self._callbacks.calls) if part
        )

    @property
    def placed(self) -> int:
        """The number of calls that the switch has placed for this dialer."""
        return self._originator.placed

    def wake(self) -> None:
        """Something may have been asked of live calls."""
        if self._acts is not None:
            self._acts.wake()

    async def _listen(self) -> None:
        async for event in self._ari.events():
            match event:
                case Connected():
                    await self._connected()
                case Replaced():
                    log.error("switch taken over by another process")
                    raise SwitchTaken
                case Disconnected():
                    log.warning("switch disconnected")
                case DeviceStateChanged(phone=phone):
                    self._watch.report(phone)
                case PlaybackFinished(channel_id=None):
                    self._played_to_bridge(event)
                case _:
                    for part in (self._acts, self._parties, self._recorder):
                        if part is not None:
                            part.observe(event)
                    self._router.route(event)

    def _played_to_bridge(self, event: PlaybackFinished) -> None:
        self._sounds.finished(event)
        if self._recorder is not None:
            self._recorder.observe(event)

    async def _connected(self) -> None:
        for part in (self._accounts, self._acts, self._recorder):
            if part is not None:
                part.reconnected()
        await self._reconciler.until_done()

    async def _reconcile(self) -> None:
        if self._ari.up:
            await self._reconciler.once()

    async def _play(self) -> None:
        if self._acd is not None and self._player is not None and self._ari.up:
            await self._player.round(self._acd.callers.values())

    async def _look_for_released(self) -> None:
        if self._acd is not None and self._ari.up:
            await self._acd.released.look()

    async def _round_of_parties(self) -> None:
        if self._parties is not None and self._ari.up:
            await self._parties.round()

    async def _flush(self) -> None:
        self._controller.flush()
        if self._callbacks is not None:
            self._callbacks.flush()
        if self._acd is not None:
            self._acd.flush()
            metrics.CALLERS_WAITING.set(self._acd.waiting)
        metrics.SWITCH_UP.set(self._ari.up)
        metrics.ACTIVE_CALLS.set(self.active_calls)

    async def _each(self, interval_s: float, fn: Callable[[], Awaitable[None]], name: str) -> None:
        """Call `fn` at a steady rate until cancelled, whatever it raises.

        Unlike `runtime.background.every`, which waits after each time: a round that takes half a second must not halve
        the calls per second. An unreachable database is logged once for all loops, and the lag is measured.
        """
        due_s = self._clock.monotonic()
        with Attempts(name, _expected) as attempts:
            while not cancel_requested():
                try:
                    await fn()
                    attempts.succeeded()
                except Exception as error:
                    attempts.failed(error)
                due_s = max(due_s + interval_s, self._clock.monotonic())
                await asyncio.sleep(due_s - self._clock.monotonic())
                metrics.DIALER_LAG.set(self._clock.monotonic() - due_s)


def _expected(error: Exception) -> bool:
    return isinstance(error, SwitchError) or unavailable(error)
