"""Who a request acts for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from litestar import Request
from litestar.datastructures import State

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


_SLOT = "tongdai.principal"


def attach(scope: object, principal: Principal) -> None:
    cast("dict[str, object]", scope)[_SLOT] = principal


def principal_of(request: "Request[object, object, State]") -> Principal:
    """Of a request that passed the guard."""
    return cast("Principal", cast("dict[str, object]", request.scope)[_SLOT])
