"""Checks of requests that name a tenant, an endpoint or a trunk."""

import re

from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.ids import TenantId
from tongdai.numbers.endpoints import store
from tongdai.numbers.endpoints.model import EndpointKind, not_given
from tongdai.text import SWITCH_NAME

_NAME = re.compile(SWITCH_NAME, re.ASCII)


def check_name(field: str, name: str) -> None:
    """Raise InvalidInput for what is no name on a switch."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"{field} must be 1 to 64 of A-Z, a-z, 0-9, _ and -, not {shown(name)!r}")


async def country_of(conn: Connection, tenant_id: TenantId) -> str:
    """The country of a tenant; NotFound when there is no such tenant."""
    country = await store.country_of(conn, tenant_id)
    if country is None:
        raise NotFound("Tenant not found")
    return country


async def check_usable(conn: Connection, tenant_id: TenantId, field: str, kind: EndpointKind, name: str) -> None:
    """Raise InvalidInput for an endpoint that the tenant may not use."""
    if not await store.usable(conn, tenant_id, kind, name):
        raise InvalidInput(not_given(field, kind, name, tenant_id))
