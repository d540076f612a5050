"""`AsyncClient`: the SDK for programs on an event loop, asyncio's or trio's."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai.client import agent_operations, call_figures, do_not_call, imports, operations
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
    contact = _call(operations.contact)
    update_contact = _call(operations.update_contact)
    delete_contact = _call(operations.delete_contact)
    dnc_lists = _pages(do_not_call.dnc_lists)
    dnc_list = _call(do_not_call.dnc_list)
    create_dnc_list = _call(do_not_call.create_dnc_list)
    delete_dnc_list = _call(do_not_call.delete_dnc_list)
    dnc_numbers = _pages(do_not_call.dnc_numbers)
    add_dnc_number = _call(do_not_call.add_dnc_number)
    add_dnc_numbers = _call(do_not_call.add_dnc_numbers)
    add_dnc_csv = _call(do_not_call.add_dnc_csv)
    save_dnc_csv = _flow(do_not_call.save_dnc_csv)
    remove_dnc_number = _call(do_not_call.remove_dnc_number)
    check_dnc = _call(do_not_call.check_dnc)
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
    agents = _pages(agent_operations.agents)
    agent = _call(agent_operations.agent)
    create_agent = _call(agent_operations.create_agent)
    update_agent = _call(agent_operations.update_agent)
    delete_agent = _call(agent_operations.delete_agent)
    sign_in_agent = _call(agent_operations.sign_in_agent)
    sign_out_agent = _call(agent_operations.sign_out_agent)
    ready_agent = _call(agent_operations.ready_agent)
    offer_contact = _call(agent_operations.offer_contact)
    accept_contact = _call(agent_operations.accept_contact)
    skip_contact = _call(agent_operations.skip_contact)
    calls = _pages(call_figures.calls)
    save_calls_csv = _flow(call_figures.save_calls_csv)
    call_record = _call(call_figures.call_record)
    attempts = _pages(call_figures.attempts)
    diagnostics = _call(call_figures.diagnostics)
    why = _call(call_figures.why)
    live = _call(call_figures.live)
    campaign_live = _call(call_figures.campaign_live)
    watch_campaign = _stream(call_figures.watch_campaign)
    tenant = _call(operations.tenant)
    api_keys = _pages(operations.api_keys)
    create_api_key = _call(operations.create_api_key)
    revoke_api_key = _call(operations.revoke_api_key)
