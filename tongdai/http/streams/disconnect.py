"""Whether the client of a long answer is still there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from tongdai.http.request import ClientGone, Request


@asynccontextmanager
async def watched(request: Request) -> AsyncGenerator["asyncio.Task[None]"]:
    """For the block, a task that is done once the client has gone: what is sent to nobody is lost without a word."""
    gone = asyncio.create_task(_until_gone(request))
    try:
        yield gone
    finally:
        gone.cancel()


async def _until_gone(request: Request) -> None:
    """After the end of the body, all that a server tells of a request is that its client went."""
    with suppress(ClientGone):
        while True:
            async for _ in request.stream():
                continue
