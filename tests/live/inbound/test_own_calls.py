"""Agents whose phones are in calls of their own: no caller is connected with them until these have ended."""

import asyncio
import time
import uuid

import pytest

from tests.live.conftest import Figures
from tests.support.live.hotline import Hotline
from tests.support.live.recordings import RECORDER
from tests.support.live.testbed import AGENT
from tests.support.servers import eventually
from tongdai.agents.model import Mode
from tongdai.switch import commands
from tongdai.switch.commands import Placed
from tongdai.switch.events import StasisStart

WITHIN_S = 5


async def busy_elsewhere(hotline: Hotline, agent_id: int, busy: bool) -> float:
    """Wait until it is so; the seconds that it took."""
    began = time.monotonic()

    async def so() -> bool:
        return (await hotline.tenant.call("GET", f"/v1/agents/{agent_id}"))["busyElsewhere"] is busy

    await eventually(so, WITHIN_S, f"busy elsewhere: {busy}", poll_s=0.05)
    return time.monotonic() - began


@pytest.mark.parametrize("mode", Mode)
async def test_agent_gets_no_caller_in_a_call_of_their_own(hotline: Hotline, figures: Figures, mode: Mode) -> None:
    caller, own = f"8490111{50 + list(Mode).index(mode):04d}", str(uuid.uuid4())
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Own call", mode=mode)
    await hotline.tenant.agent(agent_id, "idle")
    ari = hotline.recorder.ari
    assert await commands.originate(ari, own, commands.agent_endpoint_of(AGENT), RECORDER) == Placed()
    known_s = await busy_elsewhere(hotline, agent_id, True)
    await hotline.recorder.wait_for(StasisStart, own)
    hotline.rings(caller)
    await hotline.waiting(caller)
    await hotline.tenant.server.kill("telephony")
    await asyncio.sleep(4)  # another process has taken over by then
    agent = await hotline.tenant.call("GET", f"/v1/agents/{agent_id}")
    assert (agent["state"], agent["busyElsewhere"]) == ("idle", True)
    await hotline.waiting(caller)
    assert await commands.hang_up(ari, own)
    freed_s = await busy_elsewhere(hotline, agent_id, False)
    figures(f"{mode.value}: known to be busy elsewhere after {known_s:.2f} s, free again after {freed_s:.2f} s")
    call_id = await hotline.talking(agent_id)
    await hotline.act(call_id, "hang-up")
    await hotline.tenant.agent(agent_id, "idle")
    await hotline.tenant.signed_out(agent_id)
