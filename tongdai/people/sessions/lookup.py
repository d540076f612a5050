"""The view of sessions that the guard needs: finding them, whose agent a request concerns, when they were seen."""

from collections.abc import Callable
from datetime import datetime

from tongdai.clock import Clock
from tongdai.db.pool import Connection, Lender
from tongdai.http.principal import Own, Principal
from tongdai.http.request import Request
from tongdai.ids import SessionId
from tongdai.people import own as ownership
from tongdai.people.sessions import store
from tongdai.people.sessions.model import MAX_USER_AGENT, Session
from tongdai.tenants.model import Tenant

SEEN_S = 20.0
"""How often it is written when sessions were last seen."""


class SessionLookup:
    """The users of `tenants.guard.People`, of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[SessionId, tuple[datetime, str, str]] = {}
        """Sessions that were seen since the last writing: when, from which address, by which browser."""

    async def session(self, conn: Connection, digest: bytes) -> tuple[Session, Callable[[Tenant], Principal]] | None:
        found = await store.find(conn, digest)
        return None if found is None else (found, found.principal)

    async def owns(self, conn: Connection, request: Request, own: Own) -> bool:
        return await ownership.owns(conn, request, own)

    def seen(self, principal: Principal, address: str, user_agent: str) -> None:
        assert principal.session_id is not None, "a key has no session"
        self._seen[principal.session_id] = self._clock.now(), address, user_agent[:MAX_USER_AGENT]

    async def write_seen(self, database: Lender) -> None:
        """Write what was noted since the last time."""
        seen, self._seen = self._seen, {}
        if seen:
            async with database.borrow() as conn:
                await store.seen(conn, [(session_id, *noted) for session_id, noted in sorted(seen.items())])
