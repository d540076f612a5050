"""Hours of dialling in virtual time with all faults: the invariants hold, and each situation occurs."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.support.dialer_simulation.plan import SOMETIMES, STORM, Plan
from tests.support.dialer_simulation.simulation import simulate
from tongdai.dialer.options import LEASE

SEEDS = range(100, 117)
ONCE_FAILED: tuple[int, ...] = ()
"""Seeds that violated an invariant once."""


def outcome_of(seed: int) -> tuple[int, list[str], Counter[str]]:
    world = simulate(seed)
    return seed, world.violations, world.counts


def test_invariants_hold_under_all_faults_and_each_situation_occurs() -> None:
    met: Counter[str] = Counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for seed, violations, counts in pool.map(outcome_of, (*ONCE_FAILED, *SEEDS)):
            assert not violations, f"seed {seed}: {violations[:5]}"
            met += counts
    assert [situation for situation in SOMETIMES if not met[situation]] == []


@pytest.mark.parametrize("seed", range(200, 203))
def test_without_faults_no_call_is_lost_and_no_claim_cancelled(seed: int) -> None:
    harmless = Plan(
        crash_s=0, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, pause_s=0, faults_s=0, hold_s=0,
        crash_at_step=False, store_refuses=0, store_answer_lost=0, store_slow=0, slow_claims=0, stormy=False,
    )  # fmt: skip
    world = simulate(seed, harmless)
    assert not world.violations
    assert [world.counts[what] for what in ("lost", "call adopted", "orphaned channel hung up")] == [0, 0, 0]
    assert world.counts["answered"] > 100


@pytest.mark.parametrize("seed", range(300, 304))
def test_process_that_never_ends_leaves_nothing_unreconciled(seed: int) -> None:
    """No other process reconciles what it left."""
    lasting = Plan(crash_s=0, stop_s=0, take_over_s=0, crash_at_step=False)
    assert simulate(seed, lasting).violations == []


def test_same_seed_has_the_same_results() -> None:
    plan = Plan(minutes=5)
    assert simulate(7, plan).counts == simulate(7, plan).counts


def test_lease_is_longer_than_any_request_takes() -> None:
    """`Faults` limits them in the simulation, the time-out of requests on a real connection."""
    assert LEASE.total_seconds() > STORM.late_s[1] + STORM.event_late_s[1]
