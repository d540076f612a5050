"""`/queues/inbound/{id}/hours` and `/queues/hours`: when queues are open, and where callers go otherwise."""

from typing import Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Scope
from tongdai.ids import QueueId, TenantId
from tongdai.queues.destinations import store as destinations
from tongdai.queues.hours import store
from tongdai.queues.hours.core import open_at
from tongdai.queues.hours.model import Closure
from tongdai.queues.hours.view import (
    CLOSURE_SCHEMA,
    HOURS_SCHEMA,
    ClosureSent,
    HoursView,
    OpeningHours,
    parse_closure,
    parse_hours,
    show_hours,
)

_TAG = "Opening hours"
NO_QUEUE = "Inbound queue not found"
_WEEK: list[dict[str, Any]] = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "12:00"},
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "13:00", "to": "17:30"},
]
_AFTER = {"kind": "message", "queueId": None, "number": None, "sound": "tongdai/closed", "menuId": None}
_SENT = {"openingHours": _WEEK, "observesHolidays": True, "afterHours": {"kind": "message", "sound": "tongdai/closed"}}
_SAMPLE = {
    "openingHours": _WEEK,
    "observesHolidays": None,
    "afterHours": _AFTER,
    "closed": None,
    "effective": {"openingHours": _WEEK, "observesHolidays": True, "afterHours": _AFTER},
    "timeZone": "Asia/Ho_Chi_Minh",
    "state": "closed",
    "reason": "holiday",
    "holiday": "Quốc khánh",
    "until": "2026-09-03T01:00:00Z",
}
_CLOSED = {"until": "2026-12-31T10:00:00Z", "note": "Year-end party"}
_SEMANTICS = (
    "Times are those of the tenant's time zone. A span belongs to the day on which it opens, also where it closes "
    "after midnight. A holiday closes the spans that open on it, unless it has hours of its own."
)

_hours = msgspec.json.Decoder(OpeningHours)
_closure = msgspec.json.Decoder(ClosureSent)


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}/hours",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get the opening hours of a queue, and whether it is open now",
        description=_SEMANTICS,
        response=HoursView,
        sample=_SAMPLE,
    )
)
async def get_hours(request: Request) -> Response:
    return await _show(request, _queue_id(request))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/hours",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get the default opening hours of the tenant's queues, and whether a queue with these is open now",
        description=_SEMANTICS,
        response=HoursView,
        sample=_SAMPLE,
    )
)
async def get_defaults(request: Request) -> Response:
    return await _show(request, None)


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/inbound/{id}/hours",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Set the opening hours of a queue, for callers who arrive from now on",
        description=f"Replaces all three settings; what is null or left out is the tenant's. {_SEMANTICS}",
        body=OpeningHours,
        refine=HOURS_SCHEMA,
        body_sample=_SENT,
        response=Done,
        sample=done_sample("Opening hours updated successfully"),
    )
)
async def set_hours(request: Request) -> Response:
    queue_id = _queue_id(request)
    return await _set(request, queue_id)


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/hours",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Set the default opening hours of the tenant's queues",
        description=f"Replaces all three settings; what is null or left out has its default. {_SEMANTICS}",
        body=OpeningHours,
        refine=HOURS_SCHEMA,
        body_sample=_SENT,
        response=Done,
        sample=done_sample("Opening hours updated successfully"),
        failures=(NotFound(NO_QUEUE),),
    )
)
async def set_defaults(request: Request) -> Response:
    return await _set(request, None)


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/inbound/{id}/closed",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Close a queue now, until an instant or until it is opened; callers who wait are served",
        body=ClosureSent,
        refine=CLOSURE_SCHEMA,
        body_sample=_CLOSED,
        response=Done,
        sample=done_sample("Inbound queue closed"),
    )
)
async def close(request: Request) -> Response:
    return await _close(request, _queue_id(request), "Inbound queue closed")


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/closed",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Close all queues of the tenant now, until an instant or until they are opened",
        body=ClosureSent,
        refine=CLOSURE_SCHEMA,
        body_sample=_CLOSED,
        response=Done,
        sample=done_sample("Inbound queues closed"),
    )
)
async def close_all(request: Request) -> Response:
    return await _close(request, None, "Inbound queues closed")


@endpoint(
    Endpoint(
        method="DELETE",
        path="/queues/inbound/{id}/closed",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Open a queue that was closed; its opening hours hold again",
        response=Done,
        sample=done_sample("Inbound queue opened"),
    )
)
async def reopen(request: Request) -> Response:
    return await _store_closure(request, _queue_id(request), None, "Inbound queue opened")


@endpoint(
    Endpoint(
        method="DELETE",
        path="/queues/closed",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Open all queues of the tenant that were closed together",
        response=Done,
        sample=done_sample("Inbound queues opened"),
    )
)
async def reopen_all(request: Request) -> Response:
    return await _store_closure(request, None, None, "Inbound queues opened")


def _queue_id(request: Request) -> QueueId:
    return QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))


async def _show(request: Request, queue_id: QueueId | None) -> Response:
    principal = principal_of(request)
    async with connection(request) as conn:
        found = await store.find(conn, principal.tenant_id, queue_id)
        if found is None:
            raise NotFound(NO_QUEUE)
        rules = await store.rules(conn, principal.tenant_id, found)
    own = found.tenant if queue_id is None else found.queue
    return ok(show_hours(own, rules, open_at(rules, found.now), principal.country))


async def _set(request: Request, queue_id: QueueId | None) -> Response:
    principal = principal_of(request)
    hours = parse_hours(body.decode(await body.read_json(request), _hours), principal.country)
    async with connection(request) as conn, conn.transaction():
        await _require(conn, principal.tenant_id, queue_id)
        await store.require_destination(conn, principal.tenant_id, queue_id, hours.after_hours)
        await store.change(conn, principal.tenant_id, queue_id, hours, principal.author)
    return ok(Done(error_message="Opening hours updated successfully"))


async def _close(request: Request, queue_id: QueueId | None, message: str) -> Response:
    sent = body.decode(await body.read_json(request), _closure)
    return await _store_closure(request, queue_id, sent, message)


async def _store_closure(
    request: Request, queue_id: QueueId | None, sent: ClosureSent | None, message: str
) -> Response:
    principal = principal_of(request)
    async with connection(request) as conn, conn.transaction():
        closure: Closure | None = None
        if sent is not None:
            closure = parse_closure(sent, await store.now(conn))
        await _require(conn, principal.tenant_id, queue_id)
        await store.close(conn, principal.tenant_id, queue_id, closure, principal.author)
    return ok(Done(error_message=message))


async def _require(conn: Connection, tenant_id: TenantId, queue_id: QueueId | None) -> None:
    if queue_id is not None and not await destinations.hold_queue(conn, tenant_id, queue_id):
        raise NotFound(NO_QUEUE)


HANDLERS: list[Route] = [
    get_defaults, set_defaults, close_all, reopen_all, get_hours, set_hours, close, reopen,
]  # fmt: skip
