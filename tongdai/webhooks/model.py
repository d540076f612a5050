"""Webhooks: their events, their bodies and their secrets. Pure."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tongdai.ids import TenantId, WebhookId

MAX_WEBHOOKS = 20
"""The most webhooks of a tenant."""
MAX_URL = 2048
MAX_AUTHORIZATION = 1024
SALT = 16
"""Bytes."""
OVERLAP_HOURS = 24
"""How long the secret before a rotation signs too, unless the request says otherwise."""
MAX_OVERLAP_HOURS = 168


class Event(StrEnum):
    CALL_RINGING = "call.ringing"
    """A caller came in, or the phone of a contact or customer rings."""
    CALL_ANSWERED = "call.answered"
    """The other side answered a call to it; of one that came in: somebody was connected with the caller."""
    CALL_ENDED = "call.ended"
    CALL_MISSED = "call.missed"
    """A call that came in ended, and nobody was connected; after its `call.ended`."""
    CONTACT_OUTCOME = "contact.outcome"
    """A call to a contact ended: its outcome, and whether the contact is called again."""
    CAMPAIGN_STATE = "campaign.state"
    """A campaign was started, paused or stopped, or paused itself."""
    IMPORT_DONE = "import.done"
    """An import is done, or failed as a whole."""
    RECORDING_READY = "recording.ready"
    """The recording of a call can be played."""


TEST = "webhook.test"
"""The event of a test, which is sent to one webhook on request, whatever it is subscribed to."""

SEQUENCE = {
    Event.CALL_RINGING: 1,
    Event.CALL_ANSWERED: 2,
    Event.CALL_ENDED: 3,
    Event.CALL_MISSED: 4,
    Event.CONTACT_OUTCOME: 5,
}
"""The order of the events of a call. Retries may arrive after newer events: a lower number is older."""


class Body(StrEnum):
    VENDOR = "vendor"
    """Events of calls have the vendor's fields; all others are as in `tongdai`."""
    TONGDAI = "tongdai"
    """`type`, `timestamp`, `sequence` and `data`, as Standard Webhooks recommends it."""


class OffReason(StrEnum):
    ASKED = "asked"
    """Somebody switched it off."""
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing was delivered for days."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is, and what it gets."""

    url: str
    description: str
    events: tuple[Event, ...]
    body: Body


class Keys(NamedTuple):
    """The salts of the secrets of a webhook."""

    salt: bytes
    old_salt: bytes | None
    """The salt of the secret before, which signs too until `old_until`; None: there was none."""
    old_until: datetime | None

    def signing(self, pepper: bytes, tenant_id: TenantId, now: datetime) -> list[bytes]:
        """The secrets that sign now, the newest first."""
        salts = [self.salt]
        if self.old_salt is not None and self.old_until is not None and now < self.old_until:
            salts.append(self.old_salt)
        return [secret_of(pepper, tenant_id, salt) for salt in salts]


@dataclass(frozen=True, slots=True)
class Webhook:
    tenant_id: TenantId
    webhook_id: WebhookId
    target: Target
    authorization: str | None
    """The header `Authorization` of its requests; None: they have none."""
    keys: Keys
    enabled: bool
    off_reason: OffReason | None
    off_at: datetime | None
    failing_since: datetime | None
    """Nothing was delivered since then; None: the last request was, or there was none."""
    created_at: datetime
    waiting: int = 0
    """Events that wait to be delivered, at most WAITING_SHOWN."""


def secret_of(pepper: bytes, tenant_id: TenantId, salt: bytes) -> bytes:
    """The secret that signs: 32 bytes.

    It is not stored, but made of the installation's pepper: a thief of the database or of a backup can sign nothing.
    """
    return hmac.digest(pepper, b"webhook\n" + str(tenant_id).encode() + b"\n" + salt, "sha256")


def shown_secret(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secret).decode()


def signature(secrets: list[bytes], message_id: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret, by Standard Webhooks 1.0.0."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets)
