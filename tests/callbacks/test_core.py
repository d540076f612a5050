"""When a callback may be dialled, how long it holds, and what happens to it after a try."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.callbacks import core
from tongdai.callbacks.model import MAX_TRIES, RETRY_AFTER, TRANSITIONS, CallbackState
from tongdai.queues.hours.model import Closed, Open, Reason

NOON = datetime(2026, 3, 10, 5, tzinfo=UTC)  # in Vietnam
HOUR = timedelta(hours=1)
LAST = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(("hour", "may"), [(0, False), (1, True), (13, True), (14, False)])
def test_standard_calling_hours_are_those_of_the_number(hour: int, may: bool) -> None:
    assert core.may_call(None, "+84901234567", "UTC", NOON.replace(hour=hour)) is may


def test_number_of_no_country_is_called_in_the_hours_of_the_tenant() -> None:
    assert core.may_call(None, "+88812345678", "Asia/Ho_Chi_Minh", NOON.replace(hour=13))
    assert not core.may_call(None, "+88812345678", "Asia/Ho_Chi_Minh", NOON.replace(hour=14))


@pytest.mark.parametrize(
    ("opening", "expires_at"),
    [
        (Open(None), NOON + 4 * HOUR),
        (Open(NOON + HOUR), NOON + HOUR),
        (Open(NOON + 9 * HOUR), NOON + 4 * HOUR),
        (Closed(Reason.OUTSIDE_HOURS, NOON + 20 * HOUR), NOON + 24 * HOUR),
        (Closed(Reason.CLOSED_NOW, None), NOON + 4 * HOUR),
        (Closed(Reason.CLOSED_NOW, LAST), LAST),
    ],
)
def test_callback_holds_until_the_queue_closes_and_no_longer_than_is_set(
    opening: Open | Closed, expires_at: datetime
) -> None:
    assert core.expires_at(opening, NOON, 4 * 3600) == expires_at


@given(st.sampled_from([*Outcome, *InboundOutcome]), st.integers(1, MAX_TRIES))
def test_try_that_reached_nobody_is_followed_by_another_until_the_last(
    outcome: Outcome | InboundOutcome, tries: int
) -> None:
    state, count, due_at = core.after_try(outcome, tries, NOON)
    assert state in TRANSITIONS[CallbackState.CALLING]
    if outcome == Outcome.CANCELLED:
        assert (state, count, due_at) == (CallbackState.PENDING, tries - 1, NOON), "nobody's phone rang"
    else:
        assert (count, due_at) == (tries, NOON + RETRY_AFTER)
        assert (state is CallbackState.FAILED) == (tries == MAX_TRIES)
