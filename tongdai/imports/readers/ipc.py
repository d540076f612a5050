"""The frames that a reader's process writes (tongdai/files/frames.py): chunks, then the totals."""

import msgspec

from tongdai.imports.chunk import Chunk

CHUNK, TOTALS = b"C", b"T"

decode_chunk = msgspec.msgpack.Decoder(Chunk).decode
