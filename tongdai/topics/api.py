"""`/live/events`: queues with their callers, agents and campaigns of a tenant, or what an agent does, in one stream of
server-sent events.

A browser has few connections to a server, so that a screen must not need a stream for each thing that it shows.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from tongdai.agents import api as agents
from tongdai.agents.view import AGENT_SAMPLE, AgentView
from tongdai.calls.detail import store as detail_store
from tongdai.calls.detail.view import CallDetailView, detail_view
from tongdai.calls.live import api as calls
from tongdai.clock import SystemClock
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, RoleForbids, shown
from tongdai.http import paging
from tongdai.http.endpoint import (
    Endpoint,
    Query,
    Request,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.principal import Own, Principal, Reach, Scope
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.http.streams.shared import SharedReadings
from tongdai.ids import AgentId, TenantId
from tongdai.queues.live import store as queues
from tongdai.queues.live.view import ALL_SAMPLE, SAMPLE, queue_live, queues_live
from tongdai.topics.model import Reading, Sent, Topic

POLL_S, FRESH_S = 0.5, 0.25
"""A change is shown after the two at most, and the time that reading takes."""
_clock = SystemClock()
_shared = SharedReadings[tuple[TenantId, Topic, AgentId | None], Reading](FRESH_S)
"""The topics that streams follow, read once for all streams of a tenant, or of an agent."""
_encode = msgspec.json.Encoder().encode
_TOPICS = [str(topic) for topic in Topic]
_SAMPLE = {
    "now": "2026-03-10T02:00:00Z",
    "readAt": dict.fromkeys(_TOPICS, "2026-03-10T02:00:00Z"),
    "queues": ALL_SAMPLE | {"queues": [SAMPLE]},
    "agents": [AGENT_SAMPLE],
    "campaigns": calls.OVERVIEW_SAMPLE,
    "me": {"agent": AGENT_SAMPLE, "call": None},
}


class Me(msgspec.Struct):
    """Present work of an agent."""

    agent: AgentView
    call: CallDetailView | None
    """The call that the agent is reserved for or talks in; null: none."""


async def _queues(request: Request) -> dict[str, Any]:
    """The body of `GET /queues/live`, each queue with its callers."""
    who = principal_of(request)
    async with connection(request) as conn:
        found = await queues.figures(conn, who.tenant_id, None)
        by_state = await queues.agents_of_tenant(conn, who.tenant_id)
    formatted = phone.formatter(who.country)
    body: dict[str, Any] = msgspec.to_builtins(queues_live(found, by_state, None))
    return body | {"queues": [queue_live(queue, formatted) for queue in found.queues]}


async def _agents(request: Request) -> list[AgentView]:
    async with connection(request) as conn:
        return await agents.all_of(conn, principal_of(request).tenant_id)


async def _me(request: Request) -> Me | None:
    """None: the agent was deleted."""
    who = principal_of(request)
    assert who.agent_id is not None, "nobody else may follow this"
    async with connection(request) as conn:
        agent = await agents.view_of(conn, who.tenant_id, who.agent_id)
        call_id = None if agent is None else agent.callId
        found = None if call_id is None else await detail_store.find(conn, who.tenant_id, call_id)
    if agent is None:
        return None
    return Me(agent, None if found is None else detail_view(found, who))


_READERS: Mapping[Topic, Callable[[Request], Awaitable[object]]] = {
    Topic.QUEUES: _queues,
    Topic.AGENTS: _agents,
    Topic.CAMPAIGNS: calls.overview_of,
    Topic.ME: _me,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/live/events",
        scope=Scope.REPORT,
        own=Own.ANY,
        tag="Live",
        summary="Follow queues with their callers, agents and campaigns of the tenant in one stream",
        description=(
            "`event: live` twice a second: `now`, the server's time; `readAt`, when each topic was read; and of the "
            "topics those that changed, the first time all. `queues` is the body of `GET /queues/live`, each with the "
            f"`callers` of `GET /queues/inbound/{{id}}/live`; `agents` the first {agents.MOST_FOLLOWED} agents, by id, "
            "as `GET /agents` has them; `campaigns` the body of `GET /live`; `me` the `agent` of the user who is "
            "signed in, and the `call` that the agent has. A user who may act for their own agent alone follows `me`; "
            "keys have none. The stream continues until the client disconnects or `events` of them were sent."
        ),
        query=(
            Query(
                "topics",
                "The topics, separated by commas; without it all that one may follow",
                {"type": "string", "pattern": f"^({'|'.join(_TOPICS)})(,({'|'.join(_TOPICS)}))*$"},
                "queues,agents",
            ),
            event_source.EVENTS,
        ),
        response=None,
        sample=_SAMPLE,
        response_media=event_source.media(event_source.event("live", _SAMPLE)),
        failures=(event_source.too_many(),),
    )
)
async def events(request: Request) -> StreamingResponse:
    query = query_of(request)
    topics = _topics(paging.single(query, "topics"), principal_of(request))
    at_most = event_source.at_most(request)
    sent = Sent()

    async def read() -> dict[Topic, Reading]:
        return {topic: await _followed(request, topic) for topic in topics}

    def encode(readings: dict[Topic, Reading]) -> bytes:
        return event_source.event("live", sent.event(readings, _clock.now()))

    source = EventSource(read, encode, POLL_S, same=lambda one, other: one is other, at_most=at_most)
    return event_source.stream(request, source, await read())


async def _followed(request: Request, topic: Topic) -> Reading:
    async def read() -> Reading:
        at = _clock.now()
        return Reading(at, msgspec.Raw(_encode(await _READERS[topic](request))))

    who = principal_of(request)
    of = who.agent_id if topic is Topic.ME else None
    return await _shared.read((who.tenant_id, topic, of), read)


def _open_to(who: Principal) -> set[Topic]:
    """The topics that somebody may follow."""
    of_tenant = set[Topic]() if who.reach is Reach.OWN_AGENT else set(Topic) - {Topic.ME}
    return of_tenant if who.agent_id is None else of_tenant | {Topic.ME}


def _topics(text: str | None, who: Principal) -> list[Topic]:
    """The topics that a query names, in the order of Topic; all that are open to them when it names none."""
    allowed = _open_to(who)
    if not allowed:
        raise RoleForbids
    if text is None:
        return [topic for topic in Topic if topic in allowed]
    names = set(text.split(","))
    unknown = sorted(names.difference(_TOPICS))
    if unknown:
        raise InvalidInput(f"topics must be of {', '.join(_TOPICS)}, separated by commas, not {shown(unknown[0])!r}")
    named = [topic for topic in Topic if str(topic) in names]
    if not allowed.issuperset(named):
        raise RoleForbids if who.reach is Reach.OWN_AGENT else InvalidInput("me is for a user who has an agent")
    return named


HANDLERS: list[Route] = [events]
