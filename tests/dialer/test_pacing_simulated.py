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


@pytest.mark.parametrize("broken", [ignores_ringing, forgets_the_abandoned, takes_talking_for_free])
def test_simulation_finds_pacing_that(broken: Callable[[Snapshot, float], int]) -> None:
    assert abandoned_share(days_of(FEW, broken)) > CAP
