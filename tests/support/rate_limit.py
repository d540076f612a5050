"""A clock that tests set, and random requests."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tongdai.tenants.rate_limit.limits import WINDOW_US

PATIENT_S = 20.0
"""A deadline that Valkey keeps on a busy machine."""


class SetClock:
    """A clock in whole microseconds, which tests set."""

    def __init__(self) -> None:
        self.us = 5_000_000_000

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.us / 1e6, UTC)

    def monotonic(self) -> float:
        return self.us / 1e6

    def advance(self, seconds: float) -> None:
        self.us += round(seconds * 1_000_000)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 999, 400_000, 3_000_000, WINDOW_US - 1, WINDOW_US, WINDOW_US + 1]),
        st.integers(0, 2),
        st.sampled_from(["GET /a", "PUT /b"]),
    ),
    max_size=80,
)

"""Requests as (microseconds since the one before, tenant, route)."""
LIMITS = st.integers(1, 8)
