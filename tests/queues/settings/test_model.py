"""Declarations of settings agree with each other."""

import re
from dataclasses import fields

from tongdai.db import migrate
from tongdai.queues import view as record
from tongdai.queues.model import QueueRules
from tongdai.queues.settings.core import language_of
from tongdai.queues.settings.model import DESTINATIONS, NAMES
from tongdai.queues.settings.store import COLUMNS
from tongdai.queues.settings.view import LIMITS, WIRE, QueueSettingsChange, QueueSettingsView


def test_every_setting_has_a_name_in_requests_and_responses() -> None:
    assert tuple(WIRE) == NAMES
    assert list(QueueSettingsView.__struct_fields__) == list(WIRE.values())
    assert set(QueueSettingsChange.__struct_fields__) == {*WIRE.values(), *record.FIELDS}
    assert {*DESTINATIONS, *LIMITS} <= set(NAMES)


def test_every_setting_but_the_selector_is_a_column() -> None:
    sql = {one.name: one.sql for one in migrate.read()}
    column = re.compile(r"^    (\w+) +(?:bigint|integer|smallint|boolean|text|jsonb)", re.MULTILINE)
    columns = column.findall(sql["queue_settings"])
    columns += re.findall(r"alter table queue_setting add column (\w+)", "".join(sql.values()))
    assert columns == ["tenant_id", "queue_id", *COLUMNS]


def test_every_setting_is_in_the_rules_of_a_queue() -> None:
    """But the recording: it decides nothing for a caller, and is read where calls are recorded."""
    rules = {field.name for field in fields(QueueRules)}
    assert set(NAMES) - {"agent_selector", "recording", "recording_announcement"} <= rules
    assert "selector" in rules


def test_language_is_that_of_the_country() -> None:
    assert (language_of("VN"), language_of("US")) == ("vi", "en")
