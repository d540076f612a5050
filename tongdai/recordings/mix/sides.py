"""Reads the two sides of a recording together.

Asterisk writes the length into the header of a WAV file when it closes it: a file of one that was killed says 0. So the
header is read for the format alone, and the sound is what follows it, up to the end of the file.
"""

import array
import struct
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from tongdai.recordings.model import RATE

HEADER = 44
"""Bytes before the sound: Asterisk writes no other chunks."""
BLOCK = 60 * RATE
"""Samples that are read at once."""
_PCM, _MONO, _BITS = 1, 1, 16


class UnreadableSideError(Exception):
    """It is no WAV file of Asterisk's: 8 kHz, mono, 16 bits."""


def samples_in(path: Path) -> int:
    """The number of samples of a side; 0 without a file."""
    try:
        return max(0, path.stat().st_size - HEADER) // 2
    except FileNotFoundError:
        return 0


def interleaved(paths: Sequence[Path]) -> Generator["array.array[int]"]:
    """Both sides, a sample of each in turn, in blocks. The shorter one, as one side may end some milliseconds before
    the other, is continued with silence."""
    left = max(map(samples_in, paths))
    with ExitStack() as stack:
        files = [_opened(stack, path) for path in paths]
        while left > 0:
            count = min(left, BLOCK)
            both = array.array("h", bytes(4 * count))
            for place, file in enumerate(files):
                both[place::2] = _read(file, count)
            left -= count
            yield both


def _opened(stack: ExitStack, path: Path) -> IO[bytes] | None:
    if not samples_in(path):
        return None
    file = stack.enter_context(path.open("rb"))
    header = file.read(HEADER)
    kind, channels, rate = struct.unpack_from("<HHI", header, 20)
    bits = struct.unpack_from("<H", header, 34)[0]
    if (
        header[:4] != b"RIFF"
        or header[8:16] != b"WAVEfmt "
        or (kind, channels, rate, bits) != (_PCM, _MONO, RATE, _BITS)
    ):
        raise UnreadableSideError
    return file


def _read(file: IO[bytes] | None, count: int) -> "array.array[int]":
    raw = b"" if file is None else file.read(2 * count)
    samples = array.array("h", raw[: len(raw) // 2 * 2].ljust(2 * count, b"\0"))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
