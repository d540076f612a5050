"""The body of a bulk request, from the socket to its rows, without stalling other requests or filling memory."""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import structlog

from tongdai.errors import ApiError, InvalidInput
from tongdai.http import body
from tongdai.http.endpoint import ApiRequest, settings_of
from tongdai.imports import readers
from tongdai.imports.readers import Head

log = structlog.get_logger()

IN_MEMORY = 512 * 1024
"""Bytes; a larger body is kept in a file and read by a process of its own."""
FOLDER = "spool"
"""Below the data directory."""
READERS = 2
"""Such processes at once."""

_reading = asyncio.Semaphore(READERS)


@dataclass(frozen=True, slots=True)
class Spooled:
    file: IO[bytes]
    size: int
    digest: bytes
    """SHA-256."""


async def spool(request: ApiRequest) -> Spooled:
    """The whole body, in memory or, when large, in an unnamed file. Close the file when done."""
    body.require_json(request)
    digest = hashlib.sha256()
    size = 0
    folder = Path(settings_of(request).data_dir) / FOLDER
    file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - the caller closes it
    try:
        async for piece in body.pieces(request, settings_of(request).max_body_mb):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return Spooled(file, size, digest.digest())


@asynccontextmanager
async def read(spooled: Spooled, chunk_rows: int) -> AsyncGenerator[AsyncIterator[Head | bytes]]:
    """Within the block the parts that `readers.read_json` tells. A large body waits here for its turn."""
    spooled.file.seek(0)
    if spooled.size <= IN_MEMORY:
        yield _read_here(spooled.file.read(), chunk_rows)
        return
    async with _reading, aclosing(_read_apart(spooled.file, chunk_rows)) as parts:
        yield parts


async def _read_here(data: bytes, chunk_rows: int) -> AsyncIterator[Head | bytes]:
    if not data.strip():
        raise InvalidInput("The body is empty: expected a JSON object")
    for part in readers.read_json(data, chunk_rows):
        yield part


async def _read_apart(file: IO[bytes], chunk_rows: int) -> AsyncGenerator[Head | bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", readers.__name__, str(chunk_rows), stdin=file, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        while head := await process.stdout.read(readers.FRAME_HEAD):
            kind, length = readers.frame_head(head + await process.stdout.readexactly(readers.FRAME_HEAD - len(head)))
            payload = await process.stdout.readexactly(length)
            yield _part(kind, payload)
        if await process.wait() != 0:
            log.error("reader failed", code=process.returncode)
            raise ApiError("System error")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _part(kind: bytes, payload: bytes) -> Head | bytes:
    if kind == readers.REFUSED:
        raise InvalidInput(payload.decode())
    return msgspec.json.decode(payload, type=Head) if kind == readers.HEAD else payload
