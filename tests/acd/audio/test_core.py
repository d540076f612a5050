"""Announcements are played whole or not at all, by one voice if one has all parts."""

from datetime import UTC, datetime, timedelta

import pytest

from tongdai.acd.audio.core import announcements, choice, parts_of, voiced
from tongdai.ids import QueueId, SoundId
from tongdai.queues.model import QueueRules
from tongdai.queues.prompts.core import Announced
from tongdai.queues.sounds.model import StoredFile

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RULES = QueueRules(queue_id=QueueId(7), name="Sales", announce_position=True, language="vi")
POSITION, WAIT = ("position", "hai"), ("wait", "ba", "minutes")


def file(number: int) -> StoredFile:
    return StoredFile(SoundId(number), b"d" * 32, 1.0)


def parts(heard: Announced, rules: QueueRules = RULES, *, position: int = 2, wait_s: float | None = 170.0) -> list:
    return [one.parts for one in announcements(heard, rules, NOW, position=position, wait_s=wait_s)]


def test_place_and_wait_come_first_then_the_place_alone_then_a_request_to_stay() -> None:
    assert parts(Announced()) == [POSITION + WAIT, POSITION, ("please-wait",)]


def test_nothing_is_said_twice() -> None:
    assert parts(Announced(), wait_s=None) == [POSITION, ("please-wait",)]
    heard = Announced(1, 1, quiet_since=NOW - timedelta(minutes=1))
    assert parts(heard) == [("please-wait",)], "a worse place is not said"


@pytest.mark.parametrize("heard", [Announced(playing=True), Announced(2, quiet_since=NOW - timedelta(seconds=14))])
def test_nothing_is_due(heard: Announced) -> None:
    assert parts(heard) == []


def test_what_is_not_said_is_not_remembered() -> None:
    full, alone, stay = announcements(Announced(), RULES, NOW, position=2, wait_s=170.0)
    assert (full.then.position, full.then.minutes) == (2, 3)
    assert (alone.then.position, alone.then.minutes) == (2, None)
    assert (stay.then.position, stay.then.minutes) == (None, None)
    assert all(one.then.playing for one in (full, alone, stay))


SWITCH = ["tongdai/vi/position", "tongdai/vi/hai"]


@pytest.mark.parametrize(
    ("uploaded", "present", "expected"),
    [
        ({"position": file(1), "hai": file(2)}, SWITCH, [file(1), file(2)]),
        ({"position": file(1)}, SWITCH, SWITCH),
        ({}, SWITCH, SWITCH),
        ({"position": file(1)}, SWITCH[1:], [file(1), SWITCH[1]]),
        ({"position": file(1)}, SWITCH[:1], None),
        ({}, [], None),
    ],
    ids=["all uploaded", "all on the switch", "nothing uploaded", "some of each", "a gap", "nothing"],
)
def test_one_voice_is_preferred_and_a_gap_is_refused(
    uploaded: dict[str, StoredFile], present: list[str], expected: list[object] | None
) -> None:
    assert voiced(POSITION, "vi", uploaded, present) == expected


def test_best_announcement_that_can_be_played_is_chosen() -> None:
    candidates = announcements(Announced(), RULES, NOW, position=2, wait_s=170.0)
    assert parts_of(candidates) == {*POSITION, *WAIT, "please-wait"}
    for has, expected in (
        ({*POSITION, *WAIT}, POSITION + WAIT),
        ({*POSITION, "please-wait"}, POSITION),
        ({"please-wait", "hai"}, ("please-wait",)),
    ):
        present = [f"tongdai/vi/{part}" for part in has]
        found = choice(candidates, lambda parts, present=present: voiced(parts, "vi", {}, present))
        assert found is not None
        assert found.announcement.parts == expected
    assert choice(candidates, lambda _: None) is None
