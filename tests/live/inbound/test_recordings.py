"""Calls of a queue are recorded: the caller left, what the caller hears right; what was recorded survives kills."""

import io
from typing import Any

import httpx2
import pytest
import soundfile as sf

from tests.support.live import audio
from tests.support.live.hotline import Hotline
from tests.support.live.recordings import LOUD, SILENT
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, MUSIC_HZ, SOUNDS, Testbed
from tests.support.servers import eventually

Sides = tuple[list[int], list[int]]
TONES = (AGENT_HZ, CALLER_HZ, MUSIC_HZ)


@pytest.fixture
async def recorded(hotline: Hotline) -> Hotline:
    await hotline.settings(recording="all")
    return hotline


async def recording(hotline: Hotline, call_id: str, state: str) -> Any:
    """Wait until the recording of a call is in that state; returns it."""
    last: Any = None

    async def there() -> Any:
        nonlocal last
        last = (await hotline.tenant.call("GET", f"/v1/calls/{call_id}"))["recording"]
        return last if last is not None and last["state"] == state else None

    return await eventually(there, 30, lambda: f"a recording to be {state}: {last}", poll_s=0.2)


async def sound(hotline: Hotline, call_id: str) -> Sides:
    """The sides of a stored recording."""
    async with httpx2.AsyncClient(base_url=hotline.tenant.server.url, timeout=30) as client:
        headers = {"X-Api-Key": hotline.tenant.key}
        file = await client.get(f"/v1/calls/{call_id}/recording", headers=headers)
    assert file.status_code == 200, file.text
    samples, rate = sf.read(io.BytesIO(file.content), dtype="int16")
    assert (rate, samples.shape[1]) == (8000, 2)
    return samples[:, 0].tolist(), samples[:, 1].tolist()


def tones(samples: list[int]) -> set[int]:
    return {hz for hz in TONES if audio.loudness(samples, hz) > LOUD}


async def grown(testbed: Testbed, call_id: str, seconds: float) -> None:
    """Wait until the switch has written so much more of a recording."""
    path = testbed.recording(f"tongdai-{call_id}-in")
    before = path.stat().st_size if path.exists() else 0
    bigger = lambda: path.exists() and path.stat().st_size >= before + 16_000 * seconds  # noqa: E731
    await eventually(bigger, seconds + 10, f"{seconds} s of recording", poll_s=0.1)


async def test_recording_has_both_sides_through_a_hold(recorded: Hotline, testbed: Testbed) -> None:
    agent_id = await recorded.tenant.signing_in(recorded.queue_id, "Recorded")
    recorded.rings("84901130001")
    call_id = await recorded.talking(agent_id)
    await recording(recorded, call_id, "recording")
    await grown(testbed, call_id, 4)
    await recorded.act(call_id, "hold")
    await grown(testbed, call_id, 6)
    await recorded.act(call_id, "resume")
    await grown(testbed, call_id, 4)
    await recorded.hang_up(call_id, agent_id)
    stored = await recording(recorded, call_id, "stored")
    caller, others = await sound(recorded, call_id)
    assert abs(len(caller) / 8000 - stored["seconds"]) < 0.5
    second = 8000
    assert tones(caller[second : 3 * second]) == tones(caller[-2 * second :]) == {CALLER_HZ}
    assert tones(others[second : 3 * second]) == {AGENT_HZ}
    held = [tones(others[first : first + second]) for first in range(0, len(others) - second, second)]
    assert {MUSIC_HZ} in held
    assert tones(others[-3 * second : -second]) == {AGENT_HZ}
    assert audio.loudness(caller[second : 3 * second], AGENT_HZ) < SILENT
    assert not testbed.recording(f"tongdai-{call_id}-in").exists()
    await recorded.tenant.signed_out(agent_id)


async def test_recording_survives_kills_of_the_server_and_of_asterisk(recorded: Hotline, testbed: Testbed) -> None:
    agent_id = await recorded.tenant.signing_in(recorded.queue_id, "Killed")
    recorded.rings("84901130002")
    call_id = await recorded.talking(agent_id)
    await recording(recorded, call_id, "recording")
    await grown(testbed, call_id, 2)
    server = recorded.tenant.server
    server.end()
    await grown(testbed, call_id, 4)
    await server.start()
    await recorded.talking(agent_id)
    await grown(testbed, call_id, 4)
    await testbed.kill_asterisk()
    await testbed.start_asterisk()
    stored = await recording(recorded, call_id, "stored")
    assert stored["seconds"] > 9
    sides = await sound(recorded, call_id)
    assert [tones(side[8000:24_000]) for side in sides] == [{CALLER_HZ}, {AGENT_HZ}]
    assert [tones(side[-24_000:-8000]) for side in sides] == [{CALLER_HZ}, {AGENT_HZ}]
    await recorded.tenant.agent(agent_id, "offline")


async def test_announcement_is_heard_whole_before_the_recording(recorded: Hotline, testbed: Testbed) -> None:
    await recorded.settings(recordingAnnouncement="custom/greeting")
    agent_id = await recorded.tenant.signing_in(recorded.queue_id, "Announced")
    recorded.rings("84901130003")
    call_id = await recorded.talking(agent_id)
    await recording(recorded, call_id, "recording")
    await grown(testbed, call_id, 2)
    await recorded.hang_up(call_id, agent_id)
    stored = await recording(recorded, call_id, "stored")
    assert stored["announcedMs"] == pytest.approx(1000 * SOUNDS["greeting"], abs=700)
    await recorded.tenant.signed_out(agent_id)


async def test_customer_declines_the_recording_by_key(recorded: Hotline, testbed: Testbed) -> None:
    await recorded.settings(recordingAnnouncement="custom/greeting")
    agent_id = await recorded.tenant.signing_in(recorded.queue_id, "Declined")
    caller = await recorded.listens("84901130004")
    call_id = await recorded.talking(agent_id)
    await caller.press("9")
    found = await recording(recorded, call_id, "failed")
    assert found["failure"] == "declined"
    assert not testbed.recording(f"tongdai-{call_id}-in").exists()
    await recorded.hang_up(call_id, agent_id)
    await recorded.tenant.signed_out(agent_id)
