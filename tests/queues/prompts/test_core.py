"""Announcements over the whole wait of a caller."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tongdai.ids import QueueId
from tongdai.queues.model import QueueRules
from tongdai.queues.prompts.core import (
    Announced,
    Announcement,
    announcement,
    due_at,
    ended,
    expected_wait_s,
    minutes_of,
)
from tongdai.queues.settings.model import LEAST_BETWEEN_ANNOUNCEMENTS_S

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rules(**fields: Any) -> QueueRules:
    given_ = {"announce_position": True, "language": "vi", "announce_every_s": 30} | fields
    return QueueRules(queue_id=QueueId(1), name="Desk", **given_)


def asked(heard: Announced, now: datetime = NOW, position: int = 3, **options: Any) -> Announcement | None:
    options = {"wait_s": None, "offered": False, "rules": rules()} | options
    return announcement(heard, options.pop("rules"), now, position=position, **options)


HEARD = Announced(3, None, quiet_since=NOW)


def test_first_announcement_always_comes() -> None:
    for position in (1, 2, 999, 5000):
        assert asked(Announced(), position=position) is not None
    first = asked(Announced(), wait_s=700)
    assert first is not None
    assert first.parts == ("position", "ba", "wait", "muoi", "hai", "minutes")
    assert first.then == Announced(3, 12, playing=True)


def test_nothing_is_announced_where_it_is_off_or_an_agent_is_offered_or_one_plays() -> None:
    assert asked(Announced(), rules=rules(announce_position=False)) is None
    assert asked(Announced(), offered=True) is None
    assert asked(Announced(playing=True)) is None


def test_wait_is_left_out_where_it_is_off_or_not_known() -> None:
    without = ("position", "ba")
    for found in (asked(Announced(), rules=rules(announce_wait=False), wait_s=60), asked(Announced(), wait_s=None)):
        assert found is not None
        assert found.parts == without


def test_better_place_is_announced_after_15_seconds_and_the_same_after_the_interval() -> None:
    assert asked(HEARD, NOW + 14 * SECOND, 2) is None
    found = asked(HEARD, NOW + 15 * SECOND, 2)
    assert found is not None
    assert found.parts == ("position", "hai")
    assert asked(HEARD, NOW + 29 * SECOND, 3) is None
    assert asked(HEARD, NOW + 30 * SECOND, 3) is not None


def test_worse_number_is_not_said() -> None:
    worse = asked(Announced(3, 5, quiet_since=NOW), NOW + 60 * SECOND, 4, wait_s=600)
    assert worse is not None
    assert (worse.parts, worse.then.position, worse.then.minutes) == (("please-wait",), 3, 5)
    mixed = asked(Announced(3, 5, quiet_since=NOW), NOW + 60 * SECOND, 2, wait_s=600)
    assert mixed is not None
    assert mixed.parts == ("position", "hai")


def test_place_beyond_those_that_are_read_is_not_announced() -> None:
    found = asked(Announced(), position=1000)
    assert found is not None
    assert (found.parts, found.then.position) == (("please-wait",), None)


MOMENTS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(1, 1100), st.none() | st.floats(0, 9000), st.booleans(), st.booleans()),
    max_size=40,
)


@given(MOMENTS, st.integers(0, 120))
def test_numbers_never_get_worse_and_keep_their_distance(
    moments: list[tuple[int, int, float | None, bool, bool]], every_s: int
) -> None:
    heard, now, quiet_since, count = Announced(), NOW, None, 0
    positions: list[int] = []
    minutes: list[int] = []
    for passed, position, wait_s, offered, stops in moments:
        now += passed * SECOND
        if heard.playing and stops:
            heard, quiet_since = ended(heard, now), now
        was_playing = heard.playing
        found = asked(heard, now, position, wait_s=wait_s, offered=offered, rules=rules(announce_every_s=every_s))
        if found is None:
            assert count or offered, "the first one always comes"
            continue
        assert not offered
        assert not was_playing
        assert found.parts
        assert quiet_since is None or now - quiet_since >= LEAST_BETWEEN_ANNOUNCEMENTS_S * SECOND
        heard, count = found.then, count + 1
        positions += [] if heard.position is None else [heard.position]
        minutes += [] if heard.minutes is None else [heard.minutes]
    assert positions == sorted(positions, reverse=True)
    assert minutes == sorted(minutes, reverse=True)


def test_time_of_the_next_announcement_is_known() -> None:
    assert due_at(Announced(), rules(), 5) < NOW
    assert due_at(HEARD, rules(), 3) == NOW + 30 * SECOND
    assert due_at(HEARD, rules(), 2) == NOW + 15 * SECOND
    assert due_at(HEARD, rules(announce_every_s=1), 3) == NOW + 15 * SECOND


def test_wait_is_rather_announced_too_long() -> None:
    assert [minutes_of(wait_s) for wait_s in (0, 59.9, 60, 60.1, 119, 121)] == [0, 0, 1, 2, 2, 3]


def test_expected_wait_grows_with_the_place_and_falls_with_agents() -> None:
    assert expected_wait_s(3, 120, 2) == 180
    assert expected_wait_s(1, 120, 4) == 30
    assert expected_wait_s(1, 120, 0) is None
