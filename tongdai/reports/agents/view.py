"""Reports of agents on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tongdai.agents.history import view as states
from tongdai.agents.history.view import StateSeconds, state_seconds
from tongdai.reports.agents.store import Handled, Key
from tongdai.reports.model import Period
from tongdai.reports.names import Names
from tongdai.reports.rows import rows
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, mean_s, sample, seconds


class AgentFigures(StateSeconds, kw_only=True, rename="camel"):
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


class AgentInterval(AgentFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class AgentRow(AgentInterval, kw_only=True, rename="camel"):
    agent_id: int
    """The agent."""
    agent_name: str | None
    """Their name now."""


class AgentReport(Report, kw_only=True, rename="camel"):
    data: list[AgentRow]
    """By interval and agent; those without a call who were not signed in are left out."""
    intervals: list[AgentInterval]
    """By interval."""
    total: AgentFigures
    """All of them."""


FORMULAS = {"handleSec": "(talkSec + holdSec + consultSec + wrapUpSec) / calls"} | states.FORMULA


def figures(of: Handled) -> dict[str, Any]:
    return {
        "calls": of.calls,
        "talk_sec": seconds(of.talk_ms),
        "hold_sec": seconds(of.hold_ms),
        "consult_sec": seconds(of.consult_ms),
        "conference_sec": seconds(of.conference_ms),
        "wrap_up_sec": seconds(of.wrap_up_ms),
        "handle_sec": mean_s(of.talk_ms + of.hold_ms + of.consult_ms + of.wrap_up_ms, of.calls),
    } | state_seconds(of.times)


def report(period: Period, counted: Iterable[tuple[datetime, Key, Handled]], names: Names) -> AgentReport:
    found = rows(period, counted, Handled)
    return AgentReport(
        **about(period),
        formulas=FORMULAS,
        data=[
            AgentRow(**bounds(period, number), agent_id=agent_id, agent_name=names.get(agent_id), **figures(of))
            for number, (agent_id,), of in found.by_key
        ],
        intervals=[AgentInterval(**bounds(period, number), **figures(of)) for number, of in found.by_interval],
        total=AgentFigures(**figures(found.total)),
    )


_FIGURES: dict[str, Any] = {
    "calls": 9,
    "talkSec": 1620.0,
    "holdSec": 40.5,
    "consultSec": 0.0,
    "conferenceSec": 0.0,
    "wrapUpSec": 90.0,
    "handleSec": 194.5,
} | states.SAMPLE
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | {"agentId": 7, "agentName": "Lan"}
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE)
