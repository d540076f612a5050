"""Calls are recorded from their connection to their end, stored, played and deleted; kills lose nothing of it."""

import io
import sys
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import soundfile as sf

from tests.support.servers import Server, eventually, serving
from tongdai.testing import factories

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")]
CALLS = 6


class Client:
    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, body: object = None) -> Any:
        response = await self.client.request(method, path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def recordings(self, campaign_id: int) -> list[tuple[str, dict[str, Any]]]:
        """The calls that were connected and have ended, with their recordings."""
        calls = (await self.call("GET", f"/v1/calls?campaignId={campaign_id}"))["data"]
        shown = [await self.call("GET", f"/v1/calls/{one['callId']}") for one in calls if one["connectedAt"]]
        return [(one["callId"], one["recording"]) for one in shown if one["state"] == "ended"]


async def recorded_campaign(client: Client, first: int) -> int:
    settings = {"audioFile": "offer", "recording": "all", "preset": "none", "callsPerSecond": 50}
    made = await client.call("POST", "/v1/campaigns", {"campaignName": "A", **settings})
    path = f"/v1/campaigns/{made['campaignId']}"
    for place in range(CALLS):
        await client.call("POST", f"{path}/contacts", {"phoneNumber": f"09{first + place:08}"})
    await client.call("POST", f"{path}/start")
    return made["campaignId"]


async def stored(client: Client, campaign_id: int) -> list[tuple[str, dict[str, Any]]]:
    async def all_are() -> Any:
        found = await client.recordings(campaign_id)
        states = {recording["state"] for _, recording in found}
        return found if len(found) == CALLS and states == {"stored"} else None

    return await eventually(all_are, 60, "all recordings to be stored", poll_s=0.5)


def client_of(server: Server, key: factories.Key) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=server.url, headers={"X-Api-Key": key.value}, timeout=30)


async def test_connected_calls_are_recorded_played_and_deleted(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", simulated_answer_rate=1, simulated_talk_s=3) as server:
        key = await server.key(scopes=frozenset(factories.Scope))
        async with client_of(server, key) as http:
            client = Client(http)
            found = await stored(client, await recorded_campaign(client, 1000))
            call_id, recording = found[0]
            file = await http.get(f"/v1/calls/{call_id}/recording")
            assert (file.status_code, file.headers["content-type"]) == (200, "audio/mpeg")
            assert len(file.content) == recording["size"]
            sound, rate = sf.read(io.BytesIO(file.content))
            assert (rate, sound.shape[1]) == (8000, 2)
            assert abs(len(sound) / rate - recording["seconds"]) < 0.5
            assert [_tone(sound[:, side], rate) for side in (0, 1)] == [444, 667], "the customer is left"
            part = await http.get(f"/v1/calls/{call_id}/recording", headers={"Range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, file.content[100:200])
            await client.call("DELETE", f"/v1/calls/{call_id}/recording")
            assert (await http.get(f"/v1/calls/{call_id}/recording")).status_code == 404
            shown = (await client.call("GET", f"/v1/calls/{call_id}"))["recording"]
            assert (shown["state"], shown["deletion"]) == ("deleted", "requested")
            kept = list((tmp_path / "data/recordings").rglob("*.mp3"))
            assert len(kept) == CALLS - 1


def _tone(sound: Any, rate: int) -> int:
    """The loudest frequency, near which the tones of a simulated switch are."""
    spectrum = np.abs(np.fft.rfft(sound))
    loudest = spectrum.argmax() * rate / len(sound)
    return min((444, 667), key=lambda hz: abs(hz - loudest))
