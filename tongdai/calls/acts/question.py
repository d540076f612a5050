"""Asks the leader of a switch for an act by way of the database, and waits a moment for the result."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

from tongdai.calls.acts import store
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.db import idempotency
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, Unavailable
from tongdai.ids import Author, TenantId

POLL_S = 0.05

Connect = Callable[[], AbstractAsyncContextManager[Connection]]
REFUSED_KEY = "Idempotency-Key was used before with another request: expected a fresh key"


async def ask(
    conn: Connection, tenant_id: TenantId, call_id: UUID, kind: Kind, arguments: Mapping[str, Any], by: Author | None
) -> UUID:
    """Ask for an act; NotFound or InvalidState where there is no such live call."""
    act_id = await store.ask(conn, tenant_id, call_id, kind, arguments, by)
    if act_id is not None:
        return act_id
    if not await store.has_call(conn, tenant_id, call_id):
        raise NotFound("Call not found")
    raise InvalidState("The call has ended")


async def ask_once(
    conn: Connection,
    tenant_id: TenantId,
    key: str,
    digest: bytes,
    call_id: UUID,
    kind: Kind,
    arguments: Mapping[str, Any],
    by: Author | None,
) -> UUID:
    """Likewise, once for an idempotency key: a repeated request gets the act of the first one, unless nothing was done
    for that."""
    async with conn.transaction():
        if not await idempotency.take(conn, tenant_id, key, digest):
            row = await idempotency.hold(conn, tenant_id, key)
            if row is None or row["digest"] != digest:
                raise InvalidInput(REFUSED_KEY)
            act_id = UUID(json.loads(row["body"]))
            how = await store.ended(conn, tenant_id, act_id)
            if how is None or how.result not in {Result.REFUSED, Result.LAPSED}:
                return act_id
        act_id = await ask(conn, tenant_id, call_id, kind, arguments, by)
        await idempotency.save(conn, tenant_id, key, json.dumps(str(act_id)).encode())
    return act_id


async def result(connect: Connect, tenant_id: TenantId, act_id: UUID, wait_s: float) -> None:
    """Wait until an act is done. Raises InvalidState if it was refused, Unavailable if not done within `wait_s`.

    No connection is held while waiting.
    """
    how = None
    for _ in range(round(wait_s / POLL_S)):
        async with connect() as conn:
            how = await store.ended(conn, tenant_id, act_id)
        if how is not None:
            break
        await asyncio.sleep(POLL_S)
    else:
        async with connect() as conn:
            if await store.lapse(conn, tenant_id, act_id):
                how = Ended(Result.LAPSED)
            else:
                how = await store.ended(conn, tenant_id, act_id)
    _judge(how)


def _judge(how: Ended | None) -> None:
    match None if how is None else how.result:
        case Result.DONE:
            return
        case Result.REFUSED:
            assert how is not None
            raise InvalidState(how.message)
        case Result.LAPSED:
            raise Unavailable("The switch did not answer in time: nothing was done")
        case Result.FAILED | None:
            raise Unavailable("The switch did not confirm it in time: whether it was done is not known")
