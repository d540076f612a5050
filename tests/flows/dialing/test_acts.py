"""Acts on live calls, from the command line and the API through the whole server to a switch."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.dialing_server import DialingServer, dialing_server
from tests.support.programs import PLAIN, tongdai
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.channels import SimulatedChannel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def talk(here: DialingServer) -> tuple[str, int]:
    """A call of an agent with a customer, who never hangs up; the call's id and the agent's."""
    here.simulated.callee = always(Response.ANSWERED, after_s=0.2, talk_s=600)
    queue_id = (await here.call("POST", "/v1/queues/inbound", {"callinName": "Sales"}))["callinId"]
    made = await here.call("POST", "/v1/agents", {"agentName": "B", "endpoint": "agent-7", "queueId": queue_id})
    agent = f"/v1/agents/{made['agentId']}"
    await here.call("POST", f"{agent}/sign-in")

    async def state() -> str:
        return (await here.call("GET", agent))["state"]

    async def is_idle() -> bool:
        return await state() == "idle"

    async def is_talking() -> bool:
        return await state() == "talking"

    await eventually(is_idle, 30, "the phone to be answered", poll_s=0.1)
    await here.campaign(1, first=50_000_000, dialingMode="progressive", queueId=queue_id)
    await eventually(is_talking, 30, "the talk", poll_s=0.1)
    return (await here.call("GET", agent))["callId"], made["agentId"]


async def calls_command(here: DialingServer, *args: str) -> str:
    environment = PLAIN | {"TONGDAI_URL": here.server.url, "TONGDAI_API_KEY": here.key.value}
    ended = await asyncio.to_thread(tongdai, "calls", *args, environment=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


async def test_call_is_held_until_its_limit_muted_and_hung_up(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        call_id, agent_id = await talk(here)
        customer = here.simulated._channels[call_id]
        (agent,) = (channel for channel in here.simulated._channels.values() if channel.call.agent)

        def together(one: SimulatedChannel = customer) -> bool:
            return one.bridge_id is not None and one.bridge_id == agent.bridge_id

        assert together()
        assert await calls_command(here, "hold", call_id, "--max", "3") == "Call is on hold"
        assert not together()
        assert customer.music_since is not None
        await eventually(together, 10, "the hold to end by itself")
        assert await calls_command(here, "mute", call_id) == "Agent is muted"
        assert agent.muted == {"in"}
        assert await calls_command(here, "unmute", call_id) == "Agent is unmuted"
        assert not agent.muted
        await here.call("POST", f"/v1/calls/{call_id}/hold")
        await here.call("POST", f"/v1/calls/{call_id}/resume")
        assert together()
        assert await calls_command(here, "hang-up", call_id) == "Call is being hung up"
        await eventually(lambda: call_id not in here.simulated._channels, 10, "the end of the call")
        assert here.simulated.ledger.violations == []

        async def in_wrap_up() -> bool:
            return (await here.call("GET", f"/v1/agents/{agent_id}"))["state"] == "wrap_up"

        await eventually(in_wrap_up, 10, "the wrap-up of the agent")
