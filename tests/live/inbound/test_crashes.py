"""Callers who wait while processes are killed: none is lost, their order stays, and no announced place gets worse."""

import asyncio

from tests.live.conftest import Figures
from tests.support.live import voice
from tests.support.live.headset import Headset
from tests.support.live.hotline import Hotline
from tests.support.live.testbed import Testbed
from tests.support.servers import eventually
from tongdai.queues.prompts.vietnamese import PARTS, number

CALLERS = 20
NUMBER = {
    1: ["next"], 4: ["position", "bon"], 5: ["position", "nam"], 10: ["position", "muoi"],
    11: ["position", "muoi", "mot"], 15: ["position", "muoi", "lam"], 20: ["position", "hai", "muoi-ngang"],
}  # fmt: skip
"""Places as people say them, for those that have rules of their own."""
PLACES = {place: NUMBER.get(place, ["position", *number(place)]) for place in range(1, CALLERS + 1)}


def places(worn: Headset) -> list[int]:
    """The places that were announced to a caller, one after the other; AssertionError when one was not whole."""
    heard = voice.words(worn.tones)
    found: list[int] = []
    while heard:
        end = next((n for n, word in enumerate(heard) if word not in PARTS), len(heard))
        sentence, rest = heard[:end], heard[end + 1 :]
        if sentence and end < len(heard):
            [place] = [place for place, words in PLACES.items() if words == sentence] or [None]
            assert place is not None, f"an announcement of {sentence}"
            found.append(place)
        heard = rest
    return found


async def test_callers_keep_their_places_when_all_processes_are_killed(hotline: Hotline, figures: Figures) -> None:
    await voice.upload(hotline.tenant, sorted({part for words in PLACES.values() for part in words}))
    await hotline.change(announce_position="1", moh_file_id=voice.HOLD)
    await hotline.settings(language="vi", announceWait=False, announceEverySec=600)
    numbers = [f"849011500{n:02d}" for n in range(CALLERS)]
    worn: dict[str, Headset] = {}
    for n, caller in enumerate(numbers, 1):
        worn[caller] = await hotline.listens(caller)
        await hotline.waiting(*numbers[:n])
    before = [one["callId"] for one in await hotline.waiting(*numbers)]
    for place, caller in enumerate(numbers, 1):
        await worn[caller].hears(lambda _, c=caller, p=place: places(worn[c]) == [p], f"{caller} at place {place}", 60)
    server = hotline.tenant.server
    server.end()
    heard = [worn[caller].seconds for caller in numbers]
    await eventually(
        lambda: all(worn[caller].seconds > s + 1 for caller, s in zip(numbers, heard, strict=True)),
        10,
        "the callers to hear their music while nothing else lives",
    )
    assert all(voice.words(one.tones)[-1] == "hold" for one in worn.values())
    await server.start()
    assert [one["callId"] for one in await hotline.waiting(*numbers)] == before
    for place, caller in enumerate(numbers, 1):
        again = [place, place]
        await worn[caller].hears(lambda _, c=caller, a=again: places(worn[c]) == a, f"{caller} at {again}", 60)
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "After the crash")
    served: list[str] = []
    for _ in numbers:
        served.append(await hotline.talking(agent_id))
        await hotline.hang_up(served[-1], agent_id)
    assert served == before
    said = [places(one) for one in worn.values()]
    assert all(announced == sorted(announced, reverse=True) for announced in said), said
    figures(f"{CALLERS} callers, all processes killed: served in their order; announced places {said}")
    await hotline.tenant.signed_out(agent_id)


async def test_callers_whom_a_crash_of_the_switch_cut_get_their_places_back(hotline: Hotline, testbed: Testbed) -> None:
    first, second, third, new = (f"849011510{n:02d}" for n in range(4))
    for n, caller in enumerate((first, second, third), 1):
        hotline.rings(caller)
        await hotline.waiting(*(first, second, third)[:n])
    await testbed.kill_asterisk()
    await testbed.start_asterisk()
    await hotline.waiting()
    worn: dict[str, Headset] = {}
    waiting: list[str] = []
    for caller in (new, third, first, second):
        worn[caller] = await hotline.listens(caller)
        waiting = [one for one in (first, second, third, new) if one in worn]
        await hotline.waiting(*waiting)
    await asyncio.gather(
        *(one.hears(lambda tones: voice.words(tones) == ["music"], "the hold music") for one in worn.values())
    )
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "After the restart")
    for caller in waiting:
        call_id = await hotline.talking(agent_id)
        await worn[caller].hears(lambda tones: voice.words(tones)[-1] == "agent", f"{caller} to be served")
        await hotline.hang_up(call_id, agent_id)
    await hotline.tenant.signed_out(agent_id)
