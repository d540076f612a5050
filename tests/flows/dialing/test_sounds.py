"""A sound that the switch does not have: nobody's phone rings for it."""

import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.dialing_server import DialingServer, dialing_server
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import Response, always

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
SPRING = "sound:custom/spring"
LATER = {"retryRules": {"failed": {"afterMin": 60, "times": 3}}}


async def refused(here: DialingServer, method: str, path: str, body: object = None) -> str:
    async with httpx2.AsyncClient(base_url=here.server.url, timeout=30) as client:
        response = await client.request(method, path, json=body, headers={"X-Api-Key": here.key.value})
    assert response.status_code == 400, response.text
    return response.json()["error_message"]


async def is_up(here: DialingServer) -> bool:
    return (await here.call("GET", "/v1/live"))["switch"]["up"]


async def diagnosis(here: DialingServer, campaign_id: int) -> dict[str, Any]:
    return await here.call("GET", f"/v1/campaigns/{campaign_id}/diagnostics")


async def has_state(here: DialingServer, campaign_id: int, state: str) -> bool:
    return (await diagnosis(here, campaign_id))["sound"]["state"] == state


async def test_campaign_whose_sound_is_missing_does_not_start_and_calls_nobody(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        # Missing from the beginning: a sound that was found is not asked for again for some minutes.
        here.simulated.sounds = {}
        await eventually(lambda: is_up(here), 20, "the switch to be up", poll_s=0.2)
        new = {"campaignName": "A", "audioFile": "custom/spring", "preset": "none", **LATER}
        created = await here.call("POST", "/v1/campaigns", new)
        assert created["missingSounds"] == ["audioFile"]
        campaign_id = created["campaignId"]
        path = f"/v1/campaigns/{campaign_id}"
        await here.call("POST", f"{path}/contacts", {"phoneNumber": "0950000000"})
        assert "audioFile must be a sound that the switch has" in await refused(here, "PATCH", path, {"audioFile": "b"})
        assert "does not have the sound custom/spring (audioFile)" in await refused(here, "POST", f"{path}/start")
        await eventually(lambda: has_state(here, campaign_id, "missing"), 10, "the check")
        assert not here.simulated.ledger.calls
        here.simulated.sounds[SPRING] = 0.5
        await here.call("POST", f"{path}/start")
        await eventually(lambda: here.simulated.ledger.counts["originated"] == 1, 30, "the call")


async def test_sound_that_is_lost_while_a_campaign_runs_is_missed_by_few_and_the_campaign_continues_with_it(
    tmp_path: Path,
) -> None:
    async with dialing_server(tmp_path) as here:
        here.simulated.sounds = {SPRING: 0.5}
        here.simulated.callee = always(Response.ANSWERED, after_s=0.2, talk_s=30)
        campaign_id = await here.campaign(
            10, first=60_000_000, audioFile="custom/spring", maxConcurrentCalls=2, callsPerSecond=5, **LATER
        )
        await eventually(lambda: here.simulated.ledger.counts["answered"] >= 2, 30, "calls")
        here.simulated.sounds.clear()
        await eventually(lambda: has_state(here, campaign_id, "missing"), 30, "the check", poll_s=0.2)
        codes = [blocker["code"] for blocker in (await diagnosis(here, campaign_id))["blockers"]]
        assert "sound_missing" in codes
        here.simulated.sounds[SPRING] = 0.5
        unheard = (await here.call("GET", f"/v1/calls?campaignId={campaign_id}&outcome=failed"))["data"]
        assert {call["failure"] for call in unheard} <= {"sound_not_played"}
        assert all(call["nextCallAt"] for call in unheard)
        await eventually(lambda: all_called(here, campaign_id), 60, "the others to be called", poll_s=0.3)
        assert max(here.dialled(60_000_000, 10).values()) == 1


async def all_called(here: DialingServer, campaign_id: int) -> bool:
    """Whether each contact was called: it is processed, or waits for its next call."""
    found = await diagnosis(here, campaign_id)
    return found["pending"] == found["waitingForRetry"] and (await here.totals(campaign_id))["1"] == 0


async def test_campaign_pauses_itself_after_three_calls_that_played_nothing(tmp_path: Path) -> None:
    async with dialing_server(tmp_path, check_sounds="false") as here:
        here.simulated.sounds = {}
        here.simulated.callee = always(Response.ANSWERED, after_s=0.2, talk_s=30)
        campaign_id = await here.campaign(
            20, first=80_000_000, audioFile="custom/spring", maxConcurrentCalls=1, **LATER
        )
        path = f"/v1/campaigns/{campaign_id}"

        async def paused() -> bool:
            return (await here.call("GET", path))["pauseReason"] == "sound_not_played"

        await eventually(paused, 60, "the campaign to pause itself", poll_s=0.2)
        codes = [blocker["code"] for blocker in (await diagnosis(here, campaign_id))["blockers"]]
        assert codes == ["paused", "sound_not_played"]
        assert '"campaign paused itself"' in here.server.log_text()
        [shown] = (await here.call("GET", "/v1/live"))["campaigns"]
        assert (shown["campaignId"], shown["status"], shown["pauseReason"]) == (campaign_id, 3, "sound_not_played")
        unheard = (await here.call("GET", f"/v1/calls?campaignId={campaign_id}&outcome=failed"))["data"]
        assert [(call["failure"], call["connectedAt"]) for call in unheard] == [("sound_not_played", None)] * 3
        assert all(call["nextCallAt"] for call in unheard)
        here.simulated.sounds[SPRING] = 0.5
        await here.call("POST", f"{path}/start")
        assert (await here.call("GET", path))["pauseReason"] is None
        await eventually(lambda: all_called(here, campaign_id), 60, "the others to be called", poll_s=0.3)
        assert max(here.dialled(80_000_000, 20).values()) == 1


async def test_campaign_that_started_without_a_switch_is_not_dialled_while_its_sound_is_missing(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        here.simulated.sounds = {}
        here.simulated.cut(8)

        async def away() -> bool:
            return not await is_up(here)

        await eventually(away, 10, "the switch to be away", poll_s=0.2)
        campaign_id = await here.campaign(10, first=70_000_000, audioFile="custom/spring")
        assert await has_state(here, campaign_id, "unchecked")
        await eventually(lambda: has_state(here, campaign_id, "missing"), 60, "the check", poll_s=0.3)
        found = await diagnosis(here, campaign_id)
        assert [blocker["code"] for blocker in found["blockers"]] == ["sound_missing"]
        assert here.dialled(70_000_000, 10).total() == 0
        here.simulated.sounds[SPRING] = 0.5
        await here.processed(campaign_id, 10, within_s=60)
        assert set(here.dialled(70_000_000, 10).values()) == {1}
