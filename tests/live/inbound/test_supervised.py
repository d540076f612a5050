"""A supervisor hears a call of a queue, whispers to its agent, joins it and leaves, by the API."""

from tests.support.live import scenarios
from tests.support.live.hotline import Hotline
from tests.support.live.recordings import phone_of
from tests.support.live.scenarios import HUNG_UP
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, CUSTOMER_HZ, Testbed
from tests.support.servers import eventually
from tongdai.switch import commands

PORT = 5094
"""The port of the supervisor's phone."""


async def test_supervisor_comes_and_goes_without_changing_the_call(hotline: Hotline, testbed: Testbed) -> None:
    tenant, caller = hotline.tenant, "84901110060"
    somebody = hotline.rings(caller)
    await hotline.waiting(caller)
    agent_id = await tenant.signing_in(hotline.queue_id, "Supervised")
    call_id = await hotline.talking(agent_id)
    # The supervisor's phone has an account that the API made.
    boss = await tenant.call("POST", "/v1/agents", {"agentName": "Boss", "queueId": hotline.queue_id})
    name, password = boss["phone"]["username"], boss["phone"]["password"]

    async def on_switch() -> bool:
        return (await tenant.call("GET", f"/v1/agents/{boss['agentId']}/phone-account"))["onSwitch"]

    await eventually(on_switch, 10, "the account to be on the switch", poll_s=0.1)
    await testbed.phone("boss-registers", scenarios.registration(name, password), port=PORT)
    phone = testbed.callee("boss", scenarios.callee("tone.ulaw", answer_ms=200), PORT, hz=CUSTOMER_HZ)
    phone.start()
    try:
        customer, agent = await hotline.channel(caller), await phone_of(hotline.recorder)

        async def act(what: str) -> None:
            await tenant.call("POST", f"/v1/calls/{call_id}/{what}", {"endpoint": name})

        async def up() -> str | None:
            found = await commands.channels(hotline.recorder.ari)
            return next((one.channel_id for one in found if one.endpoint == name and one.state == "Up"), None)

        await act("listen")
        supervisor = await eventually(up, 15, "the supervisor's phone to be answered", poll_s=0.1)
        assert await hotline.hears(supervisor, agent, customer) == [{AGENT_HZ, CALLER_HZ}, {CALLER_HZ}, {AGENT_HZ}]
        await act("whisper")
        assert await hotline.hears(supervisor, customer) == [{AGENT_HZ, CALLER_HZ}, {AGENT_HZ}], "not heard by them"
        await act("barge")
        assert await hotline.hears(supervisor, agent, customer) == [
            {AGENT_HZ, CALLER_HZ}, {CALLER_HZ, CUSTOMER_HZ}, {AGENT_HZ, CUSTOMER_HZ},
        ]  # fmt: skip
        await act("leave")
        assert await hotline.hears(agent, customer) == [{CALLER_HZ}, {AGENT_HZ}]
        await act("listen")
        await eventually(up, 15, "the supervisor's phone to be answered again", poll_s=0.1)
        await hotline.act(call_id, "hang-up")
        await hotline.noted(somebody, caller, HUNG_UP)

        async def gone() -> bool:
            return [one.endpoint for one in await commands.channels(hotline.recorder.ari)] == ["agent1"]

        await eventually(gone, 10, "all but the agent's phone to be hung up", poll_s=0.1)
    finally:
        phone.stop()
    await tenant.agent(agent_id, "idle")
    await tenant.signed_out(agent_id)
