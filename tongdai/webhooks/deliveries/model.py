"""An event on its way to a webhook, and what came of it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from tongdai.ids import DeliveryId, TenantId, WebhookId


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """It was not tried yet, or is to be tried again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was given up."""


class Fault(StrEnum):
    """Why a try failed."""

    REFUSED = "refused"
    """The response was not 2xx."""
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No connection, or it broke."""
    TLS = "tls"
    """The certificate is not valid for the host, or there is no TLS."""
    NO_ADDRESS = "no_address"
    """The name of the host has no address."""
    DEFECT = "defect"
    """The event cannot be written: a defect of this server, which its log shows."""
    FORBIDDEN = "forbidden_address"
    """The host is in a network to which webhooks are not sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """The content of a delivery, the same at each try."""

    message_id: UUID
    event: str
    occurred_at: datetime
    sequence: int | None
    data: dict[str, Any]

    @property
    def header_id(self) -> str:
        """The header `webhook-id`."""
        return f"msg_{self.message_id.hex}"


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is to be tried now."""

    delivery_id: DeliveryId
    message: Message
    attempts: int
    """How often it was tried."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """The response to a try."""

    status: int | None
    """The status of HTTP; None: there was none."""
    fault: Fault | None
    """None: it was delivered."""
    took_ms: int
    retry_after_s: float | None = None
    """The wait that the receiver asks for."""


class Verdict(NamedTuple):
    """The next step after a try."""

    state: DeliveryState
    wait_s: float | None = None
    """Seconds until the next try, of one that is WAITING."""


class Record(NamedTuple):
    """A delivery as it is listed."""

    delivery_id: DeliveryId
    state: DeliveryState
    message_id: UUID
    event: str
    occurred_at: datetime
    sequence: int | None
    data: dict[str, Any]
    created_at: datetime
    attempts: int
    tried_at: datetime | None
    status: int | None
    fault: str | None
    took_ms: int | None
    due_at: datetime | None
    """When it is tried next; None: it does not wait."""
    ended_at: datetime | None


class Owned(NamedTuple):
    """A webhook whose queue one engine has."""

    tenant_id: TenantId
    webhook_id: WebhookId
    fence: int
