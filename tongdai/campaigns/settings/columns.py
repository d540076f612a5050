"""Call settings as the database has them: a column each, ceilings two, windows and retry rules as JSON. Pure."""

from datetime import timedelta
from typing import Any

import asyncpg

from tongdai.campaigns.settings.model import EVER, CallSettings, FrequencyCap, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import Span

_SAME = (
    "purpose", "mode", "queue_id", "caller_id", "trunk", "audio_file", "abandon_file", "ring_timeout_s", "max_calls",
    "calls_per_second", "preset", "abandon_cap", "priority",
)  # fmt: skip
"""Columns that are named as the settings are."""
COLUMNS = (
    *_SAME, "windows", "retries", "contact_calls", "contact_period_h", "number_calls", "number_period_h",
)  # fmt: skip
_HOUR = timedelta(hours=1)


def columns_of(settings: CallSettings) -> dict[str, Any]:
    """Values by column, in the order of COLUMNS. Windows: the spans of each day, Monday first, in minutes."""
    contact, number, retries = settings.contact_cap, settings.number_cap, settings.retries
    rules = {outcome: {"after_s": int(r.after.total_seconds()), "times": r.times} for outcome, r in retries.items()}
    found = {name: getattr(settings, name) for name in _SAME} | {
        "windows": settings.windows,
        "retries": rules or None,
        "contact_calls": contact and contact.calls,
        "contact_period_h": contact and _hours(contact),
        "number_calls": number and number.calls,
        "number_period_h": number and _hours(number),
    }
    assert tuple(found) == COLUMNS
    return found


def settings_of(row: asyncpg.Record) -> CallSettings:
    """Of a row that has COLUMNS."""
    windows: list[list[list[int]]] | None = row["windows"]
    rules: dict[str, dict[str, int]] = row["retries"] or {}
    return CallSettings(
        purpose=Purpose(row["purpose"]),
        mode=Mode(row["mode"]),
        queue_id=row["queue_id"],
        caller_id=row["caller_id"],
        trunk=row["trunk"],
        audio_file=row["audio_file"],
        abandon_file=row["abandon_file"],
        ring_timeout_s=row["ring_timeout_s"],
        max_calls=row["max_calls"],
        calls_per_second=row["calls_per_second"],
        preset=Preset(row["preset"]),
        windows=None if windows is None else tuple(tuple(Span(*span) for span in day) for day in windows),
        retries={name: RetryRule(timedelta(seconds=rule["after_s"]), rule["times"]) for name, rule in rules.items()},
        contact_cap=_ceiling(row["contact_calls"], row["contact_period_h"]),
        number_cap=_ceiling(row["number_calls"], row["number_period_h"]),
        abandon_cap=round(row["abandon_cap"], 2),  # of four bytes there: 3.3 is 3.299999952316284 here
        priority=row["priority"],
    )


def _hours(ceiling: FrequencyCap) -> int | None:
    return None if ceiling.period == EVER else ceiling.period // _HOUR


def _ceiling(calls: int | None, period_h: int | None) -> FrequencyCap | None:
    if calls is None:
        return None
    return FrequencyCap(calls, EVER if period_h is None else period_h * _HOUR)
