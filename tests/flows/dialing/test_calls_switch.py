"""Campaigns called while the switch is away and returns."""

import sys
from pathlib import Path

import pytest

from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import Response, always

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_switch_that_is_away_is_reported_and_gets_no_requests_meanwhile(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        here.simulated.callee = always(Response.ANSWERED, after_s=0.2, talk_s=1)
        campaign_id = await here.campaign(300, first=50_000_000, callsPerSecond=10)
        await eventually(lambda: len(here.simulated.ledger.calls) >= 20, 30, "calls")
        here.simulated.restart(for_s=4)

        async def reported_away() -> bool:
            return "switch_away" in str(await here.call("GET", f"/v1/campaigns/{campaign_id}/diagnostics"))

        await eventually(reported_away, 10, "the switch to be reported as away", poll_s=0.2)
        await here.processed(campaign_id, 300, within_s=120)
        assert here.simulated.ledger.violations == []
        assert set(here.dialled(50_000_000, 300).values()) == {1}
        reported = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert set(reported) <= {"answered", "lost"}
