"""Situations of a queue, of which the callers and agents are explained."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.support.matching import CARE, NOON, ONE, SALES, VIETNAMESE, caller, rules
from tongdai.acd.why.model import AgentFacts, CallerFacts, Situation
from tongdai.agents.model import Agent, AgentState, IdleAgent, Mode
from tongdai.ids import AgentId, QueueId
from tongdai.queues.model import QueueRules
from tongdai.switches.model import DEFAULT, Kind, Switch

UP = Switch(DEFAULT, "default", Kind.SIMULATED, "simulated", "tongdai", "here", True, NOON, True, 0, 0)
SKILLS = (VIETNAMESE,)


def waiting(number: int, queue_id: QueueId = SALES, arrived_s: float = 0, **changes: Any) -> CallerFacts:
    """A caller who waits; by `preferred` for an agent."""
    kept = {name: changes.pop(name) for name in ("preferred", "preferred_until") if name in changes}
    one = caller(number, queue_id, arrived_s, **kept)
    return CallerFacts(caller=one, phone="+84901234567", joined_at=one.arrived_at, **changes)


def of(idle: IdleAgent) -> AgentFacts:
    """An idle agent of the queue."""
    return AgentFacts(an_agent(idle.agent_id, AgentState.IDLE), idle=idle)


def an_agent(number: int, state: AgentState, **changes: Any) -> Agent:
    made = Agent(
        tenant_id=ONE, agent_id=AgentId(number), name=f"A{number}", endpoint=f"a{number}", queue_id=SALES,
        mode=Mode.NAILED_UP, wrap_up_s=10, state=state, state_since=NOON, channel_id=None, call_id=None,
        offline_reason=None, created_at=NOON,
    )  # fmt: skip
    return replace(made, **changes)


def situation(
    callers: Sequence[CallerFacts], idle: Sequence[IdleAgent] = (), *of_queues: QueueRules, **changes: Any
) -> Situation:
    made = Situation(
        tenant_id=ONE,
        queue_id=SALES,
        now=NOON,
        zone="Asia/Ho_Chi_Minh",
        switch=UP,
        rules={each.queue_id: each for each in of_queues or (rules(SALES), rules(CARE))},
        callers=callers,
        agents=[of(each) for each in idle if SALES in each.queues],
        idle=idle,
    )
    return replace(made, **changes)
