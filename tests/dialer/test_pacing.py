"""Decisions of pacing for one second."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongdai.calls.model import LiveAnswers
from tongdai.dialer.pacing import Limits, Mode, RingTimes, Snapshot, calls_to_place

NOW = 1_000_000.0
WIDE = Limits(max_concurrent=10_000, calls_per_second=10_000)
KNOWN = RingTimes(answered=(0,) * 5 + (6,) * 20, unanswered=(0,) * 30 + (280,))
"""120 of 400 calls were answered, 5 to 25 s after they were dialled."""
SETTLED = LiveAnswers(answered=10_000, abandoned=200)
BUSY = Snapshot(
    Mode.PREDICTIVE,
    WIDE,
    active_calls=40,
    talking_since=tuple(NOW - 3.0 * agent for agent in range(40)),
    wrap_up_since=(NOW - 1, NOW - 4, NOW - 8),
    talk_mean_s=120,
    wrap_up_s=10,
    rings=KNOWN,
    last_24_h=SETTLED,
    last_30_days=SETTLED,
)
"""50 agents: 40 talk, 3 are in wrap-up, 7 are offline. No call rings."""

numbers = st.integers(0, 400)
since = st.lists(st.floats(-1000, 1000).map(lambda age: NOW - age), max_size=60).map(tuple)
histograms = st.lists(st.integers(0, 50), max_size=40).map(tuple)
answer_counts = st.tuples(st.integers(0, 20_000), st.floats(0, 1)).map(
    lambda of: LiveAnswers(of[0], int(of[0] * of[1]))
)
limits = st.builds(Limits, st.integers(0, 300), st.integers(0, 100), st.floats(0, 0.1))
snapshots = st.builds(
    Snapshot,
    st.sampled_from(Mode),
    limits,
    active_calls=numbers,
    accepted=numbers,
    agents_free=numbers,
    talking_since=since,
    wrap_up_since=since,
    ringing_since=since,
    waiting=st.integers(0, 20),
    callers=st.integers(0, 20),
    callers_per_s=st.floats(0, 2),
    reserve=st.integers(0, 20),
    talk_mean_s=st.floats(0, 1000),
    wrap_up_s=st.floats(0, 120),
    rings=st.builds(RingTimes, histograms, histograms),
    last_24_h=answer_counts,
    last_30_days=answer_counts,
)


def placed(snapshot: Snapshot, **changes: object) -> int:
    return calls_to_place(replace(snapshot, **changes), NOW)


@settings(deadline=None)
@given(snapshots)
def test_never_negative_and_within_the_limits(snapshot: Snapshot) -> None:
    count = placed(snapshot)
    assert count >= 0
    assert count == 0 or snapshot.active_calls + count <= snapshot.limits.max_concurrent
    assert count == 0 or count <= snapshot.limits.calls_per_second


@settings(deadline=None)
@given(snapshots)
def test_progressive_never_dials_more_than_free_agents_less_ringing(snapshot: Snapshot) -> None:
    count = placed(snapshot, mode=Mode.PROGRESSIVE)
    assert count <= max(0, snapshot.agents_free - len(snapshot.ringing_since))


@settings(deadline=None)
@given(snapshots, st.integers(0, 50), st.integers(0, 50))
def test_wider_limits_never_place_fewer(snapshot: Snapshot, more_lines: int, more_a_second: int) -> None:
    was = snapshot.limits
    wider = Limits(was.max_concurrent + more_lines, was.calls_per_second + more_a_second, was.abandonment_cap)
    assert placed(snapshot, limits=wider) >= placed(snapshot)


@settings(deadline=None)
@given(snapshots)
def test_predictive_places_no_fewer_than_progressive(snapshot: Snapshot) -> None:
    assert placed(snapshot, mode=Mode.PREDICTIVE) >= placed(snapshot, mode=Mode.PROGRESSIVE)


@settings(deadline=None)
@given(snapshots, st.integers(1, 20_000), st.sampled_from(["last_24_h", "last_30_days"]))
def test_predictive_is_progressive_once_the_cap_is_reached(snapshot: Snapshot, answered: int, window: str) -> None:
    reached = LiveAnswers(answered, max(1, -int(-snapshot.limits.abandonment_cap * answered // 1)))
    clamped = replace(snapshot, **{window: reached})
    assert placed(clamped, mode=Mode.PREDICTIVE) == placed(clamped, mode=Mode.PROGRESSIVE)


def test_predictive_dials_for_agents_who_will_be_free() -> None:
    assert placed(BUSY, mode=Mode.PROGRESSIVE) == 0
    assert 3 <= placed(BUSY) <= 10


@pytest.mark.parametrize(
    "worse",
    [
        {"ringing_since": (NOW - 2,) * 10},
        {"waiting": 2},
        {"wrap_up_since": ()},
        {"talk_mean_s": 1200.0},
        {"rings": RingTimes(KNOWN.answered, (0,) * 30 + (80,))},
        {"last_24_h": LiveAnswers(10_000, 280)},
        {"last_30_days": LiveAnswers(10_000, 280)},
        {"limits": Limits(10_000, 10_000, abandonment_cap=0.022)},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_predictive_places_fewer_when(worse: dict[str, object]) -> None:
    assert placed(BUSY, **worse) < placed(BUSY)


def test_call_that_has_rung_long_counts_for_less() -> None:
    assert placed(BUSY, ringing_since=(NOW - 24,) * 20) > placed(BUSY, ringing_since=(NOW - 2,) * 20)


def test_overdue_wrap_up_is_not_expected_to_end() -> None:
    assert placed(BUSY, wrap_up_since=(NOW - 60,) * 3) == placed(BUSY, wrap_up_since=())


def test_predictive_is_progressive_until_it_knows_the_answer_rate() -> None:
    few = RingTimes(answered=(0,) * 10 + (14,), unanswered=(0,) * 30 + (40,))
    assert placed(BUSY, agents_free=5, rings=few) == 5
    assert placed(BUSY, agents_free=5) > 5


def test_predictive_places_fewer_while_the_answer_rate_is_uncertain() -> None:
    hardly = RingTimes(answered=(0,) * 10 + (15,), unanswered=(0,) * 30 + (35,))
    well = RingTimes(answered=(0,) * 10 + (1500,), unanswered=(0,) * 30 + (3500,))
    assert placed(BUSY, agents_free=40, rings=hardly) < placed(BUSY, agents_free=40, rings=well)


def test_agentless_places_what_the_limits_leave() -> None:
    limits = Limits(max_concurrent=50, calls_per_second=10)
    agentless = Snapshot(Mode.AGENTLESS, limits, active_calls=20)
    assert calls_to_place(agentless, NOW) == 10
    assert placed(agentless, active_calls=48) == 2
    assert placed(agentless, active_calls=60) == 0


def test_preview_places_one_for_each_agent_who_accepted() -> None:
    preview = Snapshot(Mode.PREVIEW, WIDE, accepted=3, agents_free=9)
    assert calls_to_place(preview, NOW) == 3


def test_agents_are_left_to_callers_who_wait_and_will_arrive() -> None:
    free = replace(BUSY, mode=Mode.PROGRESSIVE, agents_free=10, talking_since=(), wrap_up_since=())
    assert placed(free) == 10
    assert placed(free, callers=3) == 7
    assert placed(free, reserve=4) == 6
    assert placed(free, reserve=4, callers=3) == 6
    assert placed(free, callers=12) == 0
    # One is expected within the 15 s to an answer, and two standard deviations are two more.
    assert placed(free, callers_per_s=1 / 15) == 7


@given(snapshots, st.sampled_from(("callers", "callers_per_s", "reserve")))
def test_more_callers_never_mean_more_calls(snapshot: Snapshot, of: str) -> None:
    assert placed(snapshot, **{of: getattr(snapshot, of) + 1}) <= placed(snapshot)
