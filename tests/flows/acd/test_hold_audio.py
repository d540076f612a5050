"""Callers hear the music and prompts that were uploaded, through the whole server, with a switch that calls in."""

import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.call_floor import Floor, floor
from tests.support.dialing_server import DialingServer, dialing_server
from tests.support.servers import eventually
from tests.support.sound_files import tone
from tongdai.switch.simulated.ledger import SimulatedCaller

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

SWITCH_REACHES = "http://tongdai.internal:8080"


async def upload(here: DialingServer, **params: str) -> bytes:
    """Upload a sound; what is stored."""
    async with httpx2.AsyncClient(base_url=here.server.url, headers={"X-Api-Key": here.key.value}) as client:
        made = await client.put(
            "/v1/queues/sounds", params=params, content=tone(), headers={"content-type": "audio/wav"}
        )
        assert made.status_code == 200, made.text
        return (await client.get(f"/v1/queues/sounds/{made.json()['soundId']}")).content


async def fetched(here: DialingServer, sound: str) -> bytes:
    """Fetch a sound by its URL as the switch does, without a key."""
    assert sound.startswith(f"sound:{SWITCH_REACHES}/v1/sounds/")
    async with httpx2.AsyncClient(base_url=here.server.url) as client:
        response = await client.get(sound.removeprefix(f"sound:{SWITCH_REACHES}"))
    assert response.status_code == 200
    return response.content


async def announced(caller: SimulatedCaller, music: str) -> tuple[str, ...]:
    """The first announcement that a caller hears."""

    def first() -> tuple[str, ...] | None:
        return next((played.sounds for played in caller.sounds if music not in played.sounds), None)

    return await eventually(first, 20, "the announcement")


async def ready(here: DialingServer) -> Floor:
    desk = await floor(here)
    settings = {"joinEmpty": True, "leaveEmptyAfterSec": None, "language": "vi"}
    await here.call("PATCH", f"/v1/queues/inbound/{desk.queue_id}/settings", settings)
    await desk.set(moh_file_id="waiting.wav", announce_position="1")
    return desk


async def test_uploaded_music_and_prompts_are_heard_until_an_agent_is_free(tmp_path: Path) -> None:
    async with dialing_server(tmp_path, sounds_url=SWITCH_REACHES) as here:
        music = await upload(here, kind="music", name="waiting.wav")
        desk = await ready(here)

        first = desk.call_in(1, talk_s=2)
        await eventually(lambda: first.sounds, 20, "the music")
        url = first.sounds[0].sounds[0]
        assert {*first.sounds[0].sounds} == {url}
        assert await fetched(here, url) == music
        assert await announced(first, url) == ("sound:tongdai/vi/next",)

        prompts = [await upload(here, kind="prompt", language="vi", name=name) for name in ("position", "hai")]
        second = desk.call_in(2, talk_s=2)
        own = await announced(second, url)
        assert [await fetched(here, sound) for sound in own] == prompts

        await here.call("POST", f"{desk.agent}/sign-in")
        await eventually(lambda: first.ended_at and second.ended_at, 60, "both talks")
        assert first.talks[0].began_at < second.talks[0].began_at
        assert here.simulated.ledger.violations == []
