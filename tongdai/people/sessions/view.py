"""Bodies of `/session`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.people.users.model import RIGHTS, Language, Role, User
from tongdai.tenants.model import Tenant


class SessionUser(msgspec.Struct):
    id: int
    """The user."""
    name: str
    """Their name."""
    login: str
    """E-mail address, or phone number in E.164."""
    role: Annotated[str, one_of(Role)]
    """Their role: an `agent` acts for their own agent alone, a `viewer` reads."""
    agentId: int | None
    """Their agent; null: none."""
    teamIds: list[int]
    """Their teams."""
    language: Annotated[str, one_of(Language)] | None
    """Language of the console; null: the browser's."""


class SessionTenant(msgspec.Struct):
    id: int
    """The tenant."""
    name: str
    """Its name."""


class SessionView(msgspec.Struct):
    user: SessionUser
    """The user who is signed in."""
    tenant: SessionTenant
    """The tenant of the user."""
    scopes: list[Annotated[str, one_of(Scope)]]
    """The scopes of the role."""
    csrfToken: str
    """To be sent as `X-CSRF-Token` with each request that is no GET."""
    expiresAt: datetime
    """When the session ends."""


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    login: str
    """E-mail address or phone number."""
    password: str
    """The password."""


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    current: str
    """The present password."""
    new: str
    """The new one, of 10 characters or more."""


class SessionChange(msgspec.Struct, forbid_unknown_fields=True):
    language: str | UnsetType | None = UNSET
    """Language of the console: `vi`, `en`, or null for the browser's."""


class OpenIdOption(msgspec.Struct):
    name: str
    """The provider, as the button names it."""


class SignInOptions(msgspec.Struct):
    firstRun: bool
    """Whether there is no user yet, and the first one may be made from this address."""
    openid: OpenIdOption | None
    """The OpenID provider; null: none is set."""
    version: str
    """Version of the server."""


class FirstRun(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    """The token that the server printed when it started."""
    name: str
    """Name of the owner."""
    login: str
    """Their e-mail address or phone number."""
    password: str
    """Their password, of 10 characters or more."""
    tenantName: str | None = None
    """Name of the tenant, where there is none yet."""


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    """The token of the link."""
    password: str
    """The new password, of 10 characters or more."""


SAMPLE: dict[str, Any] = {
    "user": {
        "id": 3,
        "name": "Lê Thị Hoa",
        "login": "hoa@example.com",
        "role": "supervisor",
        "agentId": None,
        "teamIds": [1],
        "language": "vi",
    },
    "tenant": {"id": 20260310, "name": "AloHub"},
    "scopes": ["agent", "campaign", "queue", "report"],
    "csrfToken": "mJxqvzqDq0bq6jvQ3vT2d8n1bJ2m3z9f7x5m0kq1a2Y",
    "expiresAt": "2026-03-10T14:00:00Z",
}


def view(user: User, tenant: Tenant, csrf_token: str, expires_at: datetime) -> SessionView:
    return SessionView(
        SessionUser(user.user_id, user.name, user.login, user.role, user.agent_id, list(user.team_ids), user.language),
        SessionTenant(tenant.tenant_id, tenant.name),
        sorted(RIGHTS[user.role].scopes),
        csrf_token,
        expires_at,
    )
