"""Opening hours as requests and responses write them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.errors import InvalidInput
from tongdai.http import body
from tongdai.http.endpoint import PLAIN_TEXT
from tongdai.http.openapi.fields import one_of
from tongdai.local_time import DAYS, MIDNIGHT, TIME, days_of, minute_of, shown_minute
from tongdai.queues.destinations import view as destinations
from tongdai.queues.destinations.view import CallerDestination
from tongdai.queues.holidays.model import DaySpan
from tongdai.queues.hours.core import merged, week_of
from tongdai.queues.hours.model import ALWAYS, MAX_NOTE, Closed, Closure, Hours, Open, OpeningRules, Reason, Week

MAX_WINDOWS = 100


class OpenSpan(msgspec.Struct, forbid_unknown_fields=True):
    """Open from one local time to another; to an earlier one: to that of the next day."""

    from_: str = msgspec.field(name="from")
    """Local time at which it opens, `HH:MM`."""
    to: str
    """Local time at which it closes, `HH:MM`; `24:00` is the end of the day."""


class OpeningWindow(msgspec.Struct, forbid_unknown_fields=True):
    """Open on some days from one local time to another; to an earlier one: to that of the next day."""

    days: list[str]
    """Days of the week on which it opens."""
    from_: str = msgspec.field(name="from")
    """Local time at which it opens, `HH:MM`."""
    to: str
    """Local time at which it closes, `HH:MM`; `24:00` is the end of the day."""


class OpeningHours(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    openingHours: list[OpeningWindow] | None = None
    """When it is open, in the tenant's time zone; null: as the tenant's defaults, which are always open."""
    observesHolidays: bool | None = None
    """Whether holidays close it; null: as the tenant's defaults, which are: if there are opening hours."""
    afterHours: CallerDestination | None = None
    """Where callers go while it is closed; null: as the tenant's defaults, which end the call."""


class ClosureSent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    until: datetime | None = None
    """When it opens again by itself; null: not before it is opened."""
    note: str | None = None
    """Why, for other people of the tenant."""


class ClosureView(msgspec.Struct):
    until: datetime | None
    """When it opens again by itself; null: not before it is opened."""
    note: str | None
    """Why, for other people of the tenant."""


class EffectiveHours(msgspec.Struct):
    openingHours: list[OpeningWindow]
    """When it is open."""
    observesHolidays: bool
    """Whether holidays close it."""
    afterHours: CallerDestination
    """Where callers go while it is closed."""


class HoursView(msgspec.Struct):
    openingHours: list[OpeningWindow] | None
    """When it is open, in the tenant's time zone; null: as the tenant's defaults, which are always open."""
    observesHolidays: bool | None
    """Whether holidays close it; null: as the tenant's defaults, which are: if there are opening hours."""
    afterHours: CallerDestination | None
    """Where callers go while it is closed; null: as the tenant's defaults, which end the call."""
    closed: ClosureView | None
    """The switch `closed now`; null: it is off."""
    effective: EffectiveHours
    """The settings in effect, with those of the tenant."""
    timeZone: str
    """The tenant's time zone."""
    state: Annotated[str, one_of(["open", "closed"])]
    """Whether callers are admitted now."""
    reason: Annotated[str, one_of(Reason)] | None
    """Why it is closed: by the switch, for a holiday, or outside its hours; null while it is open."""
    holiday: str | None
    """Name of the holiday that is the reason."""
    until: datetime | None
    """When that ends; null: not within a year, or when somebody opens it."""


_SPAN_SCHEMA: Mapping[str, Any] = {
    "from": {"pattern": f"^{TIME.pattern}$"},
    "to": {"pattern": f"^({TIME.pattern}|24:00)$"},
}
SPAN_SCHEMA = {"OpenSpan": _SPAN_SCHEMA}
"""For `Endpoint.refine`."""
_DAY_NAMES = {"type": "string", "enum": [*DAYS]}
HOURS_SCHEMA: Mapping[str, Mapping[str, Any]] = {
    "OpeningWindow": {"days": {"minItems": 1, "maxItems": len(DAYS), "items": _DAY_NAMES}, **_SPAN_SCHEMA},
    "OpeningHours": {"openingHours": {"minItems": 1, "maxItems": MAX_WINDOWS}},
    "CallerDestination": destinations.SCHEMA,
}
CLOSURE_SCHEMA = {"ClosureSent": {"note": {"minLength": 1, "maxLength": MAX_NOTE, **PLAIN_TEXT}}}


def parse_hours(sent: OpeningHours, country: str) -> Hours:
    """Check opening hours; InvalidInput names the field."""
    return Hours(
        None if sent.openingHours is None else parse_week("openingHours", sent.openingHours),
        sent.observesHolidays,
        destinations.parse("afterHours", sent.afterHours, country),
    )


def parse_week(name: str, sent: Sequence[OpeningWindow]) -> Week:
    if not 0 < len(sent) <= MAX_WINDOWS:
        raise InvalidInput(f"{name} must be 1 to {MAX_WINDOWS} windows, or null, not {len(sent)}")
    days: list[list[DaySpan]] = [[] for _ in DAYS]
    for place, window in enumerate(sent):
        where = f"{name}[{place}]"
        span = _span(where, window.from_, window.to)
        for day in days_of(where, window.days):
            days[day].append(span)
    return week_of(days)


def parse_spans(name: str, sent: Sequence[OpenSpan]) -> tuple[DaySpan, ...]:
    """The spans of one day."""
    if len(sent) > MAX_WINDOWS:
        raise InvalidInput(f"{name} must be at most {MAX_WINDOWS} spans, not {len(sent)}")
    return merged([_span(f"{name}[{place}]", span.from_, span.to) for place, span in enumerate(sent)])


def _span(name: str, from_: str, to: str) -> DaySpan:
    opens, closes = minute_of(f"{name}.from", from_, last=False), minute_of(f"{name}.to", to, last=True)
    if opens == closes:
        raise InvalidInput(f"{name} must be from one time to another: the whole day is 00:00 to 24:00")
    return DaySpan(opens, closes if opens < closes else closes + MIDNIGHT)


def parse_closure(sent: ClosureSent, now: datetime) -> Closure:
    if sent.note is not None:
        body.text_field("note", sent.note, MAX_NOTE, min_length=1)
    if sent.until is not None and sent.until.tzinfo is None:
        raise InvalidInput("until must be an instant with its offset, such as 2026-12-31T17:00:00+07:00")
    if sent.until is not None and sent.until <= now:
        raise InvalidInput("until must be to come; to open now, send DELETE")
    return Closure(sent.until, sent.note)


def show_week(week: Week) -> list[OpeningWindow]:
    """Each span once, with its days, ordered by the first of them."""
    days: dict[DaySpan, list[str]] = {}
    for day, spans in zip(DAYS, week, strict=True):
        for span in spans:
            days.setdefault(span, []).append(day)
    return [OpeningWindow(names, shown_minute(span.opens), _closes(span)) for span, names in days.items()]


def show_spans(spans: Sequence[DaySpan]) -> list[OpenSpan]:
    return [OpenSpan(shown_minute(span.opens), _closes(span)) for span in spans]


def _closes(span: DaySpan) -> str:
    return shown_minute(span.closes if span.closes <= MIDNIGHT else span.closes - MIDNIGHT)


def show_hours(own: Hours, rules: OpeningRules, now_is: Open | Closed, country: str) -> HoursView:
    """`own` are the settings of the queue, or the tenant's defaults; `rules` what follows from them."""
    closed = now_is if isinstance(now_is, Closed) else None
    after_hours = destinations.show(rules.after_hours, country)
    assert after_hours is not None
    return HoursView(
        None if own.week is None else show_week(own.week),
        own.observes_holidays,
        destinations.show(own.after_hours, country),
        None if own.closure is None else ClosureView(own.closure.until, own.closure.note),
        EffectiveHours(show_week(rules.week), rules.observes_holidays, after_hours),
        rules.zone,
        "open" if closed is None else "closed",
        None if closed is None else closed.reason,
        None if closed is None else closed.holiday,
        now_is.until,
    )


ALWAYS_OPEN = show_week(ALWAYS)
