"""Server-sent events: an endpoint polls a value and sends an event for each change until the client disconnects."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from tongdai import metrics
from tongdai.db.unavailable import unavailable
from tongdai.errors import Unavailable
from tongdai.http import paging
from tongdai.http.endpoint import Query
from tongdai.http.request import Request, StreamingResponse, principal_of, query_of, settings_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.ids import TenantId

T = TypeVar("T")

QUIET_S = 15.0
"""A comment is sent after this time without an event, so that proxies keep the connection."""
RETRY_AFTER_S = 5
MAX_EVENTS = 1_000_000
EVENTS = Query(
    "events",
    "Number of events after which the stream ends",
    {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS},
    1,
)
_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
_encode = msgspec.json.Encoder().encode


class _Streams:
    def __init__(self) -> None:
        self.open = 0
        self.of_tenants = Counter[TenantId]()
        """Open streams by tenant, those with at least one."""

    def full(self, tenant_id: TenantId, at_most: int) -> bool:
        """Whether a tenant may not open another stream: it may have a quarter of all, and at least one."""
        return self.open >= at_most or self.of_tenants[tenant_id] >= max(1, at_most // 4)

    def begun(self, tenant_id: TenantId) -> None:
        self.open += 1
        metrics.EVENT_STREAMS.inc()
        self.of_tenants[tenant_id] += 1

    def ended(self, tenant_id: TenantId) -> None:
        self.open -= 1
        metrics.EVENT_STREAMS.dec()
        self.of_tenants[tenant_id] -= 1
        if not self.of_tenants[tenant_id]:
            del self.of_tenants[tenant_id]


_streams = _Streams()


def too_many() -> Unavailable:
    """The failure of a request that exceeds `max_event_streams`, or its tenant's quarter of it."""
    return Unavailable("Too many event streams are open: poll instead, or try again", RETRY_AFTER_S)


def media(example: bytes) -> Mapping[str, Mapping[str, Any]]:
    """Media type of an event stream, for `Endpoint.response_media`."""
    return {"text/event-stream": {"schema": {"type": "string"}, "example": example.decode()}}


def event(name: str, data: object) -> bytes:
    """Encode an event, its data as JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _encode(data))


def at_most(request: Request) -> int | None:
    """The parameter EVENTS of a request; None: the stream does not end by itself."""
    return paging.whole(query_of(request), EVENTS.name, 0, 1, MAX_EVENTS) or None


@dataclass(frozen=True, slots=True)
class EventSource(Generic[T]):
    """A value that changes, and the events about it."""

    read: Callable[[], Awaitable[T]]
    """Read the present value; no database connection is held between two reads."""
    encode: Callable[[T], bytes]
    """Encode the event of a value."""
    poll_s: float
    is_last: Callable[[T], bool] = lambda _: False
    """Whether the value is final, so that the stream ends."""
    same: Callable[[T, T], bool] = lambda one, other: one == other
    at_most: int | None = None
    """Number of events after which the stream ends."""


def stream(request: Request, source: EventSource[T], first: T) -> StreamingResponse:
    """A streamed response that begins with the event of `first`; Unavailable when too many streams are open."""
    if _streams.full(principal_of(request).tenant_id, settings_of(request).max_event_streams):
        raise too_many()
    return StreamingResponse(_events(request, source, first), headers=_HEADERS)


async def _events(request: Request, source: EventSource[T], last: T) -> AsyncGenerator[bytes]:
    """Yield events until the value is final, the client disconnects, its key becomes invalid or the server stops."""
    loop, tenant_id, stopping = asyncio.get_running_loop(), principal_of(request).tenant_id, request.resources.stopping
    _streams.begun(tenant_id)
    ending = asyncio.create_task(stopping.wait())
    try:
        async with disconnected(request) as gone:
            yield source.encode(last)
            sent_at, events = loop.time(), 1
            while not source.is_last(last) and events != source.at_most and not gone.done():
                await asyncio.wait((gone, ending), timeout=source.poll_s, return_when=asyncio.FIRST_COMPLETED)
                if stopping.is_set() or not await _still_authorised(request):
                    return
                now = await _read(source, last)
                if not source.same(now, last):
                    yield source.encode(now)
                    sent_at, last, events = loop.time(), now, events + 1
                elif loop.time() - sent_at >= QUIET_S:
                    yield b": still there\n\n"
                    sent_at = loop.time()
    finally:
        ending.cancel()
        _streams.ended(tenant_id)


async def _still_authorised(request: Request) -> bool:
    """Whether the key is still valid; assumed while the database is unavailable, when no new value is sent either."""
    try:
        return await request.resources.guard.still(request)
    except Exception as error:
        if not unavailable(error):
            raise
        return True


async def _read(source: EventSource[T], last: T) -> T:
    """Read the value; the last one while the database is unavailable or crowded."""
    try:
        return await source.read()
    except Exception as error:
        if not isinstance(error, Unavailable) and not unavailable(error):
            raise
        return last
