"""Callers of queues: they hear music, are connected in their order, refused, sent on, and not lost."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.live.conftest import Figures
from tests.support.live import callers
from tests.support.live.hotline import Hotline, hotline_of
from tests.support.live.recordings import phone_of
from tests.support.live.scenarios import ANSWERED, HUNG_UP
from tests.support.live.tenant import Fields
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, GREETING_HZ, MUSIC_HZ, Testbed

CLOSED_MESSAGE: Fields = {"kind": "message", "sound": "custom/message"}
MAX_WAIT_S = 5


async def test_caller_hears_music_is_connected_and_held(hotline: Hotline, testbed: Testbed) -> None:
    caller = "84901110001"
    somebody = hotline.rings(caller)
    [waits] = await hotline.waiting(caller)
    channel = await hotline.channel(caller)
    assert await hotline.hears(channel) == [{MUSIC_HZ}]
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Music")
    call_id = await hotline.talking(agent_id)
    assert call_id == waits["callId"]
    phone = await phone_of(hotline.recorder)
    assert await hotline.hears(channel, phone) == [{AGENT_HZ}, {CALLER_HZ}], "without the music"
    await hotline.act(call_id, "hold")
    assert await hotline.hears(channel, phone) == [{MUSIC_HZ}, set()]
    await hotline.act(call_id, "resume")
    await hotline.act(call_id, "mute")
    assert await hotline.hears(channel, phone) == [set(), {CALLER_HZ}]
    await hotline.act(call_id, "unmute")
    assert await hotline.hears(channel, phone) == [{AGENT_HZ}, {CALLER_HZ}]
    await hotline.act(call_id, "hang-up")
    await hotline.noted(somebody, caller, HUNG_UP)
    await hotline.tenant.agent(agent_id, "idle")
    live = await hotline.tenant.call("GET", f"/v1/queues/inbound/{hotline.queue_id}/live")
    assert (live["today"]["offered"], live["today"]["answered"]) == (1, 1)
    await hotline.tenant.signed_out(agent_id)


@pytest.mark.parametrize(("strategy", "status"), [(3, 403), (4, 403), (99, 480)])
async def test_strategy_that_takes_no_calls_is_heard_by_the_next_caller(
    hotline: Hotline, strategy: int, status: int
) -> None:
    """Callers who wait already are served."""
    first, second = f"8490111{strategy:04d}", f"8490112{strategy:04d}"
    hotline.rings(first)
    await hotline.waiting(first)
    await hotline.change(strategy=strategy)
    refused = hotline.rings(second, refused=status)
    await hotline.noted(refused, second, f"{callers.REFUSED} {status}")
    await hotline.waiting(first)
    await hotline.change(strategy=1)
    third = hotline.rings(second)
    await hotline.noted(third, second, ANSWERED)
    await hotline.waiting(first, second)


async def test_closed_queue_refuses_or_plays_its_message(hotline: Hotline) -> None:
    caller = "84901110010"
    await hotline.tenant.call("PUT", f"/v1/queues/inbound/{hotline.queue_id}/closed", {"note": "Fire drill"})
    somebody = hotline.rings(caller, refused=480)
    await hotline.noted(somebody, caller, f"{callers.REFUSED} 480")
    await hotline.tenant.call("DELETE", f"/v1/queues/inbound/{hotline.queue_id}/closed")
    in_three_days = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
    windows = [{"days": [in_three_days], "from": "08:00", "to": "12:00"}]
    hours = {"openingHours": windows, "observesHolidays": None, "afterHours": CLOSED_MESSAGE}
    await hotline.tenant.call("PUT", f"/v1/queues/inbound/{hotline.queue_id}/hours", hours)
    somebody = hotline.rings(caller)
    await hotline.noted(somebody, caller, ANSWERED)
    assert await hotline.hears(await hotline.channel(caller)) == [{GREETING_HZ}]
    await hotline.noted(somebody, caller, HUNG_UP)


async def test_caller_of_a_diverted_queue_waits_in_the_other_one(hotline: Hotline) -> None:
    other = await hotline_of(hotline.tenant, hotline.recorder)
    caller = "84901110020"
    await hotline.settings(divertTo={"kind": "queue", "queueId": other.queue_id})
    await hotline.change(strategy=4)
    hotline.rings(caller)
    await other.waiting(caller)
    assert await other.hears(await other.channel(caller)) == [{MUSIC_HZ}]
    await hotline.waiting()


async def test_number_of_no_queue_is_refused(hotline: Hotline) -> None:
    caller = "84901110030"
    nobodys = Hotline(hotline.tenant, hotline.recorder, 0, "842899999999")
    somebody = nobodys.rings(caller, refused=404)
    await nobodys.noted(somebody, caller, f"{callers.REFUSED} 404")


async def test_wait_ends_at_the_longest_one(hotline: Hotline, figures: Figures) -> None:
    caller = "84901110040"
    await hotline.change(max_wait_sec=str(MAX_WAIT_S))
    somebody = hotline.rings(caller)
    await hotline.noted(somebody, caller, ANSWERED)
    began = time.monotonic()
    await hotline.noted(somebody, caller, HUNG_UP, within_s=MAX_WAIT_S + 10)
    waited = time.monotonic() - began
    figures(f"longest wait {MAX_WAIT_S} s: ended after {waited:.2f} s")
    assert abs(waited - MAX_WAIT_S) <= 1


async def test_callers_hear_music_while_the_process_is_dead_and_are_served_in_their_order(
    hotline: Hotline, testbed: Testbed
) -> None:
    numbers = [f"849011100{n}" for n in range(50, 54)]
    before: list[Fields] = []
    for n, number in enumerate(numbers):
        hotline.rings(number)
        before = await hotline.waiting(*numbers[: n + 1])
    await hotline.tenant.server.kill("telephony")
    assert await hotline.hears(await hotline.channel(numbers[-1])) == [{MUSIC_HZ}]
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "After the kill")
    served: list[str] = []
    for _ in numbers:
        served.append(await hotline.talking(agent_id))
        await hotline.hang_up(served[-1], agent_id)
    assert served == [one["callId"] for one in before]
    await hotline.tenant.signed_out(agent_id)
