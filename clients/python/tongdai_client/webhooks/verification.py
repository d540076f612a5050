"""The check of what a webhook is sent, by Standard Webhooks 1.0.0."""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec

TOLERANCE_S = 300.0
PREFIX = "whsec_"


class WebhookRefused(ValueError):
    """A request that was not sent by the server, or long ago."""


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> dict[str, Any]:
    """The content of a webhook's request, once its signature is checked; WebhookRefused if it is not the server's.

    `body` must be the bytes as they came: JSON that was read and written again has another signature. `headers` may be
    of any case. A request that was signed more than `tolerance_s` before or after now (`now_s`, seconds since 1970) is
    refused, as one that was recorded and is sent again would be.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, at, signatures = (lower[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        at_s = int(at)
    except (KeyError, ValueError):
        raise WebhookRefused("the headers of a webhook are missing") from None
    if abs((time.time() if now_s is None else now_s) - at_s) > tolerance_s:
        raise WebhookRefused("it was signed too long ago, or the clocks differ")
    expected = hmac.digest(_key(secret), f"{message_id}.{at}.".encode() + body, "sha256")
    for signature in signatures.split(" "):
        version, _, encoded = signature.partition(",")
        if version == "v1" and hmac.compare_digest(_decoded(encoded), expected):
            return msgspec.json.decode(body, type=dict[str, Any])
    raise WebhookRefused("the signature is wrong")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret of a webhook is whsec_ and Base64") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
