"""`Client`: the SDK for programs without an event loop."""

import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai.client import agent_operations, call_figures, do_not_call, imports, operations
from tongdai.client.calls import Call, Listing
from tongdai.client.model import Page
from tongdai.client.retry import Retry
from tongdai.client.session import Session
from tongdai.client.signatures import like
from tongdai.client.transports import Blocking, target_of

T = TypeVar("T")
P = ParamSpec("P")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits for anything, as those over a blocking transport do."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    coroutine.close()
    raise AssertionError("a blocking transport made a coroutine wait")


class Pages(Generic[T]):
    """The records of a list, asked for by pages while they are iterated over."""

    def __init__(self, session: Session, listing: Listing[T]) -> None:
        self._session, self._listing = session, listing

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page[T]]:
        """Page after page, to the last."""
        number = 0
        while True:
            page = self.page(number)
            yield page
            number += 1
            if self._listing.ends_with(page, number):
                return

    def page(self, number: int) -> Page[T]:
        """One page, counted from 0; empty past the end."""
        return run(self._session.do(self._listing.page(number)))

    def total(self) -> int:
        """How many records there are."""
        return run(self._session.do(self._listing.page(0, 1))).total_record


def _call(operation: Callable[P, Call[T]]) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(self.session.do(operation(*args, **kwargs)))

    return like(method, operation)


def _pages(operation: Callable[P, Listing[T]]) -> Callable[Concatenate["Client", P], Pages[T]]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return Pages(self.session, operation(*args, **kwargs))

    return like(method, operation)


def _flow(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(flow(self.session, *args, **kwargs))

    return like(method, flow)


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

    return like(method, flow)


class Client:
    """A Tongdai server, for programs without an event loop. May be used by several threads at once.

        with Client("http://127.0.0.1:8080", "sk_live_…") as client:
            started = client.import_file(1042, "contacts.csv", list_name="May")
            job = client.wait(started)
            for row in client.import_rows(job, outcome="failed"):
                print(row.row, row.phone_number, row.reason)

    `base_url` may end in `/v1` or `/api/v1`; without it and without `api_key` the environment is asked (TONGDAI_URL,
    TONGDAI_API_KEY). `tenant_id` says whom to act for with a platform key. `timeout` is how many seconds to wait for
    each next sign of the server. Calls are tried again as `retry` says, and do nothing twice. Failures are exceptions,
    of class TongdaiError. `ssl_context` is for certificates of one's own; `transport` is httpx2's.
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
        self._transport = Blocking(target_of(base_url, api_key, tenant_id, timeout), transport, ssl_context)
        self.session = Session(self._transport, retry or Retry())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's, with its version."""
        return self._transport.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections. It cannot be used afterwards."""
        self._transport.http.close()

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
