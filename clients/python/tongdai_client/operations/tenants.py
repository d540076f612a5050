"""The tenant, its API keys, users and teams."""

from collections.abc import Sequence
from datetime import datetime

from tongdai_client.models.base import Done
from tongdai_client.models.campaigns import CallingWindow
from tongdai_client.models.tenants import (
    ApiKey,
    ApiKeyCreated,
    AuditEntry,
    CallingHours,
    CallingHoursChanged,
    ResetLink,
    TeamCreated,
    Teams,
    Tenant,
    User,
    UserCreated,
    UserSessions,
)
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation, without_none

_HOURS = "/tenants/me/calling-hours"
_USER, _SESSIONS = "/users/{userId}", "/users/{userId}/sessions"


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


def users(*, page_size: int = PAGE_SIZE) -> PagedOperation[User]:
    """List the people who sign in, including disabled ones."""
    return paged_operation("/users", (), User, page_size, {})


def audit(
    *,
    user_id: int | None = None,
    key_id: int | None = None,
    action: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[AuditEntry]:
    """List who changed what, newest first: an `action` such as `campaign.start`, or all of a kind, `campaign`."""
    query = {
        "userId": user_id,
        "keyId": key_id,
        "action": action,
        "subject": subject,
        "from": None if since is None else since.isoformat(),
        "to": None if before is None else before.isoformat(),
    }
    return paged_operation("/audit", (), AuditEntry, page_size, query)


def user(user_id: int) -> Operation[User]:
    """Get a user."""
    return operation("GET", _USER, (user_id,), User)


def create_user(
    name: str,
    login: str,
    role: str,
    *,
    password: str | None = None,
    agent_id: int | None = None,
    team_ids: Sequence[int] = (),
    idempotency_key: str | None = None,
) -> Operation[UserCreated]:
    """Create a user: `owner`, `supervisor`, `agent` or `viewer`. Without a password they need a reset link."""
    body = without_none(name=name, login=login, role=role, password=password, agentId=agent_id, teamIds=list(team_ids))
    return operation("POST", "/users", (), UserCreated, body=body, idempotency_key=idempotency_key)


def update_user(
    user_id: int,
    *,
    name: str | None = None,
    role: str | None = None,
    agent_id: int | None = None,
    team_ids: Sequence[int] | None = None,
    disabled: bool | None = None,
) -> Operation[Done]:
    """Change what is not None of a user. It holds everywhere within a second."""
    teams = None if team_ids is None else list(team_ids)
    body = without_none(name=name, role=role, agentId=agent_id, teamIds=teams, disabled=disabled)
    return operation("PATCH", _USER, (user_id,), Done, body=body)


def delete_user(user_id: int) -> Operation[Done]:
    """Delete a user and end their sessions."""
    return operation("DELETE", _USER, (user_id,), Done)


def create_reset_link(user_id: int, *, idempotency_key: str | None = None) -> Operation[ResetLink]:
    """Make a one-time link by which a user sets a password. It is returned only here."""
    return operation("POST", "/users/{userId}/reset-link", (user_id,), ResetLink, idempotency_key=idempotency_key)


def user_sessions(user_id: int) -> Operation[UserSessions]:
    """List the sessions of a user, last seen first."""
    return operation("GET", _SESSIONS, (user_id,), UserSessions)


def end_user_sessions(user_id: int) -> Operation[Done]:
    """End all sessions of a user."""
    return operation("DELETE", _SESSIONS, (user_id,), Done)


def end_user_session(user_id: int, session_id: int) -> Operation[Done]:
    """End a session of a user."""
    return operation("DELETE", "/users/{userId}/sessions/{sessionId}", (user_id, session_id), Done)


def teams() -> Operation[Teams]:
    """List the teams."""
    return operation("GET", "/teams", (), Teams)


def create_team(name: str, *, team_id: int | None = None, idempotency_key: str | None = None) -> Operation[TeamCreated]:
    """Create a team, by the next number unless you give your own."""
    body = without_none(name=name, teamId=team_id)
    return operation("POST", "/teams", (), TeamCreated, body=body, idempotency_key=idempotency_key)


def update_team(team_id: int, name: str) -> Operation[Done]:
    """Rename a team."""
    return operation("PATCH", "/teams/{teamId}", (team_id,), Done, body={"name": name})


def delete_team(team_id: int) -> Operation[Done]:
    """Delete a team that has no agents."""
    return operation("DELETE", "/teams/{teamId}", (team_id,), Done)
