"""The agent who gets a caller, of several who may."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tongdai.acd.selection import RUNG_AT_ONCE, rung_at_once, selected
from tongdai.agents.model import IdleAgent, Mode
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules, Selector

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SALES = QueueId(1)


def rules(selector: Selector) -> QueueRules:
    return QueueRules(queue_id=SALES, name="A", selector=selector)


def agent(number: int, idle_s: float = 0, **changes: object) -> IdleAgent:
    idle = IdleAgent(
        tenant_id=TenantId(1),
        agent_id=AgentId(number),
        endpoint=f"a{number}",
        mode=Mode.NAILED_UP,
        channel_id=UUID(int=number),
        idle_since=NOON - timedelta(seconds=idle_s),
        queues={SALES: 0},
        skills={},
        calls_today=0,
        talk_s_today=0,
    )
    return replace(idle, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (Selector.LONGEST_IDLE, 1),
        (Selector.FEWEST_CALLS, 3),
        (Selector.LEAST_TALK, 4),
        (Selector.ROUND_ROBIN, 3),
        (Selector.LINEAR, 2),
    ],
)
def test_agent_is_selected_by_the_selector_of_the_queue(selector: Selector, expected: int) -> None:
    agents = [
        agent(1, idle_s=9, calls_today=4, talk_s_today=9),
        replace(agent(2, idle_s=8, calls_today=2, talk_s_today=8), queues={SALES: -1}),
        agent(3, idle_s=7, calls_today=1, talk_s_today=7),
        agent(4, idle_s=6, calls_today=1, talk_s_today=6),
    ]
    found = selected(agents, rules(selector), AgentId(2), random.Random(1))
    assert found.agent_id == expected


def test_round_begins_again_after_the_last_agent() -> None:
    agents = [agent(2), agent(1)]
    assert selected(agents, rules(Selector.ROUND_ROBIN), AgentId(2), random.Random(1)).agent_id == 1


def test_random_selection_gives_each_agent_its_share() -> None:
    agents, rng = [agent(number) for number in (1, 2, 3)], random.Random(1)
    found = [selected(agents, rules(Selector.RANDOM), None, rng).agent_id for _ in range(3000)]
    assert all(900 < found.count(AgentId(number)) < 1100 for number in (1, 2, 3))


def test_phones_of_all_idle_agents_in_mode_ring_ring_at_once_up_to_a_number() -> None:
    all_ring = rules(Selector.RING_ALL)
    agents = [agent(number, number % 20, mode=Mode.RING) for number in range(1, 40)]
    rung = rung_at_once(agents, all_ring)
    assert len(rung) == RUNG_AT_ONCE
    assert [one.agent_id for one in rung[:3]] == [19, 39, 18]
    assert rung_at_once(agents, rules(Selector.LONGEST_IDLE)) == []
    connected = [replace(one, mode=Mode.NAILED_UP) for one in agents]
    assert rung_at_once([*connected[:3], agents[5]], all_ring) == [agents[5]]
    assert rung_at_once(connected, all_ring) == []
    assert selected(connected, all_ring, None, random.Random(1)).agent_id == 19
