"""`/webhooks/{webhookId}/deliveries`: what was sent, and sending it again."""

from functools import partial
from typing import Any

import msgspec

from tongdai import ids
from tongdai.clock import SystemClock
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.endpoint import (
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import DeliveryId, TenantId, WebhookId
from tongdai.webhooks import store
from tongdai.webhooks.api import NO_WEBHOOK, TAG, webhook_id_of
from tongdai.webhooks.deliveries import history
from tongdai.webhooks.deliveries.model import DeliveryState
from tongdai.webhooks.deliveries.view import (
    SAMPLE,
    DeliveryDetail,
    DeliveryPage,
    Replay,
    Replayed,
    TestSent,
    content,
    view,
)
from tongdai.webhooks.model import Webhook

MOST_REPLAYED = 5_000
"""Deliveries that one request sends again."""
_STATES = [state.value for state in DeliveryState]
_ENDED = [DeliveryState.DELIVERED.value, DeliveryState.FAILED.value]
_BODY_SAMPLE: dict[str, Any] = {
    "type": "call.ended",
    "timestamp": "2026-03-10T02:01:14.500000Z",
    "sequence": 3,
    "data": {},
}
_replay = msgspec.json.Decoder(Replay)
_clock = SystemClock()
_for_deliveries: Any = partial(Endpoint, scope=Scope.ADMIN, tag=TAG)
_NO_DELIVERY = NotFound("Delivery not found")
_OFF = InvalidState("The webhook is switched off: switch it on first")


@endpoint(
    _for_deliveries(
        method="GET",
        path="/webhooks/{webhookId}/deliveries",
        summary="List the deliveries to a webhook, newest first",
        description="Deliveries are kept for `webhook_days`, by default 30.",
        query=(
            Query("state", "Only deliveries of this state", {"type": "string", "enum": _STATES}, "failed"),
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=DeliveryPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
        failures=(NO_WEBHOOK,),
    )
)
async def list_deliveries(request: Request) -> Response:
    webhook_id, tenant_id, query = webhook_id_of(request), principal_of(request).tenant_id, query_of(request)
    state = _state("state", paging.single(query, "state"), _STATES)
    wanted = cursor.list_request(request, query, DeliveryId)
    async with connection(request) as conn:
        await _webhook(conn, tenant_id, webhook_id)
        part = await wanted.fetch(
            page=partial(history.page, conn, tenant_id, webhook_id, state),
            after=partial(history.after, conn, tenant_id, webhook_id, state),
            key=lambda row: row.delivery_id,
        )
    return ok(DeliveryPage(totalRecord=part.total, nextCursor=part.next, data=[view(row) for row in part.rows]))


@endpoint(
    _for_deliveries(
        method="GET",
        path="/webhooks/{webhookId}/deliveries/{deliveryId}",
        summary="Get a delivery with the body of its requests",
        response=DeliveryDetail,
        sample={"success": "1", "data": {**SAMPLE, "body": _BODY_SAMPLE}},
        failures=(_NO_DELIVERY,),
    )
)
async def get_delivery(request: Request) -> Response:
    webhook_id, delivery_id, tenant_id = *_ids(request), principal_of(request).tenant_id
    async with connection(request) as conn:
        webhook = await _webhook(conn, tenant_id, webhook_id)
        found = await history.find(conn, tenant_id, webhook_id, delivery_id)
    if found is None:
        raise _NO_DELIVERY
    return ok(DeliveryDetail(data=content(found, webhook.target.body)))


@endpoint(
    _for_deliveries(
        method="POST",
        path="/webhooks/{webhookId}/deliveries/{deliveryId}/replay",
        summary="Send a delivery again, with the same webhook-id; or now, if it waits",
        response=Done,
        sample=done_sample("Delivery is sent again"),
        failures=(_NO_DELIVERY, _OFF),
        states=True,
    )
)
async def replay_delivery(request: Request) -> Response:
    webhook_id, delivery_id, tenant_id = *_ids(request), principal_of(request).tenant_id
    raw = await body.read_nothing(request)

    async def work(conn: Connection) -> Done:
        if not (await _webhook(conn, tenant_id, webhook_id)).enabled:
            raise _OFF
        if not await history.replay(conn, tenant_id, webhook_id, delivery_id):
            raise _NO_DELIVERY
        return Done(error_message="Delivery is sent again")

    return await once(request, raw, work)


@endpoint(
    _for_deliveries(
        method="POST",
        path="/webhooks/{webhookId}/replay",
        summary="Send again what happened in a span of time, the oldest first",
        description=(
            f"At most {MOST_REPLAYED} deliveries at a request; `more` says whether there are others: repeat it with "
            "the `endedBefore` of the response. Messages keep their `webhook-id`. What was never written for this "
            "webhook cannot be sent again."
        ),
        body=Replay,
        refine={"Replay": {"state": {"enum": [*_ENDED, None]}}},
        body_sample={"since": "2026-03-10T00:00:00Z", "before": "2026-03-11T00:00:00Z", "state": "failed"},
        response=Replayed,
        sample=done_sample("Deliveries are sent again", replayed=214, more=False, endedBefore="2026-03-11T08:00:00Z"),
        failures=(NO_WEBHOOK, _OFF),
        states=True,
    )
)
async def replay_deliveries(request: Request) -> Response:
    webhook_id, tenant_id, now = webhook_id_of(request), principal_of(request).tenant_id, _clock.now()
    raw = await body.read_json(request)
    sent = body.decode(raw, _replay)
    ended_before = now if sent.endedBefore is None else sent.endedBefore
    if any(at.tzinfo is None for at in (sent.since, sent.before, ended_before)):
        raise InvalidInput("since, before and endedBefore must have an offset, as 2026-03-10T00:00:00Z")
    state = _state("state", sent.state, _ENDED)

    async def work(conn: Connection) -> Replayed:
        if not (await _webhook(conn, tenant_id, webhook_id)).enabled:
            raise _OFF
        span = (sent.since, sent.before, state, ended_before)
        found = await history.replay_all(conn, tenant_id, webhook_id, *span, MOST_REPLAYED)
        return Replayed(
            error_message="Deliveries are sent again",
            replayed=found,
            more=found == MOST_REPLAYED,
            endedBefore=ended_before,
        )

    return await once(request, raw, work)


@endpoint(
    _for_deliveries(
        method="POST",
        path="/webhooks/{webhookId}/test",
        summary="Send a test event, webhook.test, to a webhook",
        response=TestSent,
        sample=done_sample("Test event is sent", deliveryId=71),
        failures=(NO_WEBHOOK, _OFF),
        states=True,
    )
)
async def test_webhook(request: Request) -> Response:
    webhook_id, tenant_id = webhook_id_of(request), principal_of(request).tenant_id
    raw = await body.read_nothing(request)

    async def work(conn: Connection) -> TestSent:
        await _webhook(conn, tenant_id, webhook_id)
        delivery_id = await history.send_test(conn, tenant_id, webhook_id)
        if delivery_id is None:
            raise _OFF
        return TestSent(error_message="Test event is sent", deliveryId=delivery_id)

    return await once(request, raw, work)


async def _webhook(conn: Connection, tenant_id: TenantId, webhook_id: WebhookId) -> Webhook:
    found = await store.find(conn, tenant_id, webhook_id)
    if found is None:
        raise NO_WEBHOOK
    return found


def _ids(request: Request) -> tuple[WebhookId, DeliveryId]:
    delivery_id = DeliveryId(ids.from_path(request.path_params["deliveryId"], "Delivery"))
    return webhook_id_of(request), delivery_id


def _state(name: str, text: str | None, known: list[str]) -> DeliveryState | None:
    if text is not None and text not in known:
        raise InvalidInput(f"{name} must be of {', '.join(known)}, not {shown(text)!r}")
    return None if text is None else DeliveryState(text)


HANDLERS: list[Route] = [list_deliveries, get_delivery, replay_delivery, replay_deliveries, test_webhook]
