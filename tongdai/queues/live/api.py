"""`/queues/live` and `/queues/inbound/{id}/live`: live figures of queues, also as server-sent events."""

from tongdai import ids
from tongdai.contacts.numbers import phone
from tongdai.errors import NotFound
from tongdai.http import paging
from tongdai.http.endpoint import (
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.principal import Scope
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.http.streams.shared import SharedReadings
from tongdai.ids import QueueId, TenantId
from tongdai.queues.live import store
from tongdai.queues.live.model import MAX_SERVICE_S, SERVICE_S
from tongdai.queues.live.view import (
    ALL_SAMPLE,
    SAMPLE,
    QueueLiveDetail,
    QueuesLive,
    queue_live,
    queues_live,
)

_TAG = "Inbound queues"
POLL_S, FRESH_S = 0.5, 0.25
"""How often a stream asks for the figures, and how old they may be by then: within a second of a change it has them."""
_shared = SharedReadings[tuple[TenantId, QueueId | None, int | None], QueuesLive | QueueLiveDetail](FRESH_S)
"""The figures that streams follow, by tenant, queue (None: all) and threshold: read once for all streams."""
_SERVICE = Query(
    "serviceLevelSec",
    "The threshold of the service level, T; without it each queue has its own, by its settings",
    {"type": "integer", "minimum": 1, "maximum": MAX_SERVICE_S},
    SERVICE_S,
)
_FORMULAS = (
    "`serviceLevelOfAnswered` is answered within T / answered, `serviceLevelOfOffered` answered within T / (offered - "
    "abandoned within S), `abandonRate` abandoned / offered, in percent; T is `serviceLevelSec`, S `shortAbandonSec`. "
    "They count the callers who entered a queue in the period, once they do not wait any more."
)
_STREAM = (
    "`event: live` with the figures as `data`, the first at once, then when something has changed, at most each half "
    "second, until the client disconnects or `events` of them were sent. A comment each 15 s shows that the connection "
    f"is open. {_FORMULAS}"
)


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/live",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get live figures of all inbound queues: callers who wait, agents by state, service level",
        description=f"At most {store.MAX_QUEUES} queues, the first by id. {_FORMULAS}",
        query=(_SERVICE,),
        response=QueuesLive,
        sample=ALL_SAMPLE,
    )
)
async def all_live(request: Request) -> Response:
    return ok(await _all(request))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/live/events",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Follow the live figures of all inbound queues as server-sent events",
        description=_STREAM,
        query=(_SERVICE, event_source.EVENTS),
        response=None,
        sample=ALL_SAMPLE,
        response_media=event_source.media(event_source.event("live", ALL_SAMPLE)),
        failures=(event_source.too_many(),),
    )
)
async def all_events(request: Request) -> StreamingResponse:
    source = EventSource(lambda: _followed(request, None), _event, POLL_S, at_most=event_source.at_most(request))
    return event_source.stream(request, source, await _all(request))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}/live",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Get live figures of an inbound queue, with its callers in their order",
        description=_FORMULAS,
        query=(_SERVICE,),
        response=QueueLiveDetail,
        sample=SAMPLE,
    )
)
async def live(request: Request) -> Response:
    return ok(await _one(request))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/inbound/{id}/live/events",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Follow the live figures of an inbound queue as server-sent events",
        description=_STREAM,
        query=(_SERVICE, event_source.EVENTS),
        response=None,
        sample=SAMPLE,
        response_media=event_source.media(event_source.event("live", SAMPLE)),
        failures=(event_source.too_many(),),
    )
)
async def events(request: Request) -> StreamingResponse:
    first = await _one(request)
    source = EventSource(
        lambda: _followed(request, QueueId(first.callin_id)), _event, POLL_S, at_most=event_source.at_most(request)
    )
    return event_source.stream(request, source, first)


async def _followed(request: Request, queue_id: QueueId | None) -> QueuesLive | QueueLiveDetail:
    """The figures as a stream has them."""
    key = principal_of(request).tenant_id, queue_id, _service_s(request)
    return await _shared.read(key, lambda: _all(request) if queue_id is None else _one(request))


async def _all(request: Request) -> QueuesLive:
    tenant_id, service_s = principal_of(request).tenant_id, _service_s(request)
    async with connection(request) as conn:
        found = await store.figures(conn, tenant_id, service_s)
        agents = await store.agents_of_tenant(conn, tenant_id)
    return queues_live(found, agents, service_s)


async def _one(request: Request) -> QueueLiveDetail:
    who = principal_of(request)
    queue_id = QueueId(ids.from_path(request.path_params["id"], "Inbound queue"))
    service_s = _service_s(request)
    async with connection(request) as conn:
        found = await store.figures(conn, who.tenant_id, service_s, [queue_id])
    if not found.queues:
        raise NotFound("Inbound queue not found")
    return queue_live(found.queues[0], phone.formatter(who.country))


def _service_s(request: Request) -> int | None:
    return paging.whole(query_of(request), "serviceLevelSec", 0, 1, MAX_SERVICE_S) or None


def _event(figures: QueuesLive | QueueLiveDetail) -> bytes:
    return event_source.event("live", figures)


HANDLERS: list[Route] = [all_live, all_events, live, events]
