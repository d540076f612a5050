"""The version of a switch is asked for once in each connection."""

import random

import pytest

from tests.support.simulated_switch import play, until
from tests.support.switch import Listener
from tongdai import __version__
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.switch.version import SwitchVersion
from tongdai.testing import virtual_time


def test_version_is_asked_for_once_and_again_after_a_connection_was_lost() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        ari = listener.ari
        assert isinstance(ari, SimulatedAri)
        version = SwitchVersion(ari)
        assert await version.current() == __version__
        ari.faults = Faults(error=1.0)
        assert await version.current() == __version__
        assert asterisk.ledger.counts["error"] == 0, "it was asked a second time"
        asterisk.cut()
        assert await version.current() == __version__, "the last one stays known"
        await until(lambda: ari.up)
        await version.current()
        assert asterisk.ledger.counts["error"] == 1, "it was not asked after the new connection"

    play(scene)


@pytest.mark.parametrize("faults", [Faults(error=1.0), Faults(reply_lost=1.0)])
def test_version_is_unknown_until_the_switch_answers(faults: Faults) -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        ari = listener.ari
        assert isinstance(ari, SimulatedAri)
        version, ari.faults = SwitchVersion(ari), faults
        assert [await version.current() for _ in range(2)] == [None, None]
        ari.faults = Faults()
        assert await version.current() == __version__

    play(scene)


def test_switch_without_a_connection_is_not_asked() -> None:
    rng = random.Random(1)

    async def main() -> str | None:
        asterisk = SimulatedAsterisk(rng, virtual_time.LoopClock())
        return await SwitchVersion(SimulatedAri(asterisk, rng)).current()

    assert virtual_time.run(main(), rng) is None
