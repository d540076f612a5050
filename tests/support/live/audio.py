"""Tones: written to files that one side plays, and measured in recordings of the other."""

import io
import math
import struct
import wave
from pathlib import Path

RATE = 8000
_HEAD = 44
"""Bytes before the samples."""


def tone(hz: float, seconds: float, amplitude: int = 8000) -> list[int]:
    return [round(amplitude * math.sin(2 * math.pi * hz * i / RATE)) for i in range(int(seconds * RATE))]


def silence(seconds: float) -> list[int]:
    return [0] * int(seconds * RATE)


def voicemail() -> list[int]:
    """The greeting of an answering machine: words of 0.6 s with short pauses, for half a minute."""
    return silence(0.2) + (tone(300, 0.6) + silence(0.12)) * 40


def alo() -> list[int]:
    """One short word after a moment, then silence: a person who answers and waits."""
    return silence(0.3) + tone(300, 0.4) + silence(60)


def write_wav(path: Path, samples: list[int]) -> None:
    path.write_bytes(wav(samples))


def wav(samples: list[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def write_ulaw(path: Path, samples: list[int]) -> None:
    path.write_bytes(bytes(_ulaw(sample) for sample in samples))


def read_wav(path: Path) -> list[int]:
    with wave.open(str(path)) as file:
        frames = file.readframes(file.getnframes())
    return list(struct.unpack(f"<{len(frames) // 2}h", frames))


def is_wav(path: Path) -> bool:
    """Whether the file is written to its end: Asterisk writes its lengths last."""
    content = path.read_bytes()
    return len(content) > _HEAD and struct.unpack_from("<I", content, _HEAD - 4)[0] == len(content) - _HEAD


def loudness(samples: list[int], hz: float) -> float:
    """The amplitude of one frequency (Goertzel); 0 for no samples."""
    if not samples:
        return 0.0
    step = 2 * math.cos(2 * math.pi * hz / RATE)
    one = two = 0.0
    for sample in samples:
        one, two = sample + step * one - two, one
    return 2 * math.sqrt(max(one * one + two * two - step * one * two, 0.0)) / len(samples)


def _ulaw(sample: int) -> int:
    """Encode a sample as G.711 µ-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF
