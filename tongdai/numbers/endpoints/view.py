"""Phones and trunks on the wire."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.http.cursor import Listed
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.numbers.endpoints.model import EndpointKind, SipEndpoint
from tongdai.switches.model import DEFAULT_NAME
from tongdai.text import SWITCH_NAME

NAME_SCHEMA: dict[str, Any] = {"pattern": f"^{SWITCH_NAME}$"}
SWITCH_SCHEMA: dict[str, Any] = {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}
SAMPLE: dict[str, Any] = {
    "id": 12,
    "switch": DEFAULT_NAME,
    "name": "carrier",
    "kind": EndpointKind.TRUNK.value,
    "tenantId": 20260310,
    "givenAt": "2026-03-10T02:00:00Z",
}


class SipEndpointView(msgspec.Struct, kw_only=True):
    id: int
    """The endpoint."""
    switch: str
    """Name of the switch that it is on."""
    name: str
    """Name of the PJSIP endpoint."""
    kind: Annotated[str, one_of(EndpointKind)]
    """Whether it is an agent's `phone` or a carrier's `trunk`."""
    tenantId: int | None
    """The tenant that it is given to; null: a trunk of all tenants."""
    givenAt: datetime
    """When it was given."""


class SipEndpointPage(Listed, kw_only=True):
    data: list[SipEndpointView]
    """The endpoints, by id."""


class NewSipEndpoint(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Name of the PJSIP endpoint."""
    kind: str
    """Whether it is an agent's `phone` or a carrier's `trunk`."""
    tenantId: int | None
    """The tenant that gets it; null: all tenants, for a trunk."""
    switch: str = DEFAULT_NAME
    """Name of the switch that it is on."""


class SipEndpointGiven(Done, kw_only=True):
    endpoint: SipEndpointView
    """The endpoint as it is now."""


def endpoint_view(endpoint: SipEndpoint) -> SipEndpointView:
    return SipEndpointView(
        id=endpoint.endpoint_id,
        switch=endpoint.switch,
        name=endpoint.name,
        kind=endpoint.kind,
        tenantId=endpoint.tenant_id,
        givenAt=endpoint.given_at,
    )
