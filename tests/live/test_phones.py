"""Phones' states: free, busy by any call, unreachable."""

from tests.support.live import scenarios
from tests.support.live.calls import leave, phone
from tests.support.live.testbed import AGENT, APP, Testbed
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.commands import Endpoint
from tongdai.switch.events import DeviceStateChanged


def states(caller: Listener, name: str) -> list[str]:
    return [event.state for event in caller.of(DeviceStateChanged) if event.phone == name]


async def test_phone_rings_is_busy_and_is_free_again(caller: Listener) -> None:
    await commands.subscribe_to_phone(caller.ari, APP, AGENT)
    await commands.subscribe_to_phone(caller.ari, APP, AGENT)
    channel_id = await phone(caller)
    assert await commands.endpoint(caller.ari, AGENT) == Endpoint(AGENT, "online", (channel_id,))
    await eventually(lambda: states(caller, AGENT)[-1:] == ["INUSE"], 5, "the phone to be busy")
    await leave(caller, channel_id)
    await eventually(lambda: states(caller, AGENT)[-1:] == ["NOT_INUSE"], 5, "the phone to be free")
    assert set(states(caller, AGENT)) <= {"RINGING", "INUSE", "NOT_INUSE"}
    found = await commands.endpoints(caller.ari)
    assert Endpoint(AGENT, "online", ()) in found
    assert Endpoint("agent2", "offline", ()) in found
    await commands.unsubscribe_from_phone(caller.ari, APP, AGENT)
    await commands.unsubscribe_from_phone(caller.ari, APP, AGENT)


async def test_phone_that_signs_on_can_be_reached_until_it_signs_off(caller: Listener, testbed: Testbed) -> None:
    await commands.subscribe_to_phone(caller.ari, APP, "agent3")
    await commands.subscribe_to_phone(caller.ari, APP, "nonesuch")
    assert await commands.endpoint(caller.ari, "nonesuch") is None
    signing_on = scenarios.registration("agent3", testbed.agents)
    await testbed.phone("sign-on", signing_on, port=5080)
    await eventually(lambda: states(caller, "agent3") == ["NOT_INUSE"], 5, "the phone to be reachable")
    assert await commands.endpoint(caller.ari, "agent3") == Endpoint("agent3", "online", ())
    await testbed.phone("sign-off", signing_on.replace("Expires: 3600", "Expires: 0"), port=5080)
    await eventually(lambda: states(caller, "agent3") == ["NOT_INUSE", "UNAVAILABLE"], 5, "the phone to be unreachable")
    assert await commands.endpoint(caller.ari, "agent3") == Endpoint("agent3", "offline", ())
