"""`AsyncClient`: the SDK for programs on an event loop, asyncio's or trio's."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai_client.methods import Methods, implemented_by
from tongdai_client.models.base import Page
from tongdai_client.operation import PagedOperation, counted
from tongdai_client.retry import Retry
from tongdai_client.session import Session
from tongdai_client.transport import AsyncTransport, server_config

T = TypeVar("T")
P = ParamSpec("P")


class AsyncPages(Generic[T]):
    """The records of a list, requested while it is iterated over; see `Pages`."""

    def __init__(self, session: Session, operation: PagedOperation[T]) -> None:
        self._session, self._operation = session, operation

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for record in page.data:
                yield record

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Yield the records in parts of up to `page_size`, as iterating over them reads them."""
        cursor: str | None = self._operation.start
        while cursor is not None:
            part = await self._session.execute(self._operation.behind(cursor))
            yield part
            cursor = part.next_cursor

    async def page(self, number: int) -> Page[T]:
        """One numbered page, counted from 0; empty after the last."""
        return await self._session.execute(self._operation.page(number))

    async def total(self) -> int:
        """The number of records."""
        return counted(await self._session.execute(self._operation.page(0, 1)))


def _method(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await flow(self.session, *args, **kwargs)

    return method


def _paged(make: Callable[P, PagedOperation[T]]) -> Callable[Concatenate["AsyncClient", P], AsyncPages[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(self.session, make(*args, **kwargs))

    return method


def _stream(
    flow: Callable[Concatenate[Session, P], AsyncGenerator[T]],
) -> Callable[Concatenate["AsyncClient", P], AsyncGenerator[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        return flow(self.session, *args, **kwargs)

    return method


@implemented_by(_method, _paged, _stream)
class AsyncClient(Methods):
    """The asynchronous counterpart of `Client`, used with `await`, `async for` and `async with`.

    async with AsyncClient("http://127.0.0.1:8080", "sk_live_…") as client:
        job = await client.wait(await client.import_file(1042, "contacts.csv"))
        async for row in client.import_rows(job, outcome="failed"):
            print(row.row, row.phone_number, row.reason)
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        tenant_id: int | None = None,
        timeout: float = 30.0,
        retry: Retry | None = None,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        server = server_config(base_url, api_key, tenant_id, timeout)
        self._transport = AsyncTransport(server, transport, ssl_context)
        self.session = Session(self._transport, retry or Retry())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's URL, ending in the version of the API."""
        return self._transport.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. The client cannot be used afterwards."""
        await self._transport.http.aclose()
