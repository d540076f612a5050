"""How a reader's process tells what it read: a kind (one byte), a length (four), a payload, and again.

A reader is a generator, which yields rows and returns what was found about all of them.
"""

import os
import struct
from collections.abc import Generator, Iterator
from typing import IO, TypeVar

import msgspec

_HEAD = struct.Struct("!cI")
_Rows = TypeVar("_Rows")
_Found = TypeVar("_Found")

REFUSED = b"R"
"""The last frame of a file that is refused: the reason."""


def drained(reader: Generator[_Rows, None, _Found]) -> tuple[list[_Rows], _Found]:
    """Run a reader at once, for a small file: there is no process."""
    kept: list[_Rows] = []
    while True:
        try:
            kept.append(next(reader))
        except StopIteration as end:
            return kept, end.value


def write_all(out: IO[bytes], reader: Generator[object, None, object], rows: bytes, found: bytes) -> None:
    """Run a reader: a frame of the kind `rows`, in msgpack, each time it yields; one of the kind `found`, in JSON."""
    while True:
        try:
            write_frame(out, rows, _encode_rows(next(reader)))
        except StopIteration as end:
            write_frame(out, found, msgspec.json.encode(end.value))
            return


_encode_rows = msgspec.msgpack.Encoder().encode


def write_frame(out: IO[bytes], kind: bytes, payload: bytes) -> None:
    out.write(_HEAD.pack(kind, len(payload)))
    out.write(payload)


def read_frames(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and payloads, from the beginning."""
    file.seek(0)
    while head := file.read(_HEAD.size):
        kind, length = _HEAD.unpack(head)
        yield kind, file.read(length)


def last_frame(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Kind and payload of the last one; what is before it is not read."""
    file.seek(0)
    kind, length = _HEAD.unpack(file.read(_HEAD.size))
    while head := _head_after(file, length):
        kind, length = _HEAD.unpack(head)
    file.seek(-length, os.SEEK_END)
    return kind, file.read(length)


def _head_after(file: IO[bytes], length: int) -> bytes:
    file.seek(length, os.SEEK_CUR)
    return file.read(_HEAD.size)
