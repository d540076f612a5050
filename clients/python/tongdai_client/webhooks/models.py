"""Webhooks, and what was sent to them."""

from datetime import datetime
from typing import Any

from tongdai_client.models.base import Done, Result


class Webhook(Result, frozen=True, kw_only=True):
    webhook_id: int
    url: str
    description: str
    events: list[str]
    """The events that it gets."""
    body: str
    """`vendor` or `tongdai`."""
    has_authorization: bool
    """Whether its requests have the header `Authorization`."""
    enabled: bool
    off_reason: str | None
    """`asked`, `gone` or `failing`; None: it is on."""
    off_at: datetime | None
    failing_since: datetime | None
    """Nothing was delivered since then; None: the last event was, or there was none."""
    old_secret_until: datetime | None
    """Until when the secret before the last rotation signs, too; None: it does not."""
    waiting: int
    """Events that wait to be delivered, counted up to 10,000."""
    created_at: datetime


class WebhookDetail(Result, frozen=True, kw_only=True):
    data: Webhook


class Webhooks(Result, frozen=True, kw_only=True):
    data: list[Webhook]


class WebhookCreated(Done, frozen=True, kw_only=True):
    webhook_id: int
    secret: str | None
    """Returned this once; None if a retried request finds that it was returned before."""

    def __repr__(self) -> str:
        # Results are printed and logged; secrets must not be.
        return f"WebhookCreated(webhook_id={self.webhook_id}, secret='…')"


class SecretRotated(Done, frozen=True, kw_only=True):
    secret: str | None
    """Returned this once; None if a retried request finds that it was returned before."""
    old_secret_until: datetime
    """Until when the secret before signs, too."""

    def __repr__(self) -> str:
        return f"SecretRotated(secret='…', old_secret_until={self.old_secret_until!r})"


class Delivery(Result, frozen=True, kw_only=True):
    delivery_id: int
    message_id: str
    """The header `webhook-id` of its requests, the same at each try."""
    event: str
    occurred_at: datetime
    state: str
    """`waiting`, `delivered`, or `failed`: it was given up."""
    attempts: int
    tried_at: datetime | None
    status: int | None
    """The status of HTTP of the last response."""
    fault: str | None
    """Why the last try failed."""
    took_ms: int | None
    next_try_at: datetime | None
    ended_at: datetime | None
    """When it was delivered or given up."""


class DeliveryContent(Delivery, frozen=True, kw_only=True):
    body: dict[str, Any]
    """The body of its requests."""


class DeliveryDetail(Result, frozen=True, kw_only=True):
    data: DeliveryContent


class Replayed(Done, frozen=True, kw_only=True):
    replayed: int
    """Deliveries that are sent again."""
    more: bool
    """There are more: call it again with this `ended_before`, until there are none."""
    ended_before: datetime
    """The instant before which what is sent again had ended."""


class WebhookTested(Done, frozen=True, kw_only=True):
    delivery_id: int
