"""Why callers wait and agents are offered nobody, on the wire."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai.acd.why import sentences
from tongdai.acd.why.model import AgentReason, AgentWhy, CallerReason, CallerWhy, Explanation
from tongdai.agents.model import AgentState
from tongdai.http.openapi.fields import one_of


class CallerWhyView(msgspec.Struct, kw_only=True, rename="camel"):
    call_id: UUID
    """The call."""
    phone_number: str
    """The caller's number; empty if it is withheld."""
    position: int | None
    """The position in the queue, from 1; null: the caller is not in it."""
    arrived_at: datetime
    """When the call came in, or an earlier one whose place the caller has."""
    served_from: datetime | None
    """The order over all queues: the arrival, earlier by the head start of a VIP queue; null: not in the queue."""
    wait_sec: int
    """Seconds in this queue; before it, since the call came in."""
    offers: int
    """How often the caller was offered to an agent until now."""
    reason: Annotated[str, one_of(CallerReason)] | None
    """Why the caller has no agent; null: they are about to be offered to one."""
    message: str
    """The same in English."""
    agent_id: int | None
    """The agent to whom the caller is being offered, or whom they wait for."""
    until: datetime | None
    """When the reason ends by itself; null: it does not, or that is not known."""


class AgentWhyView(msgspec.Struct, kw_only=True, rename="camel"):
    agent_id: int
    """The agent."""
    agent_name: str
    """The agent's name."""
    state: Annotated[str, one_of(AgentState)]
    """The agent's state."""
    state_since: datetime
    """Since when."""
    reason: Annotated[str, one_of(AgentReason)] | None
    """Why the agent is offered no caller of the queue; null: they are about to be, or would be offered the next one."""
    message: str
    """The same in English."""
    pause_reason: str | None
    """Why the agent is paused, or will be."""
    call_id: UUID | None
    """The agent's call, or that of the caller of another queue who comes before."""
    until: datetime | None
    """When the reason ends by itself; null: it does not, or that is not known."""


class QueueWhy(msgspec.Struct, kw_only=True, rename="camel"):
    callin_id: int
    """The queue."""
    callin_name: str
    """Its name."""
    at: datetime
    """When this was found."""
    message: str | None
    """Why the queue takes no new callers; null: it does. Those who wait are served all the same."""
    callers: list[CallerWhyView]
    """Callers without an agent, in their order; then those who hear the menu or a message."""
    agents: list[AgentWhyView]
    """The agents of the queue, by id."""


def queue_why(found: Explanation, shown: Callable[[str], str]) -> QueueWhy:
    """`shown` formats the numbers of callers."""
    now = found.situation.now
    rules = found.situation.rules[found.situation.queue_id]
    before = [
        CallerWhyView(
            call_id=one.call_id,
            phone_number=shown(one.phone),
            position=None,
            arrived_at=one.arrived_at,
            served_from=None,
            wait_sec=_seconds(one.arrived_at, now),
            offers=0,
            reason=CallerReason.BEFORE_QUEUE,
            message=sentences.OF_CALLER[CallerReason.BEFORE_QUEUE],
            agent_id=None,
            until=None,
        )
        for one in found.situation.before
    ]
    return QueueWhy(
        callin_id=rules.queue_id,
        callin_name=rules.name,
        at=now,
        message=sentences.of_queue(found),
        callers=[_caller(found, one, shown) for one in found.callers] + before,
        agents=[_agent(found, one) for one in found.agents],
    )


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def _caller(found: Explanation, one: CallerWhy, shown: Callable[[str], str]) -> CallerWhyView:
    facts = one.facts
    waits_for = facts.caller.preferred if one.reason is CallerReason.PREFERRED_AGENT else None
    return CallerWhyView(
        call_id=facts.caller.call_id,
        phone_number=shown(facts.phone),
        position=one.position,
        arrived_at=facts.caller.arrived_at,
        served_from=one.place.served_from,
        wait_sec=_seconds(facts.joined_at, found.situation.now),
        offers=facts.offers,
        reason=one.reason,
        message=sentences.of_caller(found, one),
        agent_id=waits_for if facts.offer is None else facts.offer.agent_id,
        until=one.until,
    )


def _agent(found: Explanation, one: AgentWhy) -> AgentWhyView:
    agent = one.facts.agent
    other = one.first.call_id if one.first is not None and one.reason is not None else None
    return AgentWhyView(
        agent_id=agent.agent_id,
        agent_name=agent.name,
        state=agent.state,
        state_since=agent.state_since,
        reason=one.reason,
        message=sentences.of_agent(found, one),
        pause_reason=agent.pause_reason,
        call_id=other or agent.call_id,
        until=one.until,
    )


SAMPLE: dict[str, Any] = {
    "callinId": 1001227,
    "callinName": "Chăm sóc khách hàng",
    "at": "2026-03-10T02:00:12Z",
    "message": None,
    "callers": [
        {
            "callId": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
            "phoneNumber": "0901234567",
            "position": 1,
            "arrivedAt": "2026-03-10T02:00:00Z",
            "servedFrom": "2026-03-10T02:00:00Z",
            "waitSec": 12,
            "offers": 0,
            "reason": "no_agent_free",
            "message": "No agent of the queue is free: 1 talking, 1 in wrap-up.",
            "agentId": None,
            "until": None,
        }
    ],
    "agents": [
        {
            "agentId": 7,
            "agentName": "Nguyễn Thị Mai",
            "state": "wrap_up",
            "stateSince": "2026-03-10T02:00:05Z",
            "reason": "wrap_up",
            "message": "In wrap-up since 2026-03-10 09:00:05 until 2026-03-10 09:00:15.",
            "pauseReason": None,
            "callId": None,
            "until": "2026-03-10T02:00:15Z",
        }
    ],
}
