"""The endpoints that a principal may use: by scope, role and reach. Pure."""

from tongdai.errors import InsufficientScope, PlatformKeyNeeded, RoleForbids, WallboardAlone
from tongdai.http.endpoint import Endpoint
from tongdai.http.principal import PLATFORM, Principal, Reach

READING = frozenset(("GET", "HEAD"))
"""Methods that change nothing."""


def refusal_of(principal: Principal, endpoint: Endpoint) -> InsufficientScope | None:
    """The refusal of a principal that may not use an endpoint; None: it may."""
    if endpoint.wallboard != (principal.reach is Reach.WALLBOARD):
        return WallboardAlone()
    if endpoint.scope is None:
        return None
    if principal.reach is Reach.OWN_AGENT:
        return RoleForbids() if endpoint.own is None else None
    if endpoint.scope not in principal.scopes:
        return InsufficientScope(endpoint.scope) if principal.user_id is None else RoleForbids()
    if principal.reach is Reach.READING and endpoint.method not in READING:
        return RoleForbids()
    return PlatformKeyNeeded() if endpoint.platform and principal.tenant_id != PLATFORM else None
