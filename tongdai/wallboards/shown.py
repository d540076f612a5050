"""`/wallboard`: what a board shows, for whoever has its token. No caller is in it, and no agent by name."""

from datetime import datetime
from functools import partial
from typing import Any

from tongdai.clock import SystemClock
from tongdai.errors import Unauthorized
from tongdai.http.endpoint import Endpoint, Request, Response, Route, StreamingResponse, connection, endpoint
from tongdai.http.endpoint import principal_of as who
from tongdai.http.envelope import ok
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.http.streams.shared import SharedReadings
from tongdai.ids import TenantId, WallboardId
from tongdai.queues.live import store as queues
from tongdai.wallboards import store
from tongdai.wallboards.view import SHOWN_SAMPLE, Board, Shown, board_of

POLL_S, FRESH_S = 1.0, 0.5
_clock = SystemClock()
Reading = tuple[datetime, Board]
"""When a board was read, and its content."""
_shared = SharedReadings[tuple[TenantId, WallboardId], Reading | None](FRESH_S)
"""The content of boards (None: it was revoked just now), read once for all televisions that have one."""
_for_boards: Any = partial(Endpoint, scope=None, wallboard=True, tag="Wallboards")


@endpoint(
    _for_boards(
        method="GET",
        path="/wallboard",
        summary="Get what the wallboard of the token shows",
        response=Shown,
        sample=SHOWN_SAMPLE,
    )
)
async def get_shown(request: Request) -> Response:
    reading = await _read(request)
    if reading is None:
        raise Unauthorized
    at, board = reading
    return ok(Shown(now=_clock.now(), read_at=at, board=board))


@endpoint(
    _for_boards(
        method="GET",
        path="/wallboard/events",
        summary="Follow what the wallboard of the token shows, as server-sent events",
        description=(
            "`event: wallboard` each second: `now`, the server's time; `readAt`, when the board was read; and `board`, "
            "if it changed, the first time always. The stream ends when the token is revoked, when the client "
            "disconnects, or after `events` of them."
        ),
        query=(event_source.EVENTS,),
        response=None,
        sample=SHOWN_SAMPLE,
        response_media=event_source.media(event_source.event("wallboard", SHOWN_SAMPLE)),
        failures=(event_source.too_many(),),
    )
)
async def follow_shown(request: Request) -> StreamingResponse:
    sent: Board | None = None

    def encode(reading: Reading | None) -> bytes:
        nonlocal sent
        if reading is None:
            return b": revoked\n\n"
        at, board = reading
        event: dict[str, object] = {"now": _clock.now(), "readAt": at}
        if board != sent:
            sent = event["board"] = board
        return event_source.event("wallboard", event)

    async def read() -> Reading | None:
        by = who(request)
        assert by.wallboard_id is not None, "the guard lets nobody else in"
        return await _shared.read((by.tenant_id, by.wallboard_id), partial(_read, request))

    source = EventSource(
        read,
        encode,
        POLL_S,
        is_last=lambda reading: reading is None,
        same=lambda one, other: one is other,
        at_most=event_source.at_most(request),
    )
    return event_source.stream(request, source, await read())


async def _read(request: Request) -> Reading | None:
    """None: the board was revoked just now."""
    by, at = who(request), _clock.now()
    assert by.wallboard_id is not None, "the guard lets nobody else in"
    async with connection(request) as conn:
        board = await store.find(conn, by.tenant_id, by.wallboard_id)
        if board is None:
            return None
        await store.seen(conn, by.tenant_id, by.wallboard_id)
        only = board.look.queue_ids or None
        figures = await queues.figures(conn, by.tenant_id, None, only)
        agents = await queues.agents_of_tenant(conn, by.tenant_id, only)
    return at, board_of(board.look, figures, agents)


HANDLERS: list[Route] = [get_shown, follow_shown]
