"""Customers of a queue who are called back: in one order with its callers, by the queue's agents."""

from tests.support.live import scenarios
from tests.support.live.hotline import Hotline
from tests.support.live.recordings import phone_of
from tests.support.live.tenant import TENANT, Fields, cli, numbers
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ
from tests.support.servers import eventually

ALL_DAY = "daily 00:00-24:00"


async def promised(hotline: Hotline, number: str) -> str:
    """A callback to a number, at any hour."""
    await cli(hotline.tenant.server, "tenant", "hours", str(TENANT), ALL_DAY)
    wanted = {"queueId": hotline.queue_id, "phoneNumber": f"+{number}"}
    return (await hotline.tenant.call("POST", "/v1/callbacks", wanted))["callbackId"]


async def callback(hotline: Hotline, callback_id: str) -> Fields:
    listed = (await hotline.tenant.call("GET", "/v1/callbacks"))["data"]
    return next(one for one in listed if one["callbackId"] == callback_id)


async def test_customer_is_called_before_a_caller_who_came_later_and_talks_to_the_agent(hotline: Hotline) -> None:
    [customer], caller = numbers(scenarios.ANSWER), "84901160001"
    callback_id = await promised(hotline, customer)
    hotline.rings(caller)
    [waits] = await hotline.waiting(caller)
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Calls back")
    call_id = await hotline.talking(agent_id)
    assert call_id != waits["callId"]
    assert hotline.tenant.rang([customer]) == [1]
    phone = await phone_of(hotline.recorder)
    assert await hotline.hears(call_id, phone) == [{AGENT_HZ}, {AGENT_HZ}], "the customer echoes what they hear"
    await hotline.hang_up(call_id, agent_id)
    assert await hotline.talking(agent_id) == waits["callId"]
    assert await hotline.hears(await hotline.channel(caller), phone) == [{AGENT_HZ}, {CALLER_HZ}]
    await hotline.hang_up(waits["callId"], agent_id)
    assert (await callback(hotline, callback_id))["state"] == "done"
    assert hotline.tenant.rang([customer]) == [1]
    await hotline.tenant.signed_out(agent_id)


async def test_customer_who_is_busy_costs_the_agent_no_wrap_up_and_is_called_again_later(hotline: Hotline) -> None:
    [customer] = numbers("486")
    callback_id = await promised(hotline, customer)
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Calls in vain", wrap_up_s=600)

    async def tried() -> bool:
        shown = await callback(hotline, callback_id)
        return (shown["tries"], shown["state"]) == (1, "pending")

    await eventually(tried, 20, "the first try to be over", poll_s=0.1)
    await hotline.tenant.agent(agent_id, "idle")
    assert hotline.tenant.rang([customer]) == [1]
    await hotline.tenant.call("DELETE", f"/v1/callbacks/{callback_id}")
    await hotline.tenant.signed_out(agent_id)
