"""The columns of `campaign` that store its settings, and the values in them. Pure."""

from typing import Any

import asyncpg

from tongdai.campaigns.settings.model import SETTINGS, CallSettings

COLUMNS: tuple[str, ...] = tuple(column for setting in SETTINGS for column in setting.columns)


def column_values(settings: CallSettings) -> dict[str, Any]:
    """The values that COLUMNS store of settings, in their order."""
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        cleared = setting.nullable and value == setting.default
        stored = (None,) * len(setting.columns) if cleared else setting.kind.dump(value)
        found.update(zip(setting.columns, stored, strict=True))
    return found


def settings_of(row: asyncpg.Record) -> CallSettings:
    """Settings of a row that has COLUMNS."""
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        stored = [row[column] for column in setting.columns]
        found[setting.name] = setting.default if stored[0] is None else setting.kind.load(*stored)
    return CallSettings(**found)
