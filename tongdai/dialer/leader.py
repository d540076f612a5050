"""Leader election: of all processes that could lead a switch, one does at a time.

Owns one session, which holds an advisory lock of PostgreSQL keyed by the switch, and the task that leads while it is
held. Trusts PostgreSQL: a lock is granted to one session, and released when that session ends.

    waiting ── lock granted ──▶ leading ── the session is gone, or does not answer ──▶ waiting
                                   └── the work ends or raises ──▶ returned

Failures:
- the leader's process is killed: its socket closes, PostgreSQL ends the session and grants the lock to another within
  POLL_S. What the leader left on the switch is adopted from the rows (dialer/reconcile.py);
- the leader is stopped (SIGSTOP): it keeps the lock until it is killed or its session is terminated, as its kernel
  still answers TCP keepalives. Nothing is dialled meanwhile;
- the leader's machine is suspended or cut off: PostgreSQL keeps its session until TCP gives up. When it resumes after
  that, the next probe fails and the work is cancelled; a second leader on the same application has taken over the
  switch's event stream by then, which ends the first at once (dialer/worker.py);
- the database is unavailable: the work is cancelled within POLL_S + PROBE_TIMEOUT_S, and waits until it is back;
- a leader of another switch has another lock, and does not interfere.

The lock is not a fencing token: a statement that is running when the session is lost may still commit. Each is guarded
by the state of its row, so what two leaders do concurrently happens once. Asserted: the work runs only while the lock
is held, and has ended before the lock is requested again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import structlog

from tongdai.clock import cancel_requested
from tongdai.db.pool import Connection, connect
from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.ids import SwitchId
from tongdai.runtime.background import Attempts

log = structlog.get_logger()

POLL_S = 1.0
"""How soon another process takes over, and how soon a lost session is detected whose socket reported nothing."""
PROBE_TIMEOUT_S = 2.0
LOCK = "select pg_try_advisory_lock(7364861, $1)"
"""The first number stands for Tongdai's leaders, the second for the switch."""
HELD = """
select exists (
    select from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid() and granted and classid = 7364861 and objid = $1
)
"""


class _Lost(Exception):
    """The session that holds the lock is gone, or may be."""


async def lead(dsn: str, switch_id: SwitchId, name: str, work: Callable[[], Awaitable[None]]) -> None:
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
                await _acquire(conn, switch_id, name)
                log.info("leading", switch=name)
                await _work(conn, switch_id, work)
            except (_Lost, *UNAVAILABLE) as error:
                log.warning("leadership lost", switch=name, error=type(error).__name__)
            else:
                return
            finally:
                conn.terminate()
            await asyncio.sleep(POLL_S)


async def _acquire(conn: Connection, switch_id: SwitchId, name: str) -> None:
    """Wait until this session holds the lock."""
    if await conn.fetchval(LOCK, switch_id, timeout=PROBE_TIMEOUT_S):
        return
    log.info("another process leads, waiting", switch=name)
    while not await conn.fetchval(LOCK, switch_id, timeout=PROBE_TIMEOUT_S):  # noqa: ASYNC110 - polled
        await asyncio.sleep(POLL_S)


async def _work(
    conn: "asyncpg.Connection[asyncpg.Record]", switch_id: SwitchId, work: Callable[[], Awaitable[None]]
) -> None:
    """Run `work` until it ends. Raises _Lost after cancelling it because the session is gone."""
    lost = asyncio.Event()
    conn.add_termination_listener(lambda _: lost.set())
    working = asyncio.ensure_future(work())
    watching = asyncio.ensure_future(_watch(conn, switch_id, lost))
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


async def _watch(conn: Connection, switch_id: SwitchId, lost: asyncio.Event) -> None:
    """Wait until the session is gone, or does not answer."""
    while not lost.is_set():
        try:
            async with asyncio.timeout(POLL_S):
                await lost.wait()
        except TimeoutError:
            try:
                if not await conn.fetchval(HELD, switch_id, timeout=PROBE_TIMEOUT_S):
                    return
            except UNAVAILABLE:
                return
