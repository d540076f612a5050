"""Transports that wrap the real one and fail by plan; and a suspended engine."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from tests.support.servers import Server, eventually


@dataclass(frozen=True)
class Fault:
    """A fault of one request. Only with `lose_answer` does the whole request reach the server."""

    refuse: int | None = None
    """Answer with this status instead of the server."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    break_after: int | None = None
    """Break the connection after so many pieces of the body."""
    not_sent: bool = False
    """Refuse the connection, so that nothing is sent."""
    lose_answer: bool = False
    """Let the server process the request, and break the connection before the response arrives."""


PASS = Fault()
NO_CONNECTION = Fault(break_after=0)
REFUSED_CONNECTION = Fault(not_sent=True)
LOSE_ANSWER = Fault(lose_answer=True)
OVERLOAD = Fault(refuse=503, headers={"Retry-After": "0"})
LIMITED = Fault(
    refuse=429,
    headers={"Retry-After": "0"},
    body=b'{"success":"0","error_code":"RATE_LIMIT_EXCEEDED","error_message":"Exceeded request limit"}',
)


class Plan:
    """The faults of the next requests, and all requests sent so far."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.requests: list[httpx2.Request] = []

    def next(self, request: httpx2.Request) -> Fault:
        self.requests.append(request)
        return self.faults.pop(0) if self.faults else PASS


class Faulty(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport, plan: Plan) -> None:
        self._inner, self._plan = inner, plan

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        fault = self._plan.next(request)
        if fault.not_sent:
            raise httpx2.ConnectError("refused by the test")
        if fault.refuse is not None:
            return httpx2.Response(fault.refuse, headers=fault.headers, content=fault.body)
        if fault.break_after is not None:
            assert isinstance(request.stream, httpx2.SyncByteStream)
            body: Iterator[bytes] = iter(request.stream)
            for _ in range(fault.break_after):
                next(body)
            raise httpx2.WriteError("broken by the test")
        response = self._inner.handle_request(request)
        if fault.lose_answer:
            response.read()
            response.close()
            raise httpx2.ReadError("broken by the test")
        return response

    def close(self) -> None:
        self._inner.close()


class AsyncFaulty(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncBaseTransport, plan: Plan) -> None:
        self._inner, self._plan = inner, plan

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        fault = self._plan.next(request)
        if fault.not_sent:
            raise httpx2.ConnectError("refused by the test")
        if fault.refuse is not None:
            return httpx2.Response(fault.refuse, headers=fault.headers, content=fault.body)
        if fault.break_after is not None:
            assert isinstance(request.stream, httpx2.AsyncByteStream)
            body: AsyncIterator[bytes] = aiter(request.stream)
            for _ in range(fault.break_after):
                await anext(body)
            if isinstance(body, AsyncGenerator):
                await body.aclose()
            raise httpx2.WriteError("broken by the test")
        response = await self._inner.handle_async_request(request)
        if fault.lose_answer:
            await response.aread()
            await response.aclose()
            raise httpx2.ReadError("broken by the test")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def engine_stopped(server: Server) -> AsyncGenerator[None]:
    """Suspend the engine during the block, so that no import proceeds."""
    async with server.suspended("engine"):
        yield


async def undo_asked(server: Server, job_id: int) -> None:
    """Return once the undo of an import is requested in the database."""
    async with server.database() as conn:
        asked = "select undo_requested_at is not null from import_job where job_id = $1"
        await eventually(lambda: conn.fetchval(asked, job_id), 30, "the undo to be asked for")
