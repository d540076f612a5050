"""Whether a queue is open, and until when. Pure.

The local clock decides, as for calling windows: an instant is inside a span when the clock then shows a minute of it.
An hour that daylight saving time skips is in no span; an hour that it repeats is inside or outside both times.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tongdai.local_time import DAY_S, EPOCH, EPOCH_WEEKDAY, MIDNIGHT, SECOND, offsets, zone_named
from tongdai.queues.holidays.model import DaySpan, Holiday
from tongdai.queues.hours.model import ALWAYS, Closed, Hours, Open, OpeningRules, Reason, Week
from tongdai.queues.model import HANG_UP

AHEAD_DAYS = 400
"""How far ahead a change is looked for."""
_UTC = ZoneInfo("UTC")
_DAY = date(1970, 1, 1).toordinal()
_Interval = tuple[int, int]


def open_at(rules: OpeningRules, now: datetime) -> Open | Closed:
    """Whether the queue is open at an instant, and until when."""
    closures = [one for one in rules.closures if one.holds(now)]
    if closures:
        return Closed(Reason.CLOSED_NOW, _opens_after(rules, [one.until for one in closures]))
    if rules.week == ALWAYS and not rules.holidays:
        return Open(None)
    second = (now - EPOCH) // SECOND
    hours = _Timetable(rules)
    closes = hours.open_until(second)
    if closes is None:
        opens = hours.next_open(second)
        holiday = hours.holiday_at(second)
        reason = Reason.OUTSIDE_HOURS if holiday is None else Reason.HOLIDAY
        return Closed(reason, _instant(opens), None if holiday is None else holiday.name)
    return Open(_instant(closes) if closes <= second + AHEAD_DAYS * DAY_S else None)


def _opens_after(rules: OpeningRules, untils: list[datetime | None]) -> datetime | None:
    """When the queue opens after its closures."""
    last = EPOCH
    for until in untils:
        if until is None:
            return None
        last = max(last, until)
    if last > datetime.max.replace(tzinfo=UTC) - 2 * AHEAD_DAYS * timedelta(days=1):
        return last
    then = open_at(replace(rules, closures=tuple(one for one in rules.closures if one.until not in untils)), last)
    return last if isinstance(then, Open) else then.until


def _instant(second: int | None) -> datetime | None:
    return None if second is None else EPOCH + second * SECOND


class _Timetable:
    """The open intervals of a queue in seconds of UTC, day by day."""

    def __init__(self, rules: OpeningRules) -> None:
        self._zone = zone_named(rules.zone) or _UTC
        self._week, self._holidays = rules.week, rules.holidays

    def open_until(self, second: int) -> int | None:
        """When the interval around a second closes; None: closed. One without an end ends beyond AHEAD_DAYS."""
        closes = next((closes for opens, closes in self._of_day(second // DAY_S) if opens <= second < closes), None)
        while closes is not None and closes % DAY_S == 0 and closes <= second + AHEAD_DAYS * DAY_S:
            following = next(iter(self._of_day(closes // DAY_S)), None)
            if following is None or following[0] != closes:
                break
            closes = following[1]
        return closes

    def next_open(self, second: int) -> int | None:
        """The first second behind a closed one that is open."""
        first = second // DAY_S
        return next(
            (opens for day in range(first, first + AHEAD_DAYS) for opens, _ in self._of_day(day) if opens > second),
            None,
        )

    def holiday_at(self, second: int) -> Holiday | None:
        """The holiday that keeps a queue closed which its weekday would have open, or that is all day long."""
        begins, _, offset = next(one for one in offsets(self._zone, second // DAY_S) if one[0] <= second < one[1])
        assert begins <= second
        day, minute = divmod((second + offset) // 60, MIDNIGHT)
        today, yesterday = self._holidays.get(_date(day)), self._holidays.get(_date(day - 1))
        if yesterday is not None and _inside(self._week[_weekday(day - 1)], minute + MIDNIGHT):
            return yesterday
        return today

    def _of_day(self, day: int) -> list[_Interval]:
        """The open intervals of a UTC day, sorted and disjoint."""
        found: list[_Interval] = []
        for opens, closes in sorted(self._pieces(day)):
            if found and opens <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], closes))
            else:
                found.append((opens, closes))
        return found

    def _pieces(self, day: int) -> Iterator[_Interval]:
        for begins, ends, offset in offsets(self._zone, day):
            for local_day in range((begins + offset) // DAY_S - 1, (ends + offset - 1) // DAY_S + 1):
                midnight = local_day * DAY_S - offset
                for span in self._spans(local_day):
                    opens, closes = max(begins, midnight + span.opens * 60), min(ends, midnight + span.closes * 60)
                    if opens < closes:
                        yield opens, closes

    def _spans(self, local_day: int) -> tuple[DaySpan, ...]:
        holiday = self._holidays.get(_date(local_day))
        return self._week[_weekday(local_day)] if holiday is None else holiday.spans


def _inside(spans: tuple[DaySpan, ...], minute: int) -> bool:
    return any(opens <= minute < closes for opens, closes in spans)


def _weekday(day: int) -> int:
    return (day + EPOCH_WEEKDAY) % 7


def _date(day: int) -> date:
    return date.fromordinal(_DAY + day)


def week_of(days: list[list[DaySpan]]) -> Week:
    """Normalise seven days whose spans may be unsorted, touch, overlap or be empty."""
    return tuple(merged(spans) for spans in days)


def merged(spans: list[DaySpan]) -> tuple[DaySpan, ...]:
    """Normalise the spans of a day."""
    found: list[DaySpan] = []
    for span in sorted(spans):
        if found and span.opens <= found[-1].closes:
            found[-1] = DaySpan(found[-1].opens, max(found[-1].closes, span.closes))
        else:
            found.append(span)
    return tuple(found)


def rules_of(zone: str, tenant: Hours, queue: Hours, holidays: Callable[[], dict[date, Holiday]]) -> OpeningRules:
    """The rules of a queue: its own settings, in place of those that it leaves open the tenant's.

    `holidays` are those of the tenant, asked for only where the queue observes them.
    """
    week = tenant.week if queue.week is None else queue.week
    observes = tenant.observes_holidays if queue.observes_holidays is None else queue.observes_holidays
    observes = week is not None if observes is None else observes
    after_hours = tenant.after_hours if queue.after_hours is None else queue.after_hours
    return OpeningRules(
        zone,
        ALWAYS if week is None else week,
        observes,
        holidays() if observes else {},
        tuple(one.closure for one in (tenant, queue) if one.closure is not None),
        HANG_UP if after_hours is None else after_hours,
    )
