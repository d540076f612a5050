"""Reports of offers on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tongdai.call_outcome import OfferOutcome
from tongdai.reports.model import Period
from tongdai.reports.names import Names
from tongdai.reports.offers.store import Key, Offers
from tongdai.reports.rows import rows
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, mean_s, percent, sample


class OfferFigures(msgspec.Struct, kw_only=True, rename="camel"):
    offers: int
    """Offers of callers to agents: the sum of the next eight."""
    answered: int
    """Answered by the agent."""
    no_answer: int
    """The phone rang as long as it may."""
    rejected: int
    """Rejected by the agent."""
    caller_gone: int
    """The caller hung up."""
    answered_elsewhere: int
    """Another agent, to whom the caller was offered at the same time, answered."""
    unreachable: int
    """The phone could not be called."""
    withdrawn: int
    """Taken back."""
    open: int
    """The phone rings."""
    answer_rate: float | None
    """Percent; null without one. See `formulas`."""
    answer_sec: float | None
    """Mean seconds from the offer to the answer; null without one."""
    ring_sec: float
    """Seconds that phones rang, whatever came of it."""


class OfferInterval(OfferFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class OfferRow(OfferInterval, kw_only=True, rename="camel"):
    queue_id: int
    """The queue of the caller."""
    queue_name: str | None
    """Its name now; null: it was deleted."""
    agent_id: int
    """The agent."""
    agent_name: str | None
    """Their name now; null: they were deleted."""


class OfferReport(Report, kw_only=True, rename="camel"):
    data: list[OfferRow]
    """Offers by interval, queue and agent; rows without an offer are left out."""
    intervals: list[OfferInterval]
    """Offers by interval."""
    total: OfferFigures
    """All offers."""


FORMULAS = {
    "offers": "answered + noAnswer + rejected + callerGone + answeredElsewhere + unreachable + withdrawn + open",
    "answerRate": "100 * answered / (answered + noAnswer + rejected + unreachable)",
}


def figures(of: Offers) -> dict[str, Any]:
    count = of.outcomes.__getitem__
    answered = count(OfferOutcome.ANSWERED)
    missed = sum(map(count, (OfferOutcome.NO_ANSWER, OfferOutcome.REJECTED, OfferOutcome.UNREACHABLE)))
    return {
        "offers": of.outcomes.total() + of.open,
        **{outcome.value: count(outcome) for outcome in OfferOutcome},
        "open": of.open,
        "answer_rate": percent(answered, answered + missed),
        "answer_sec": mean_s(of.answer_ms, answered),
        "ring_sec": round(of.ring_ms / 1000, 1),
    }


def report(
    period: Period, counted: Iterable[tuple[datetime, Key, Offers]], queues: Names, agents: Names
) -> OfferReport:
    found = rows(period, counted, Offers)
    return OfferReport(
        **about(period),
        formulas=FORMULAS,
        data=[
            OfferRow(
                **bounds(period, number),
                queue_id=queue_id,
                queue_name=queues.get(queue_id),
                agent_id=agent_id,
                agent_name=agents.get(agent_id),
                **figures(of),
            )
            for number, (queue_id, agent_id), of in found.by_key
        ],
        intervals=[OfferInterval(**bounds(period, number), **figures(of)) for number, of in found.by_interval],
        total=OfferFigures(**figures(found.total)),
    )


_FIGURES: dict[str, Any] = {
    "offers": 12,
    "answered": 10,
    "noAnswer": 1,
    "rejected": 0,
    "callerGone": 1,
    "answeredElsewhere": 0,
    "unreachable": 0,
    "withdrawn": 0,
    "open": 0,
    "answerRate": 90.91,
    "answerSec": 4.2,
    "ringSec": 66.0,
}
_OF = {"queueId": 1001226, "queueName": "Sales", "agentId": 7, "agentName": "Lan"}
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | _OF
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE)
