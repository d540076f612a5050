"""The ledger of the simulated switch finds originates that must not be."""

import pytest

from tests.support.simulated_switch import call, play
from tests.support.switch import Listener
from tongdai.switch.commands import Duplicate, Placed
from tongdai.switch.events import (
    ChannelDestroyed,
)
from tongdai.switch.interface import SwitchUnreachable
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Response, always


def test_two_calls_of_one_number_at_once_are_in_the_ledger() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        assert await call(listener, "c1") == Placed()
        assert await call(listener, "c1") == Duplicate()
        assert await call(listener, "c2") == Placed()

    violations = play(scene, always(Response.ANSWERED)).ledger.violations
    assert len(violations) == 1
    assert "already" in violations[0]


def test_channel_id_used_again_is_in_the_ledger() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(2):
            assert await call(listener, "c1") == Placed()
            await listener.wait_for(ChannelDestroyed, count=n + 1)

    assert "used before" in play(scene, always(Response.BUSY)).ledger.violations[0]


def test_originate_while_away_is_in_the_ledger() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.cut(for_s=5)
        with pytest.raises(SwitchUnreachable):
            await call(listener)

    assert "while disconnected" in play(scene).ledger.violations[0]


def test_rule_of_the_test_is_asked_of_each_originate() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        asterisk.ledger.rules.append(lambda call: "listed" if call.to.endswith("7") else None)
        for n in (6, 7):
            await call(listener, f"c{n}", n)

    violations = play(scene).ledger.violations
    assert [text.rpartition(": ")[2] for text in violations] == ["listed"]
