"""Whether the switch can place calls is found out before anything is dialled."""

import asyncio
import random

from structlog.testing import capture_logs

from tongdai.campaigns.settings.model import CallSettings
from tongdai.dialer.reconcile import RETRY_BROKEN_S
from tongdai.dialer.worker import Dialer
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Ending, always
from tongdai.switch.simulated.client import SimulatedAri
from tongdai.testing import virtual_time
from tongdai.testing.memory_store import MemoryStore


def test_switch_without_its_sip_channels_is_not_up_until_they_run() -> None:
    rng = random.Random(1)

    async def main() -> None:
        clock = virtual_time.LoopClock()
        board = SimulatedAsterisk(rng, clock, always(Ending.ANSWERED))
        board.modules.remove("chan_pjsip.so")
        store = MemoryStore(clock, rng)
        store.add_campaign(1, CallSettings())
        store.add_contact(1, 1, "+84900000001")
        ari = SimulatedAri(board, rng)
        dialer = Dialer(store, ari, clock, rng, app="tongdai", trunk="trunk")
        tasks = [asyncio.create_task(ari.run()), asyncio.create_task(dialer.run())]
        with capture_logs() as logs:
            await asyncio.sleep(10 * RETRY_BROKEN_S)
        assert not ari.up
        assert not board.ledger.calls
        (said,) = [line["reason"] for line in logs if line["event"] == "switch cannot place calls"]
        assert "chan_pjsip.so" in said
        board.modules.append("chan_pjsip.so")
        await asyncio.sleep(RETRY_BROKEN_S + 5)
        assert ari.up
        assert len(board.ledger.calls) == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    virtual_time.run(main(), rng)
