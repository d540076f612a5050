"""Hours of dialling in virtual time with everything that goes wrong: what must hold does, and all of it went wrong."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.support.dialer_simulation import SOMETIMES, STORM, Plan, World, simulate
from tongdai.dialer.options import LEASE

SEEDS = range(100, 116)
ONCE_FAILED: tuple[int, ...] = ()
"""Seeds that found something, each kept."""


def outcome_of(seed: int) -> tuple[int, list[str], Counter[str]]:
    world: World = simulate(seed)
    return seed, world.violations, world.counts


def test_nothing_is_called_twice_or_forgotten_whatever_goes_wrong() -> None:
    met: Counter[str] = Counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for seed, violations, counts in pool.map(outcome_of, (*ONCE_FAILED, *SEEDS)):
            assert not violations, f"seed {seed}: {violations[:5]}"
            met += counts
    assert [situation for situation in SOMETIMES if not met[situation]] == []


@pytest.mark.parametrize("seed", range(200, 203))
def test_without_harm_no_call_is_lost_and_no_claim_taken_back(seed: int) -> None:
    harmless = Plan(
        crash_s=0, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, pause_s=0, weather_s=0, crash_at_step=False,
        records_refuse=0, records_forget=0, records_slow=0, slow_claims=0, stormy=False,
    )  # fmt: skip
    world = simulate(seed, harmless)
    assert not world.violations
    assert [world.counts[what] for what in ("lost", "call adopted", "orphaned channel hung up")] == [0, 0, 0]
    assert world.counts["answered"] > 100


@pytest.mark.parametrize("seed", range(300, 304))
def test_nothing_is_forgotten_by_a_process_that_never_ends(seed: int) -> None:
    """No other comes to clean up after it."""
    lasting = Plan(crash_s=0, stop_s=0, take_over_s=0, crash_at_step=False)
    assert simulate(seed, lasting).violations == []


def test_same_seed_is_the_same_story() -> None:
    plan = Plan(minutes=5)
    assert simulate(7, plan).counts == simulate(7, plan).counts


def test_lease_is_longer_than_any_request_is_under_way() -> None:
    """`Faults` limits them in the simulation, the time-out of requests on a real connection."""
    assert LEASE.total_seconds() > STORM.late_s[1] + STORM.event_late_s[1]
