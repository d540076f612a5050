"""Campaigns called while dialers are killed."""

import signal
import sys
from pathlib import Path

import pytest

from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_nobody_is_called_twice_while_dialers_are_killed_and_two_compete_for_leadership(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        stand_by = {"database_url": here.server.dsn, **here.settings}
        async with serving(tmp_path / "second", "--only", "telephony", **stand_by) as second:
            campaign_id = await here.campaign(400, first=20_000_000, callsPerSecond=25)
            for kill in range(1, 5):
                called = kill * 60
                await eventually(lambda: len(here.simulated.ledger.calls) >= called, 90, "calls")  # noqa: B023
                victim = here.server if kill % 2 else second
                await victim.kill("telephony", signal.SIGKILL)
            await here.processed(campaign_id, 400, within_s=150)
        times = here.dialled(20_000_000, 400)
        assert set(times.values()) == {1}
        assert here.simulated.ledger.violations == []
        reported = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert sum(reported.values()) == 400
        # A contact that was never called has the outcome lost.
        assert len(times) + reported.get("lost", 0) >= 400
