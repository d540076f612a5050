"""Standard input is a file; standard output gets the WAV file, or with the exit code REFUSED why there is none.

What a hostile file does to the decoder, it does to this process alone, whose memory and processor are bounded.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread reserves memory, of which this process has little

import io
import signal
import sys
import wave
from typing import IO, Any

import msgspec
import numpy as np
import soundfile as sf

from tongdai.files.process import TOO_MUCH, bound
from tongdai.queues.sounds.convert.resample import RATE, Samples, resampled
from tongdai.queues.sounds.model import FORMATS, MAX_SECONDS, REFUSED, ConvertTask
from tongdai.runtime import os_process

_LEAST_RATE, _MOST_RATE, _MOST_CHANNELS = 6000, 192_000, 8
_BLOCK = 65_536


class RefusedSound(Exception):
    """The message is for the client."""


def main() -> int:
    task = msgspec.json.decode(sys.argv[1], type=ConvertTask)
    os_process.die_with_parent(signal.SIGKILL, task.parent)
    bound(task.memory_mb, task.cpu_s)
    try:
        return write(sys.stdout.buffer, convert(sys.stdin.buffer))
    except RefusedSound as refused:
        sys.stdout.buffer.write(str(refused).encode())
        return REFUSED
    except MemoryError:
        return TOO_MUCH


def convert(file: IO[bytes]) -> Samples:
    """The sound of a file, at RATE; RefusedSound when it is none that is read."""
    try:
        with sf.SoundFile(io.BytesIO(file.read())) as sound:
            _check(sound)
            mono = _mono(sound)
            rate = sound.samplerate
    except sf.LibsndfileError as error:
        raise RefusedSound(f"The file cannot be read as WAV or MP3: {str(error.error_string).rstrip('. ')}") from None
    if not len(mono):
        raise RefusedSound("The file has no sound")
    return resampled(mono, rate)


def _check(sound: Any) -> None:
    if sound.format not in FORMATS:
        raise RefusedSound(f"The file is {sound.format}: expected WAV or MP3")
    if not _LEAST_RATE <= sound.samplerate <= _MOST_RATE:
        raise RefusedSound(f"The file has {sound.samplerate} samples a second: expected {_LEAST_RATE} to {_MOST_RATE}")
    if sound.channels > _MOST_CHANNELS:
        raise RefusedSound(f"The file has {sound.channels} channels: expected at most {_MOST_CHANNELS}")


def _mono(sound: Any) -> Samples:
    """The mean of all channels. The length that a file declares is not believed."""
    pieces: list[Samples] = []
    left = MAX_SECONDS * sound.samplerate
    while len(block := sound.read(_BLOCK, dtype="float32", always_2d=True)):
        left -= len(block)
        if left < 0:
            raise RefusedSound(f"The file is longer than {MAX_SECONDS // 60} minutes")
        mixed = block.mean(axis=1, dtype=np.float32)
        pieces.append(np.nan_to_num(mixed, posinf=0, neginf=0))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def write(out: IO[bytes], sound: Samples) -> int:
    """Write a WAV file, and return the exit code."""
    samples = np.clip(np.rint(sound * 32767), -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(RATE)
        made.writeframes(samples.tobytes())
    out.write(file.getvalue())
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
