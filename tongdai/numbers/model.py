"""Called numbers and their owners. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from tongdai.ids import QueueId, TenantId


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """A number that callers dial, given to a tenant."""

    number: int
    """E.164 without the `+`."""
    tenant_id: TenantId
    trunk: str | None
    """The trunk of the tenant's switch by which its calls come; None: any."""
    national: str
    """Its digits as they are dialled within its country."""
    given_at: datetime

    @property
    def e164(self) -> str:
        return f"+{self.number}"


@dataclass(frozen=True, slots=True)
class Owned:
    """The tenant and queue that a called number leads to."""

    tenant_id: TenantId
    queue_id: QueueId | None
    """None: no queue of the tenant has the number."""
    number: str
    """E.164."""


class GiveRefusal(Enum):
    """Why a number was not given to a tenant."""

    OTHER_TENANT = auto()
    """Another tenant has it."""
    TRUNK_OF_OTHER = auto()
    """The trunk is given to another tenant, or is a phone."""
