"""Phones and trunks, and whose they are. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from tongdai.ids import EndpointId, TenantId


class EndpointKind(StrEnum):
    PHONE = "phone"
    """Called to reach an agent."""
    TRUNK = "trunk"
    """A carrier, by which numbers are called."""


@dataclass(frozen=True, slots=True)
class SipEndpoint:
    endpoint_id: EndpointId
    switch: str
    """Name of the switch."""
    name: str
    """Name of the PJSIP endpoint on it."""
    kind: EndpointKind
    tenant_id: TenantId | None
    """None: a trunk of all tenants."""
    given_at: datetime

    @property
    def owner(self) -> str:
        """The kind and the owner, in words for the operator."""
        return f"a {self.kind} of {'all tenants' if self.tenant_id is None else f'tenant {self.tenant_id}'}"


class EndpointRefusal(Enum):
    """Why an endpoint was not given."""

    OTHER_TENANT = auto()
    """Another tenant has it."""
    OTHER_KIND = auto()
    """It is given as the other kind."""


def not_given(field: str, kind: EndpointKind, name: str, tenant_id: TenantId) -> str:
    """The message to who names an endpoint that is not theirs: the same whether another has it or nobody."""
    command = f"tongdai endpoint give {name} --{kind} --tenant {tenant_id}"
    return f"{field} {name} is no {kind} of this tenant: an operator gives it with {command}"
