"""`AsyncClient`: the SDK for programs on an event loop, asyncio's or trio's."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai_client import operations
from tongdai_client.method_signature import documented_as
from tongdai_client.models.base import Page
from tongdai_client.operation import Operation, PagedOperation
from tongdai_client.retry import Retry
from tongdai_client.session import Session
from tongdai_client.transport import AsyncTransport, server_config

T = TypeVar("T")
P = ParamSpec("P")


class AsyncPages(Generic[T]):
    """The records of a list. Pages are requested while it is iterated over."""

    def __init__(self, session: Session, operation: PagedOperation[T]) -> None:
        self._session, self._operation = session, operation

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for record in page.data:
                yield record

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Yield the pages, from the first to the last."""
        number = 0
        while True:
            page = await self.page(number)
            yield page
            number += 1
            if self._operation.ends_with(page, number):
                return

    async def page(self, number: int) -> Page[T]:
        """One page, counted from 0; empty after the last."""
        return await self._session.execute(self._operation.page(number))

    async def total(self) -> int:
        """The number of records."""
        return (await self._session.execute(self._operation.page(0, 1))).total_record


def _single(
    make: Callable[P, Operation[T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.session.execute(make(*args, **kwargs))

    return documented_as(method, make)


def _paged(make: Callable[P, PagedOperation[T]]) -> Callable[Concatenate["AsyncClient", P], AsyncPages[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(self.session, make(*args, **kwargs))

    return documented_as(method, make)


def _flow(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await flow(self.session, *args, **kwargs)

    return documented_as(method, flow)


def _stream(
    flow: Callable[Concatenate[Session, P], AsyncGenerator[T]],
) -> Callable[Concatenate["AsyncClient", P], AsyncGenerator[T]]:
    def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        return flow(self.session, *args, **kwargs)

    return documented_as(method, flow)


class AsyncClient:
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

    campaigns = _paged(operations.campaigns.campaigns)
    campaign = _single(operations.campaigns.campaign)
    create_campaign = _single(operations.campaigns.create_campaign)
    update_campaign = _single(operations.campaigns.update_campaign)
    start_campaign = _single(operations.campaigns.start_campaign)
    pause_campaign = _single(operations.campaigns.pause_campaign)
    stop_campaign = _single(operations.campaigns.stop_campaign)

    contact_lists = _single(operations.contacts.contact_lists)
    contacts = _paged(operations.contacts.contacts)
    add_contact = _single(operations.contacts.add_contact)
    contact = _single(operations.contacts.contact)
    update_contact = _single(operations.contacts.update_contact)
    delete_contact = _single(operations.contacts.delete_contact)

    import_contacts = _single(operations.imports.import_contacts)
    import_file = _single(operations.imports.import_file)
    import_job = _single(operations.imports.import_job)
    import_jobs = _paged(operations.imports.import_jobs)
    import_rows = _paged(operations.imports.import_rows)
    save_rows_csv = _flow(operations.imports.save_rows_csv)
    wait = _flow(operations.imports.wait)
    watch = _stream(operations.imports.watch)
    undo_import = _flow(operations.imports.undo_import)

    dnc_lists = _paged(operations.do_not_call.dnc_lists)
    dnc_list = _single(operations.do_not_call.dnc_list)
    create_dnc_list = _single(operations.do_not_call.create_dnc_list)
    delete_dnc_list = _single(operations.do_not_call.delete_dnc_list)
    dnc_numbers = _paged(operations.do_not_call.dnc_numbers)
    add_dnc_number = _single(operations.do_not_call.add_dnc_number)
    add_dnc_numbers = _single(operations.do_not_call.add_dnc_numbers)
    add_dnc_csv = _single(operations.do_not_call.add_dnc_csv)
    save_dnc_csv = _flow(operations.do_not_call.save_dnc_csv)
    remove_dnc_number = _single(operations.do_not_call.remove_dnc_number)
    check_dnc = _single(operations.do_not_call.check_dnc)

    queues = _paged(operations.queues.queues)
    queue = _single(operations.queues.queue)
    create_queue = _single(operations.queues.create_queue)
    update_queue = _single(operations.queues.update_queue)
    delete_queue = _single(operations.queues.delete_queue)

    agents = _paged(operations.agents.agents)
    agent = _single(operations.agents.agent)
    create_agent = _single(operations.agents.create_agent)
    update_agent = _single(operations.agents.update_agent)
    delete_agent = _single(operations.agents.delete_agent)
    sign_in_agent = _single(operations.agents.sign_in_agent)
    sign_out_agent = _single(operations.agents.sign_out_agent)
    ready_agent = _single(operations.agents.ready_agent)
    next_preview = _single(operations.agents.next_preview)
    accept_preview = _single(operations.agents.accept_preview)
    skip_preview = _single(operations.agents.skip_preview)

    calls = _paged(operations.calls.calls)
    call = _single(operations.calls.call)
    attempts = _paged(operations.calls.attempts)
    save_calls_csv = _flow(operations.calls.save_calls_csv)

    live = _single(operations.live.live)
    campaign_live = _single(operations.live.campaign_live)
    watch_campaign = _stream(operations.live.watch_campaign)

    campaign_diagnostics = _single(operations.diagnostics.campaign_diagnostics)
    contact_diagnostics = _single(operations.diagnostics.contact_diagnostics)

    tenant = _single(operations.tenants.tenant)
    api_keys = _paged(operations.tenants.api_keys)
    create_api_key = _single(operations.tenants.create_api_key)
    revoke_api_key = _single(operations.tenants.revoke_api_key)
