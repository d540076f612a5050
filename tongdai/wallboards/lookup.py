"""The view of sessions and wallboards that the guard needs."""

from collections.abc import Callable

from tongdai.db.pool import Connection
from tongdai.http.principal import Principal
from tongdai.people.sessions.lookup import SessionLookup
from tongdai.tenants.model import Tenant
from tongdai.wallboards import store
from tongdai.wallboards.model import Wallboard


class Lookup(SessionLookup):
    """`tenants.guard.People`, of one process."""

    async def wallboard(
        self, conn: Connection, digest: bytes
    ) -> tuple[Wallboard, Callable[[Tenant], Principal]] | None:
        found = await store.by_digest(conn, digest)
        return None if found is None else (found, found.principal)
