"""Principals: the tenant and key that a request acts for, and scopes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongdai.ids import KeyId, TenantId


class Scope(StrEnum):
    CAMPAIGN = "campaign"
    QUEUE = "queue"
    AGENT = "agent"
    REPORT = "report"
    ADMIN = "admin"


PLATFORM = TenantId(0)
"""In place of a tenant, where a platform key acts for none: no tenant has that id."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A valid key and the tenant it acts for."""

    tenant_id: TenantId
    """PLATFORM: the whole installation."""
    key_id: KeyId
    scopes: frozenset[str]
    expires_at: datetime | None
    """When the key expires; None: never."""
    country: str
    """The tenant's country: phone numbers are parsed in it and shown in its national format."""
    tenant_limit: int | None
    route_limit: int | None
