"""Reports of agents."""

from datetime import datetime

import msgspec

from tongdai_client.models.agents import StateSeconds
from tongdai_client.models.base import Result


class AgentFigures(StateSeconds, frozen=True, kw_only=True):
    calls: int
    """Calls in which the agent began to talk with the customer."""
    talk_sec: float
    """Seconds of talk, in parts of calls that began in the interval and are over; likewise the next four."""
    hold_sec: float
    """Seconds for which they had customers on hold."""
    consult_sec: float
    """Seconds of consultations, while the customer waited."""
    conference_sec: float
    """Seconds in talks of others."""
    wrap_up_sec: float
    """Seconds of wrap-up."""
    handle_sec: float | None
    """Mean seconds of a call; null without one. See `formulas`."""


class AgentInterval(AgentFigures, frozen=True, kw_only=True):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class AgentRow(AgentInterval, frozen=True, kw_only=True):
    agent_id: int
    """The agent."""
    agent_name: str | None
    """Their name now."""


class AgentReport(Result, frozen=True, kw_only=True):
    time_zone: str
    interval: str
    since: datetime = msgspec.field(name="from")
    before: datetime = msgspec.field(name="to")
    formulas: dict[str, str]
    data: list[AgentRow]
    """By interval and agent; those without a call who were not signed in are left out."""
    intervals: list[AgentInterval]
    """By interval."""
    total: AgentFigures
    """All of them."""
