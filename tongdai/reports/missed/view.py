"""Reports of missed calls on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tongdai.calls.missed.model import MISSED, MissedState
from tongdai.reports.missed.store import Key, Missed
from tongdai.reports.model import Period
from tongdai.reports.names import Names
from tongdai.reports.rows import rows
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, mean_s, percent, sample


class MissedFigures(msgspec.Struct, kw_only=True, rename="camel"):
    missed: int
    """Calls to queues that nobody answered: the sum of `outcomes`, and of `states`."""
    outcomes: dict[str, int]
    """By how they ended."""
    states: dict[str, int]
    """By what they are now: `open`, `claimed`, `served` or `closed`."""
    served_rate: float | None
    """Percent; null without one. See `formulas`."""
    wait_sec: float | None
    """Mean seconds from the answer, by music or a message, to the end; null without one."""


class MissedInterval(MissedFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class MissedRow(MissedInterval, kw_only=True, rename="camel"):
    queue_id: int
    """The queue that the caller reached last."""
    queue_name: str | None
    """Its name now; null: it was deleted."""


class MissedReport(Report, kw_only=True, rename="camel"):
    data: list[MissedRow]
    """Missed calls by interval and queue; rows without one are left out."""
    intervals: list[MissedInterval]
    """Missed calls by interval."""
    total: MissedFigures
    """All of them."""


FORMULAS = {
    "missed": f"{' + '.join(MISSED)}, and {' + '.join(MissedState)}",
    "servedRate": "100 * served / missed",
    "waitSec": "seconds of all waits / missed",
}


def figures(of: Missed) -> dict[str, Any]:
    missed = of.outcomes.total()
    return {
        "missed": missed,
        "outcomes": dict(sorted(of.outcomes.items())),
        "states": {state.value: of.states[state] for state in MissedState},
        "served_rate": percent(of.states[MissedState.SERVED], missed),
        "wait_sec": mean_s(of.wait_ms, missed),
    }


def report(period: Period, counted: Iterable[tuple[datetime, Key, Missed]], names: Names) -> MissedReport:
    found = rows(period, counted, Missed)
    return MissedReport(
        **about(period),
        formulas=FORMULAS,
        data=[
            MissedRow(**bounds(period, number), queue_id=queue_id, queue_name=names.get(queue_id), **figures(of))
            for number, (queue_id,), of in found.by_key
        ],
        intervals=[MissedInterval(**bounds(period, number), **figures(of)) for number, of in found.by_interval],
        total=MissedFigures(**figures(found.total)),
    )


_FIGURES: dict[str, Any] = {
    "missed": 5,
    "outcomes": {"abandoned": 4, "overflow": 1},
    "states": {"open": 1, "claimed": 0, "served": 3, "closed": 1},
    "servedRate": 60.0,
    "waitSec": 24.1,
}
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | {"queueId": 1001226, "queueName": "Sales"}
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE)
