"""Threads in which uploads are written to the disk and read: tenants take turns, and one has one of each at a time.

A thread that computes in Python has to share the interpreter with the event loop, and there are few threads. A tenant
that sends much at once would have all of them, and the event loop would do little but take its bodies: a body is taken
from its connection only as fast as it is written.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import ParamSpec, TypeVar

from tongdai.ids import TenantId
from tongdai.runtime.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

BATCH = 512 * 1024
"""Bytes of a body that are written at once."""
_writing = Turns(at_once=2, each=1)
_reading = Turns(at_once=1, each=1)


def reading(tenant_id: TenantId) -> AbstractAsyncContextManager[None]:
    """Within it a thread may read what the tenant has sent: one for all tenants."""
    return _reading.of(tenant_id)


async def written(tenant_id: TenantId, write: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call a function that writes to the disk, in a thread."""
    async with _writing.of(tenant_id):
        return await asyncio.to_thread(write, *arguments, **named)


async def received(pieces: AsyncIterator[bytes], tenant_id: TenantId, write: Callable[[bytes], None]) -> bytes:
    """Write a body while it arrives; return the rest of it, less than BATCH."""
    waiting: list[bytes] = []
    size = 0
    async for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BATCH:
            await written(tenant_id, _joined, write, waiting)
            waiting, size = [], 0
    return b"".join(waiting)


def _joined(write: Callable[[bytes], None], pieces: list[bytes]) -> None:
    write(b"".join(pieces))
