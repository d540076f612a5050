"""`Idempotency-Key`: repeats the first response for the same key and body within 24 hours, and the work only once."""

import hashlib
from collections.abc import Awaitable, Callable

import msgspec

from tongdai.db import idempotency
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput
from tongdai.http.endpoint import Request, Response, connection, principal_of
from tongdai.http.envelope import ok
from tongdai.ids import TenantId

HEADER = "Idempotency-Key"
MAX_LENGTH = 255

Work = Callable[[Connection], Awaitable[object]]
"""The work of a POST: makes the change on the connection, in its own transaction if needed, and returns the
response."""


def digest_of(request: Request, body_digest: bytes) -> bytes:
    """Digest of what must be equal in a repeated request: method, path, query and body."""
    path = request.scope["path"].removeprefix("/api")
    head = f"{request.method} {path}?{request.scope['query_string'].decode('latin-1')}\n".encode()
    return hashlib.sha256(head + body_digest).digest()


def _whole(body: object) -> object:
    return body


async def once(request: Request, body: bytes, work: Work, keep: Callable[[object], object] = _whole) -> Response:
    """Do the work of a POST, once for an idempotency key. `keep` reduces the response to what is stored of it."""
    key = key_of(request)
    if key is None:
        async with connection(request) as conn:
            return ok(await work(conn))
    return await once_digested(request, key, digest_of(request, hashlib.sha256(body).digest()), work, keep)


async def once_digested(
    request: Request, key: str, digest: bytes, work: Work, keep: Callable[[object], object] = _whole
) -> Response:
    """Do the work of a POST whose body is not in memory. A failure is not stored: the key may be used again."""
    tenant_id = principal_of(request).tenant_id
    async with connection(request) as conn, conn.transaction():
        if not await idempotency.take(conn, tenant_id, key, digest):
            return await _recall(conn, tenant_id, key, digest)
        done = await work(conn)
        await idempotency.save(conn, tenant_id, key, msgspec.json.encode(keep(done)))
    return ok(done)


async def _recall(conn: Connection, tenant_id: TenantId, key: str, digest: bytes) -> Response:
    row = await idempotency.recall(conn, tenant_id, key)
    if row is None or row["digest"] != digest:
        raise InvalidInput(f"{HEADER} was used before with another request: expected a fresh key")
    return Response(row["body"], row["status"])


def key_of(request: Request) -> str | None:
    """The idempotency key of a request; None when it has none."""
    values = request.sent(HEADER.lower())
    if not values:
        return None
    if (
        len(values) > 1
        or not 0 < len(values[0]) <= MAX_LENGTH
        or not values[0].isascii()
        or not values[0].isprintable()
    ):
        raise InvalidInput(f"{HEADER} must be one value of 1 to {MAX_LENGTH} printable ASCII characters")
    return values[0]
