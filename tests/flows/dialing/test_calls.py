"""Campaigns called by the whole server."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually
from tongdai.clock import SystemClock
from tongdai.switch.simulated.callees import Response, always

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_each_contact_is_called_once_and_records_what_the_switch_did(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        campaign_id = await here.campaign(200, first=10_000_000)
        await here.processed(campaign_id, 200, within_s=60)
        assert set(here.dialled(10_000_000, 200).values()) == {1}
        assert here.simulated.ledger.violations == []
        reported = Counter((await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"])
        endings = Counter(call.plan.response for call in here.simulated.ledger.calls)
        assert reported["answered"] == endings[Response.ANSWERED]
        assert reported["busy"] == endings[Response.BUSY]
        assert reported["invalid_number"] == endings[Response.UNALLOCATED]
        assert reported.total() == 200


async def test_pause_stops_dialling_within_a_second_and_live_calls_finish(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        here.simulated.callee = always(Response.ANSWERED, after_s=0.5, talk_s=4)
        campaign_id = await here.campaign(300, first=30_000_000, callsPerSecond=20, maxConcurrentCalls=300)
        await eventually(lambda: here.simulated.ledger.counts["answered"] >= 20, 30, "active calls")
        await here.call("POST", f"/v1/campaigns/{campaign_id}/pause")
        paused_at = SystemClock().now()
        await eventually(lambda: not here.simulated.ledger.active, 30, "the live calls to finish")
        last = max(call.originated_at for call in here.simulated.ledger.calls)
        assert (last - paused_at).total_seconds() < 1
        assert not any(call.hung_up_by_us and call.ended_at is None for call in here.simulated.ledger.calls)

        async def none_in_call() -> bool:
            return (await here.totals(campaign_id))["1"] == 0

        await eventually(none_in_call, 30, "no contact to be in call", poll_s=0.2)
        totals = await here.totals(campaign_id)
        assert totals["2"] == len(here.simulated.ledger.calls)
        assert totals["0"] == 300 - totals["2"]


async def test_number_put_on_a_do_not_call_list_is_not_called_any_more(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        campaign_id = await here.campaign(120, first=40_000_000, callsPerSecond=10)
        await eventually(lambda: len(here.simulated.ledger.calls) >= 10, 30, "calls")
        made = await here.call("POST", "/v1/do-not-call", {"name": "Complaints"})
        numbers = [{"phoneNumber": f"+849{40_000_060 + place}"} for place in range(60)]
        await here.call("POST", f"/v1/do-not-call/{made['dncListId']}/numbers", {"numbers": numbers})
        listed_at = SystemClock().now()
        await here.processed(campaign_id, 120, within_s=60)
        listed = {f"849{40_000_060 + place}" for place in range(60)}
        late = [
            call
            for call in here.simulated.ledger.calls
            if call.to in listed and (call.originated_at - listed_at).total_seconds() > 1
        ]
        assert late == []
        reported = (await here.call("GET", f"/v1/campaigns/{campaign_id}"))["callStatus"]
        assert reported["dnc"] >= 50
