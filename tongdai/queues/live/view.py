"""Live figures of queues on the wire."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai.http.openapi.fields import one_of
from tongdai.queues.live.model import SHORT_S, Entries, LiveFigures, QueueFigures, Waiting
from tongdai.queues.model import Strategy


class ServiceFigures(msgspec.Struct, kw_only=True, rename="camel"):
    """Callers who entered the queue in a period and do not wait any more."""

    offered: int
    """Number of entries: a caller who is sent on to another queue is counted in each."""
    answered: int
    """Entries that an agent answered."""
    abandoned: int
    """Entries whose caller hung up."""
    sent_on: int
    """Entries that ended otherwise: sent elsewhere, after the longest wait, lost."""
    answered_within: int
    """Entries answered within `serviceLevelSec`."""
    abandoned_within: int
    """Entries abandoned within `shortAbandonSec`."""
    service_level_of_answered: float | None
    """Percent: answeredWithin / answered; null without an answer."""
    service_level_of_offered: float | None
    """Percent: answeredWithin / (offered - abandonedWithin); null without one."""
    abandon_rate: float | None
    """Percent: abandoned / offered; null without one."""
    answer_sec: float | None
    """Mean seconds until the answer, of the answered; null without one."""
    callers_not_served: int
    """Distinct numbers whose call nobody answered, and who were not answered or called back later."""


class WaitingCaller(msgspec.Struct, kw_only=True, rename="camel"):
    call_id: UUID
    """The call."""
    phone_number: str
    """The caller's number; empty if it is withheld."""
    position: int
    """The position in the queue, from 1."""
    arrived_at: datetime
    """When the call came in."""
    wait_sec: int
    """Seconds in this queue."""


class QueueLive(msgspec.Struct, kw_only=True, rename="camel"):
    callin_id: int
    """The queue."""
    callin_name: str
    """Its name."""
    strategy: Annotated[int, one_of(Strategy)]
    """How its calls are treated: 1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    waiting: int
    """Callers who wait."""
    longest_wait_sec: int | None
    """Seconds that the one who waits longest has waited; null if nobody waits."""
    talking: int
    """Callers who are connected with an agent."""
    callbacks: int
    """Callbacks that are due, in one order with the callers who wait, or being called."""
    agents: dict[str, int]
    """Its agents by state, states without one left out."""
    today: ServiceFigures
    """Since midnight in the tenant's time zone."""
    last_30_min: ServiceFigures = msgspec.field(name="last30Min")
    """The last 30 minutes."""
    service_level_sec: int
    """The threshold of the service level, T: as asked for, or else as the queue has it."""


class QueueLiveDetail(QueueLive, kw_only=True, rename="camel"):
    callers: list[WaitingCaller]
    """The callers who wait, in their order."""
    short_abandon_sec: int
    """Within this time a caller who hangs up counts as not offered, S."""


class QueuesLive(msgspec.Struct, kw_only=True, rename="camel"):
    waiting: int
    """Callers who wait, in all queues."""
    longest_wait_sec: int | None
    """Seconds that the one who waits longest has waited; null if nobody waits."""
    talking: int
    """Callers who are connected with an agent."""
    agents: dict[str, int]
    """The tenant's agents by state, each counted once."""
    today: ServiceFigures
    """Since midnight in the tenant's time zone, of all queues."""
    last_30_min: ServiceFigures = msgspec.field(name="last30Min")
    """The last 30 minutes, of all queues."""
    service_level_sec: int | None
    """The threshold of the service level, T, as asked for; null: each queue has its own."""
    short_abandon_sec: int
    """Within this time a caller who hangs up counts as not offered, S."""
    queues: list[QueueLive]
    """The queues, by id."""


def service(entries: Entries) -> ServiceFigures:
    """The figures of entries."""
    return ServiceFigures(
        offered=entries.offered,
        answered=entries.answered,
        abandoned=entries.abandoned,
        sent_on=entries.sent_on,
        answered_within=entries.answered_in_time,
        abandoned_within=entries.abandoned_short,
        service_level_of_answered=entries.service_level_of_answered,
        service_level_of_offered=entries.service_level_of_offered,
        abandon_rate=entries.abandon_rate,
        answer_sec=entries.mean_answer_s,
        callers_not_served=entries.not_served,
    )


def _longest(waiting: list[Waiting]) -> int | None:
    return max((caller.wait_s for caller in waiting), default=None)


def _fields(queue: QueueFigures) -> dict[str, Any]:
    return {
        "callin_id": queue.queue_id,
        "callin_name": queue.name,
        "strategy": queue.strategy,
        "waiting": len(queue.waiting),
        "longest_wait_sec": _longest(queue.waiting),
        "talking": queue.talking,
        "callbacks": queue.callbacks,
        "agents": dict(sorted(queue.agents.items())),
        "today": service(queue.today),
        "last_30_min": service(queue.recent),
        "service_level_sec": queue.service_s,
    }


def queue_row(queue: QueueFigures) -> QueueLive:
    """The figures of one of several queues."""
    return QueueLive(**_fields(queue))


def queue_live(queue: QueueFigures, shown: Callable[[str], str]) -> QueueLiveDetail:
    """The figures of one queue; `shown` formats the numbers of callers."""
    callers = [
        WaitingCaller(
            call_id=caller.call_id,
            phone_number=shown(caller.phone),
            position=position,
            arrived_at=caller.arrived_at,
            wait_sec=caller.wait_s,
        )
        for position, caller in enumerate(queue.waiting, 1)
    ]
    return QueueLiveDetail(**_fields(queue), callers=callers, short_abandon_sec=SHORT_S)


def queues_live(figures: LiveFigures, agents: dict[str, int], service_s: int | None) -> QueuesLive:
    """The figures of a tenant's queues, and of all together."""
    return QueuesLive(
        waiting=sum(len(queue.waiting) for queue in figures.queues),
        longest_wait_sec=_longest([caller for queue in figures.queues for caller in queue.waiting]),
        talking=sum(queue.talking for queue in figures.queues),
        agents=dict(sorted(agents.items())),
        today=service(figures.today),
        last_30_min=service(figures.recent),
        service_level_sec=service_s,
        short_abandon_sec=SHORT_S,
        queues=[queue_row(queue) for queue in figures.queues],
    )


_SERVICE: dict[str, Any] = {
    "offered": 40,
    "answered": 34,
    "abandoned": 5,
    "sentOn": 1,
    "answeredWithin": 27,
    "abandonedWithin": 2,
    "serviceLevelOfAnswered": 79.41,
    "serviceLevelOfOffered": 71.05,
    "abandonRate": 12.5,
    "answerSec": 14.2,
    "callersNotServed": 4,
}
QUEUE_SAMPLE: dict[str, Any] = {
    "callinId": 1001227,
    "callinName": "Chăm sóc khách hàng",
    "strategy": 1,
    "waiting": 1,
    "longestWaitSec": 12,
    "talking": 3,
    "callbacks": 2,
    "agents": {"idle": 0, "talking": 3, "wrap_up": 1},
    "today": _SERVICE,
    "last30Min": _SERVICE,
    "serviceLevelSec": 20,
}
SAMPLE: dict[str, Any] = {
    **QUEUE_SAMPLE,
    "callers": [
        {
            "callId": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
            "phoneNumber": "0901234567",
            "position": 1,
            "arrivedAt": "2026-03-10T02:00:00Z",
            "waitSec": 12,
        }
    ],
    "shortAbandonSec": SHORT_S,
}
ALL_SAMPLE: dict[str, Any] = {
    **{name: QUEUE_SAMPLE[name] for name in ("waiting", "longestWaitSec", "talking", "agents", "today", "last30Min")},
    "serviceLevelSec": None,
    "shortAbandonSec": SHORT_S,
    "queues": [QUEUE_SAMPLE],
}
