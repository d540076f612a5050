"""The waits of callers: those of the matcher are those of service in the order of arrival, which are those of theory.

Theory within 5 % for all loads takes tens of millions of callers: `python -m bench acd`.
"""

import math

import pytest

from tongdai.testing.acd_simulation import Floor, by_matcher, calls, erlang, in_order, summed

FLOORS = [
    Floor(agents, load, patience_s=patience_s)
    for agents in (5, 20, 100)
    for load in (0.7, 0.8, 0.9, 0.95)
    for patience_s in (math.inf, 120)
]


@pytest.mark.parametrize("floor", FLOORS, ids=repr)
def test_matcher_lets_each_caller_wait_as_long_as_service_in_the_order_of_arrival(floor: Floor) -> None:
    served = by_matcher(floor.agents, calls(floor, 1, 4000))
    assert served == list(in_order(floor.agents, calls(floor, 1, 4000)))
    assert floor.agents == 100 or any(wait.seconds for wait in served)


@pytest.mark.parametrize(
    "floor",
    [Floor(5, 0.7), Floor(20, 0.8), Floor(5, 0.95, patience_s=120), Floor(100, 1.0, patience_s=120)],
    ids=repr,
)
def test_callers_wait_and_leave_as_erlang_says(floor: Floor) -> None:
    found = summed(in_order(floor.agents, calls(floor, 2, 1_000_000)))
    assert found == pytest.approx(tuple(erlang(floor)), rel=0.05)


def test_erlang_c_of_one_agent_is_the_load() -> None:
    """One agent: the share of callers who wait is the load, and their mean wait load / (1 - load) talks."""
    found = erlang(Floor(1, 0.5, talk_s=100))
    assert found == pytest.approx((0.5, 100.0, 0.0))


def test_erlang_a_with_patience_as_long_as_a_talk_is_a_poisson_number_of_callers() -> None:
    """Each caller leaves as fast from the queue as from a talk: as with agents for all."""
    found = erlang(Floor(2, 1.0, talk_s=100, patience_s=100))
    assert found.waited == pytest.approx(1 - 3 * math.exp(-2))
