"""Sound files come out as WAV of 8 kHz, mono, 16 bits, and sound as they did; garbage is refused."""

import io
import os
import subprocess
import sys
import tempfile
import wave
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile as sf

from tongdai.errors import InvalidInput
from tongdai.files import process
from tongdai.queues.sounds import convert
from tongdai.queues.sounds.convert.resample import RATE, resampled
from tongdai.queues.sounds.model import REFUSED, ConvertTask

TASK = msgspec.json.encode(ConvertTask(os.getpid())).decode()


def tone(hz: float, rate: int, seconds: float = 1.0) -> Any:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def encoded(sound: Any, rate: int, *, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    sf.write(file, sound, rate, format=form, subtype=subtype)
    return file.getvalue()


def converted(data: bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "tongdai.queues.sounds.convert", TASK], input=data, capture_output=True, check=False
    )


def samples_of(data: bytes) -> Any:
    with wave.open(io.BytesIO(data)) as found:
        assert (found.getnchannels(), found.getsampwidth(), found.getframerate()) == (1, 2, RATE)
        return np.frombuffer(found.readframes(found.getnframes()), "<i2").astype(float) / 32767


def strongest_hz(samples: Any) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * RATE / len(samples)


@pytest.mark.parametrize(
    ("rate", "options"),
    [
        (8000, {}),
        (44_100, {}),
        (48_000, {"subtype": "PCM_24"}),
        (22_050, {"subtype": "FLOAT"}),
        (16_000, {"subtype": "ULAW"}),
        (44_100, {"form": "MP3"}),
    ],
)
def test_tone_of_any_file_keeps_its_pitch_and_level(rate: int, options: dict[str, Any]) -> None:
    done = converted(encoded(tone(440, rate), rate, **options))
    assert done.returncode == 0, done.stdout
    samples = samples_of(done.stdout)
    assert len(samples) == pytest.approx(RATE, rel=0.15)
    inner = samples[1000:-1000]
    assert strongest_hz(inner) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(inner**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_channels_are_mixed() -> None:
    stereo = np.stack([tone(440, 8000), -tone(440, 8000)], axis=1)
    assert np.abs(samples_of(converted(encoded(stereo, 8000)).stdout)).max() < 0.001


@pytest.mark.parametrize("rate", [11_025, 16_000, 44_100, 48_000])
def test_what_telephony_cannot_carry_is_filtered_and_does_not_fold_back(rate: int) -> None:
    heard = resampled(tone(3000, rate), rate)[500:-500]
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    above = resampled(tone(5200, rate), rate)[500:-500]
    assert np.sqrt(np.mean(above**2)) < 0.01


@pytest.mark.parametrize("rate", [6000, 8000, 44_100])
def test_length_is_kept(rate: int) -> None:
    for seconds in (0.0, 0.1, 3.0):
        assert len(resampled(tone(400, rate, seconds), rate)) == pytest.approx(RATE * seconds, abs=1)


@pytest.mark.parametrize("bounds", [{"memory_mb": 60}, {"cpu_s": 1}], ids=["memory", "time"])
async def test_conversion_has_bounds(bounds: dict[str, int]) -> None:
    long = encoded(tone(440, 48_000, 590), 48_000)
    task = msgspec.json.encode(ConvertTask(os.getpid(), **bounds)).decode()
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as out:
        file.write(long)
        with pytest.raises(InvalidInput, match="too long"):
            await process.run(convert.__name__, task, file, out, "too long", REFUSED)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot be read as WAV or MP3"),
        (b"\x00" * 5000, "cannot be read as WAV or MP3"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "cannot be read as WAV or MP3"),
        (b"<html>" * 500, "cannot be read as WAV or MP3"),
        (encoded(tone(440, 8000), 8000, form="FLAC"), "The file is FLAC: expected WAV or MP3"),
        (encoded(tone(440, 8000), 8000, form="OGG"), "The file is OGG: expected WAV or MP3"),
        (encoded(np.zeros(0, np.float32), 8000), "The file has no sound"),
        (encoded(tone(440, 4000), 4000), "has 4000 samples a second"),
        (encoded(np.zeros((10, 9), np.float32), 8000), "has 9 channels"),
        (encoded(np.zeros(601 * 8000, np.float32), 8000), "longer than 10 minutes"),
    ],
    ids=["empty", "zeros", "cut", "text", "flac", "ogg", "silent", "slow", "channels", "long"],
)
def test_garbage_is_refused_with_a_reason(data: bytes, message: str) -> None:
    done = converted(data)
    assert done.returncode == REFUSED, done.stderr
    assert message in done.stdout.decode()
