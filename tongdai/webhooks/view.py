"""Webhooks on the wire."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import PLAIN_TEXT
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.webhooks.address import Rules, refusal_of_url
from tongdai.webhooks.model import (
    MAX_AUTHORIZATION,
    MAX_OVERLAP_HOURS,
    MAX_URL,
    OVERLAP_HOURS,
    Body,
    Event,
    OffReason,
    Target,
    Webhook,
)

_EVENTS = [event.value for event in Event]
_BODIES = [one.value for one in Body]
_HEADER: dict[str, Any] = {"minLength": 1, "maxLength": MAX_AUTHORIZATION, "pattern": "^[!-~]([ -~]*[!-~])?$"}
SCHEMA: dict[str, Any] = {
    "url": {"minLength": 1, "maxLength": MAX_URL, "format": "uri", "pattern": "^https?://"},
    "description": {"maxLength": 255, **PLAIN_TEXT},
    "events": {"minItems": 1, "maxItems": len(_EVENTS), "uniqueItems": True, "items": {"enum": _EVENTS}},
    "body": {"enum": _BODIES},
    "authorization": _HEADER,
}
OVERLAP_SCHEMA: dict[str, Any] = {"overlapHours": {"minimum": 0, "maximum": MAX_OVERLAP_HOURS}}


class WebhookView(msgspec.Struct):
    webhookId: int
    """The webhook."""
    url: str
    """Where events are sent."""
    description: str
    """Its purpose."""
    events: list[Annotated[str, one_of(Event)]]
    """The events that it gets."""
    body: Annotated[str, one_of(Body)]
    """The content of requests; `vendor`: the vendor's fields for calls, as in `tongdai` for all else."""
    hasAuthorization: bool
    """Whether requests have the header `Authorization`, whose value is not shown."""
    enabled: bool
    """Whether events are sent."""
    offReason: Annotated[str, one_of(OffReason)] | None
    """Why not; `gone`: it answered 410; `failing`: nothing was delivered for 5 days; null: they are."""
    offAt: datetime | None
    """Since when not; null: they are."""
    failingSince: datetime | None
    """Since when nothing was delivered; null: the last event was, or there was none."""
    oldSecretUntil: datetime | None
    """Until when the secret before the last rotation signs, too; null: it does not."""
    waiting: int
    """Events that wait to be delivered, counted up to 10000."""
    createdAt: datetime
    """When it was made."""


class WebhookList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[WebhookView]
    """The webhooks, by id."""


class WebhookDetail(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: WebhookView
    """The webhook."""


class NewWebhook(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    """Where events are sent, `https://…`; its host must not be in a private network."""
    events: list[str]
    """The events that it gets."""
    description: str = ""
    """Its purpose."""
    body: str = Body.VENDOR.value
    """The content of requests, `vendor` or `tongdai`."""
    authorization: str | None = None
    """The header `Authorization` of its requests; null: none."""


class WebhookChange(msgspec.Struct, forbid_unknown_fields=True):
    url: str | UnsetType = UNSET
    """Where events are sent."""
    events: list[str] | UnsetType = UNSET
    """The events that it gets; all are replaced."""
    description: str | UnsetType = UNSET
    """Its purpose."""
    body: str | UnsetType = UNSET
    """The content of requests, `vendor` or `tongdai`."""
    authorization: str | UnsetType | None = UNSET
    """The header `Authorization` of its requests; null: none."""
    enabled: bool | UnsetType = UNSET
    """Whether events are sent. What waits while it is off is kept; what happens meanwhile is not."""


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    overlapHours: int = OVERLAP_HOURS
    """For how long the secret before signs, too."""


class WebhookCreated(Done, kw_only=True):
    webhookId: int
    """The new webhook."""
    secret: str | None
    """Its secret, shown only here; null in the repeated response to an `Idempotency-Key`."""


class SecretRotated(Done, kw_only=True):
    secret: str | None
    """The new secret, shown only here; null in the repeated response to an `Idempotency-Key`."""
    oldSecretUntil: datetime
    """Until when the secret before signs, too."""


def target_of(sent: NewWebhook | WebhookChange, rules: Rules, before: Target | None = None) -> Target:
    """The target that was sent, completed by what it was before; InvalidInput for what is none."""
    url = sent.url if isinstance(sent.url, str) else _of(before).url
    if len(url) > MAX_URL:
        raise InvalidInput(f"url must have at most {MAX_URL} characters, not {len(url)}")
    if (refusal := refusal_of_url(url, rules)) is not None:
        raise InvalidInput(f"url {refusal}, not {shown(url)!r}")
    description = sent.description if isinstance(sent.description, str) else _of(before).description
    kind = sent.body if isinstance(sent.body, str) else _of(before).body
    events = _of(before).events if isinstance(sent.events, UnsetType) else _events(sent.events)
    return Target(url, body.text_field("description", description, 255), events, Body(_known("body", kind, _BODIES)))


def authorization_of(sent: NewWebhook | WebhookChange, before: str | None) -> str | None:
    """The header `Authorization` that was sent, or the one before."""
    value = sent.authorization
    if isinstance(value, UnsetType):
        return before
    if value is not None and not (
        0 < len(value) <= MAX_AUTHORIZATION and value.isascii() and value.isprintable() and value == value.strip()
    ):
        raise InvalidInput(f"authorization must have 1 to {MAX_AUTHORIZATION} printable ASCII characters")
    return value


def overlap_hours(sent: Rotation) -> int:
    if not 0 <= sent.overlapHours <= MAX_OVERLAP_HOURS:
        raise InvalidInput(f"overlapHours must be 0 to {MAX_OVERLAP_HOURS}, not {shown(sent.overlapHours)}")
    return sent.overlapHours


def _of(before: Target | None) -> Target:
    assert before is not None, "a new webhook has all fields"
    return before


def _events(names: list[str]) -> tuple[Event, ...]:
    for name in names:
        _known("events", name, _EVENTS)
    if not names or len(set(names)) < len(names):
        raise InvalidInput("events must name at least one event, each once")
    return tuple(Event(name) for name in names)


def _known(name: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise InvalidInput(f"{name} must be of {', '.join(known)}, not {shown(value)!r}")
    return value


def view(of: Webhook, now: datetime) -> WebhookView:
    keys = of.keys
    return WebhookView(
        of.webhook_id,
        of.target.url,
        of.target.description,
        [event.value for event in of.target.events],
        of.target.body.value,
        of.authorization is not None,
        of.enabled,
        of.off_reason,
        of.off_at,
        of.failing_since,
        keys.old_until if keys.old_until is not None and keys.old_until > now else None,
        of.waiting,
        of.created_at,
    )


SAMPLE: dict[str, Any] = {
    "webhookId": 3,
    "url": "https://crm.example.com/tongdai",
    "description": "CRM",
    "events": ["call.answered", "call.ended"],
    "body": "vendor",
    "hasAuthorization": True,
    "enabled": True,
    "offReason": None,
    "offAt": None,
    "failingSince": None,
    "oldSecretUntil": None,
    "waiting": 0,
    "createdAt": "2026-03-10T02:00:00Z",
}
