"""Waits that end when the server begins to stop."""

from tongdai.runtime.stopping import Stopping


def test_what_waits_is_called_once_and_what_no_longer_waits_is_not() -> None:
    stopping, called = Stopping(), list[str]()
    with stopping.then(lambda: called.append("first")):
        with stopping.then(lambda: called.append("over")):
            pass
        stopping.set()
        stopping.set()
    assert called == ["first"]
    assert stopping.is_set()


def test_what_begins_to_wait_while_the_server_stops_is_called_at_once() -> None:
    stopping, called = Stopping(), list[str]()
    stopping.set()
    with stopping.then(lambda: called.append("late")):
        assert called == ["late"]
