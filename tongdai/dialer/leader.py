"""One dialer for a database: who holds an advisory lock dials, the others wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import structlog

from tongdai.clock import cancel_requested
from tongdai.db.pool import UNREACHABLE, Connection, connect

log = structlog.get_logger()

POLL_S = 1.0
"""How soon another takes over, and how soon a lost session is noticed that its socket did not tell."""
PROBE_TIMEOUT_S = 2.0
LOCK = "select pg_try_advisory_lock(7364861, 1)"
"""The first number is Tongdai's dialer, the second one's only switch."""
HELD = "select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted)"


class _Lost(Exception):
    """The session that held the lock is gone, or may be."""


async def lead(dsn: str, work: Callable[[], Awaitable[None]]) -> None:
    """Await `work()` whenever this process holds the lock, until cancelled or until `work` returns or raises.

    The session that holds it is one of its own. When it is lost, `work` is cancelled at once: PostgreSQL gives the lock
    to another then. Behind a pooler that shares sessions, such as PgBouncer's transaction mode, none of this holds.
    """
    while not cancel_requested():
        try:
            conn = await connect(dsn, name="tongdai dialer lock")
        except UNREACHABLE:
            await asyncio.sleep(POLL_S)
            continue
        try:
            await _locked(conn)
            log.info("this process dials")
            await _work(conn, work)
        except (_Lost, *UNREACHABLE) as error:
            log.warning("the lock of the dialer is lost: nothing is dialled here", error=type(error).__name__)
        else:
            return
        finally:
            conn.terminate()
        await asyncio.sleep(POLL_S)


async def _locked(conn: Connection) -> None:
    """Returns when this session has the lock."""
    if await conn.fetchval(LOCK, timeout=PROBE_TIMEOUT_S):
        return
    log.info("another process dials: this one waits")
    while not await conn.fetchval(LOCK, timeout=PROBE_TIMEOUT_S):  # noqa: ASYNC110 - polled
        await asyncio.sleep(POLL_S)


async def _work(conn: "asyncpg.Connection[asyncpg.Record]", work: Callable[[], Awaitable[None]]) -> None:
    """Until `work` ends. Raises _Lost once it is cancelled because the session is gone."""
    lost = asyncio.Event()
    conn.add_termination_listener(lambda _: lost.set())
    working = asyncio.ensure_future(work())
    watching = asyncio.ensure_future(_watch(conn, lost))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return
        raise _Lost
    finally:
        for task in (watching, working):
            task.cancel()
        with suppress(asyncio.CancelledError, _Lost, *UNREACHABLE):
            await working
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(conn: Connection, lost: asyncio.Event) -> None:
    """Returns when the session is gone, or does not answer."""
    while not lost.is_set():
        try:
            async with asyncio.timeout(POLL_S):
                await lost.wait()
        except TimeoutError:
            try:
                if not await conn.fetchval(HELD, timeout=PROBE_TIMEOUT_S):
                    return
            except UNREACHABLE:
                return
