"""`tongdai queue settings` and `delete`."""

import json
from typing import Any

from tests.cli.commands.inbound.conftest import Desk
from tongdai.queues.settings.view import QueueSettingsChange
from tongdai_client import CallerDestination, SkillNeeded

DEFAULTS = {
    "strategy": "normal",
    "moh_file_id": None,
    "max_wait_sec": None,
    "announce_position": None,
    "callinNumber": None,
    "maxLength": None,
    "joinEmpty": "no",
    "ringTimeoutSec": 20,
    "skills": None,
    "divertTo": None,
    "callbackKey": "1",
}


def shown(desk: Desk, *args: object) -> dict[str, Any]:
    return {row["setting"]: row["value"] for row in json.loads(desk.printed("settings", *args, "--json"))}


def test_all_settings_are_shown_by_the_names_of_the_api(desk: Desk) -> None:
    with desk.client() as client:
        queue_id = client.create_queue("Support").queue_id
    found = shown(desk, queue_id)
    assert DEFAULTS.items() <= found.items()
    assert set(QueueSettingsChange.__struct_fields__) == set(found)
    lines = desk.printed("settings", queue_id).splitlines()
    assert lines[:4] == ["setting\tvalue", "callinName\tSupport", "strategy\tnormal", "moh_file_id\t-"]


def test_settings_that_are_given_change_and_others_stay(desk: Desk) -> None:
    with desk.client() as client:
        queue_id = client.create_queue("Support", moh_file_id="waiting.wav").queue_id
        other = client.create_queue("Other").queue_id
        changed = shown(
            desk, queue_id, "strategy=divert", "max_wait_sec=120", "announce_position=yes", "callinNumber=19006399",
            f"divertTo=queue:{other}", "skills=english:5,billing", "joinEmpty=yes", "maxLength=20", "callbackKey=3",
            "agentSelector=ring_all",
        )  # fmt: skip
        assert changed["divertTo"] == f"queue:{other}"
        assert changed["skills"] == "english:5,billing:1"
        queue, settings = client.queue(queue_id), client.queue_settings(queue_id)
        assert (queue.strategy, queue.moh_file_id, queue.max_wait_sec, queue.number) == (
            4, "waiting.wav", 120, "19006399",
        )  # fmt: skip
        assert queue.announce_position is True
        assert settings.divert_to == CallerDestination(kind="queue", queue_id=other)
        assert list(settings.skills) == [SkillNeeded("english", 5), SkillNeeded("billing", 1)]
        assert (settings.join_empty, settings.max_length, settings.callback_key) == (True, 20, "3")
        assert settings.agent_selector == "ring_all"

        back = shown(desk, queue_id, "strategy=1", "moh_file_id=none", "divertTo=none", "skills=none", "maxLength=none")
        assert back | {"strategy": "normal", "moh_file_id": None, "divertTo": None, "skills": None} == back
        assert client.queue_settings(queue_id).max_length is None


def test_queue_is_renamed(desk: Desk) -> None:
    with desk.client() as client:
        queue_id = client.create_queue("Support").queue_id
        assert shown(desk, queue_id, "callinName=none")["callinName"] == "none"
        assert shown(desk, queue_id, "callinName=Hỗ trợ", "maxLength=3")["callinName"] == "Hỗ trợ"
        assert client.queue(queue_id).name == "Hỗ trợ"


def test_what_is_wrong_is_named_and_nothing_changes(desk: Desk) -> None:
    with desk.client() as client:
        queue_id = client.create_queue("Support").queue_id
    before = shown(desk, queue_id)
    for assignment, said in (
        ("maxlenght=3", "is maxLength meant?"),
        ("xyz=3", "as the command without one lists them"),
        ("maxLength", "expected NAME=VALUE"),
        ("maxLength=many", "expected a number, or none"),
        ("ringTimeoutSec=none", "expected a number"),
        ("joinEmpty=perhaps", "expected yes or no"),
        ("strategy=fast", "expected a number"),
        ("overflow=queue", "overflow: 'queue' is no destination: expected queue:ID"),
        ("skills=a:b", "expected a value"),
    ):
        assert said in desk.failed("settings", queue_id, "max_wait_sec=5", assignment, code=2)
    assert "is given twice" in desk.failed("settings", queue_id, "maxLength=1", "maxLength=2", code=2)
    assert "maxLength must be 1 to 10000, not 0" in desk.failed("settings", queue_id, "max_wait_sec=5", "maxLength=0")
    missing = desk.failed("settings", queue_id, "strategy=vip", "whenFull=queue:17")
    assert "whenFull.queueId: inbound queue 17 not found" in missing
    assert "callinName must have 1 to 255 characters" in desk.failed("settings", queue_id, "callinName=", "maxLength=3")
    assert shown(desk, queue_id) == before
    assert "Inbound queue not found" in desk.failed("settings", 17)


def test_queue_is_deleted_unless_another_sends_callers_to_it(desk: Desk) -> None:
    with desk.client() as client:
        first, second = (client.create_queue(name).queue_id for name in ("A", "B"))
    desk.printed("settings", first, f"overflow=queue:{second}")
    assert f"queue {first}" in desk.failed("delete", second)
    assert desk.printed("delete", first) == "Inbound queue deleted successfully"
    assert desk.printed("delete", second) == "Inbound queue deleted successfully"
