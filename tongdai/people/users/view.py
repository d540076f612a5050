"""Bodies of `/users`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.ids import AgentId
from tongdai.people.sessions.model import SessionRow
from tongdai.people.users.model import MAX_LOGIN, MAX_PASSWORD, MIN_PASSWORD, Change, Language, Role, User

MAX_TEAMS = 100
_ROLE = {"enum": [str(role) for role in Role]}
_TEAMS = {"maxItems": MAX_TEAMS, "items": {"type": "integer", "format": "int64", **ID}}
NEW_SCHEMA: dict[str, Any] = {
    "name": {"minLength": 1, **NAME},
    "login": {"minLength": 1, "maxLength": MAX_LOGIN},
    "role": _ROLE,
    "password": {"minLength": MIN_PASSWORD, "maxLength": MAX_PASSWORD},
    "agentId": dict(ID),
    "teamIds": _TEAMS,
}
CHANGE_SCHEMA: dict[str, Any] = {name: NEW_SCHEMA[name] for name in ("name", "role", "agentId", "teamIds")}


class UserView(msgspec.Struct):
    userId: int
    """The user."""
    name: str
    """Their name."""
    login: str
    """E-mail address, or phone number in E.164; no other user of the installation has it."""
    role: Annotated[str, one_of(Role)]
    """Their role: an `agent` acts for their own agent alone, a `viewer` reads."""
    agentId: int | None
    """Their agent; null: none."""
    teamIds: list[int]
    """Their teams."""
    language: Annotated[str, one_of(Language)] | None
    """Language of their console; null: the browser's."""
    hasPassword: bool
    """Whether they have a password; without one they need a link to set it."""
    createdAt: datetime
    """When they were created."""
    disabledAt: datetime | None
    """When they were disabled; null: they are not."""


class UserPage(Listed, kw_only=True):
    data: list[UserView]
    """The users, by id."""


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Their name."""
    login: str
    """E-mail address or phone number, in any written form."""
    role: str
    """Their role: `owner`, `supervisor`, `agent` or `viewer`."""
    password: str | None = None
    """Their password; without one they need a link to set it."""
    agentId: int | None = None
    """Their agent, which the role `agent` needs."""
    teamIds: list[int] = []
    """Their teams."""


class UserCreated(Done, kw_only=True):
    userId: int
    """The new user."""


class UserChange(msgspec.Struct, forbid_unknown_fields=True):
    name: str | UnsetType = UNSET
    """Their name."""
    role: str | UnsetType = UNSET
    """Their role: `owner`, `supervisor`, `agent` or `viewer`."""
    agentId: int | UnsetType | None = UNSET
    """Their agent, which the role `agent` needs."""
    teamIds: list[int] | UnsetType = UNSET
    """Their teams."""
    disabled: bool | UnsetType = UNSET
    """Whether they may not sign in; their sessions have no effect while they may not."""


class ResetLink(Done, kw_only=True):
    token: str | None
    """The token of the link, shown only here; null in the repeated response to an `Idempotency-Key`."""
    path: str | None
    """The path of the console that the user opens; null likewise."""
    expiresAt: datetime
    """When it expires."""


class UserSession(msgspec.Struct):
    sessionId: int
    """The session."""
    createdAt: datetime
    """When the user signed in."""
    expiresAt: datetime
    """When it ends."""
    seenAt: datetime
    """When its last request came, to half a minute."""
    address: str
    """The address from which it came."""
    userAgent: str
    """The browser that sent it, as it names itself."""


class UserSessions(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[UserSession]
    """The sessions that have not ended, last seen first."""


SAMPLE: dict[str, Any] = {
    "userId": 3,
    "name": "Lê Thị Hoa",
    "login": "hoa@example.com",
    "role": "supervisor",
    "agentId": None,
    "teamIds": [1],
    "language": "vi",
    "hasPassword": True,
    "createdAt": "2026-03-10T02:00:00Z",
    "disabledAt": None,
}
SESSION_SAMPLE: dict[str, Any] = {
    "sessionId": 12,
    "createdAt": "2026-03-10T02:00:00Z",
    "expiresAt": "2026-03-10T14:00:00Z",
    "seenAt": "2026-03-10T02:30:00Z",
    "address": "203.0.113.5",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
}


def view(user: User) -> UserView:
    return UserView(
        userId=user.user_id,
        name=user.name,
        login=user.login,
        role=user.role,
        agentId=user.agent_id,
        teamIds=list(user.team_ids),
        language=user.language,
        hasPassword=user.has_password,
        createdAt=user.created_at,
        disabledAt=user.disabled_at,
    )


def session_view(one: SessionRow) -> UserSession:
    return UserSession(one.session_id, one.created_at, one.expires_at, one.seen_at, one.address, one.user_agent)


def role_of(text: str) -> Role:
    if text not in set(Role):
        raise InvalidInput(f"role must be one of {', '.join(Role)}, not {shown(text)!r}")
    return Role(text)


def teams_of(team_ids: list[int]) -> tuple[int, ...]:
    if len(team_ids) > MAX_TEAMS:
        raise InvalidInput(f"teamIds must name at most {MAX_TEAMS} teams, not {len(team_ids)}")
    return tuple(sorted({ids.from_body("teamIds", team_id) for team_id in team_ids}))


def change_of(sent: UserChange) -> Change:
    """The change that is sent, checked."""
    if all(value is UNSET for value in (sent.name, sent.role, sent.agentId, sent.teamIds, sent.disabled)):
        raise InvalidInput("Expected at least one field to change")
    agent_id = sent.agentId
    if not isinstance(agent_id, UnsetType) and agent_id is not None:
        agent_id = AgentId(ids.from_body("agentId", agent_id))
    return Change(
        name=UNSET if isinstance(sent.name, UnsetType) else body.text_field("name", sent.name, 255, min_length=1),
        role=UNSET if isinstance(sent.role, UnsetType) else role_of(sent.role),
        agent_id=agent_id,
        team_ids=UNSET if isinstance(sent.teamIds, UnsetType) else teams_of(sent.teamIds),
        disabled=sent.disabled,
    )
