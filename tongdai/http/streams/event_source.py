"""Server-sent events: something is told of as it changes, for as long as its client listens."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from tongdai.db.pool import unreachable
from tongdai.errors import Unavailable
from tongdai.http.request import Request, Stream, principal_of, settings_of
from tongdai.http.streams.disconnect import watched
from tongdai.ids import TenantId

T = TypeVar("T")

QUIET_S = 15.0
"""After so long without an event a comment tells everybody on the way that the connection lives."""
RETRY_AFTER_S = 5
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
        """Who has none is not in it."""

    def full(self, tenant_id: TenantId, at_most: int) -> bool:
        """For that tenant, which may have a quarter of all, and one in any case."""
        return self.open >= at_most or self.of_tenants[tenant_id] >= max(1, at_most // 4)

    def begun(self, tenant_id: TenantId) -> None:
        self.open += 1
        self.of_tenants[tenant_id] += 1

    def ended(self, tenant_id: TenantId) -> None:
        self.open -= 1
        self.of_tenants[tenant_id] -= 1
        if not self.of_tenants[tenant_id]:
            del self.of_tenants[tenant_id]


_streams = _Streams()


def open_streams() -> int:
    """How many clients this process tells something."""
    return _streams.open


def too_many() -> Unavailable:
    """What those get who come when `max_event_streams` clients listen, or a quarter of them of the same tenant."""
    return Unavailable("Too many event streams are open: poll instead, or try again", RETRY_AFTER_S)


def media(example: bytes) -> Mapping[str, Mapping[str, Any]]:
    """For `Endpoint.answer_media`."""
    return {"text/event-stream": {"schema": {"type": "string"}, "example": example.decode()}}


def event(name: str, data: object) -> bytes:
    """One event, with its data as JSON."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _encode(data))


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What is told of."""

    look: Callable[[], Awaitable[T]]
    """How it is now. It holds no connection between two looks."""
    written: Callable[[T], bytes]
    """The event of it."""
    poll_s: float
    is_last: Callable[[T], bool] = lambda _: False
    """Whether nothing changes any more."""
    same: Callable[[T, T], bool] = lambda one, other: one == other
    at_most: int | None = None
    """After so many events it is over."""


def stream(request: Request, told: Told[T], first: T) -> Stream:
    """An answer that begins with `first`. Unavailable when too many clients, or the tenant's, are told already."""
    if _streams.full(principal_of(request).tenant_id, settings_of(request).max_event_streams):
        raise too_many()
    return Stream(_events(request, told, first), headers=_HEADERS)


async def _events(request: Request, told: Told[T], last: T) -> AsyncGenerator[bytes]:
    """Until nothing changes any more, the client goes or its key no longer lets it in."""
    loop, tenant_id = asyncio.get_running_loop(), principal_of(request).tenant_id
    _streams.begun(tenant_id)
    try:
        async with watched(request) as gone:
            yield told.written(last)
            told_at, events = loop.time(), 1
            while not told.is_last(last) and events != told.at_most and not gone.done():
                await asyncio.wait((gone,), timeout=told.poll_s)
                if not await _still_let_in(request):
                    return
                now = await _look(told, last)
                if not told.same(now, last):
                    yield told.written(now)
                    told_at, last, events = loop.time(), now, events + 1
                elif loop.time() - told_at >= QUIET_S:
                    yield b": still there\n\n"
                    told_at = loop.time()
    finally:
        _streams.ended(tenant_id)


async def _still_let_in(request: Request) -> bool:
    """As it was while the database is away: nothing new is told then."""
    try:
        return await request.resources.guard.still(request)
    except Exception as error:
        if not unreachable(error):
            raise
        return True


async def _look(told: Told[T], last: T) -> T:
    """As it was last while the database is away."""
    try:
        return await told.look()
    except Exception as error:
        if not unreachable(error):
            raise
        return last
