"""Tenants and their API keys. Pure."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.ids import KeyId, TenantId


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: TenantId
    name: str
    country: str
    """ISO 3166-1 alpha-2: numbers without a country code are parsed as numbers of this country."""
    zone: str
    """IANA zone of contacts whose own zone is unknown."""
    tenant_limit: int | None
    """Requests in 10 seconds; None: the server's default."""
    route_limit: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its value, which is shown once, when the key is created."""

    key_id: KeyId
    tenant_id: TenantId | None
    """The key's tenant; None for a platform key, whose requests name a tenant."""
    name: str
    hint: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired; revocation holds whatever this machine's clock says."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
