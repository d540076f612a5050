"""`/agents/{id}/today`: an agent's own day, for the agent."""

from datetime import datetime
from typing import Any

import msgspec

from tongdai.agents.actions.api import TAG, known
from tongdai.agents.history import view as states
from tongdai.agents.history.view import StateSeconds, state_seconds
from tongdai.agents.today import store
from tongdai.agents.view import agent_of
from tongdai.errors import NotFound
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import ok
from tongdai.http.principal import Own, Scope

_SAMPLE: dict[str, Any] = {
    "zone": "Asia/Ho_Chi_Minh",
    "since": "2026-03-09T17:00:00Z",
    "now": "2026-03-10T08:30:00Z",
    "callsIn": 31,
    "callsOut": 4,
    "talkSec": 5820.5,
    "holdSec": 240.0,
    "wrapUpSec": 610.0,
    "offers": 33,
    "missedOffers": 2,
    "states": states.SAMPLE,
}


class TodayView(msgspec.Struct, kw_only=True):
    zone: str
    """The tenant's time zone, whose day it is."""
    since: datetime
    """Midnight of that day."""
    now: datetime
    """When the figures were read; live calls count up to then."""
    callsIn: int
    """Callers of queues with whom the agent talked."""
    callsOut: int
    """Calls to contacts, and callbacks, in which the agent talked."""
    talkSec: float
    """Seconds in which the agent talked with customers, also as one more in a conference."""
    holdSec: float
    """Seconds in which the agent had customers on hold, or consulted somebody meanwhile."""
    wrapUpSec: float
    """Seconds of wrap-up."""
    offers: int
    """How often a caller was offered to the agent."""
    missedOffers: int
    """How many of these the agent did not answer, or rejected."""
    states: StateSeconds
    """How long the agent was signed in since midnight."""


@endpoint(
    Endpoint(
        method="GET",
        path="/agents/{id}/today",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=TAG,
        summary="Get the figures of an agent since midnight of the tenant",
        response=TodayView,
        sample=_SAMPLE,
        failures=(NotFound("Agent not found"),),
    )
)
async def get_today(request: Request) -> Response:
    agent_id, tenant_id = agent_of(request), principal_of(request).tenant_id
    async with connection(request) as conn:
        await known(conn, tenant_id, agent_id)
        found = await store.today(conn, tenant_id, agent_id)
    return ok(
        TodayView(
            zone=found.zone,
            since=found.since,
            now=found.now,
            callsIn=found.answered,
            callsOut=found.placed,
            talkSec=round(found.talk_s, 3),
            holdSec=round(found.hold_s, 3),
            wrapUpSec=round(found.wrap_up_s, 3),
            offers=found.offers,
            missedOffers=found.missed_offers,
            states=StateSeconds(**state_seconds(found.times)),
        )
    )


HANDLERS: list[Route] = [get_today]
