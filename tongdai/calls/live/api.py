"""Live figures over HTTP: of a campaign, also as server-sent events, and of all active campaigns."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai import ids
from tongdai.calls.live import stats as live_stats
from tongdai.calls.live.stats import CampaignLive
from tongdai.calls.view import SAMPLE as CALL
from tongdai.calls.view import CallView, view
from tongdai.contacts.numbers import phone
from tongdai.dialing import store as dialing_store
from tongdai.dialing.model import Hold
from tongdai.errors import NotFound
from tongdai.http.endpoint import (
    Endpoint,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
)
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.ids import CampaignId
from tongdai.queues.live import store as queue_store
from tongdai.queues.live.view import QUEUE_SAMPLE, QueueLive, queue_row
from tongdai.switches import store as switches
from tongdai.switches.model import Kind

_TAG = "Live"
POLL_S = 1.0
NEWEST = 10


class Live(CampaignLive, kw_only=True, rename="camel"):
    """The live figures of one campaign, with some that the overview does not have."""

    abandoned_rate_30d: float | None = msgspec.field(name="abandonedRate30d")
    """Percent of the live answers of the last 30 days that were abandoned; null without any."""
    dialing_held: bool
    """Whether nothing is dialled, by no campaign, until an operator releases it."""
    switch_up: bool
    """Whether the dialer has a connection to the switch; false when there is no dialer."""
    dialer_running: bool
    """Whether a dialer leads the tenant's switch."""


class SwitchState(msgspec.Struct, rename="camel"):
    up: bool
    """Whether the dialer has a connection to the switch."""
    name: str | None
    """Product and version, as the switch reports them."""


class Dialer(msgspec.Struct, rename="camel"):
    running: bool
    """Whether a dialer leads the tenant's switch."""
    alive_at: datetime | None
    """Its last heartbeat; null: there was none."""


class TenantSwitch(msgspec.Struct, rename="camel"):
    """A switch that carries calls of the tenant."""

    name: str
    """Name of the switch."""
    kind: Annotated[str, one_of(Kind)] | None
    """Kind of switch; null: nobody has led it yet."""
    description: str | None
    """Product and version, as the switch reports them."""
    up: bool
    """Whether its dialer has a connection to it."""
    running: bool
    """Whether a dialer leads it."""
    alive_at: datetime | None
    """Last heartbeat of that dialer; null: there was none."""
    live_calls: int
    """Number of the tenant's active calls on it."""


class DialingState(msgspec.Struct, rename="camel"):
    held: bool
    """Whether nothing is dialled."""
    since: datetime | None
    """When it was held; null unless it is."""
    reason: str | None
    """Why, a code; null unless it is held."""
    message: str | None
    """Why, a sentence; null unless it is held."""


class Overview(msgspec.Struct, kw_only=True, rename="camel"):
    switch: SwitchState
    """The switch that carries new calls."""
    dialer: Dialer
    """The dialer that leads it."""
    dialing: DialingState
    """Held: nothing is dialled, by no campaign, until an operator releases it."""
    switches: list[TenantSwitch]
    """The switch that carries new calls, and those that still carry older ones."""
    campaigns: list[CampaignLive]
    """Campaigns that are running or paused, or have active calls, by id."""
    queues: list[QueueLive]
    """The inbound queues, by id; the service level is that within 20 seconds."""
    newest: list[CallView]
    """The calls that ended last, the last first."""


_FIGURES = {
    "calls": 400,
    "answered": 152,
    "answerRate": 38.0,
    "outcomes": {"abandoned": 2, "answered": 150, "busy": 28, "no_answer": 220},
    "ringSec": 9.41,
    "talkSec": 64.2,
}
_CAMPAIGN: dict[str, Any] = {
    "campaignId": 1042,
    "campaignName": "Khao sat thang 4",
    "status": 2,
    "contacts": {"pending": 1200, "inCall": 14, "processed": 586},
    "calls": {"dialing": 1, "ringing": 6, "waiting": 0, "talking": 7},
    "agents": {
        "offline": 2,
        "calling": 0,
        "idle": 1,
        "reserved": 0,
        "talking": 7,
        "wrapUp": 2,
        "paused": 1,
        "unreachable": 0,
        "hangingUp": 0,
    },
    "callsPerMinute": 21,
    "thisHour": _FIGURES,
    "today": _FIGURES,
    "abandonedRate24h": 1.32,
    "pacing": {
        "mode": "predictive",
        "maxConcurrentCalls": 40,
        "callsPerSecond": 5,
        "ringTimeoutSec": 30,
        "abandonmentCapPercent": 3.0,
    },
}
_LIVE = _CAMPAIGN | {"abandonedRate30d": 1.08, "dialingHeld": False, "switchUp": True, "dialerRunning": True}
_RATES = (
    "Rates are percentages; `abandonedRate…` are of the live answers, for comparison with "
    "`pacing.abandonmentCapPercent`. `thisHour` and `today` count the calls that ended since the hour began, and since "
    "midnight in the tenant's time zone."
)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/live",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Get live figures of a campaign: contacts, calls and agents by state, rates, outcomes, pacing",
        description=_RATES,
        response=Live,
        sample=_LIVE,
    )
)
async def campaign_live(request: Request) -> Response:
    return ok(await _look(request))


async def _look(request: Request) -> Live:
    tenant_id = principal_of(request).tenant_id
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    async with connection(request) as conn:
        found = await live_stats.figures(conn, tenant_id, [campaign_id])
        if not found:
            raise NotFound("Campaign not found")
        month = await live_stats.abandoned_rate_30d(conn, tenant_id, campaign_id)
        held = await dialing_store.is_held(conn)
        switch = await switches.of_tenant(conn, tenant_id)
    return Live(
        **msgspec.structs.asdict(found[0]),
        abandoned_rate_30d=month,
        dialing_held=held,
        switch_up=switch.up,
        dialer_running=switch.running,
    )


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/live/events",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Follow a campaign's live figures as server-sent events",
        description=(
            "`event: live` with the figures as `data`, the first at once, then at most each second when something has "
            "changed, until the client disconnects or `events` of them were sent. A comment each 15 s shows that the "
            f"connection is open. {_RATES}"
        ),
        query=(event_source.EVENTS,),
        response=None,
        sample=_LIVE,
        response_media=event_source.media(b"event: live\ndata: %s\n\n" % msgspec.json.encode(_LIVE)),
        failures=(event_source.too_many(),),
    )
)
async def campaign_events(request: Request) -> StreamingResponse:
    at_most = event_source.at_most(request)
    source = EventSource(lambda: _look(request), event_of, POLL_S, at_most=at_most)
    return event_source.stream(request, source, await _look(request))


def event_of(figures: Live) -> bytes:
    return event_source.event("live", figures)


OVERVIEW_SAMPLE: dict[str, Any] = {
    "switch": {"up": True, "name": "Asterisk 22.9.0"},
    "dialer": {"running": True, "aliveAt": "2026-03-10T02:00:00Z"},
    "dialing": {"held": False, "since": None, "reason": None, "message": None},
    "switches": [
        {
            "name": "default",
            "kind": "asterisk",
            "description": "Asterisk 22.9.0",
            "up": True,
            "running": True,
            "aliveAt": "2026-03-10T02:00:00Z",
            "liveCalls": 14,
        }
    ],
    "campaigns": [_CAMPAIGN],
    "queues": [QUEUE_SAMPLE],
    "newest": [CALL],
}


@endpoint(
    Endpoint(
        method="GET",
        path="/live",
        scope=Scope.REPORT,
        tag=_TAG,
        summary="Get live figures of campaigns, queues and active calls, the switches, the newest outcomes",
        description=f"At most 1000 campaigns, the first by id: those that are running, paused or in calls. {_RATES}",
        response=Overview,
        sample=OVERVIEW_SAMPLE,
    )
)
async def overview(request: Request) -> Response:
    return ok(await overview_of(request))


async def overview_of(request: Request) -> Overview:
    """The live figures of the tenant of a request."""
    who = principal_of(request)
    async with connection(request) as conn:
        campaign_ids = await live_stats.active(conn, who.tenant_id)
        found = await live_stats.figures(conn, who.tenant_id, campaign_ids)
        newest = await live_stats.newest(conn, who.tenant_id, NEWEST)
        switch = await switches.of_tenant(conn, who.tenant_id)
        carrying = await switches.carrying(conn, who.tenant_id)
        hold = await dialing_store.current(conn)
        queues = await queue_store.figures(conn, who.tenant_id, None)
    format_number = phone.formatter(who.country)
    return Overview(
        switch=SwitchState(switch.up, switch.description),
        dialer=Dialer(switch.running, switch.alive_at),
        dialing=_dialing(hold),
        switches=[
            TenantSwitch(one.name, one.kind, one.description, one.up, one.running, one.alive_at, live_calls)
            for one, live_calls in carrying
        ],
        campaigns=found,
        queues=[queue_row(queue) for queue in queues.queues],
        newest=[view(call, format_number) for call in newest],
    )


def _dialing(hold: Hold | None) -> DialingState:
    if hold is None:
        return DialingState(False, None, None, None)
    return DialingState(True, hold.held_at, hold.reason, hold.message)


HANDLERS: list[Route] = [campaign_live, campaign_events, overview]
