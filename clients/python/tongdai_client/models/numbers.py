"""Called numbers, phones and trunks, and the tenants that they are given to."""

from datetime import datetime

from tongdai_client.models.base import Done, Result


class CalledNumber(Result, frozen=True, kw_only=True):
    phone_number: str
    """E.164."""
    national: str
    """Its digits as they are dialled within its country."""
    tenant_id: int
    trunk: str | None
    """The trunk by which its calls come; None: any."""
    given_at: datetime


class CalledNumberGiven(Done, frozen=True, kw_only=True):
    number: CalledNumber


class SipEndpoint(Result, frozen=True, kw_only=True):
    id: int
    switch: str
    name: str
    kind: str
    """`phone` or `trunk`."""
    tenant_id: int | None
    """None: a trunk of all tenants."""
    given_at: datetime


class SipEndpointGiven(Done, frozen=True, kw_only=True):
    endpoint: SipEndpoint
