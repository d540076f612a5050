"""The tenant and its API keys."""

from collections.abc import Sequence
from datetime import datetime

from tongdai_client.models.base import Done
from tongdai_client.models.campaigns import CallingWindow
from tongdai_client.models.tenants import ApiKey, ApiKeyCreated, CallingHours, CallingHoursChanged, Tenant
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation, without_none

_HOURS = "/tenants/me/calling-hours"


def tenant() -> Operation[Tenant]:
    """Get the tenant that the key belongs to, with its limits."""
    return operation("GET", "/tenants/me", (), Tenant)


def calling_hours() -> Operation[CallingHours]:
    """Get the hours in which campaigns call that name neither a preset nor windows."""
    return operation("GET", _HOURS, (), CallingHours)


def set_calling_hours(windows: Sequence[CallingWindow] | None) -> Operation[CallingHoursChanged]:
    """Set the tenant's calling hours; None restores 08:00 to 21:00 every day. Running campaigns follow at once."""
    return operation("PUT", _HOURS, (), CallingHoursChanged, body={"callingWindows": windows})


def api_keys(*, page_size: int = PAGE_SIZE) -> PagedOperation[ApiKey]:
    """List the API keys, including expired and revoked ones."""
    return paged_operation("/api-keys", (), ApiKey, page_size, {})


def create_api_key(
    scopes: Sequence[str],
    *,
    name: str | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Operation[ApiKeyCreated]:
    """Create an API key. Its value is returned only here.

    The value is None if the first response was lost and the retried request finds the key created: revoke that key and
    create another.
    """
    body = without_none(scopes=list(scopes), name=name, expiresAt=expires_at)
    return operation("POST", "/api-keys", (), ApiKeyCreated, body=body, idempotency_key=idempotency_key)


def revoke_api_key(key_id: int) -> Operation[Done]:
    """Revoke an API key. All server processes reject it within a second."""
    return operation("DELETE", "/api-keys/{keyId}", (key_id,), Done)
