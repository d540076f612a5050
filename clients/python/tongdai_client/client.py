"""`Client`: the SDK for programs without an event loop."""

import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx2

from tongdai_client.methods import Methods, implemented_by
from tongdai_client.models.base import Page
from tongdai_client.operation import PagedOperation, counted
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
    """The records of a list, requested while it is iterated over.

    Iterating reads by cursors: a record that is in the list all the time comes exactly once, whatever is inserted,
    changed or deleted meanwhile. Each iteration begins anew. `page` and `total` number and count the records as the
    list is at that moment.
    """

    def __init__(self, session: Session, operation: PagedOperation[T]) -> None:
        self._session, self._operation = session, operation

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page[T]]:
        """Yield the records in parts of up to `page_size`, as iterating over them reads them."""
        cursor: str | None = self._operation.start
        while cursor is not None:
            part = run(self._session.execute(self._operation.behind(cursor)))
            yield part
            cursor = part.next_cursor

    def page(self, number: int) -> Page[T]:
        """One numbered page, counted from 0; empty after the last."""
        return run(self._session.execute(self._operation.page(number)))

    def total(self) -> int:
        """The number of records."""
        return counted(run(self._session.execute(self._operation.page(0, 1))))


def _method(
    flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(flow(self.session, *args, **kwargs))

    return method


def _paged(make: Callable[P, PagedOperation[T]]) -> Callable[Concatenate["Client", P], Pages[T]]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return Pages(self.session, make(*args, **kwargs))

    return method


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

    return method


@implemented_by(_method, _paged, _stream)
class Client(Methods):
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
