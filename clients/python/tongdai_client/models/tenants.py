"""Tenants, API keys, users and teams, and the numbers, phones and trunks that are given to tenants."""

from datetime import datetime
from typing import Any

from tongdai_client.models.base import Done, Result
from tongdai_client.models.campaigns import CallingWindow


class Tenant(Result, frozen=True, kw_only=True):
    tenant_id: int
    name: str
    country: str
    time_zone: str
    """The time zone of contacts whose own is unknown."""
    tenant_limit: int
    """Requests per 10 seconds, for the tenant."""
    route_limit: int
    """Requests per 10 seconds, for each route."""
    created_at: datetime


class CallingHours(Result, frozen=True, kw_only=True):
    """When campaigns call that name neither a preset nor windows, in the contact's local time."""

    calling_windows: list[CallingWindow] | None
    """The tenant's own; None: 08:00 to 21:00 every day."""
    effective_windows: list[CallingWindow]


class CallingHoursChanged(Done, frozen=True, kw_only=True):
    effective_windows: list[CallingWindow]


class ApiKey(Result, frozen=True, kw_only=True):
    key_id: int
    name: str
    hint: str
    """The first and last characters of the key."""
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(Done, frozen=True, kw_only=True):
    key_id: int
    key: str | None
    """Returned this once; None if a retried request finds that it was returned before."""
    scopes: list[str]
    expires_at: datetime | None

    def __repr__(self) -> str:
        # Results are printed and logged; keys must not be.
        return f"ApiKeyCreated(key_id={self.key_id}, key='…', scopes={self.scopes}, expires_at={self.expires_at})"


class CalledNumber(Result, frozen=True, kw_only=True):
    phone_number: str
    """E.164."""
    national: str
    """Its digits as they are dialled within its country."""
    tenant_id: int
    trunk: str | None
    """The trunk by which its calls come; None: any."""
    given_at: datetime


class OwnNumber(Result, frozen=True, kw_only=True):
    """A number of the tenant that callers dial."""

    phone_number: str
    """E.164."""
    national: str
    """Its digits as they are dialled within its country."""
    trunk: str | None
    """The trunk by which its calls come; None: any."""
    given_at: datetime
    queue_id: int | None
    """The queue that its callers reach; None: they are refused."""
    campaign_ids: list[int]
    """The campaigns that show it to the persons whom they call."""


class CallerId(Result, frozen=True, kw_only=True):
    """A number that campaigns show to the persons whom they call."""

    caller_id: str
    campaign_ids: list[int]


class CallerIds(Result, frozen=True, kw_only=True):
    data: list[CallerId]


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


class User(Result, frozen=True, kw_only=True):
    """A person who signs in."""

    user_id: int
    name: str
    login: str
    """An e-mail address, or a phone number in E.164."""
    role: str
    """`owner`, `supervisor`, `agent` or `viewer`."""
    agent_id: int | None
    team_ids: list[int]
    language: str | None
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None


class AuditEntry(Result, frozen=True, kw_only=True):
    """A change, and who made it."""

    audit_id: int
    at: datetime
    action: str
    """Such as `campaign.start`."""
    subject: str
    """To what, such as `campaign 1042`."""
    detail: dict[str, Any] | None
    author: str
    """`user`, `key` or `operator`, who used the command line."""
    user_id: int | None
    key_id: int | None
    author_name: str | None
    """Name of the person or the key now."""


class UserCreated(Done, frozen=True, kw_only=True):
    user_id: int


class ResetLink(Done, frozen=True, kw_only=True):
    token: str | None
    """Returned this once; None if a retried request finds that it was returned before."""
    path: str | None
    """The path of the console that the user opens."""
    expires_at: datetime

    def __repr__(self) -> str:
        # Results are printed and logged; links must not be.
        return f"ResetLink(token='…', expires_at={self.expires_at})"


class UserSession(Result, frozen=True, kw_only=True):
    session_id: int
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    address: str
    user_agent: str


class UserSessions(Result, frozen=True, kw_only=True):
    data: list[UserSession]


class Team(Result, frozen=True, kw_only=True):
    team_id: int
    name: str
    agents: int
    """Number of its agents."""


class Teams(Result, frozen=True, kw_only=True):
    data: list[Team]


class TeamCreated(Done, frozen=True, kw_only=True):
    team_id: int
