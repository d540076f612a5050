"""Retries after unwanted calls, live answers and percentages."""

from datetime import UTC, datetime, timedelta

import pytest

from tongdai.call_outcome import Outcome
from tongdai.calls.model import EarlierCalls, Ending, LiveAnswers, RetryContext, percent
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Preset, RetryRule

NOON = datetime(2026, 3, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(("part", "of", "expected"), [(1, 3, 33.33), (0, 5, 0.0), (0, 0, None)])
def test_percent_of_nothing_is_none(part: int, of: int, expected: float | None) -> None:
    assert percent(part, of) == expected


@pytest.mark.parametrize(
    ("answered", "abandoned", "reached"),
    [
        (1000, 30, True),
        (1000, 29, False),
        (30_001, 900, False),  # 3.00 % when it is rounded
        (100, 0, False),
        (0, 0, False),
    ],
)
def test_cap_is_reached_by_the_exact_rate(answered: int, abandoned: int, reached: bool) -> None:
    assert LiveAnswers(answered, abandoned).reach(0.03) is reached


def test_cap_of_zero_is_reached_by_the_first_abandoned_call() -> None:
    assert [LiveAnswers(100, abandoned).reach(0) for abandoned in (0, 1)] == [False, True]


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.BUSY])
@pytest.mark.parametrize(("sip_status", "again"), [(603, True), (None, True), (607, False), (608, False)])
def test_contact_who_does_not_want_the_call_is_not_called_again_whatever_the_rules(
    outcome: Outcome, sip_status: int | None, again: bool
) -> None:
    rules = {outcome.value: RetryRule(timedelta(minutes=1), 9)}
    settings = CallSettings(preset=Preset.NONE, retries=rules)
    context = RetryContext(EarlierCalls(), "Asia/Ho_Chi_Minh", "Asia/Ho_Chi_Minh", NOON)
    next_attempt_at = context.next_attempt_at(settings, Ending(outcome, 21, sip_status))
    assert next_attempt_at == (NOON + timedelta(minutes=1) if again else None)
