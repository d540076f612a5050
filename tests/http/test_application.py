"""How many requests are handled at once, and what does not count."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.api import client_of, refused
from tongdai.db.pool_parts import of_address
from tongdai.http.application import Application
from tongdai.http.cors import Cors
from tongdai.http.endpoint import Endpoint, Route
from tongdai.http.principal import NOBODY, Scope
from tongdai.http.request import Request, Response, StreamingResponse, connection
from tongdai.http.routes import Routes
from tongdai.testing.asgi import running

AT_ONCE = 2
ORIGIN = "https://crm.example"
FLOODING = "10.0.0.9"


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
def parts() -> SimpleNamespace:
    crowded = {("GET /crowded", 7), ("GET /crowded", of_address(FLOODING))}
    return SimpleNamespace(waiting=0, passes=lambda *request: request not in crowded)


@pytest.fixture
async def application(
    handlers: Handlers, database: SimpleNamespace, parts: SimpleNamespace
) -> AsyncGenerator[Application]:
    @asynccontextmanager
    async def resources() -> AsyncGenerator[Any]:
        guard = SimpleNamespace(
            tenant_of=lambda unread: 7 if b"key" in unread else None, address_of=lambda _, client: client
        )
        yield SimpleNamespace(database=database, parts=parts, guard=guard)

    routes = Routes()
    for name in ("hold", "at_once", "stream"):
        routes.add("GET", f"/{name}", getattr(handlers, name))
    for name in ("crowded", "other"):
        spec = Endpoint(method="GET", path=f"/{name}", scope=Scope.CAMPAIGN, summary="", response=None, sample=None)
        routes.add("GET", f"/v1/{name}", Route(spec, handlers.at_once))
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


async def test_request_that_has_just_arrived_is_refused_where_its_route_and_tenant_are(
    application: Application, database: SimpleNamespace, parts: SimpleNamespace
) -> None:
    crowded = b"GET /v1/crowded?page=1 HTTP/1.1\r\nX-Api-Key: key\r\n\r\n"
    assert not application.refuses(0, crowded, ""), "nobody waits"
    parts.waiting = 1
    assert application.refuses(0, crowded, "")
    for other in (
        crowded.replace(b"/crowded", b"/other"),
        crowded.replace(b"key", b"other"),
        crowded.replace(b"GET", b"PUT"),
        crowded.replace(b"/v1/crowded", b"/at_once"),
        b"\0",
    ):
        assert not application.refuses(0, other, "")
    assert application.refuses(AT_ONCE, b"\0", ""), "so many have begun"
    database.crowded = lambda _: True
    assert application.refuses(0, b"\0", "")


async def test_request_without_a_tenant_is_refused_where_those_of_its_address_are(
    application: Application, parts: SimpleNamespace
) -> None:
    parts.waiting = 1
    unknown = b"GET /v1/crowded HTTP/1.1\r\n\r\n"
    assert application.refuses(0, unknown, FLOODING)
    assert not application.refuses(0, unknown, "10.0.0.8")


def test_connection_of_a_request_without_a_tenant_is_of_the_part_of_its_address() -> None:
    taken: list[tuple[str, int]] = []
    resources: Any = SimpleNamespace(
        parts=SimpleNamespace(within=lambda part, whose, _: taken.append((part, whose))),
        guard=SimpleNamespace(address=lambda scope: scope["client"][0]),
        database=SimpleNamespace(borrow=lambda _: None),
    )
    for address in (FLOODING, "10.0.0.8"):
        scope = {"headers": [], "client": (address, 1), "method": "POST", "path": "/v1/open"}
        request = Request(scope, cast("Any", None), resources)
        request.endpoint = Endpoint(
            method="POST", path="/open", scope=None, open=True, summary="", response=None, sample=None
        )
        request.principal = NOBODY
        connection(request)
    assert taken == [("POST /open", of_address(FLOODING)), ("POST /open", of_address("10.0.0.8"))]
    assert len({whose for _, whose in taken}) == len(taken)
    assert all(whose < 0 for _, whose in taken), "no tenant has such an id"


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
