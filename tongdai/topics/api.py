"""`/live/events`: queues with their callers, agents and campaigns of a tenant in one stream of server-sent events.

A browser has few connections to a server, so that a screen must not need a stream for each thing that it shows.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from tongdai.agents import api as agents
from tongdai.agents.view import AGENT_SAMPLE, AgentView
from tongdai.calls.live import api as calls
from tongdai.clock import SystemClock
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, shown
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
from tongdai.http.principal import Scope
from tongdai.http.streams import event_source
from tongdai.http.streams.event_source import EventSource
from tongdai.http.streams.shared import SharedReadings
from tongdai.ids import TenantId
from tongdai.queues.live import store as queues
from tongdai.queues.live.view import ALL_SAMPLE, SAMPLE, queue_live, queues_live
from tongdai.topics.model import Reading, Sent, Topic

POLL_S, FRESH_S = 1.0, 0.5
_clock = SystemClock()
_shared = SharedReadings[tuple[TenantId, Topic], Reading](FRESH_S)
"""The topics that streams follow, read once for all streams of a tenant."""
_TOPICS = [str(topic) for topic in Topic]
_SAMPLE = {
    "now": "2026-03-10T02:00:00Z",
    "readAt": dict.fromkeys(_TOPICS, "2026-03-10T02:00:00Z"),
    "queues": ALL_SAMPLE | {"queues": [SAMPLE]},
    "agents": [AGENT_SAMPLE],
    "campaigns": calls.OVERVIEW_SAMPLE,
}


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


_READERS: Mapping[Topic, Callable[[Request], Awaitable[object]]] = {
    Topic.QUEUES: _queues,
    Topic.AGENTS: _agents,
    Topic.CAMPAIGNS: calls.overview_of,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/live/events",
        scope=Scope.REPORT,
        tag="Live",
        summary="Follow queues with their callers, agents and campaigns of the tenant in one stream",
        description=(
            "`event: live` each second: `now`, the server's time; `readAt`, when each topic was read; and of the "
            "topics those that changed, the first time all. `queues` is the body of `GET /queues/live`, each with the "
            f"`callers` of `GET /queues/inbound/{{id}}/live`; `agents` the first {agents.MOST_FOLLOWED} agents, by id, "
            "as `GET /agents` has them; `campaigns` the body of `GET /live`. The stream continues until the client "
            "disconnects or `events` of them were sent."
        ),
        query=(
            Query(
                "topics",
                "The topics, separated by commas; without it all",
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
    topics = _topics(paging.single(query, "topics"))
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
        return Reading(at, await _READERS[topic](request))

    return await _shared.read((principal_of(request).tenant_id, topic), read)


def _topics(text: str | None) -> list[Topic]:
    """The topics that a query names, in the order of Topic; all when it names none."""
    if text is None:
        return list(Topic)
    names = set(text.split(","))
    unknown = sorted(names.difference(_TOPICS))
    if unknown:
        raise InvalidInput(f"topics must be of {', '.join(_TOPICS)}, separated by commas, not {shown(unknown[0])!r}")
    return [topic for topic in Topic if str(topic) in names]


HANDLERS: list[Route] = [events]
