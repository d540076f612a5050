"""The ASGI application: routes a request, sends its response and logs it."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import structlog

from tongdai.db.pool_parts import of_address
from tongdai.errors import Overloaded
from tongdai.http import access_log
from tongdai.http.asgi import Receive, Scope, Send
from tongdai.http.connections.websocket import FAILED, Handler, WebSocket
from tongdai.http.cors import Cors
from tongdai.http.envelope import on_exception
from tongdai.http.request import AnyResponse, Request, Resources
from tongdai.http.routes import Routes

log = structlog.get_logger()

SWITCHING_PROTOCOLS = 101
Opened = Callable[[], AbstractAsyncContextManager[Resources]]
"""Opens the resources of requests for the life of the server."""


class Application:
    def __init__(
        self,
        routes: Routes,
        opened: Opened,
        cors: Cors | None = None,
        at_once: int = 256,
        sockets: Mapping[str, Handler] | None = None,
    ) -> None:
        """Handle `at_once` requests at once; others are answered 503 (see `overloaded`). `sockets`: handlers of
        websockets, by path.

        A response that is being sent does not count: event streams have a limit of their own.
        """
        self.in_flight = 0
        """Number of requests that were not answered to the end yet."""
        self._at_once = at_once
        self._handling = 0
        self._routes = routes
        self._opened = opened
        self._sockets = sockets or {}
        self._cors = cors
        self._resources: Resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(WebSocket(scope, receive, send), scope["path"])
            return
        if scope["type"] != "http":
            await self._lifespan(receive, send)
            return
        started = time.perf_counter()
        request = Request(scope, receive, self._resources)
        status = 0
        self.in_flight += 1
        try:
            response = await self._respond(request)
            status = response.status
            await (response.send_head if request.method == "HEAD" else response.send)(send, request.response_headers)
        finally:
            self.in_flight -= 1
            access_log.report(request, status, time.perf_counter() - started)

    async def _socket(self, socket: WebSocket, path: str) -> None:
        started = time.perf_counter()
        request = socket.request(self._resources)
        status = SWITCHING_PROTOCOLS
        try:
            await (_refused if self.overloaded() else self._sockets[path])(socket, request)
        except Exception as error:
            response = on_exception(request, error)
            status = response.status
            await (socket.close(FAILED, "") if socket.accepted else socket.refuse(response))
        finally:
            access_log.report(request, status, time.perf_counter() - started)

    async def _respond(self, request: Request) -> AnyResponse:
        try:
            preflight = self._cors.mark(request) if self._cors is not None else None
            return preflight or await self._handled(request)
        except Exception as error:
            return on_exception(request, error)

    async def _handled(self, request: Request) -> AnyResponse:
        # Refused at once: a request that waited would hold a connection, and its client may have left.
        if self.overloaded():
            raise Overloaded
        self._handling += 1
        try:
            return await self._routes.find(request)(request)
        finally:
            self._handling -= 1

    def overloaded(self, begun: int = 0) -> bool:
        """Whether a request that arrives now is refused: too many are handled, or wait for a database connection.

        `begun` is a number of requests that are about to be handled.
        """
        return self._handling + begun >= self._at_once or self._resources.database.crowded(begun)

    def refuses(self, begun: int, unread: bytes, address: str) -> bool:
        """Whether a request that has just arrived is refused, also for its route and tenant alone (`PoolParts`)."""
        if self.overloaded(begun):
            return True
        resources = self._resources
        if not resources.parts.waiting:
            return False
        part = self._routes.part_of(unread)
        if part is None:
            return False
        tenant_id = resources.guard.tenant_of(unread)
        whose = of_address(resources.guard.address_of(unread, address)) if tenant_id is None else tenant_id
        return not resources.parts.passes(part, whose)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._opened() as self._resources:
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            log.exception("API failed to start or stop", error=type(error).__name__)
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            raise
        await send({"type": "lifespan.shutdown.complete"})


async def _refused(_socket: WebSocket, _request: Request) -> None:
    raise Overloaded
