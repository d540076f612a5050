"""How many requests are handled at once, and what does not count."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.api import client_of, refused
from tongdai.http.application import Application
from tongdai.http.cors import Cors
from tongdai.http.request import Request, Response, StreamingResponse
from tongdai.http.routes import Routes
from tongdai.testing.asgi import running

AT_ONCE = 2
ORIGIN = "https://crm.example"


class Handlers:
    """Requests that are held, and streams whose body is held, until they are let go."""

    def __init__(self) -> None:
        self.held = 0
        self.go = asyncio.Event()
        self.arrived = asyncio.Condition()

    async def hold(self, _: Request) -> Response:
        await self._arrive()
        await self.go.wait()
        return Response(b"done")

    async def at_once(self, _: Request) -> Response:
        return Response(b"done")

    async def stream(self, _: Request) -> StreamingResponse:
        return StreamingResponse(self._pieces())

    async def _pieces(self) -> AsyncIterator[bytes]:
        await self._arrive()
        await self.go.wait()
        yield b"done"

    async def _arrive(self) -> None:
        async with self.arrived:
            self.held += 1
            self.arrived.notify_all()

    async def until_held(self, count: int) -> None:
        async with asyncio.timeout(10), self.arrived:
            await self.arrived.wait_for(lambda: self.held == count)


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def database() -> SimpleNamespace:
    return SimpleNamespace(crowded=lambda _: False)


@pytest.fixture
async def application(handlers: Handlers, database: SimpleNamespace) -> AsyncGenerator[Application]:
    @asynccontextmanager
    async def resources() -> AsyncGenerator[Any]:
        yield SimpleNamespace(database=database)

    routes = Routes()
    for name in ("hold", "at_once", "stream"):
        routes.add("GET", f"/{name}", getattr(handlers, name))
    application = Application(routes, resources, Cors((ORIGIN,), ()), AT_ONCE)
    async with running(application):
        yield application


async def test_request_is_answered_503_while_others_wait_for_a_connection(
    application: Application, database: SimpleNamespace
) -> None:
    async with client_of(application) as client:
        database.crowded = lambda _: True
        refused(await client.get("/at_once"), 503, "FAIL")
        database.crowded = lambda _: False
        assert (await client.get("/at_once")).status_code == 200


async def test_request_beyond_those_handled_at_once_is_answered_503_while_they_are_held(
    application: Application, handlers: Handlers
) -> None:
    async with client_of(application) as client, asyncio.TaskGroup() as group:
        held = [group.create_task(client.get("/hold")) for _ in range(AT_ONCE)]
        await handlers.until_held(AT_ONCE)
        for _ in range(2 * AT_ONCE):
            response = await client.get("/at_once", headers={"origin": ORIGIN})
            assert refused(response, 503, "FAIL") == "The server is overloaded: try again later"
            assert response.headers["retry-after"] == "1"
            assert response.headers["access-control-allow-origin"] == ORIGIN
        preflight = {"origin": ORIGIN, "access-control-request-method": "POST"}
        assert (await client.request("OPTIONS", "/at_once", headers=preflight)).status_code == 204
        handlers.go.set()
        assert [(await task).content for task in held] == [b"done"] * AT_ONCE
        assert (await client.get("/at_once")).content == b"done"
    assert application.in_flight == 0


async def test_replies_that_are_being_sent_keep_nobody_waiting(application: Application, handlers: Handlers) -> None:
    async with client_of(application) as client, asyncio.TaskGroup() as group:
        streams = [group.create_task(client.get("/stream")) for _ in range(AT_ONCE)]
        await handlers.until_held(AT_ONCE)
        assert (await client.get("/at_once")).content == b"done"
        assert application.in_flight == AT_ONCE
        handlers.go.set()
    assert [task.result().content for task in streams] == [b"done"] * AT_ONCE
