"""Writes the file that the argument, a MixTask, names; the exit code is the result."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread reserves memory, of which this process has little

import signal
import sys
import wave
from pathlib import Path

import msgspec

from tongdai.files.process import NO_ROOM, TOO_MUCH, bound
from tongdai.recordings.mix.sides import UnreadableSideError, interleaved, samples_in
from tongdai.recordings.mix.task import NO_SOUND, UNREADABLE, MixTask
from tongdai.recordings.model import RATE
from tongdai.runtime import os_process
from tongdai.runtime.disk import is_full


def main() -> int:
    task = msgspec.json.decode(sys.argv[1], type=MixTask)
    os_process.die_with_parent(signal.SIGKILL, task.parent)
    bound(task.memory_mb, task.cpu_s)
    sides, out = [Path(side) for side in task.sides], Path(task.out)
    if not any(map(samples_in, sides)):
        return NO_SOUND
    try:
        if task.format == "wav":
            write_wav(sides, out)
        else:
            write_mp3(sides, out)
    except UnreadableSideError:
        return UNREADABLE
    except MemoryError:
        return TOO_MUCH
    except OSError as error:
        if not is_full(error):
            raise
        return NO_ROOM
    return 0


def write_wav(sides: list[Path], out: Path) -> None:
    with wave.open(str(out), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for both in interleaved(sides):
            if sys.byteorder == "big":
                both.byteswap()
            file.writeframes(both.tobytes())


def write_mp3(sides: list[Path], out: Path) -> None:
    import numpy as np  # noqa: PLC0415 - a server without tongdai[sounds] has neither, and writes WAV
    import soundfile as sf  # noqa: PLC0415

    with sf.SoundFile(out, "w", samplerate=RATE, channels=2, format="MP3", subtype="MPEG_LAYER_III") as file:
        for both in interleaved(sides):
            file.write(np.frombuffer(both, np.int16).reshape(-1, 2))


if __name__ == "__main__":
    sys.exit(main())
