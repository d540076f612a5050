"""`/webhooks`: where a tenant's events are sent."""

import secrets
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from tongdai import ids
from tongdai.clock import SystemClock
from tongdai.db.pool import Connection
from tongdai.errors import InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, settings_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import WebhookId
from tongdai.webhooks import store
from tongdai.webhooks.address import Rules
from tongdai.webhooks.model import MAX_WEBHOOKS, SALT, OffReason, secret_of, shown_secret
from tongdai.webhooks.view import (
    OVERLAP_SCHEMA,
    SAMPLE,
    SCHEMA,
    NewWebhook,
    Rotation,
    SecretRotated,
    WebhookChange,
    WebhookCreated,
    WebhookDetail,
    WebhookList,
    authorization_of,
    overlap_hours,
    target_of,
    view,
)

TAG = "Webhooks"
_new = msgspec.json.Decoder(NewWebhook)
_change = msgspec.json.Decoder(WebhookChange)
_rotation = msgspec.json.Decoder(Rotation)
_clock = SystemClock()
_for_webhooks: Any = partial(Endpoint, scope=Scope.ADMIN, tag=TAG)
NO_WEBHOOK = NotFound("Webhook not found")
_FULL = InvalidState(f"The tenant has {MAX_WEBHOOKS} webhooks: delete one first")
_SECRET = "whsec_…"  # noqa: S105 - none


@endpoint(
    _for_webhooks(
        method="GET",
        path="/webhooks",
        summary="List the tenant's webhooks, by id, without their secrets",
        response=WebhookList,
        sample={"success": "1", "data": [SAMPLE]},
    )
)
async def list_webhooks(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.webhooks(conn, principal_of(request).tenant_id)
    return ok(WebhookList(data=[view(one, _clock.now()) for one in found]))


@endpoint(
    _for_webhooks(
        method="GET",
        path="/webhooks/{webhookId}",
        summary="Get a webhook",
        response=WebhookDetail,
        sample={"success": "1", "data": SAMPLE},
        failures=(NO_WEBHOOK,),
    )
)
async def get_webhook(request: Request) -> Response:
    webhook_id = webhook_id_of(request)
    async with connection(request) as conn:
        found = await store.find(conn, principal_of(request).tenant_id, webhook_id)
    if found is None:
        raise NO_WEBHOOK
    return ok(WebhookDetail(data=view(found, _clock.now())))


@endpoint(
    _for_webhooks(
        method="POST",
        path="/webhooks",
        summary="Register a webhook; only this response shows its secret",
        description=(
            "Each event is sent by a POST with the headers of Standard Webhooks 1.0.0, at least once, for 75 hours. "
            f"A tenant has at most {MAX_WEBHOOKS}."
        ),
        body=NewWebhook,
        refine={"NewWebhook": SCHEMA},
        body_sample={"url": SAMPLE["url"], "events": SAMPLE["events"], "authorization": "Bearer abc"},
        response=WebhookCreated,
        sample=done_sample("Webhook created", webhookId=3, secret=_SECRET),
        failures=(_FULL,),
        states=True,
    )
)
async def create_webhook(request: Request) -> Response:
    raw, by = await body.read_json(request), principal_of(request)
    sent = body.decode(raw, _new)
    target, authorization = target_of(sent, _rules(request)), authorization_of(sent, None)
    pepper: bytes = request.resources.pepper

    async def work(conn: Connection) -> WebhookCreated:
        salt = secrets.token_bytes(SALT)
        made = await store.create(conn, by.tenant_id, target, authorization, salt, by.author)
        if made is None:
            raise _FULL
        secret = shown_secret(secret_of(pepper, by.tenant_id, salt))
        return WebhookCreated(error_message="Webhook created", webhookId=made.webhook_id, secret=secret)

    return await once(request, raw, work, keep=_without_secret)


@endpoint(
    _for_webhooks(
        method="PATCH",
        path="/webhooks/{webhookId}",
        summary="Change a webhook, or switch it off or on",
        description="What waits for it is sent to its new address. Switching it on sends what waited.",
        body=WebhookChange,
        refine={"WebhookChange": SCHEMA},
        body_sample={"events": ["call.ended"]},
        response=Done,
        sample=done_sample("Webhook updated"),
        failures=(NO_WEBHOOK,),
    )
)
async def change_webhook(request: Request) -> Response:
    webhook_id, by = webhook_id_of(request), principal_of(request)
    sent = body.decode(await body.read_json(request), _change)
    async with connection(request) as conn, conn.transaction():
        found = await store.locked(conn, by.tenant_id, webhook_id)
        if found is None:
            raise NO_WEBHOOK
        target = target_of(sent, _rules(request), found.target)
        authorization = authorization_of(sent, found.authorization)
        if (target, authorization) != (found.target, found.authorization):
            await store.change(conn, found, target, authorization, by.author)
        if sent.enabled is True:
            await store.switch_on(conn, found, by.author)
        elif sent.enabled is False:
            await store.switch_off(conn, by.tenant_id, webhook_id, OffReason.ASKED, by.author)
    return ok(Done(error_message="Webhook updated"))


@endpoint(
    _for_webhooks(
        method="DELETE",
        path="/webhooks/{webhookId}",
        summary="Delete a webhook with what waits for it and what was delivered",
        response=Done,
        sample=done_sample("Webhook deleted"),
        failures=(NO_WEBHOOK,),
    )
)
async def delete_webhook(request: Request) -> Response:
    webhook_id, by = webhook_id_of(request), principal_of(request)
    async with connection(request) as conn:
        deleted = await store.delete(conn, by.tenant_id, webhook_id, by.author)
    if not deleted:
        raise NO_WEBHOOK
    return ok(Done(error_message="Webhook deleted"))


@endpoint(
    _for_webhooks(
        method="POST",
        path="/webhooks/{webhookId}/secret",
        summary="Rotate the secret of a webhook; only this response shows the new one",
        description="Until `oldSecretUntil` requests have the signatures of both secrets.",
        body=Rotation,
        refine={"Rotation": OVERLAP_SCHEMA},
        body_sample={"overlapHours": 24},
        response=SecretRotated,
        sample=done_sample("Secret rotated", secret=_SECRET, oldSecretUntil="2026-03-11T02:00:00Z"),
        failures=(NO_WEBHOOK,),
    )
)
async def rotate_secret(request: Request) -> Response:
    webhook_id, by = webhook_id_of(request), principal_of(request)
    raw = await body.read_json(request)
    overlap = timedelta(hours=overlap_hours(body.decode(raw, _rotation)))
    pepper: bytes = request.resources.pepper

    async def work(conn: Connection) -> SecretRotated:
        salt = secrets.token_bytes(SALT)
        async with conn.transaction():
            found = await store.locked(conn, by.tenant_id, webhook_id)
            if found is None:
                raise NO_WEBHOOK
            until = await store.rotate(conn, found, salt, overlap, by.author)
        secret = shown_secret(secret_of(pepper, by.tenant_id, salt))
        return SecretRotated(error_message="Secret rotated", secret=secret, oldSecretUntil=until)

    return await once(request, raw, work, keep=_without_secret)


def _without_secret(made: object) -> object:
    """The response to store for a repeated request: without the secret, which is shown once."""
    assert isinstance(made, WebhookCreated | SecretRotated)
    message = f"{made.error_message} before; its secret is shown once"
    return msgspec.structs.replace(made, secret=None, error_message=message)


def webhook_id_of(request: Request) -> WebhookId:
    return WebhookId(ids.from_path(request.path_params["webhookId"], "Webhook"))


def _rules(request: Request) -> Rules:
    settings = settings_of(request)
    return Rules(http=settings.webhook_private, private=settings.webhook_private)


HANDLERS: list[Route] = [list_webhooks, get_webhook, create_webhook, change_webhook, delete_webhook, rotate_secret]
