"""Fetches the files of recordings from the switch: from Asterisk by HTTP, as its websocket carries no files."""

import asyncio
import wave
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import httpx2

from tongdai.recordings.model import RATE
from tongdai.switch.interface import SwitchRefused, SwitchUnreachable

TONES = {"in": 440, "out": 660}
"""Hertz of the simulated sides, by the end of a recording's name."""
TIMEOUT_S = 30.0
"""Without a byte."""


class SwitchFiles(Protocol):
    async def fetch(self, name: str, file: Path) -> bool:
        """Write the file of a recording that is over; False: the switch has none of that name. SwitchError when it did
        not send it whole."""
        ...


class AsteriskFiles:
    """Implements `SwitchFiles` by ARI over HTTP."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """`url` is that of the websocket: `ws://host:8088`, or `wss://…`."""
        self._base = f"http{url.removeprefix('ws').rstrip('/')}/ari/recordings/stored/"
        self._login = (user, password)

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[httpx2.AsyncClient]:
        async with httpx2.AsyncClient(auth=self._login, timeout=TIMEOUT_S, trust_env=False) as client:
            yield client

    async def fetch(self, name: str, file: Path) -> bool:
        url = f"{self._base}{quote(name, safe='')}/file"
        try:
            async with self._client() as client, client.stream("GET", url) as reply:
                if reply.status_code == 404:
                    return False
                if reply.status_code != 200:
                    raise SwitchRefused(reply.status_code, "a recording was not sent")
                with await asyncio.to_thread(file.open, "wb") as out:
                    async for piece in reply.aiter_bytes():
                        await asyncio.to_thread(out.write, piece)
        except httpx2.HTTPError as error:
            raise SwitchUnreachable(type(error).__name__) from None
        return True


class SimulatedFiles:
    """Implements `SwitchFiles` with sound that nobody said: a tone for each side, as long as its recording."""

    def __init__(self, seconds_of: Callable[[str], float | None]) -> None:
        """`seconds_of`: the length of a recording that is over; None: there is none."""
        self._seconds_of = seconds_of

    async def fetch(self, name: str, file: Path) -> bool:
        seconds = self._seconds_of(name)
        if seconds is None:
            return False
        await asyncio.to_thread(write_tone, file, TONES[name.rpartition("-")[2]], seconds)
        return True


def write_tone(file: Path, hz: int, seconds: float) -> None:
    """A square wave, quiet: the cheapest that can be distinguished from another."""
    half = RATE // hz // 2
    period = b"\x00\x04" * half + b"\x00\xfc" * half
    left = 2 * round(seconds * RATE)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((period * (left // len(period) + 1))[:left])
