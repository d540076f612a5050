"""Webhooks, and what was sent to them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from tongdai_client.models.base import Done
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    operation,
    paged_operation,
    without_none,
    without_unset,
)
from tongdai_client.webhooks.models import (
    Delivery,
    DeliveryDetail,
    Replayed,
    SecretRotated,
    WebhookCreated,
    WebhookDetail,
    Webhooks,
    WebhookTested,
)

_WEBHOOK = "/webhooks/{webhookId}"
_DELIVERY = f"{_WEBHOOK}/deliveries/{{deliveryId}}"


def webhooks() -> Operation[Webhooks]:
    """List the webhooks, by id, without their secrets."""
    return operation("GET", "/webhooks", (), Webhooks)


def webhook(webhook_id: int) -> Operation[WebhookDetail]:
    """Get a webhook."""
    return operation("GET", _WEBHOOK, (webhook_id,), WebhookDetail)


def create_webhook(
    url: str,
    events: Sequence[str],
    *,
    description: str | None = None,
    body: str | None = None,
    authorization: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[WebhookCreated]:
    """Register a webhook for events such as call.ended. Its secret is returned only here.

    `body` is vendor (the default) or tongdai; `authorization` is sent in the header of that name.
    """
    sent = without_none(url=url, events=list(events), description=description, body=body, authorization=authorization)
    return operation("POST", "/webhooks", (), WebhookCreated, body=sent, idempotency_key=idempotency_key)


def update_webhook(
    webhook_id: int,
    *,
    url: str | UnsetType = UNSET,
    events: Sequence[str] | UnsetType = UNSET,
    description: str | UnsetType = UNSET,
    body: str | UnsetType = UNSET,
    authorization: str | UnsetType | None = UNSET,
    enabled: bool | UnsetType = UNSET,
) -> Operation[Done]:
    """Change a webhook, or switch it off or on. What waits while it is off is kept; what happens meanwhile is not."""
    sent = without_unset(
        url=url, events=events, description=description, body=body, authorization=authorization, enabled=enabled
    )
    return operation("PATCH", _WEBHOOK, (webhook_id,), Done, body=sent)


def delete_webhook(webhook_id: int) -> Operation[Done]:
    """Delete a webhook with what waits for it and what was delivered."""
    return operation("DELETE", _WEBHOOK, (webhook_id,), Done)


def rotate_webhook_secret(
    webhook_id: int, *, overlap_hours: int = 24, idempotency_key: str | None = None
) -> Operation[SecretRotated]:
    """Make a new secret, which is returned only here. Both sign for `overlap_hours`."""
    sent = {"overlapHours": overlap_hours}
    path = f"{_WEBHOOK}/secret"
    return operation("POST", path, (webhook_id,), SecretRotated, body=sent, idempotency_key=idempotency_key)


def test_webhook(webhook_id: int, *, idempotency_key: str | None = None) -> Operation[WebhookTested]:
    """Send a test event, webhook.test, to a webhook."""
    return operation("POST", f"{_WEBHOOK}/test", (webhook_id,), WebhookTested, idempotency_key=idempotency_key)


def webhook_deliveries(
    webhook_id: int, *, state: str | None = None, page_size: int = PAGE_SIZE
) -> PagedOperation[Delivery]:
    """List the deliveries to a webhook, newest first, optionally in state waiting, delivered or failed."""
    return paged_operation(f"{_WEBHOOK}/deliveries", (webhook_id,), Delivery, page_size, {"state": state})


def webhook_delivery(webhook_id: int, delivery_id: int) -> Operation[DeliveryDetail]:
    """Get a delivery with the body of its requests."""
    return operation("GET", _DELIVERY, (webhook_id, delivery_id), DeliveryDetail)


def replay_webhook_delivery(
    webhook_id: int, delivery_id: int, *, idempotency_key: str | None = None
) -> Operation[Done]:
    """Send a delivery again, with the same webhook-id; or now, if it waits."""
    return operation("POST", f"{_DELIVERY}/replay", (webhook_id, delivery_id), Done, idempotency_key=idempotency_key)


def replay_webhook(
    webhook_id: int,
    since: datetime,
    before: datetime,
    *,
    state: str | None = None,
    ended_before: datetime | None = None,
    idempotency_key: str | None = None,
) -> Operation[Replayed]:
    """Send again what happened in a span of time, at most 5,000 deliveries, optionally only those delivered or failed.

    `more` of the result tells whether there are others: call it again, with `ended_before` of the result, so that what
    was sent again and delivered meanwhile is not sent once more. Datetimes must have a time zone.
    """
    ended = None if ended_before is None else ended_before.isoformat()
    sent = without_none(since=since.isoformat(), before=before.isoformat(), state=state, endedBefore=ended)
    path = f"{_WEBHOOK}/replay"
    return operation("POST", path, (webhook_id,), Replayed, body=sent, idempotency_key=idempotency_key)
