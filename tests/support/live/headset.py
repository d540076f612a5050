"""The media of one caller as real RTP: what they hear, packet by packet, and the keys that they press (RFC 4733)."""

import asyncio
import itertools
import struct
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.support.live.audio import RATE
from tests.support.servers import eventually

ULAW, KEYS = 0, 96
"""Payload types: of G.711 µ-law, and of keys in the callers' session descriptions."""
WINDOW = 400
"""The samples that are looked at together: 50 ms, in which tones of whole multiples of 20 Hz do not disturb each
other."""
LOUD = 2000
"""Amplitude; the tones have 8000."""
LEAST = 3
"""Windows of the shortest sound: where two meet, both are in one window."""
_SILENT = b"\xff"
_EVENTS = "0123456789*#"
_PACKET_S, _PACKET = 0.02, 160
_PRESSES, _ENDS = 8, 3
"""Packets of a key, and how often its end is sent."""


@dataclass(frozen=True)
class Heard:
    tones: frozenset[int]
    """In Hz; none: silence."""
    seconds: float


class Headset(asyncio.DatagramProtocol):
    def __init__(self, tones: Iterable[int]) -> None:
        """`tones`: those that can be heard, in Hz."""
        self._tones = np.array(sorted(set(tones)))
        assert not (self._tones % (RATE // WINDOW)).any(), self._tones
        self._bytes = bytearray()
        """Received, and not looked at."""
        self._windows: list[frozenset[int]] = []
        self._switch: tuple[str, int] | None = None
        self._next: tuple[int, int] | None = None
        """Source and timestamp of the packet that should come next."""
        self._pressed = 0
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        _, kind, _, timestamp, source = struct.unpack_from("!BBHII", data)
        if kind & 0x7F != ULAW:
            return
        payload = data[12:]
        missing = 0 if self._next is None or self._next[0] != source else (timestamp - self._next[1]) % 2**32
        if missing < 60 * RATE:  # not a late packet
            self._next = (source, timestamp + len(payload))
            self._bytes += _SILENT * missing + payload
        self._switch = addr

    @property
    def heard(self) -> list[Heard]:
        """All that was heard from the beginning."""
        whole = len(self._bytes) // WINDOW * WINDOW
        samples = _LINEAR[np.frombuffer(bytes(self._bytes[:whole]), np.uint8)].reshape(-1, WINDOW)
        self._windows += [self._tones_of(window) for window in samples]
        del self._bytes[:whole]
        return _sounds(self._windows)

    def _tones_of(self, samples: npt.NDArray[np.float64]) -> frozenset[int]:
        loudness = 2 * np.abs(np.fft.rfft(samples)) / WINDOW
        return frozenset(int(hz) for hz in self._tones[loudness[self._tones * WINDOW // RATE] > LOUD])

    @property
    def seconds(self) -> float:
        """How much was heard from the beginning, silence included."""
        return sum(one.seconds for one in self.heard)

    @property
    def tones(self) -> list[set[int]]:
        """The tones that were heard one after the other, without silence."""
        return [set(one.tones) for one in self.heard if one.tones]

    async def hears(self, met: Callable[[list[set[int]]], bool], what: str, within_s: float = 20) -> None:
        """Wait until it is true of `tones`."""
        await eventually(lambda: met(self.tones), within_s, lambda: f"{what}: {self.heard}", poll_s=0.05)

    async def press(self, keys: Sequence[str]) -> None:
        """Press keys one after the other, each for 160 ms. Something must have been heard before."""
        assert self.transport is not None
        assert self._switch is not None, "where the switch receives is not known before it has sent something"
        for key in keys:
            self._pressed += 1
            for n in range(_PRESSES + _ENDS):
                self.transport.sendto(self._key_packet(key, n), self._switch)
                await asyncio.sleep(_PACKET_S)

    def _key_packet(self, key: str, n: int) -> bytes:
        over = n >= _PRESSES
        number = self._pressed * (_PRESSES + _ENDS) + n
        head = struct.pack("!BBHII", 0x80, KEYS | (0x80 if n == 0 else 0), number, self._pressed * RATE, 0x5EA7)
        volume = 10
        return head + struct.pack(
            "!BBH", _EVENTS.index(key), (0x80 if over else 0) | volume, _PACKET * min(n + 1, _PRESSES)
        )


def _sounds(windows: Sequence[frozenset[int]]) -> list[Heard]:
    """The sounds of windows; what is too short to be one is left out."""
    runs = [(tones, len(list(run))) for tones, run in itertools.groupby(windows)]
    kept = [(tones, count) for tones, count in runs if count >= LEAST]
    found: list[Heard] = []
    for tones, run in itertools.groupby(kept, key=lambda one: one[0]):
        found.append(Heard(tones, sum(count for _, count in run) * WINDOW / RATE))
    return found


def _linear() -> npt.NDArray[np.float64]:
    """The samples that bytes of µ-law are."""
    inverted = ~np.arange(256) & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 132 << (inverted >> 4 & 7)) - 132
    return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.float64)


_LINEAR = _linear()


@asynccontextmanager
async def headset(address: tuple[str, int], tones: Iterable[int]) -> AsyncGenerator[Headset]:
    """A headset that receives at an address."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(lambda: Headset(tones), local_addr=address)
    try:
        yield made
    finally:
        transport.close()
