"""`AsyncClient`: the SDK for programs on an event loop, asyncio's or trio's."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai.client import imports, operations
from tongdai.client.calls import Call, Listing
from tongdai.client.model import Page
from tongdai.client.retry import Retry
from tongdai.client.session import Session
from tongdai.client.signatures import like
from tongdai.client.transports import Waiting, target_of

T = TypeVar("T")
P = ParamSpec("P")


class AsyncPages(Generic[T]):
    """The records of a list, asked for by pages while they are iterated over."""

    def __init__(self, session: Session, listing: Listing[T]) -> None:
        self._session, self._listing = session, listing

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for record in page.data:
                yield record

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page after page, to the last."""
        number = 0
        while True:
            page = await self.page(number)
            yield page
            number += 1
            if self._listing.ends_with(page, number):
                return

    async def page(self, number: int) -> Page[T]:
        """One page, counted from 0; empty past the end."""
        return await self._session.do(self._listing.page(number))

    async def total(self) -> int:
        """How many records there are."""
        return (await self._session.do(self._listing.page(0, 1))).total_record


def _call(operation: Callable[P, Call[T]]) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.session.do(operation(*args, **kwargs))

    return like(method, operation)


def _pages(operation: Callable[P, Listing[T]]) -> Callable[Concatenate["AsyncClient", P], AsyncPages[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(self.session, operation(*args, **kwargs))

    return like(method, operation)


def _flow(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await flow(self.session, *args, **kwargs)

    return like(method, flow)


def _stream(
    flow: Callable[Concatenate[Session, P], AsyncGenerator[T]],
) -> Callable[Concatenate["AsyncClient", P], AsyncGenerator[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        return flow(self.session, *args, **kwargs)

    return like(method, flow)


class AsyncClient:
    """As `Client`, with `await`, `async for` and `async with`.

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
        self._transport = Waiting(target_of(base_url, api_key, tenant_id, timeout), transport, ssl_context)
        self.session = Session(self._transport, retry or Retry())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's, with its version."""
        return self._transport.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections. It cannot be used afterwards."""
        await self._transport.http.aclose()

    campaigns = _pages(operations.campaigns)
    campaign = _call(operations.campaign)
    create_campaign = _call(operations.create_campaign)
    update_campaign = _call(operations.update_campaign)
    start_campaign = _call(operations.start_campaign)
    pause_campaign = _call(operations.pause_campaign)
    stop_campaign = _call(operations.stop_campaign)
    contact_lists = _call(operations.contact_lists)
    contacts = _pages(operations.contacts)
    add_contact = _call(operations.add_contact)
    delete_contact = _call(operations.delete_contact)
    import_contacts = _call(imports.import_contacts)
    import_file = _call(imports.import_file)
    import_job = _call(imports.import_job)
    import_jobs = _pages(imports.import_jobs)
    import_rows = _pages(imports.import_rows)
    save_rows_csv = _flow(imports.save_rows_csv)
    wait = _flow(imports.wait)
    watch = _stream(imports.watch)
    undo_import = _flow(imports.undo_import)
    queues = _pages(operations.queues)
    queue = _call(operations.queue)
    create_queue = _call(operations.create_queue)
    update_queue = _call(operations.update_queue)
    delete_queue = _call(operations.delete_queue)
    tenant = _call(operations.tenant)
    api_keys = _pages(operations.api_keys)
    create_api_key = _call(operations.create_api_key)
    revoke_api_key = _call(operations.revoke_api_key)
