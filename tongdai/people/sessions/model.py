"""Sessions of users, and the limits of sign-ins. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongdai.http.principal import Principal
from tongdai.ids import AgentId, SessionId, TenantId, UserId
from tongdai.people.users.model import RIGHTS, Role
from tongdai.tenants.model import Tenant

LIFETIME = timedelta(hours=12)
KEPT = timedelta(days=30)
"""How long ended sessions are kept: an address from which a user signed in is known for that time."""
RESET_LIFETIME = timedelta(hours=24)
MAX_USER_AGENT = 255

FAILURES_FROM = timedelta(minutes=15)
"""The time over which wrong passwords are counted."""
OF_LOGIN_AND_ADDRESS = 5
"""Wrong passwords for a login from an address, after which that login is refused from there, the right one too."""
OF_ADDRESS = 50
"""Wrong passwords from an address, for any logins, after which it may sign in only those who have signed in from it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was not ended, of a user who is not disabled."""

    session_id: SessionId
    user_id: UserId
    tenant_id: TenantId
    role: Role
    agent_id: AgentId | None
    expires_at: datetime

    def usable(self, now: datetime) -> bool:
        return self.expires_at > now

    def principal(self, tenant: Tenant) -> Principal:
        rights = RIGHTS[self.role]
        return Principal(
            tenant.tenant_id,
            None,
            rights.scopes,
            None,
            tenant.country,
            tenant.tenant_limit,
            tenant.route_limit,
            reach=rights.reach,
            user_id=self.user_id,
            session_id=self.session_id,
            agent_id=self.agent_id,
        )


@dataclass(frozen=True, slots=True)
class Failures:
    """The wrong passwords of the last FAILURES_FROM before a sign-in."""

    of_both: int
    """For its login, from its address."""
    of_address: int
    known: bool
    """Whether the user has signed in from the address before."""
    oldest_s: float
    """How many seconds ago the oldest was that is counted."""

    def retry_after_s(self) -> int:
        """Seconds until the sign-in is tried; 0: now.

        Nothing that strangers send elsewhere counts for a login, so that nobody can lock others out.
        """
        if self.of_both < OF_LOGIN_AND_ADDRESS and (self.known or self.of_address < OF_ADDRESS):
            return 0
        return max(1, round(FAILURES_FROM.total_seconds() - self.oldest_s))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its user and the tenant's owners see it."""

    session_id: SessionId
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    address: str
    user_agent: str
