"""When a delivery is tried again: the waits of the standard, longer by chance, and what the receiver asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.webhooks.deliveries import core
from tongdai.webhooks.deliveries.model import DeliveryState, Fault, Tried

NOW = datetime(2026, 3, 10, tzinfo=UTC)
FAULTS = st.sampled_from(list(Fault))
CHANCE = st.floats(0, 1)


def failed(status: int | None = 500, retry_after_s: float | None = None) -> Tried:
    return Tried(status, Fault.REFUSED, 1, retry_after_s)


def test_waits_are_those_of_the_standard() -> None:
    waits = [core.verdict(failed(), attempts, 0).wait_s for attempts in range(1, 10)]
    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert timedelta(seconds=sum(core.WAITS_S)) == timedelta(hours=75, minutes=35, seconds=5)
    assert core.verdict(failed(), 10, 0).state is DeliveryState.FAILED


@given(st.integers(1, 9), CHANCE, FAULTS, st.none() | st.floats(0, 10**9))
def test_wait_is_never_shorter_than_asked_and_ends(
    attempts: int, chance: float, fault: Fault, asked_s: float | None
) -> None:
    found = core.verdict(Tried(503, fault, 1, asked_s), attempts, chance)
    assert found.state is DeliveryState.WAITING
    assert found.wait_s is not None
    least = core.WAITS_S[attempts - 1]
    assert found.wait_s >= max(least, min(asked_s or 0, core.LONGEST_WAIT_S))
    assert found.wait_s <= max(least * (1 + core.JITTER), core.LONGEST_WAIT_S)


@given(st.integers(1, 20), CHANCE, st.integers(200, 299))
def test_response_2xx_ends_it(attempts: int, chance: float, status: int) -> None:
    tried = Tried(status, core.fault_of(status), 1)
    assert core.verdict(tried, attempts, chance).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [100, 300, 301, 302, 307, 400, 401, 404, 410, 429, 500, 502, 504])
def test_any_other_is_a_failure(status: int) -> None:
    assert core.fault_of(status) is Fault.REFUSED


def test_one_who_is_gone_is_not_tried_again() -> None:
    assert core.verdict(failed(410), 1, 0).state is DeliveryState.FAILED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Tue, 10 Mar 2026 00:01:00 GMT", 60),
        ("Mon, 09 Mar 2026 00:01:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert core.retry_after_s(header, NOW) == seconds


@given(st.text())
def test_any_other_retry_after_says_nothing(header: str) -> None:
    found = core.retry_after_s(header, NOW)
    assert found is None or found >= 0


def test_webhook_is_off_after_five_days_of_failures() -> None:
    assert not core.failing_too_long(None, NOW)
    assert not core.failing_too_long(NOW - timedelta(days=5) + timedelta(seconds=1), NOW)
    assert core.failing_too_long(NOW - timedelta(days=5), NOW)
