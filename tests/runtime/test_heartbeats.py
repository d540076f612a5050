"""Conclusions of a parent from the heartbeats of a child, and from their absence."""

from collections.abc import Generator
from contextlib import closing

import pytest

from tongdai.runtime import heartbeats
from tongdai.runtime.heartbeats import (
    BEAT_S,
    HUNG_AFTER_S,
    LATE_AFTER_S,
    LONGEST_STARTING_S,
    LOOK_S,
    STALL_S,
    STARTING_S,
    Heartbeat,
    Receiver,
    Sender,
    next_starting_s,
)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Generator[tuple[Receiver, Sender]]:
    receiver, inherited = heartbeats.pair()
    monkeypatch.setenv(heartbeats.DESCRIPTOR, str(inherited.detach()))
    sender = Sender()
    assert sender._socket is not None
    with closing(sender._socket), closing(receiver):
        yield receiver, sender


def look(receiver: Receiver, from_s: float, for_s: float) -> float:
    """Look as often as a parent does; the time at the end."""
    now = from_s
    while now < from_s + for_s:
        now += LOOK_S
        receiver.look(now)
    return now


def test_heartbeat_tells_what_fails(ends: tuple[Receiver, Sender]) -> None:
    receiver, sender = ends
    assert receiver.late
    sender.send(Heartbeat(["purge"]))
    sender.send(Heartbeat(["sweep"], ["api-worker"]))
    receiver.look(0)
    assert receiver.heartbeat == Heartbeat(["sweep"], ["api-worker"])
    assert not receiver.late
    assert not receiver.hangs


def test_silent_child_is_late_and_then_hangs(ends: tuple[Receiver, Sender]) -> None:
    receiver, sender = ends
    sender.send(Heartbeat())
    receiver.look(0)
    now = look(receiver, 0, LATE_AFTER_S)
    assert (receiver.late, receiver.hangs) == (False, False)
    now = look(receiver, now, LOOK_S)
    assert (receiver.late, receiver.hangs) == (True, False)
    now = look(receiver, now, HUNG_AFTER_S - LATE_AFTER_S)
    assert receiver.hangs
    sender.send(Heartbeat())
    receiver.look(now)
    assert (receiver.late, receiver.hangs) == (False, False)


def test_child_that_got_no_processor_for_a_while_does_not_hang(ends: tuple[Receiver, Sender]) -> None:
    receiver, sender = ends
    sender.send(Heartbeat())
    receiver.look(0)
    look(receiver, 0, BEAT_S + STALL_S + LOOK_S)
    assert not receiver.hangs


def test_child_may_take_longer_to_start(ends: tuple[Receiver, Sender]) -> None:
    receiver, _ = ends
    receiver.look(0)
    now = look(receiver, 0, STARTING_S)
    assert (receiver.late, receiver.hangs) == (True, False)
    look(receiver, now, LOOK_S)
    assert receiver.hangs


def test_successor_of_a_child_that_was_too_slow_to_start_may_take_twice_as_long() -> None:
    allowed = STARTING_S
    for _ in range(3):
        allowed = next_starting_s(allowed, started=False)
    assert allowed == 8 * STARTING_S
    for _ in range(30):
        allowed = next_starting_s(allowed, started=False)
    assert allowed == LONGEST_STARTING_S
    assert next_starting_s(allowed, started=True) == STARTING_S


def test_child_may_take_as_long_as_its_parent_allows() -> None:
    receiver, inherited = heartbeats.pair(3 * STARTING_S)
    with closing(receiver), closing(inherited):
        receiver.look(0)
        now = look(receiver, 0, 3 * STARTING_S)
        assert not receiver.hangs
        look(receiver, now, LOOK_S)
        assert receiver.hangs


def test_time_in_which_the_parent_was_suspended_does_not_count(ends: tuple[Receiver, Sender]) -> None:
    receiver, sender = ends
    sender.send(Heartbeat())
    receiver.look(0)
    receiver.look(3600)
    assert not receiver.late


def test_parent_that_does_not_read_delays_nobody(ends: tuple[Receiver, Sender]) -> None:
    receiver, sender = ends
    for _ in range(10_000):
        sender.send(Heartbeat(["purge"]))
    receiver.look(0)
    assert receiver.heartbeat.failing == ["purge"]


def test_process_without_a_parent_that_listens_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(heartbeats.DESCRIPTOR, raising=False)
    Sender().send(Heartbeat())
