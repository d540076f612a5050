"""How a reader's process tells what it read: a kind (one byte), a length (four), a payload, and again."""

import os
import struct
from collections.abc import Iterator
from typing import IO

import msgspec

from tongdai.imports.chunk import Chunk

_FRAME = struct.Struct("!cI")
CHUNK, TOTALS, REFUSED = b"C", b"T", b"R"
"""A chunk; then the totals, or why the file is refused."""


def write_frame(out: IO[bytes], kind: bytes, payload: bytes) -> None:
    out.write(_FRAME.pack(kind, len(payload)))
    out.write(payload)


def read_frames(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and payloads, from the beginning."""
    file.seek(0)
    while head := file.read(_FRAME.size):
        kind, length = _FRAME.unpack(head)
        yield kind, file.read(length)


def last_frame(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Kind and payload of the last one; what is before it is not read."""
    file.seek(0)
    kind, length = _FRAME.unpack(file.read(_FRAME.size))
    while head := _head_after(file, length):
        kind, length = _FRAME.unpack(head)
    file.seek(-length, os.SEEK_END)
    return kind, file.read(length)


def _head_after(file: IO[bytes], length: int) -> bytes:
    file.seek(length, os.SEEK_CUR)
    return file.read(_FRAME.size)


encode_chunk = msgspec.msgpack.Encoder().encode
decode_chunk = msgspec.msgpack.Decoder(Chunk).decode
