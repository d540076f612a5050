"""Destinations as the command line writes them."""

import pytest

from tongdai.cli.commands.inbound.destinations import in_words, parse
from tongdai_client import CallerDestination


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("queue:1001227", CallerDestination(kind="queue", queue_id=1001227)),
        ("menu:13", CallerDestination(kind="menu", menu_id=13)),
        ("number:0901234567", CallerDestination(kind="number", number="0901234567")),
        ("message:tongdai/closed", CallerDestination(kind="message", sound="tongdai/closed")),
        ("callback", CallerDestination(kind="callback")),
        ("hang_up", CallerDestination(kind="hang_up")),
    ],
)
def test_destination_is_read_as_it_is_written(text: str, destination: CallerDestination) -> None:
    assert parse(text) == destination
    assert in_words(destination) == text


@pytest.mark.parametrize(
    "text", ["", "queue", "queue:", "queue:x", "menu:", "callback:1", "hang_up:", "phone:1", "Queue:1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected queue:ID, menu:ID, number:NUMBER"):
        parse(text)


def test_no_destination_has_no_words() -> None:
    assert in_words(None) is None
