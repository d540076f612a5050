"""An ASGI application run in the test's own process, started and stopped as a server would."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tongdai.http.asgi import ASGIApp, Message


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncGenerator[ASGIApp]:
    """Within the block the application has started up."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    await _say(to_app, from_app, "startup")
    try:
        yield app
    finally:
        await _say(to_app, from_app, "shutdown")
        await task


async def _say(to_app: asyncio.Queue[Message], from_app: asyncio.Queue[Message], what: str) -> None:
    await to_app.put({"type": f"lifespan.{what}"})
    answer = await from_app.get()
    if answer["type"] != f"lifespan.{what}.complete":
        raise RuntimeError(f"{what} failed: {answer.get('message')}")
