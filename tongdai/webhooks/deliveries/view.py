"""Deliveries on the wire."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.http.cursor import Listed
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.webhooks.deliveries.bodies import body_of
from tongdai.webhooks.deliveries.model import DeliveryState, Fault, Message, Record
from tongdai.webhooks.model import TEST, Body, Event

EVENTS = [*(event.value for event in Event), TEST]


class DeliveryView(msgspec.Struct):
    deliveryId: int
    """The delivery."""
    messageId: str
    """The header `webhook-id` of its requests, the same at each try."""
    event: Annotated[str, one_of(EVENTS)]
    """The event."""
    occurredAt: datetime
    """When it happened."""
    state: Annotated[str, one_of(DeliveryState)]
    """How far it is; `waiting`: it is yet to be tried, or to be tried again; `failed`: it was given up."""
    attempts: int
    """How often it was tried."""
    triedAt: datetime | None
    """When it was tried last; null: never."""
    status: int | None
    """The status of HTTP of the last response; null: there was none."""
    fault: Annotated[str, one_of(Fault)] | None
    """Why the last try failed; null: it did not, or there was none."""
    tookMs: int | None
    """Milliseconds that the last try took."""
    nextTryAt: datetime | None
    """When it is tried next; null: it is not."""
    endedAt: datetime | None
    """When it was delivered or given up; null: neither."""


class DeliveryPage(Listed, kw_only=True):
    data: list[DeliveryView]
    """The deliveries, newest first."""


class DeliveryContent(DeliveryView):
    body: dict[str, Any]
    """The body of its requests."""


class DeliveryDetail(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: DeliveryContent
    """The delivery."""


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    since: datetime
    """Events that happened from this instant on."""
    before: datetime
    """Events that happened before this instant."""
    state: str | None = None
    """Only what was `delivered`, or `failed`; null: both."""
    endedBefore: datetime | None = None
    """Only what was delivered or given up before this instant; null: before the request."""


class Replayed(Done, kw_only=True):
    replayed: int
    """Deliveries that are sent again."""
    more: bool
    """Whether there are more: repeat the request with this `endedBefore`, until there are none."""
    endedBefore: datetime
    """The instant before which what is sent again had ended: so nothing that is delivered meanwhile comes once more."""


class TestSent(Done, kw_only=True):
    __test__ = False
    deliveryId: int
    """The delivery of the test event."""


def view(of: Record) -> DeliveryView:
    return DeliveryView(*_fields(of))


def content(of: Record, body: Body) -> DeliveryContent:
    message = Message(of.message_id, of.event, of.occurred_at, of.sequence, of.data)
    return DeliveryContent(*_fields(of), body=msgspec.json.decode(body_of(message, body)))


def _fields(of: Record) -> tuple[Any, ...]:
    return (
        of.delivery_id,
        f"msg_{of.message_id.hex}",
        of.event,
        of.occurred_at,
        of.state,
        of.attempts,
        of.tried_at,
        of.status,
        of.fault,
        of.took_ms,
        of.due_at,
        of.ended_at,
    )


SAMPLE: dict[str, Any] = {
    "deliveryId": 71,
    "messageId": "msg_5b0f6c1e6a584a3b9d550f4b0a3d9c11",
    "event": "call.ended",
    "occurredAt": "2026-03-10T02:01:14.500000Z",
    "state": "delivered",
    "attempts": 1,
    "triedAt": "2026-03-10T02:01:14.600000Z",
    "status": 200,
    "fault": None,
    "tookMs": 41,
    "nextTryAt": None,
    "endedAt": "2026-03-10T02:01:14.700000Z",
}
