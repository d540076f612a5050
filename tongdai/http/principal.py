"""Who a request acts for."""

from dataclasses import dataclass
from enum import StrEnum

from tongdai.ids import KeyId, TenantId


class Scope(StrEnum):
    CAMPAIGN = "campaign"
    QUEUE = "queue"
    AGENT = "agent"
    REPORT = "report"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """A key that was checked, and the tenant it acts for."""

    tenant_id: TenantId
    key_id: KeyId
    scopes: frozenset[str]
    country: str
    """The tenant's own: phone numbers are read in it and shown in its national form."""
    tenant_limit: int | None
    route_limit: int | None
