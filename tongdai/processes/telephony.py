"""The role `telephony`: the process that leads one switch, an Asterisk or the simulated one, and dials through it.

Any number of them run on one database. Those of one switch take turns as its leader (telephony/leader.py); leaders of
different switches work side by side, each for the tenants that are on its switch, and never touch each other's calls:
a call and an agent's phone have their switch in their row.

A leader dials only on a database that continues the one it dialled on (dialing/worker.py).
"""

import asyncio
import random
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from tongdai.acd.audio.player import Link
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.agents import store as agents
from tongdai.agents.actions import store as actions
from tongdai.agents.model import AgentState, OfflineReason
from tongdai.calls.acts import store as acts
from tongdai.clock import SystemClock, cancel_requested
from tongdai.db.notify import listen
from tongdai.db.pool import Pool, open_pool
from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.dialer.options import Options
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.dialing.worker import Continuity, Memory
from tongdai.ids import SwitchId
from tongdai.numbers import store as numbers
from tongdai.queues.sounds import signed
from tongdai.recordings.storage import storage_in
from tongdai.runtime import heartbeats
from tongdai.runtime.background import Attempts, every, keep_running
from tongdai.runtime.os_process import run_until_signalled
from tongdai.settings.declarations import Settings
from tongdai.switch.client import AriClient
from tongdai.switch.interface import Ari
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Callees, lognormal
from tongdai.switch.simulated.callers import Arrivals, Callers, Keys
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.switch.version import SwitchVersion
from tongdai.switches import store as switches
from tongdai.switches.model import BEAT_S, Heartbeat, Kind, Switch
from tongdai.telephony.accounts.store import PostgresAccounts
from tongdai.telephony.acts.store import PostgresActs
from tongdai.telephony.leader import Fence, FencedAri, lead
from tongdai.telephony.pages.store import PostgresPages
from tongdai.telephony.parties.store import PostgresParties
from tongdai.telephony.recordings.files import AsteriskFiles, SimulatedFiles, SwitchFiles
from tongdai.telephony.recordings.parts import Recordings
from tongdai.telephony.recordings.store import PostgresRecordings
from tongdai.telephony.worker import SwitchTaken, Telephony
from tongdai.tenants import key_format

log = structlog.get_logger()

T = TypeVar("T")

POOL = 8
HOLD_S = 10.0
"""A dialer that is suspended within a transaction for so long loses its session and its locks."""
KEPT_CALLS = 1000
"""Number of ended calls that the simulated switch keeps for inspection."""
RETRY_S = 1.0
"""Retry interval when the switch could not be read from the database."""
WAIT_S = 10.0
"""Retry interval of a process that may not dial."""
PLACED_S = 10
CALLED, CALLED_S = 1000, 5.0
"""The most numbers that simulated callers ring, and how often these are read again."""
SIMULATED = "simulated"
"""The trunk of a simulated switch, which takes any."""
NOT_AGAIN = frozenset({AgentState.HANGING_UP, AgentState.PAUSED})
PRODUCTS = {Kind.ASTERISK: "Asterisk", Kind.SIMULATED: "simulated"}


async def run(settings: Settings, dsn: str) -> None:
    """Until cancelled. Of several processes for one switch one leads it, the others wait."""
    rng = random.Random(settings.simulated_seed)  # noqa: S311 - callees and waits
    access = _switch(settings, rng)
    pool = await open_pool(dsn, POOL, name="tongdai telephony", hold_s=HOLD_S)
    memory = Memory(Path(settings.data_dir), settings.switch, embedded=settings.database_url is None)
    beating = asyncio.create_task(heartbeats.beat())
    try:
        while not cancel_requested():
            try:
                await _lead(settings, settings.session_dsn(dsn), pool, access, rng, memory)
            except* SwitchTaken:
                log.warning("another process has the switch, waiting", wait_s=WAIT_S)
            await asyncio.sleep(WAIT_S)
    finally:
        beating.cancel()
        pool.terminate()


class _Access(NamedTuple):
    connect: Callable[[], Ari]
    """Connects to the switch, taking the Stasis application over from any other process."""
    arrivals: Arrivals | None = None
    """The callers who ring in, if it is simulated."""
    simulated: SimulatedAsterisk | None = None


def _switch(settings: Settings, rng: random.Random) -> _Access:
    app = settings.asterisk_app
    if settings.asterisk is None:
        log.warning("no switch is set: calls are simulated", answer_rate=settings.simulated_answer_rate)
        callees = Callees(answer_rate=settings.simulated_answer_rate, talk_s=lognormal(settings.simulated_talk_s, 0.8))
        simulated = SimulatedAsterisk(rng, SystemClock(), callees, keep=KEPT_CALLS)
        keys = Keys(share=settings.simulated_key_rate)
        callers = Callers(talk_s=lognormal(settings.simulated_talk_s, 0.8), keys=keys)
        arrivals = Arrivals(per_hour=settings.simulated_callers_per_hour, called=(), callers=callers)
        simulated.arrive(arrivals)
        faults = _faults(settings.simulated_faults)
        return _Access(lambda: SimulatedAri(simulated, rng, app, faults), arrivals, simulated)
    url, user, password = settings.asterisk, settings.asterisk_user, settings.asterisk_password
    return _Access(lambda: AriClient(url, user, password, app, rng=rng))


def _faults(share: float) -> Faults:
    return Faults(
        originate_late=share,
        error=share,
        request_lost=share,
        reply_lost=share,
        event_lost=share,
        event_doubled=share,
        event_late=share,
    )


async def _lead(settings: Settings, dsn: str, pool: Pool, access: _Access, rng: random.Random, memory: Memory) -> None:
    switch = await _until_available(lambda: _find_switch(pool, settings.switch), "finding the switch")
    if _lacks_asterisk(settings, switch):
        return

    fence = Fence()

    async def work() -> None:
        continuity = Continuity(dsn, switch, memory)
        try:
            await _until_available(lambda: _set_kind(settings, pool, switch), "writing the kind of the switch")
            await _until_available(continuity.judge, "judging the database")
            simulated = access.simulated
            if simulated is not None:
                again = partial(sign_in_again, pool, switch.switch_id, simulated.has_channel)
                await _until_available(again, "signing agents in again")
            async with asyncio.TaskGroup() as group:
                if access.arrivals is not None and access.arrivals.per_hour:
                    ring = partial(_ring, pool, switch, access.arrivals)
                    group.create_task(every(CALLED_S, ring, name="simulated callers", expected=unavailable))
                await _dial(settings, dsn, pool, switch, FencedAri(access.connect(), fence), rng, continuity, simulated)
        finally:
            continuity.end()

    await lead(dsn, switch.switch_id, switch.name, work, fence)


async def _find_switch(pool: Pool, name: str) -> Switch:
    async with pool.acquire() as conn:
        return await switches.find_or_add(conn, name)


async def sign_in_again(pool: Pool, switch_id: SwitchId, has_channel: Callable[[str], bool]) -> None:
    """Call the phones of agents again that the simulated switch has lost, as it dies with its process.

    Not of those who signed out or are paused, or will be: a lost phone ends that, and nothing but a request makes them
    idle. Going offline and signing in are one transaction, so that no second crash leaves them offline.
    """
    async with pool.acquire() as conn:
        for agent in await agents.present(conn, switch_id):
            stays = agent.state not in NOT_AGAIN and agent.next_state is None
            if stays and agent.channel_id is not None and not has_channel(str(agent.channel_id)):
                async with conn.transaction():
                    await agents.gone(conn, agent.channel_id, OfflineReason.LOST)
                    again = await actions.sign_in(conn, agent.tenant_id, agent.agent_id, None)
                log.info(
                    "agent signed in again", tenant=agent.tenant_id, agent=agent.agent_id, called=again is not None
                )


async def _set_kind(settings: Settings, pool: Pool, switch: Switch) -> None:
    """Before anything is called: by the kind of the switch it is decided whose phones and trunks may be called."""
    async with pool.acquire() as conn:
        await switches.set_kind(conn, switch.switch_id, _kind(settings))


def _kind(settings: Settings) -> Kind:
    return Kind.SIMULATED if settings.asterisk is None else Kind.ASTERISK


async def _until_available(fn: Callable[[], Awaitable[T]], name: str) -> T:
    """The result of `fn`, which is tried again while the database is unavailable."""
    with Attempts(name, unavailable) as attempts:
        while True:
            try:
                return await fn()
            except UNAVAILABLE as error:
                if cancel_requested():
                    raise asyncio.CancelledError from None
                attempts.failed(error)
            await asyncio.sleep(RETRY_S)


def _lacks_asterisk(settings: Settings, switch: Switch) -> bool:
    """Whether the switch was an Asterisk and none is set: a simulated one would report calls that nobody got."""
    if settings.asterisk is not None or switch.kind is not Kind.ASTERISK:
        return False
    log.error(
        "nothing is dialled: this switch was an Asterisk, and none is set here",
        switch=switch.name,
        hint=f"set TONGDAI_ASTERISK, or let it be simulated: tongdai switch simulate {switch.name}",
    )
    return True


async def _dial(
    settings: Settings,
    dsn: str,
    pool: Pool,
    switch: Switch,
    ari: Ari,
    rng: random.Random,
    continuity: Continuity,
    simulated: SimulatedAsterisk | None,
) -> None:
    pepper = key_format.load_pepper(settings.key_pepper, Path(settings.data_dir))
    store = PostgresStore(pool, switch.switch_id, lambda: continuity.known)
    telephony = Telephony(
        store,
        ari,
        SystemClock(),
        rng,
        _options(settings),
        continuity.may_dial,
        PostgresActs(pool, switch.switch_id),
        PostgresAcdStore(pool, switch.switch_id, store.end),
        switch.switch_id,
        accounts=PostgresAccounts(pool, switch.switch_id, pepper),
        link=_link(settings, pepper),
        parties=PostgresParties(pool, switch.switch_id),
        pages=PostgresPages(pool, switch.switch_id),
        recordings=_recordings(settings, pool, switch, simulated),
    )

    async def follow_acts() -> None:
        await listen(dsn, {acts.CHANNEL: lambda _: telephony.wake()}, telephony.wake, name="tongdai acts")

    async with asyncio.TaskGroup() as group:
        group.create_task(ari.run())
        group.create_task(keep_running(follow_acts, name="requests of acts", expected=unavailable))
        write = _HeartbeatWriter(settings, pool, switch, ari, telephony, continuity).write
        group.create_task(every(BEAT_S, write, name="heartbeat", expected=unavailable))
        group.create_task(telephony.run())


async def _ring(pool: Pool, switch: Switch, arrivals: Arrivals) -> None:
    """Let simulated callers ring the numbers of the queues that there are now."""
    async with pool.acquire() as conn:
        arrivals.called = await numbers.leading(conn, switch.switch_id, CALLED)


def _link(settings: Settings, pepper: bytes) -> Link | None:
    """Makes the URLs by which the switch fetches uploaded sounds."""
    base = settings.sounds_base
    if base is None:
        log.warning("uploaded hold music and prompts are not played: sounds_url is not set")
        return None
    return lambda tenant_id, file: base + signed.path_of(pepper, tenant_id, file.sound_id, file.digest)


def _recordings(settings: Settings, pool: Pool, switch: Switch, simulated: SimulatedAsterisk | None) -> Recordings:
    if simulated is not None:
        files: SwitchFiles = SimulatedFiles(simulated.recorded_seconds)
    else:
        assert settings.asterisk is not None, "a switch that is not simulated"
        files = AsteriskFiles(settings.asterisk, settings.asterisk_user, settings.asterisk_password)
    storage = storage_in(settings.data_dir, settings.recordings_dir)
    return Recordings(PostgresRecordings(pool, switch.switch_id), files, storage, settings.min_free_mb)


def _options(settings: Settings) -> Options:
    return Options(
        app=settings.asterisk_app,
        trunk=settings.trunk or SIMULATED,
        caller_id=settings.caller_id,
        sound=settings.default_sound,
        max_calls=settings.max_calls,
        unplayed_calls=settings.unplayed_calls,
        check_sounds=settings.check_sounds,
        phone_return_s=settings.phone_return_s,
    )


class _HeartbeatWriter:
    def __init__(
        self, settings: Settings, pool: Pool, switch: Switch, ari: Ari, telephony: Telephony, continuity: Continuity
    ) -> None:
        self._pool, self._switch, self._ari, self._telephony = pool, switch, ari, telephony
        self._continuity = continuity
        self._kind = _kind(settings)
        self._version = SwitchVersion(ari)
        self._app = settings.asterisk_app
        self._placed = deque([0], maxlen=PLACED_S + 1)
        """The calls placed so far, at each of the last heartbeats, one a second."""

    async def write(self) -> None:
        self._placed.append(self._telephony.placed)
        version = await self._version.current()
        now = Heartbeat(
            kind=self._kind,
            connected=self._ari.up,
            description=" ".join([PRODUCTS[self._kind], *([] if version is None else [version])]),
            app=self._app,
            host=socket.gethostname(),
            live_calls=self._telephony.active_calls,
            placed_10s=self._placed[-1] - self._placed[0],
        )
        async with self._pool.acquire() as conn:
            await switches.beat(conn, self._switch.switch_id, now)
            await self._continuity.beat(conn)


def main(settings: Settings, dsn: str) -> None:
    """The process: runs until SIGTERM; active calls continue, and the next dialer takes them over."""
    run_until_signalled(run(settings, dsn))
    log.info("telephony stopped")
