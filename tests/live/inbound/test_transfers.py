"""An agent gives a caller to another queue, to another agent, and to a number outside."""

from tests.support.live import scenarios, voice
from tests.support.live.desk_phones import desk_phone
from tests.support.live.hotline import Hotline, hotline_of
from tests.support.live.tenant import Fields, numbers
from tests.support.live.testbed import CALLER_HZ, CUSTOMER_HZ

OTHER_HZ = CUSTOMER_HZ
"""The tone of the phone that gets the caller."""


async def talk(hotline: Hotline) -> tuple[int, str]:
    """The agent of the queue, who talks with its caller, and the call."""
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Gives away")
    return agent_id, await hotline.talking(agent_id)


async def transfer(hotline: Hotline, agent_id: int, call_id: str, to: Fields) -> None:
    await hotline.tenant.call("POST", f"/v1/calls/{call_id}/transfer", to)
    await hotline.tenant.agent(agent_id, "idle")


async def test_caller_waits_with_the_music_of_the_other_queue_and_talks_to_its_agent(hotline: Hotline) -> None:
    caller, other = "84901180001", await hotline_of(hotline.tenant, hotline.recorder)
    await voice.upload(hotline.tenant, ())
    await other.change(moh_file_id=voice.HOLD)
    worn = await hotline.listens(caller)
    agent_id, call_id = await talk(hotline)
    await worn.hears(lambda tones: voice.words(tones)[-1:] == ["agent"], "the first agent")
    await transfer(hotline, agent_id, call_id, {"queueId": other.queue_id})
    await other.waiting(caller)
    await worn.hears(lambda tones: voice.words(tones)[-2:] == ["agent", "hold"], "the music of the other queue")
    async with desk_phone(other, "Gets the caller", hz=OTHER_HZ) as gets:
        await gets.sign_in()
        assert await other.talking(gets.agent_id) == call_id
        await worn.hears(lambda tones: voice.words(tones)[-2:] == ["hold", "customer"], "the second agent")
        await other.hang_up(call_id, gets.agent_id)
    await hotline.tenant.signed_out(agent_id)


async def test_agent_who_gets_a_caller_is_rung_and_talks_to_them(hotline: Hotline) -> None:
    caller = "84901180002"
    hotline.rings(caller)
    agent_id, call_id = await talk(hotline)
    async with desk_phone(hotline, "Gets the caller", hz=OTHER_HZ) as gets:
        await gets.sign_in()
        await hotline.tenant.agent(gets.agent_id, "idle")
        await transfer(hotline, agent_id, call_id, {"agentId": gets.agent_id})
        assert await hotline.talking(gets.agent_id) == call_id
        customer, other = await hotline.channel(caller), await gets.channel()
        await hotline.comes_to_hear({OTHER_HZ}, {CALLER_HZ}, of=(customer, other))
        await hotline.hang_up(call_id, gets.agent_id)
    await hotline.tenant.signed_out(agent_id)


async def test_caller_talks_to_a_number_outside_and_the_agent_is_free(hotline: Hotline) -> None:
    caller, [outside] = "84901180003", numbers(scenarios.ANSWER)
    hotline.rings(caller)
    agent_id, call_id = await talk(hotline)
    await transfer(hotline, agent_id, call_id, {"number": f"+{outside}"})
    customer = await hotline.channel(caller)
    await hotline.comes_to_hear({CALLER_HZ}, of=(customer,))  # they are echoed
    assert hotline.tenant.rang([outside]) == [1]
    await hotline.act(call_id, "hang-up")
    await hotline.tenant.signed_out(agent_id)
