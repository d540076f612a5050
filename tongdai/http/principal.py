"""Principals: the tenant that a request acts for, the key or user that acts, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from tongdai.errors import NotYourAgent
from tongdai.ids import AgentId, Author, ByUser, KeyId, SessionId, TenantId, UserId, WallboardId


class Scope(StrEnum):
    CAMPAIGN = "campaign"
    QUEUE = "queue"
    AGENT = "agent"
    REPORT = "report"
    ADMIN = "admin"


class Reach(Enum):
    """How much of its scopes a principal may use."""

    ALL = auto()
    READING = auto()
    """GET and HEAD alone."""
    WALLBOARD = auto()
    """The endpoints for wallboards alone, and no scope."""
    OWN_AGENT = auto()
    """The endpoints that declare `own` alone, whatever their scope, and these for its own agent."""


class Own(Enum):
    """How a request is tied to an agent, for users who may act for their own agent alone."""

    ANY = auto()
    """It is not: it reads what every agent may read."""
    AGENT = auto()
    """`{id}` of the path is the agent."""
    CALL = auto()
    """The agent is in the call `{callId}` of the path."""
    CALL_BEFORE = auto()
    """The agent is, or was, in the call `{callId}` of the path."""
    MISSED_CALL = auto()
    """The agent has claimed the missed call `{callId}`."""
    CALLBACK = auto()
    """The callback `{callbackId}` is kept for the agent."""
    CONTACT = auto()
    """The agent was in a call with the contact `{contactId}`."""
    QUERY = auto()
    """`agentId` of the query is the agent."""
    BODY = auto()
    """The handler checks by `require_agent` whom the body names."""


PLATFORM = TenantId(0)
"""In place of a tenant, where a platform key acts for none: no tenant has that id."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A valid key, session or token of a wallboard, and the tenant it acts for."""

    tenant_id: TenantId
    """PLATFORM: the whole installation."""
    key_id: KeyId | None
    """None: a user's session, or a wallboard."""
    scopes: frozenset[str]
    expires_at: datetime | None
    """When the key expires; None: never."""
    country: str
    """The tenant's country: phone numbers are parsed in it and shown in its national format."""
    tenant_limit: int | None
    route_limit: int | None
    reach: Reach = Reach.ALL
    user_id: UserId | None = None
    session_id: SessionId | None = None
    """The user's session."""
    agent_id: AgentId | None = None
    """The user's agent."""
    wallboard_id: WallboardId | None = None
    """The wallboard whose token it is."""

    @property
    def author(self) -> Author:
        """The author whom the audit names for a change."""
        if self.user_id is not None:
            return ByUser(self.user_id)
        assert self.key_id is not None, "nobody changes anything"
        return self.key_id

    def require_agent(self, agent_id: int | None) -> None:
        """Raise NotYourAgent when the principal may act for its own agent alone, and this is another, or none."""
        if self.reach is Reach.OWN_AGENT and agent_id != self.agent_id:
            raise NotYourAgent


NOBODY = Principal(PLATFORM, None, frozenset(), None, "VN", None, None)
"""The principal of a request that needs no sign-in."""
