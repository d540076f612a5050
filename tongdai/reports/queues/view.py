"""Reports of queues on the wire."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tongdai.ids import QueueId
from tongdai.queues.live.model import SERVICE_S, SHORT_S
from tongdai.reports.model import Period
from tongdai.reports.queues.model import Counts, Place
from tongdai.reports.queues.store import Named
from tongdai.reports.view import INTERVAL_SAMPLE, Report, about, bounds, mean_s, percent, percentile, sample, seconds


class QueueFigures(msgspec.Struct, kw_only=True, rename="camel"):
    offered: int
    """Callers: the sum of answered, abandoned, overflowed, callback, closed, refused, failed and open."""
    answered: int
    """Connected with an agent."""
    abandoned: int
    """Hung up while they waited."""
    abandoned_short: int
    """The number of these who did within `shortAbandonSec`."""
    overflowed: int
    """Sent on: the sum of `overflowedTo`."""
    overflowed_to: dict[str, int]
    """By where they went: `queue:ID`, `number`, `menu`, or `end`, a message or the end of the call."""
    callback: int
    """To be called back."""
    closed: int
    """The queue was closed or locked, or nobody was signed in."""
    refused: int
    """The queue takes no calls, and none were diverted."""
    failed: int
    """The switch or the database failed, or the outcome is unknown."""
    open: int
    """Callers who still wait, or whose call was not let in yet."""
    service_level_sec: int | None
    """The threshold of the service level, T; null in a total of queues that have different ones."""
    answered_within: int
    """Answered within T."""
    service_level_of_answered: float | None
    """Percent; null without an answer. See `formulas`."""
    service_level_of_offered: float | None
    """Percent; null without one."""
    abandon_rate: float | None
    """Percent; null without one."""
    answer_sec: float | None
    """Mean seconds that the answered waited; null without one, as are the next four."""
    answer_sec_p50: float | None = msgspec.field(name="answerSecP50")
    """The median of these seconds, exact."""
    answer_sec_p90: float | None = msgspec.field(name="answerSecP90")
    """Nine in ten waited no longer, exact."""
    answer_sec_p95: float | None = msgspec.field(name="answerSecP95")
    """Nineteen in twenty waited no longer, exact."""
    answer_sec_max: float | None
    """The longest of these waits."""
    abandon_sec: float | None
    """Mean seconds that the abandoned waited; null without one, as is the next."""
    abandon_sec_max: float | None
    """The longest of these waits."""
    talk_sec: float
    """Seconds that agents talked, consultations included; of parts of calls that are over, as are the next two."""
    hold_sec: float
    """Seconds on hold."""
    wrap_up_sec: float
    """Seconds of wrap-up."""
    handle_sec: float | None
    """Mean seconds of talk, hold and wrap-up of an answered caller; null without one."""


class QueueInterval(QueueFigures, kw_only=True, rename="camel"):
    since: datetime = msgspec.field(name="from")
    """Where the interval begins."""
    before: datetime = msgspec.field(name="to")
    """Where it ends."""


class QueueRow(QueueInterval, kw_only=True, rename="camel"):
    queue_id: int
    """The queue."""
    queue_name: str | None
    """Its name now; null: it was deleted."""


class QueueReport(Report, kw_only=True, rename="camel"):
    short_abandon_sec: int
    """Seconds within which callers who hang up gave nobody a chance."""
    data: list[QueueRow]
    """Callers by interval and queue; one who was in two queues is in both. Rows without a caller are left out."""
    intervals: list[QueueInterval]
    """Calls by interval, each once; with `queueId` the rows of the queue."""
    total: QueueFigures
    """All calls, likewise."""


FORMULAS = {
    "offered": "answered + abandoned + overflowed + callback + closed + refused + failed + open",
    "serviceLevelOfAnswered": "100 * answeredWithin / answered",
    "serviceLevelOfOffered": "100 * answeredWithin / (offered - abandonedShort - closed - refused - open)",
    "abandonRate": "100 * abandoned / (offered - closed - refused - open)",
    "handleSec": "(talkSec + holdSec + wrapUpSec) / answered",
    "answerSecP90": "the least wait that 90 percent of the answered did not exceed; P50 and P95 likewise",
}


def figures(counts: Counts, within: int, service_s: int | None) -> dict[str, Any]:
    """The figures of a row; `within` of the answered were answered in time."""
    answered, abandoned = sorted(counts.answered), counts.abandoned
    short = sum(wait < SHORT_S * 1000 for wait in abandoned)
    served = counts.offered - counts.closed - counts.refused - counts.open
    handled = counts.talk_ms + counts.hold_ms + counts.wrap_up_ms
    return {
        "offered": counts.offered,
        "answered": len(answered),
        "abandoned": len(abandoned),
        "abandoned_short": short,
        "overflowed": counts.overflowed.total(),
        "overflowed_to": dict(sorted(counts.overflowed.items())),
        "callback": counts.callback,
        "closed": counts.closed,
        "refused": counts.refused,
        "failed": counts.failed,
        "open": counts.open,
        "service_level_sec": service_s,
        "answered_within": within,
        "service_level_of_answered": percent(within, len(answered)),
        "service_level_of_offered": percent(within, served - short),
        "abandon_rate": percent(len(abandoned), served),
        "answer_sec": mean_s(sum(answered), len(answered)),
        "answer_sec_p50": percentile(answered, 50),
        "answer_sec_p90": percentile(answered, 90),
        "answer_sec_p95": percentile(answered, 95),
        "answer_sec_max": seconds(answered[-1]) if answered else None,
        "abandon_sec": mean_s(sum(abandoned), len(abandoned)),
        "abandon_sec_max": seconds(max(abandoned)) if abandoned else None,
        "talk_sec": seconds(counts.talk_ms),
        "hold_sec": seconds(counts.hold_ms),
        "wrap_up_sec": seconds(counts.wrap_up_ms),
        "handle_sec": mean_s(handled, len(answered)),
    }


ByQueue = dict[QueueId, Counts]
Counted = Mapping[tuple[datetime, Place], Counts]
"""Counters by quarter of an hour and place."""


def report(
    period: Period, counted: Iterable[Counted], queues: Mapping[QueueId, Named], of: QueueId | None, asked_s: int | None
) -> QueueReport:
    """The report of what was counted in the quarters of its period; `of`: of one queue. `asked_s`: its threshold."""
    rows, totals = defaultdict[int, ByQueue](dict), defaultdict[int, ByQueue](dict)
    for quarter, place, counts in (
        (quarter, place, counts) for part in counted for (quarter, place), counts in part.items()
    ):
        if of is None or of == place.queue_id:
            number = period.interval_of(quarter)
            if not place.once:
                rows[number].setdefault(place.queue_id, Counts()).merge(counts)
            if place.once == (of is None):
                totals[number].setdefault(place.queue_id, Counts()).merge(counts)

    def threshold(queue_id: QueueId) -> int:
        return asked_s or (queues[queue_id].service_s if queue_id in queues else SERVICE_S)

    def row(number: int, queue_id: QueueId, counts: Counts) -> QueueRow:
        name = queues[queue_id].name if queue_id in queues else None
        return QueueRow(
            **bounds(period, number), queue_id=queue_id, queue_name=name, **_sum({queue_id: counts}, threshold)
        )  # fmt: skip

    all_of: ByQueue = {}
    for by_queue in totals.values():
        for queue_id, counts in by_queue.items():
            all_of.setdefault(queue_id, Counts()).merge(counts)
    return QueueReport(
        **about(period),
        formulas=FORMULAS,
        short_abandon_sec=SHORT_S,
        data=[row(number, *found) for number in sorted(rows) for found in sorted(rows[number].items())],
        intervals=[
            QueueInterval(**bounds(period, number), **_sum(totals[number], threshold)) for number in sorted(totals)
        ],
        total=QueueFigures(**_sum(all_of, threshold)),
    )


def _sum(by_queue: ByQueue, threshold: Callable[[QueueId], int]) -> dict[str, Any]:
    """The figures of several queues together, each with its own threshold."""
    counts, thresholds = Counts(), {threshold(queue_id) for queue_id in by_queue}
    within = 0
    for queue_id, found in by_queue.items():
        counts.merge(found)
        within += sum(wait <= threshold(queue_id) * 1000 for wait in found.answered)
    return figures(counts, within, thresholds.pop() if len(thresholds) == 1 else None)


_FIGURES: dict[str, Any] = {
    "offered": 41,
    "answered": 35,
    "abandoned": 3,
    "abandonedShort": 1,
    "overflowed": 2,
    "overflowedTo": {"queue:1001227": 2},
    "callback": 1,
    "closed": 0,
    "refused": 0,
    "failed": 0,
    "open": 0,
    "serviceLevelSec": 20,
    "answeredWithin": 30,
    "serviceLevelOfAnswered": 85.71,
    "serviceLevelOfOffered": 75.0,
    "abandonRate": 7.32,
    "answerSec": 11.4,
    "answerSecP50": 8.2,
    "answerSecP90": 24.6,
    "answerSecP95": 31.0,
    "answerSecMax": 44.1,
    "abandonSec": 19.7,
    "abandonSecMax": 40.3,
    "talkSec": 6300.0,
    "holdSec": 220.5,
    "wrapUpSec": 350.0,
    "handleSec": 196.3,
}
ROW_SAMPLE = _FIGURES | INTERVAL_SAMPLE | {"queueId": 1001226, "queueName": "Sales"}
SAMPLE: dict[str, Any] = sample(FORMULAS, _FIGURES, ROW_SAMPLE) | {"shortAbandonSec": SHORT_S}
