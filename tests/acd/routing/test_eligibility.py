"""Which idle agents may serve a caller, and what keeps the others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.matching import CARE, NOON, ONE, SALES, TWO, VIETNAMESE, agent, caller, rules
from tongdai.acd.eligibility import Need, Obstacle, need_of, obstacle, place_of
from tongdai.ids import AgentId
from tongdai.queues.model import Strategy

QUEUE = (ONE, SALES)
SKILLED = Need(skills=(VIETNAMESE,))
LATER = NOON + timedelta(seconds=10)


def test_agent_of_the_queue_may_serve() -> None:
    assert obstacle(agent(7), QUEUE, Need(), NOON) is None
    assert obstacle(agent(7, skills={"vi": 5}), QUEUE, SKILLED, NOON) is None
    assert obstacle(agent(7), QUEUE, Need(preferred=(ONE, AgentId(7))), NOON) is None


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (obstacle(agent(7, CARE), QUEUE, Need(), NOON), Obstacle.OTHER_QUEUE),
        (obstacle(replace(agent(7), tenant_id=TWO), QUEUE, Need(), NOON), Obstacle.OTHER_QUEUE),
        (obstacle(agent(7), QUEUE, Need(preferred=(ONE, AgentId(8))), NOON), Obstacle.NOT_PREFERRED),
        (obstacle(agent(7), QUEUE, SKILLED, NOON), Obstacle.SKILL_MISSING),
        (obstacle(agent(7, SALES, CARE), QUEUE, Need(), NOON, withheld=[(ONE, CARE)]), Obstacle.WITHHELD),
        (obstacle(agent(7), QUEUE, Need(), NOON, excluded={(ONE, AgentId(7)): LATER}), Obstacle.EXCLUDED),
    ],
)
def test_obstacle_is_named(met: Obstacle | None, expected: Obstacle) -> None:
    assert met is expected


def test_exclusion_ends_at_its_instant() -> None:
    excluded = {(ONE, AgentId(7)): LATER}
    assert obstacle(agent(7), QUEUE, Need(), LATER, excluded=excluded) is None
    assert obstacle(agent(8), QUEUE, Need(), NOON, excluded=excluded) is None


def test_caller_needs_the_preferred_agent_then_the_skills_then_anybody() -> None:
    of = rules(skills=(VIETNAMESE,), skills_for_s=30)
    one = caller(1, preferred=AgentId(7), preferred_until=LATER)
    assert need_of(one, of, NOON) == (Need(preferred=(ONE, AgentId(7))), LATER)
    assert need_of(one, of, LATER) == (SKILLED, NOON + timedelta(seconds=30))
    assert need_of(one, of, NOON + timedelta(seconds=30)) == (Need(), None)
    assert need_of(one, rules(skills=(VIETNAMESE,)), LATER) == (SKILLED, None)


def test_place_is_earlier_by_the_head_start_of_the_queue() -> None:
    one = caller(1)
    assert place_of(one, rules()).served_from == NOON
    assert place_of(one, rules(strategy=Strategy.VIP)).served_from == NOON - timedelta(seconds=600)
