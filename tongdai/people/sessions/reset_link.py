"""One-time links by which users set a password."""

import secrets
from datetime import datetime

from tongdai.db.pool import Connection
from tongdai.ids import Author, TenantId, UserId
from tongdai.people.sessions import store
from tongdai.tenants import key_format


def path_of(token: str) -> str:
    """The path of the console that a link leads to; the fragment is not sent to the server, nor logged by a proxy."""
    return f"/reset#{token}"


def digest(token: str, pepper: bytes) -> bytes:
    """The stored form of a token."""
    return key_format.digest(f"reset {token}", pepper)


async def offer(
    conn: Connection, tenant_id: TenantId, user_id: UserId, pepper: bytes, by: Author | None
) -> tuple[str, datetime] | None:
    """Make a link for a user in place of an earlier one: its token, and when it expires; None: no such user."""
    token = secrets.token_urlsafe(32)
    expires_at = await store.offer_reset(conn, tenant_id, user_id, digest(token, pepper), by)
    return None if expires_at is None else (token, expires_at)
