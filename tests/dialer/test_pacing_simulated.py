"""Pacing on simulated call-centre floors. `python -m bench pacing` simulates a month of each scenario."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tongdai.calls.model import LiveAnswers
from tongdai.dialer.pacing import Mode, Snapshot, calls_to_place
from tongdai.testing.pacing_simulation import Day, Pacing, Scenario, simulate

CAP = 0.03
HOUR_S = 3600
STEPS = Scenario("answer rate steps", 10, [(0, 0.10), (HOUR_S, 0.60), (2 * HOUR_S, 0.20)], shift_s=3 * HOUR_S)
LUNCH = Scenario("half leave within a minute", 50, [(0, 0.30)], [(HOUR_S, HOUR_S)], shift_s=3 * HOUR_S)
STEADY = Scenario("steady", 50, [(0, 0.30)], shift_s=3 * HOUR_S)
FEW = Scenario("few", 10, [(0, 0.30)], shift_s=HOUR_S)


BLENDED = [(0, 0.0), (HOUR_S, 0.3), (2 * HOUR_S, 0.6), (3 * HOUR_S, 0.9)]
"""Shares of the agents' time that callers of queues need."""
SMALL_BLEND, BLEND = (
    Scenario(f"{agents} agents take callers too", agents, [(0, 0.30)], shift_s=4 * HOUR_S, inbound=BLENDED)
    for agents in (10, 50)
)


def days_of(
    scenario: Scenario, pace: Pacing = calls_to_place, mode: Mode = Mode.PREDICTIVE, days: int = 1
) -> list[Day]:
    return simulate(scenario, pace, mode, days, seed=7)


def abandoned_share(days: list[Day]) -> float:
    return sum(day.abandoned for day in days) / sum(day.answered for day in days)


def talk_s(days: list[Day]) -> float:
    return sum(day.talk_s for day in days)


@pytest.mark.parametrize(("scenario", "days", "ratio"), [(STEPS, 3, 1.2), (LUNCH, 1, 1.4), (STEADY, 1, 1.5)])
def test_predictive_keeps_the_cap_and_agents_talk_longer(scenario: Scenario, days: int, ratio: float) -> None:
    predictive = days_of(scenario, days=days)
    assert abandoned_share(predictive) <= CAP
    assert talk_s(predictive) >= ratio * talk_s(days_of(scenario, mode=Mode.PROGRESSIVE, days=days))


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.PREDICTIVE])
@pytest.mark.parametrize(("scenario", "days"), [(SMALL_BLEND, 3), (BLEND, 1)])
def test_cap_holds_while_the_load_of_callers_steps_from_nothing_to_nine_tenths(
    scenario: Scenario, days: int, mode: Mode
) -> None:
    found = days_of(scenario, mode=mode, days=days)
    assert abandoned_share(found) <= CAP
    assert sum(day.served for day in found) >= 0.9 * sum(day.callers for day in found)


def test_reserve_of_agents_is_left_to_callers() -> None:
    reserving = replace(BLEND, inbound=[(0, 0.3)], reserve=10, shift_s=HOUR_S)
    (first,), (kept,) = (days_of(one) for one in (replace(reserving, reserve=0), reserving))
    assert kept.served / kept.callers >= first.served / first.callers
    assert kept.dialled < first.dialled


def test_progressive_abandons_nobody_while_agents_stay() -> None:
    assert abandoned_share(days_of(FEW, mode=Mode.PROGRESSIVE)) == 0


def test_same_seed_has_the_same_day() -> None:
    assert days_of(FEW) == days_of(FEW)


def ignores_ringing(snapshot: Snapshot, now: float) -> int:
    return calls_to_place(replace(snapshot, ringing_since=()), now)


def forgets_the_abandoned(snapshot: Snapshot, now: float) -> int:
    limits = replace(snapshot.limits, abandonment_cap=0.30)
    return calls_to_place(replace(snapshot, limits=limits, last_24_h=LiveAnswers(), last_30_days=LiveAnswers()), now)


def takes_talking_for_free(snapshot: Snapshot, now: float) -> int:
    return calls_to_place(replace(snapshot, agents_free=snapshot.agents_free + len(snapshot.talking_since)), now)


def ignores_callers(snapshot: Snapshot, now: float) -> int:
    return calls_to_place(replace(snapshot, callers=0, callers_per_s=0.0), now)


@pytest.mark.parametrize(("scenario", "days"), [(SMALL_BLEND, 3), (BLEND, 1)])
def test_simulation_finds_pacing_that_spends_the_agents_of_callers(scenario: Scenario, days: int) -> None:
    assert abandoned_share(days_of(scenario, ignores_callers, days=days)) > CAP


@pytest.mark.parametrize("broken", [ignores_ringing, forgets_the_abandoned, takes_talking_for_free])
def test_simulation_finds_pacing_that(broken: Callable[[Snapshot, float], int]) -> None:
    assert abandoned_share(days_of(FEW, broken)) > CAP
