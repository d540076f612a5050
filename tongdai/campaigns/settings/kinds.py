"""Kinds of campaign settings: how values of each kind are parsed, checked, stored and shown. Pure.

A setting is declared once, as a field of `CallSettings` (model.py), with one of these kinds. Requests, responses, the
OpenAPI document, the columns of `campaign` and the options of `tongdai campaign` derive from the declaration.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from tongdai import ids
from tongdai.campaigns.settings.values import EVER, RETRIES, FrequencyCap, RetryRule
from tongdai.campaigns.settings.windows import Span, Week, week_of
from tongdai.errors import InvalidInput, shown
from tongdai.local_time import DAYS, TIME, days_of, minute_of, shown_minute

MAX_WINDOWS, MAX_CALLS, MAX_PERIOD_H, MAX_AFTER_MIN, MAX_TIMES = 100, 1000, 8760, 43_200, 100
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)

T = TypeVar("T")
N = TypeVar("N", int, float)
E = TypeVar("E", bound=StrEnum)
Schema = Mapping[str, Any]


class Window(msgspec.Struct, forbid_unknown_fields=True):
    """Calling hours on some days, from one local time to a later one. A window over midnight is two windows."""

    days: list[str]
    """Days of the week on which it applies."""
    from_: str = msgspec.field(name="from")
    """Local time at which calls may begin, `HH:MM`."""
    to: str
    """Local time at which they may not begin any more, `HH:MM`; `24:00` is the end of the day."""


class Retry(msgspec.Struct, forbid_unknown_fields=True):
    """Call again `afterMin` minutes after an outcome, at most `times` times; `times` 0: never, whatever the minutes."""

    afterMin: int
    """Minutes from the end of a call with that outcome to the next one."""
    times: int
    """How often a contact is called again after that outcome; 0 is never."""


class ContactCeiling(msgspec.Struct, forbid_unknown_fields=True):
    calls: int
    """Calls that a contact gets at most in the period."""
    periodHours: int | None = None
    """Length of the period in hours; null: for ever."""


class NumberCeiling(msgspec.Struct, forbid_unknown_fields=True):
    calls: int
    """Calls that a number gets at most in the period."""
    periodHours: int
    """Length of the period in hours."""


class Kind(ABC, Generic[T]):
    """A kind of settings. By default a value is stored and shown as it is, in one column.

    Null is not a value of any kind: the declaration of a setting says whether it may be null.
    """

    def __init__(self, wire: Any, schema: Schema) -> None:
        self.wire = wire
        """Type of the value in JSON, for msgspec."""
        self.schema = schema
        """Keywords of JSON Schema beyond that type."""

    @abstractmethod
    def parse(self, name: str, sent: Any) -> T:
        """Check and convert the value of a request. InvalidInput names the setting and what is expected."""

    def show(self, value: T) -> Any:
        """The value for a response."""
        return value

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns of a setting with that column name."""
        return (name,)

    def dump(self, value: T) -> tuple[Any, ...]:
        """The values of the columns."""
        return (value,)

    def load(self, *stored: Any) -> T:
        """The value from its columns, the first of which is not null."""
        return stored[0]


class Choice(Kind[E]):
    """A value of an enum."""

    def __init__(self, words: type[E]) -> None:
        super().__init__(str, {"enum": [word.value for word in words]})
        self.words: Sequence[str] = [word.value for word in words]
        self._word = words

    def parse(self, name: str, sent: str) -> E:
        try:
            return self._word(sent)
        except ValueError:
            raise InvalidInput(f"{name} must be one of {', '.join(self.words)}, not {shown(sent)!r}") from None

    def load(self, *stored: Any) -> E:
        return self._word(stored[0])


class Text(Kind[str]):
    """Text that matches a pattern."""

    def __init__(self, pattern: str, max_length: int, expected: str, example: str) -> None:
        super().__init__(str, {"pattern": f"^{pattern}$", "maxLength": max_length, "examples": [example]})
        self.pattern, self.max_length, self.expected, self.example = pattern, max_length, expected, example
        self._pattern = re.compile(pattern)

    def parse(self, name: str, sent: str) -> str:
        if len(sent) > self.max_length or not self._pattern.fullmatch(sent):
            raise InvalidInput(f"{name} must be {self.expected}, not {shown(sent)!r}")
        return sent


class Integer(Kind[int]):
    """A whole number within limits, both included."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(int, {"minimum": least, "maximum": most})
        self.least, self.most = least, most

    def parse(self, name: str, sent: int) -> int:
        return _between(name, sent, self.least, self.most)


class Percent(Kind[float]):
    """0 to 100, with two decimals."""

    least, most = 0, 100

    def __init__(self) -> None:
        super().__init__(float, {"minimum": self.least, "maximum": self.most})

    def parse(self, name: str, sent: float) -> float:
        return round(_between(name, sent, self.least, self.most), 2)

    def load(self, *stored: Any) -> float:
        return round(stored[0], 2)  # a column of four bytes: 3.3 is 3.299999952316284 here


class Id(Kind[int]):
    """An id of another object of the tenant. Whether that exists is not checked here."""

    def __init__(self) -> None:
        super().__init__(int, {"minimum": 1, "maximum": ids.LARGEST})

    def parse(self, name: str, sent: int) -> int:
        return ids.from_body(name, sent)


class Windows(Kind[Week]):
    """Weekly calling windows; stored as the spans of each day, Monday first, in minutes after midnight."""

    def __init__(self) -> None:
        super().__init__(list[Window], {"minItems": 1, "maxItems": MAX_WINDOWS})

    def parse(self, name: str, sent: Sequence[Window]) -> Week:
        if not 0 < len(sent) <= MAX_WINDOWS:
            raise InvalidInput(f"{name} must be 1 to {MAX_WINDOWS} windows, or null for the preset's, not {len(sent)}")
        days: list[list[Span]] = [[] for _ in DAYS]
        for place, window in enumerate(sent):
            span = _span(f"{name}[{place}]", window)
            for day in days_of(f"{name}[{place}]", window.days):
                days[day].append(span)
        return week_of(days)

    def show(self, value: Week) -> list[Window]:
        """Each span once, with its days, ordered by the first of them."""
        days: dict[Span, list[str]] = {}
        for day, spans in zip(DAYS, value, strict=True):
            for span in spans:
                days.setdefault(span, []).append(day)
        return [Window(names, shown_minute(span.opens), shown_minute(span.closes)) for span, names in days.items()]

    def load(self, *stored: Any) -> Week:
        week: list[list[list[int]]] = stored[0]
        return tuple(tuple(Span(*span) for span in day) for day in week)


class Retries(Kind[Mapping[str, RetryRule]]):
    """Retry rules by outcome, for the outcomes that differ from the defaults."""

    def __init__(self) -> None:
        super().__init__(dict[str, Retry], {"propertyNames": {"enum": [*RETRIES]}})

    def parse(self, name: str, sent: Mapping[str, Retry]) -> Mapping[str, RetryRule]:
        rules: dict[str, RetryRule] = {}
        for outcome, rule in sent.items():
            if outcome not in RETRIES:
                raise InvalidInput(f"{name} must be of {', '.join(RETRIES)}, not {shown(outcome)!r}")
            times = _between(f"{name}.{outcome}.times", rule.times, 0, MAX_TIMES)
            after = _between(f"{name}.{outcome}.afterMin", rule.afterMin, 1 if times else 0, MAX_AFTER_MIN)
            rules[outcome] = RetryRule(after * _MINUTE, times)
        return rules

    def show(self, value: Mapping[str, RetryRule]) -> dict[str, Retry]:
        return {outcome: Retry(rule.after // _MINUTE, rule.times) for outcome, rule in value.items()}

    def dump(self, value: Mapping[str, RetryRule]) -> tuple[Any, ...]:
        return ({outcome: {"after_s": int(r.after.total_seconds()), "times": r.times} for outcome, r in value.items()},)

    def load(self, *stored: Any) -> Mapping[str, RetryRule]:
        rules: dict[str, dict[str, int]] = stored[0]
        return {name: RetryRule(timedelta(seconds=rule["after_s"]), rule["times"]) for name, rule in rules.items()}


class Cap(Kind[FrequencyCap]):
    """A frequency cap, in two columns: `<name>_calls` and `<name>_period_h`, which is null for all time."""

    def __init__(self, *, ever: bool) -> None:
        super().__init__(ContactCeiling if ever else NumberCeiling, {})
        self.ever = ever
        """Whether the period may be all time."""

    def parse(self, name: str, sent: ContactCeiling | NumberCeiling) -> FrequencyCap:
        calls = _between(f"{name}.calls", sent.calls, 1, MAX_CALLS)
        if sent.periodHours is None:
            return FrequencyCap(calls, EVER)
        return FrequencyCap(calls, _between(f"{name}.periodHours", sent.periodHours, 1, MAX_PERIOD_H) * _HOUR)

    def show(self, value: FrequencyCap) -> Any:
        return self.wire(value.calls, _hours(value))

    def columns(self, name: str) -> tuple[str, ...]:
        return (f"{name}_calls", f"{name}_period_h")

    def dump(self, value: FrequencyCap) -> tuple[Any, ...]:
        return (value.calls, _hours(value))

    def load(self, *stored: Any) -> FrequencyCap:
        calls, period_h = stored
        return FrequencyCap(calls, EVER if period_h is None else period_h * _HOUR)


_CAP_SCHEMA = {"calls": {"minimum": 1, "maximum": MAX_CALLS}, "periodHours": {"minimum": 1, "maximum": MAX_PERIOD_H}}
STRUCT_SCHEMAS: Mapping[str, Mapping[str, Schema]] = {
    "Window": {
        "days": {"minItems": 1, "maxItems": len(DAYS), "items": {"type": "string", "enum": [*DAYS]}},
        "from": {"pattern": f"^{TIME.pattern}$"},
        "to": {"pattern": f"^({TIME.pattern}|24:00)$"},
    },
    "Retry": {
        "afterMin": {"minimum": 0, "maximum": MAX_AFTER_MIN},
        "times": {"minimum": 0, "maximum": MAX_TIMES},
    },
    "ContactCeiling": _CAP_SCHEMA,
    "NumberCeiling": _CAP_SCHEMA,
}
"""Limits of the structs within settings, for `Endpoint.refine`."""


def _between(name: str, value: N, least: int, most: int) -> N:
    if not least <= value <= most:
        raise InvalidInput(f"{name} must be {least} to {most}, not {shown(value)}")
    return value


def _hours(cap: FrequencyCap) -> int | None:
    return None if cap.period == EVER else cap.period // _HOUR


def _span(name: str, window: Window) -> Span:
    span = Span(minute_of(f"{name}.from", window.from_, last=False), minute_of(f"{name}.to", window.to, last=True))
    if span.opens >= span.closes:
        raise InvalidInput(
            f"{name} must be from an earlier time to a later one: use two windows for calls over midnight"
        )
    return span
