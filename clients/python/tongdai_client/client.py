"""`Client`: the SDK for programs without an event loop."""

import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai_client import operations
from tongdai_client.method_signature import documented_as
from tongdai_client.models.base import Page
from tongdai_client.operation import Operation, PagedOperation
from tongdai_client.retry import Retry
from tongdai_client.session import Session
from tongdai_client.transport import BlockingTransport, server_config

T = TypeVar("T")
P = ParamSpec("P")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never suspends, as those over a blocking transport do not."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    coroutine.close()
    raise AssertionError("a coroutine over a blocking transport suspended")


class Pages(Generic[T]):
    """The records of a list. Pages are requested while it is iterated over."""

    def __init__(self, session: Session, operation: PagedOperation[T]) -> None:
        self._session, self._operation = session, operation

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page[T]]:
        """Yield the pages, from the first to the last."""
        number = 0
        while True:
            page = self.page(number)
            yield page
            number += 1
            if self._operation.ends_with(page, number):
                return

    def page(self, number: int) -> Page[T]:
        """One page, counted from 0; empty after the last."""
        return run(self._session.execute(self._operation.page(number)))

    def total(self) -> int:
        """The number of records."""
        return run(self._session.execute(self._operation.page(0, 1))).total_record


def _single(make: Callable[P, Operation[T]]) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(self.session.execute(make(*args, **kwargs)))

    return documented_as(method, make)


def _paged(make: Callable[P, PagedOperation[T]]) -> Callable[Concatenate["Client", P], Pages[T]]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return Pages(self.session, make(*args, **kwargs))

    return documented_as(method, make)


def _flow(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(flow(self.session, *args, **kwargs))

    return documented_as(method, flow)


def _stream(
    flow: Callable[Concatenate[Session, P], AsyncGenerator[T]],
) -> Callable[Concatenate["Client", P], Generator[T]]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Generator[T]:
        states = flow(self.session, *args, **kwargs)
        try:
            while True:
                try:
                    yield run(anext(states))
                except StopAsyncIteration:
                    return
        finally:
            run(states.aclose())

    return documented_as(method, flow)


class Client:
    """A Tongdai server, for programs without an event loop. Safe to use from several threads.

        with Client("http://127.0.0.1:8080", "sk_live_…") as client:
            started = client.import_file(1042, "contacts.csv", list_name="May")
            job = client.wait(started)
            for row in client.import_rows(job, outcome="failed"):
                print(row.row, row.phone_number, row.reason)

    `base_url` may end in `/v1` or `/api/v1`. `base_url` and `api_key` default to the environment variables TONGDAI_URL
    and TONGDAI_API_KEY. A platform key needs `tenant_id`, the tenant to act for. `timeout` is in seconds, for
    connecting and for each read or write. `retry` is the retry policy; retried operations have no second effect.
    Failures raise subclasses of TongdaiError. `ssl_context` is for private certificates; `transport` is httpx2's.
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
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        server = server_config(base_url, api_key, tenant_id, timeout)
        self._transport = BlockingTransport(server, transport, ssl_context)
        self.session = Session(self._transport, retry or Retry())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's URL, ending in the version of the API."""
        return self._transport.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. The client cannot be used afterwards."""
        self._transport.http.close()

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
