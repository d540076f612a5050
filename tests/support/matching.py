"""Callers, agents and rules of queues for the matcher, at noon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tongdai.acd.eligibility import WaitingCaller
from tongdai.agents.model import IdleAgent, Mode
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules, SkillRule

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ONE, TWO = TenantId(1), TenantId(2)
SALES, CARE, VIP = QueueId(1), QueueId(2), QueueId(3)
VIETNAMESE = SkillRule("vi", 5)


def rules(queue_id: QueueId = SALES, **changes: object) -> QueueRules:
    return QueueRules(queue_id=queue_id, name="A", **changes)  # type: ignore[arg-type]


def caller(number: int, queue_id: QueueId = SALES, arrived_s: float = 0, **changes: object) -> WaitingCaller:
    at = NOON + timedelta(seconds=arrived_s)
    return WaitingCaller(tenant_id=ONE, call_id=UUID(int=number), queue_id=queue_id, arrived_at=at, **changes)  # type: ignore[arg-type]


def agent(number: int, *queues: QueueId, idle_s: float = 0, **changes: object) -> IdleAgent:
    idle = IdleAgent(
        tenant_id=ONE,
        agent_id=AgentId(number),
        endpoint=f"a{number}",
        mode=Mode.NAILED_UP,
        channel_id=UUID(int=number),
        idle_since=NOON - timedelta(seconds=idle_s),
        queues=dict.fromkeys(queues or (SALES,), 0),
        skills={},
        calls_today=0,
        talk_s_today=0,
    )
    return replace(idle, **changes)  # type: ignore[arg-type]
