"""`/health`: the state of the parts that the work of a tenant needs, for people and their monitoring."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from tongdai import __version__
from tongdai.clock import SystemClock
from tongdai.dialing import store as dialing
from tongdai.health import store
from tongdai.health.model import MESSAGES, Finding, Part, Reason, Seen, State, findings, worst
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, settings_of
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.runtime.disk import free_mb
from tongdai.switches import store as switches

_clock = SystemClock()


class HealthPart(msgspec.Struct):
    part: Annotated[str, one_of(Part)]
    """Its name: `telephony` is the process that leads the tenant's switch, `switch` its connection to that."""
    state: Annotated[str, one_of(State)]
    """`unknown`: another fault hides it."""
    reason: Annotated[str, one_of(Reason)] | None
    """Why it does not work, a code; null: it works, or another fault hides it."""
    message: str | None
    """The same in a sentence, and what to do."""


class Health(msgspec.Struct, kw_only=True):
    state: Annotated[str, one_of([State.OK, State.WARNING, State.FAILED])]
    """The worst of the parts."""
    version: str
    """Version of the server."""
    now: datetime
    """The server's time."""
    switchSeenAt: datetime | None
    """When the process that leads the switch was last heard; null: never. What is said of it is as old."""
    importsOpen: int
    """Imports of the tenant that are not finished."""
    parts: list[HealthPart]
    """The parts, those first that are to be corrected first."""


@endpoint(
    Endpoint(
        method="GET",
        path="/health",
        scope=Scope.REPORT,
        tag="Live",
        summary="Get what works for the tenant: disk, telephony, switch, dialing, imports",
        description="It says nothing of other tenants, and answers 200 whatever the state is.",
        response=Health,
        sample={
            "state": "failed",
            "version": __version__,
            "now": "2026-03-10T02:00:00Z",
            "switchSeenAt": "2026-03-10T01:59:59Z",
            "importsOpen": 1,
            "parts": [
                {"part": "disk", "state": "ok", "reason": None, "message": None},
                {"part": "telephony", "state": "ok", "reason": None, "message": None},
                {
                    "part": "switch",
                    "state": "failed",
                    "reason": "no_switch",
                    "message": MESSAGES[Reason.NO_SWITCH],
                },
                {"part": "dialing", "state": "unknown", "reason": None, "message": None},
                {"part": "imports", "state": "ok", "reason": None, "message": None},
            ],
        },
    )
)
async def health(request: Request) -> Response:
    tenant_id, settings = principal_of(request).tenant_id, settings_of(request)
    async with connection(request) as conn:
        switch = await switches.of_tenant(conn, tenant_id)
        held = await dialing.is_held(conn)
        imports = await store.imports(conn, tenant_id)
    free = free_mb(Path(settings.data_dir))
    found = findings(Seen(free, settings.min_free_mb, switch.running, switch.connected, held, imports.waiting))
    return ok(
        Health(
            state=worst(found),
            version=__version__,
            now=_clock.now(),
            switchSeenAt=switch.alive_at,
            importsOpen=imports.open,
            parts=[_view(one) for one in found],
        )
    )


def _view(found: Finding) -> HealthPart:
    return HealthPart(found.part, found.state, found.reason, None if found.reason is None else MESSAGES[found.reason])


HANDLERS: list[Route] = [health]
