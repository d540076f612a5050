"""Runs the process that converts a sound file."""

import asyncio
import os
import tempfile
from importlib.util import find_spec
from typing import IO

import msgspec

from tongdai.errors import InvalidInput, UnsupportedMediaType
from tongdai.files import process
from tongdai.queues.sounds import convert
from tongdai.queues.sounds.model import CPU_S, MEMORY_MB, REFUSED, ConvertTask

_TOO_MUCH = f"The file takes more than {MEMORY_MB} MB of memory or {CPU_S} s to convert: send a shorter one"


def require_decoder() -> None:
    """Raise UnsupportedMediaType when nothing on this machine reads sound files."""
    if find_spec("soundfile") is None:
        raise UnsupportedMediaType("This server reads no sound files: it is installed without tongdai[sounds]")


async def to_wav(file: IO[bytes], folder: str | None = None) -> bytes:
    """A sound file as WAV of 8 kHz; InvalidInput when it is none. `folder`: for temporary files."""
    with tempfile.TemporaryFile(dir=folder) as out:
        task = msgspec.json.encode(ConvertTask(os.getpid())).decode()
        code = await process.run(convert.__name__, task, file, out, _TOO_MUCH, REFUSED)
        out.seek(0)
        made = await asyncio.to_thread(out.read)
    if code == REFUSED:
        raise InvalidInput(made.decode())
    return made
