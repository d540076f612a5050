"""Leader election: of all processes that could lead a switch, one does at a time.

Owns one session, which holds an advisory lock of PostgreSQL keyed by the switch, and the task that leads while it is
held. Trusts PostgreSQL: a lock is granted to one session, and released when that session ends.

    waiting ── lock granted ──▶ leading ── the session is gone, or does not answer ──▶ waiting
                                   └── the work ends or raises ──▶ returned

Failures:
- the leader's process is killed: its socket closes, PostgreSQL ends the session and grants the lock to another within
  POLL_S. What the leader left on the switch is adopted from the rows (telephony/reconcile.py);
- the leader hangs, is stopped (SIGSTOP), suspended or cut off: its kernel or PostgreSQL's keeps the session. A process
  that waits sees that the switch's heartbeats have stopped, and after HUNG_AFTER_S terminates the session, which frees
  the lock. It first writes a row itself: heartbeats that stop because nothing can be written are nobody's fault;
- the leader comes back from that: by the fence it may do nothing until a probe has confirmed that it still holds the
  lock. The probe fails, and the work is cancelled;
- the database is unavailable: the work is cancelled within POLL_S + PROBE_TIMEOUT_S, and waits until it is back;
- a leader of another switch has another lock, and does not interfere.

The fence holds for LEASE_S after the beginning of the last probe that found the lock held, by a clock that does not
stop with the machine, and never after the session is known to be gone. LEASE_S is shorter than HUNG_AFTER_S: who was
away for so long that another may lead finds it closed. Each request to the switch asks it (`FencedAri`), with no await
between. Statements are guarded by the state of their rows, so what two leaders write concurrently happens once.
Asserted: the work runs only while the lock is held, and has ended before the lock is requested again.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

import asyncpg
import structlog

from tongdai.clock import cancel_requested, since_boot
from tongdai.db.pool import Connection, connect
from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.ids import SwitchId
from tongdai.runtime.background import Attempts
from tongdai.switch.events import Event
from tongdai.switch.interface import Ari, Reply, SwitchUnreachable
from tongdai.switches import store as switches

log = structlog.get_logger()

POLL_S = 1.0
"""How soon another process takes over, and how soon a lost session is detected whose socket reported nothing."""
PROBE_TIMEOUT_S = 2.0
LOCK = "select pg_try_advisory_lock(7364861, $1)"
"""The first number stands for Tongdai's leaders, the second for the switch."""
LEASE_S = 5.0
"""How long a probe that found the lock held is good for."""
HUNG_AFTER_S = 8.0
"""A leader without a heartbeat for so long hangs."""
HOLDER = """
select l.pid, s.alive_at::text as alive_at from pg_locks l join switch s on s.switch_id = $1
where l.locktype = 'advisory' and l.granted and l.classid = 7364861 and l.objid = $1
    and l.database = (select oid from pg_database where datname = current_database())
"""
TERMINATE = "select pg_terminate_backend($1)"
HELD = """
select exists (
    select from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid() and granted and classid = 7364861 and objid = $1
)
"""


class _Lost(Exception):
    """The session that holds the lock is gone, or may be."""


class Fence:
    """Whether this process leads, as far as it can know at this instant."""

    def __init__(self) -> None:
        self._until = -math.inf

    def holds(self) -> bool:
        return since_boot() < self._until

    def confirmed(self, began: float) -> None:
        """A probe that began then has found the lock held."""
        self._until = began + LEASE_S

    def closed(self) -> None:
        self._until = -math.inf


class FencedAri:
    """The switch, for as long as the fence holds: nothing is requested after it."""

    def __init__(self, ari: Ari, fence: Fence) -> None:
        self._ari, self._fence = ari, fence

    @property
    def up(self) -> bool:
        return self._fence.holds() and self._ari.up

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        if not self._fence.holds():
            raise SwitchUnreachable("another process may lead by now")
        return await self._ari.request(method, uri, query, body)

    def events(self) -> AsyncIterator[Event]:
        return self._ari.events()

    async def run(self) -> None:
        await self._ari.run()


async def lead(dsn: str, switch_id: SwitchId, name: str, work: Callable[[], Awaitable[None]], fence: Fence) -> None:
    """Await `work()` whenever this process holds the lock of the switch of that name, until cancelled or until `work`
    returns or raises.

    The lock has a session of its own. When the session is lost, `work` is cancelled at once, as PostgreSQL then grants
    the lock to another process. `dsn` must not lead to a pooler that shares sessions, such as PgBouncer in transaction
    mode.
    """
    with Attempts("leader election", unavailable) as attempts:
        while not cancel_requested():
            try:
                conn = await connect(dsn, name="tongdai leader")
            except UNAVAILABLE as error:
                attempts.failed(error)
                await asyncio.sleep(POLL_S)
                continue
            attempts.succeeded()
            try:
                await _acquire(conn, switch_id, name, fence)
                log.info("leading", switch=name)
                await _work(conn, switch_id, work, fence)
            except (_Lost, *UNAVAILABLE) as error:
                log.warning("leadership lost", switch=name, error=type(error).__name__)
            else:
                return
            finally:
                fence.closed()
                conn.terminate()
            await asyncio.sleep(POLL_S)


async def _acquire(conn: Connection, switch_id: SwitchId, name: str, fence: Fence) -> None:
    """Wait until this session holds the lock."""
    watched = None
    while True:
        began = since_boot()
        if await conn.fetchval(LOCK, switch_id, timeout=PROBE_TIMEOUT_S):
            fence.confirmed(began)
            return
        if watched is None:
            log.info("another process leads, waiting", switch=name)
            watched = _Watched(conn, switch_id, name)
        await watched.look()
        await asyncio.sleep(POLL_S)


class _Watched:
    """The leader, as a process that waits sees it."""

    def __init__(self, conn: Connection, switch_id: SwitchId, name: str) -> None:
        self._conn, self._switch_id, self._name = conn, switch_id, name
        self._seen: tuple[int, str | None] | None = None
        """Its session and its last heartbeat."""
        self._silent = 0
        """How often it was seen like that since. Counted in looks, not by a clock: this process may hang, too."""

    async def look(self) -> None:
        """Look for a heartbeat, and terminate the session of a leader that hangs. Raises UNAVAILABLE."""
        row = await self._conn.fetchrow(HOLDER, self._switch_id, timeout=PROBE_TIMEOUT_S)
        seen = None if row is None else (row["pid"], row["alive_at"])
        self._silent = self._silent + 1 if seen == self._seen else 0
        self._seen = seen
        if seen is None or self._silent * POLL_S < HUNG_AFTER_S or not await self._may_write():
            return
        try:
            await self._conn.execute(TERMINATE, seen[0], timeout=PROBE_TIMEOUT_S)
        except asyncpg.InsufficientPrivilegeError:
            log.error("leader hangs, and its session cannot be terminated", switch=self._name, session=seen[0])  # noqa: TRY400 - said in words
        else:
            log.error("leader hangs: its session was terminated", switch=self._name, session=seen[0])
        self._silent = 0

    async def _may_write(self) -> bool:
        """Whether this process could write a heartbeat."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await switches.try_write(self._conn, self._switch_id)
        except UNAVAILABLE as error:
            log.warning("leader is silent, and so is the database", switch=self._name, error=type(error).__name__)
            return False
        return True


async def _work(
    conn: "asyncpg.Connection[asyncpg.Record]",
    switch_id: SwitchId,
    work: Callable[[], Awaitable[None]],
    fence: Fence,
) -> None:
    """Run `work` until it ends. Raises _Lost after cancelling it because the session is gone."""
    lost = asyncio.Event()

    def ended(_: object) -> None:
        fence.closed()
        lost.set()

    conn.add_termination_listener(ended)
    working = asyncio.ensure_future(work())
    watching = asyncio.ensure_future(_watch(conn, switch_id, lost, fence))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return
        raise _Lost
    finally:
        for task in (watching, working):
            task.cancel()
        with suppress(asyncio.CancelledError, _Lost, *UNAVAILABLE):
            await working
        await asyncio.gather(watching, return_exceptions=True)
        assert working.done(), "the work continues without the lock"


async def _watch(conn: Connection, switch_id: SwitchId, lost: asyncio.Event, fence: Fence) -> None:
    """Wait until the session is gone, or does not answer; confirm the fence as long as it is not."""
    while not lost.is_set():
        try:
            async with asyncio.timeout(POLL_S):
                await lost.wait()
        except TimeoutError:
            began = since_boot()
            try:
                if not await conn.fetchval(HELD, switch_id, timeout=PROBE_TIMEOUT_S):
                    return
                if not lost.is_set():
                    fence.confirmed(began)
            except UNAVAILABLE:
                return
