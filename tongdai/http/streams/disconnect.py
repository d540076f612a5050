"""Detects that the client of a streamed response disconnected."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from tongdai.http.request import ClientGone, Request


@asynccontextmanager
async def disconnected(request: Request) -> AsyncGenerator["asyncio.Task[None]"]:
    """A task that is done once the client has disconnected, for the block; sending then fails silently."""
    gone = asyncio.create_task(_until_gone(request))
    try:
        yield gone
    finally:
        gone.cancel()


async def _until_gone(request: Request) -> None:
    """Wait for the disconnect, which is the only message of ASGI after the end of the body."""
    with suppress(ClientGone):
        while True:
            async for _ in request.stream():
                continue
