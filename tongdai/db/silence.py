"""Ends the waits for a database that hangs, and leaves slow statements alone.

From outside both look alike: a statement is sent, and no answer comes. So the server is asked something else, on a
connection that is kept for it:

    a connection is borrowed for SUSPECT_S ── select 1 ──┬── answered ──▶ the statement is slow: it has its own limit
                                                         └── no answer within ANSWER_S ──▶ hangs: every connection that
                                                             waited meanwhile is closed, and its request answered 503

While it hangs, requests open connections, and give up on that after `ACQUIRE_TIMEOUT_S`. A server that is restarted,
refuses or has failed answers by an error, and needs nothing of this.
"""

import time

from tongdai.db.pool import Connection, Lender, open_one

LOOK_S = 0.5
SUSPECT_S = 2.0
"""A connection that is borrowed for so long may wait for a server that hangs."""
ANSWER_S = 2.0
"""A server that does not answer a query of nothing within this time hangs."""
SUSPENDED_S = 6.0
"""A question that took longer than any may says nothing: this process was suspended."""
KEPT_S = 30.0
"""How often the connection is used otherwise: no router may forget it, or it would be silent by itself."""


class Silence:
    """Asks the database behind a lender whether it answers; to be called every LOOK_S."""

    def __init__(self, dsn: str, lender: Lender, *, suspect_s: float = SUSPECT_S, answer_s: float = ANSWER_S) -> None:
        self._dsn, self._lender = dsn, lender
        self._suspect_s, self._answer_s = suspect_s, answer_s
        self._conn: Connection | None = None
        self._answered_at: float | None = None
        """When it answered the last question; None: it did not, or was never asked."""

    async def look(self) -> None:
        """Raises UNAVAILABLE when it does not answer, after connections that wait for it have been given up."""
        now, oldest = time.monotonic(), self._lender.oldest
        suspect = oldest is not None and now - oldest > self._suspect_s
        if not suspect and self._answered_at is not None and now - self._answered_at < KEPT_S:
            return
        self._answered_at = None
        try:
            await self._ask()
        except TimeoutError:
            if time.monotonic() - now < SUSPENDED_S:
                self._lender.give_up(now)
            raise
        self._answered_at = time.monotonic()

    async def _ask(self) -> None:
        conn = self._conn
        try:
            if conn is None or conn.is_closed():
                conn = self._conn = await open_one(self._dsn, "tongdai api watch")
            await conn.execute("select 1", timeout=self._answer_s)
        except BaseException:
            if conn is not None:
                conn.terminate()
            raise

    def close(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
