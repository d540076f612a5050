"""Tenants and their keys."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.ids import KeyId, TenantId


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: TenantId
    name: str
    country: str
    """ISO 3166, two letters: numbers without a country code are read in it."""
    zone: str
    """IANA name: of contacts whose own time zone is unknown."""
    tenant_limit: int | None
    """Requests in 10 seconds; None: the server's default."""
    route_limit: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it can still be known: its value is shown once, when it is made."""

    key_id: KeyId
    tenant_id: TenantId | None
    """None: a platform key, which names its tenant with each request."""
    name: str
    hint: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Revoked is final, whatever this machine's clock says of the instant."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
