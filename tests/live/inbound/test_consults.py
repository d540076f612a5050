"""An agent asks another one, brings them into the call, and leaves it; a phone takes a call over."""

from tests.support.live.desk_phones import desk_phone
from tests.support.live.hotline import Hotline
from tests.support.live.recordings import phone_of
from tests.support.live.scenarios import HUNG_UP
from tests.support.live.tenant import Fields
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, CUSTOMER_HZ, MUSIC_HZ

OTHER_HZ = CUSTOMER_HZ
"""The tone of the phone that is asked."""


async def act(hotline: Hotline, call_id: str, what: str, sent: Fields | None = None) -> None:
    await hotline.tenant.call("POST", f"/v1/calls/{call_id}/{what}", sent)


async def test_agent_asks_another_one_then_all_talk_and_then_the_agent_leaves(hotline: Hotline) -> None:
    tenant, caller = hotline.tenant, "84901170001"
    somebody = hotline.rings(caller)
    agent_id = await tenant.signing_in(hotline.queue_id, "Asks")
    call_id = await hotline.talking(agent_id)
    customer, agent = await hotline.channel(caller), await phone_of(hotline.recorder)
    async with desk_phone(hotline, "Is asked", hz=OTHER_HZ) as asked:
        await asked.sign_in()
        await tenant.agent(asked.agent_id, "idle")
        await act(hotline, call_id, "consult", {"agentId": asked.agent_id})
        other = await asked.channel()
        await hotline.comes_to_hear({MUSIC_HZ}, {OTHER_HZ}, {AGENT_HZ}, of=(customer, agent, other))
        await act(hotline, call_id, "consult/cancel")
        await hotline.comes_to_hear({AGENT_HZ}, {CALLER_HZ}, of=(customer, agent))
        await tenant.agent(asked.agent_id, "idle")
        await act(hotline, call_id, "consult", {"agentId": asked.agent_id})
        other = await asked.channel()
        await hotline.comes_to_hear({MUSIC_HZ}, {OTHER_HZ}, {AGENT_HZ}, of=(customer, agent, other))
        await act(hotline, call_id, "conference")
        all_three = ({AGENT_HZ, OTHER_HZ}, {CALLER_HZ, OTHER_HZ}, {AGENT_HZ, CALLER_HZ})
        await hotline.comes_to_hear(*all_three, of=(customer, agent, other))
        await act(hotline, call_id, "consult/complete")
        await hotline.comes_to_hear({OTHER_HZ}, {CALLER_HZ}, of=(customer, other))
        await tenant.agent(agent_id, "idle")
        assert await hotline.talking(asked.agent_id) == call_id
        await hotline.act(call_id, "hang-up")
        await hotline.noted(somebody, caller, HUNG_UP)
        await tenant.agent(asked.agent_id, "idle")
    await tenant.signed_out(agent_id)


async def test_phone_takes_a_call_over(hotline: Hotline) -> None:
    tenant, caller = hotline.tenant, "84901170002"
    somebody = hotline.rings(caller)
    agent_id = await tenant.signing_in(hotline.queue_id, "Is relieved")
    call_id = await hotline.talking(agent_id)
    customer = await hotline.channel(caller)
    async with desk_phone(hotline, "Takes over", hz=OTHER_HZ) as taking:
        await act(hotline, call_id, "take-over", {"endpoint": taking.username})
        other = await taking.channel()
        await hotline.comes_to_hear({OTHER_HZ}, {CALLER_HZ}, of=(customer, other))
        await tenant.agent(agent_id, "idle")
        await hotline.act(call_id, "hang-up")
        await hotline.noted(somebody, caller, HUNG_UP)
    await tenant.signed_out(agent_id)
