"""The body of a bulk request, from the socket to its rows, without stalling other requests or filling memory."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from tongdai.errors import InvalidInput
from tongdai.files import media_type, process
from tongdai.files.frames import REFUSED, drained, last_frame, read_frames
from tongdai.files.limits import limits_of
from tongdai.files.uploads import threads
from tongdai.files.uploads.space import Share, share_of
from tongdai.http import body
from tongdai.http.endpoint import Request, principal_of, settings_of
from tongdai.ids import TenantId
from tongdai.imports import readers
from tongdai.imports.chunk import Chunk
from tongdai.imports.intake.decode import Form, Gunzip, Sink
from tongdai.imports.readers import BodyFormat, Format, Limits, Totals
from tongdai.imports.readers.__main__ import Task
from tongdai.imports.readers.ipc import CHUNK, decode_chunk
from tongdai.imports.readers.look import Looked, look
from tongdai.settings.declarations import Settings

IN_MEMORY = threads.BATCH
"""Bytes; a larger body is kept in a file and read by a process of its own."""
_INLINE = 64 * 1024
"""Bytes; more than that is taken apart, hashed and written in a thread: a disk may take its time."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A body that is there as a whole."""

    tenant_id: TenantId
    file: IO[bytes]
    size: int
    digest: bytes
    """SHA-256 of the contents, and of the fields of a form."""
    body_format: BodyFormat
    file_name: str | None
    fields: dict[str, str]
    """A form's."""
    share: Share
    """The disk space that the request has."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a body, read and ready to be stored."""

    totals: Totals
    chunks: Iterable[Chunk]


class _Buffer:
    """The buffer of a body: in memory or, when large, in an unnamed file."""

    def __init__(self, settings: Settings, share: Share) -> None:
        self._settings = settings
        self._share = share
        folder = Path(settings.data_dir) / process.FOLDER
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - the caller closes it
        self.size = 0
        self.digest = hashlib.sha256()
        self.body_format: BodyFormat | None = None
        self.file_name: str | None = None

    def opened(self, body_format: BodyFormat, file_name: str | None) -> None:
        """Set the format of what follows."""
        self.body_format, self.file_name = body_format, file_name

    def take(self, data: bytes) -> None:
        self.size += len(data)
        limit = limit_of(self._settings, self.body_format)
        if self.size > limit:
            raise body.too_large(limit)
        if self.size > IN_MEMORY:
            self._share.grow_to(self.size)
        self.digest.update(data)
        self.file.write(data)

    def end(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


def limit_of(settings: Settings, body_format: BodyFormat | None) -> int:
    """The maximum size of a body, in bytes: JSON is parsed as a whole, files row by row."""
    is_json = body_format is not None and body_format.format is Format.JSON
    return (settings.max_body_mb if is_json else settings.max_upload_mb) * body.MB


@asynccontextmanager
async def spooled(request: Request) -> AsyncGenerator[Spooled]:
    """The whole body; its file is there within the block. Raises what it is refused for."""
    settings = settings_of(request)
    content_type = request.headers.get("content-type", "")
    tenant_id = principal_of(request).tenant_id
    with share_of(settings, tenant_id) as share, closing(_Buffer(settings, share)) as buffer:
        form, sink = _sinks(request, content_type, buffer)
        await _take(request, settings, buffer, sink)
        assert buffer.body_format is not None
        fields = {} if form is None else form.fields
        digest = buffer.digest.digest()
        if form is not None:  # the boundary is another each time
            digest = hashlib.sha256(digest + msgspec.json.encode((buffer.body_format, fields))).digest()
        yield Spooled(tenant_id, buffer.file, buffer.size, digest, buffer.body_format, buffer.file_name, fields, share)


def _sinks(request: Request, content_type: str, buffer: _Buffer) -> tuple[Form | None, Sink]:
    """The form, if it is one, and what takes the body as it comes."""
    form = None
    if media_type.type_of(content_type) == media_type.FORM:
        form = Form(content_type, buffer, buffer.opened)
    else:
        buffer.opened(media_type.body_format_of(content_type), None)
    sink = buffer if form is None else form
    compressed = media_type.is_gzip(request.headers.get("content-encoding", ""))
    return form, Gunzip(sink) if compressed else sink


async def _take(request: Request, settings: Settings, buffer: _Buffer, sink: Sink) -> None:
    files = buffer.body_format is None or buffer.body_format.format is not Format.JSON
    patience = body.Patience(settings.upload_timeout_s, settings.upload_idle_s, settings.upload_rate) if files else None
    tenant_id = principal_of(request).tenant_id
    pieces = body.pieces(request, limit_of(settings, buffer.body_format), patience)
    rest = await threads.received(pieces, tenant_id, sink.take)
    if len(rest) + buffer.size > _INLINE or isinstance(sink, Gunzip):
        await threads.written(tenant_id, _end, sink, rest)
    else:
        _end(sink, rest)


def _end(sink: Sink, rest: bytes) -> None:
    sink.take(rest)
    sink.end()


def turn(spooled: Spooled) -> AbstractAsyncContextManager[None]:
    """Within it, it is this body's turn to be read, if that takes a process of its own: others wait."""
    return process.turns.of(spooled.tenant_id) if is_read_apart(spooled) else nullcontext()


def is_read_apart(spooled: Spooled) -> bool:
    """Whether reading takes long, or memory: a workbook of a few bytes may decompress to anything."""
    return spooled.size > IN_MEMORY or spooled.body_format.format is Format.XLSX


@asynccontextmanager
async def read(
    spooled: Spooled, body_format: BodyFormat, settings: Settings, country: str, *, updates: bool
) -> AsyncGenerator[Rows]:
    """Within the block what the body says, ready to be stored; numbers are read in `country`.

    `body_format` is that of the body, with what its client asks for beside it; `updates`: rows update contacts.

    InvalidInput when it is no bulk request.
    """
    limits = limits_of(settings)
    if not is_read_apart(spooled):
        # In a thread: numbers that are not ordinary take long, and other requests are served meanwhile.
        async with threads.reading(spooled.tenant_id):
            chunks, totals = await asyncio.to_thread(_drained, spooled, body_format, limits, country, updates)
        yield Rows(totals, chunks)
        return
    async with _apart(spooled, Task(body_format, limits, country, os.getpid(), updates), settings) as (out, payload):
        totals = msgspec.json.decode(payload, type=Totals)
        yield Rows(totals, (decode_chunk(data) for kind, data in read_frames(out) if kind == CHUNK))


async def looked(spooled: Spooled, body_format: BodyFormat, settings: Settings) -> Looked:
    """The columns of the file. InvalidInput where it is none."""
    limits = limits_of(settings)
    if not is_read_apart(spooled):
        async with threads.reading(spooled.tenant_id):
            return await asyncio.to_thread(look, spooled.file, body_format, limits)
    async with _apart(spooled, Task(body_format, limits, "", os.getpid(), looks=True), settings) as (_, payload):
        return msgspec.json.decode(payload, type=Looked)


@asynccontextmanager
async def _apart(spooled: Spooled, task: Task, settings: Settings) -> AsyncGenerator[tuple[IO[bytes], bytes]]:
    """Output of a process of its own, and the last frame of it; InvalidInput where that is a refusal."""
    with tempfile.TemporaryFile(dir=str(Path(settings.data_dir) / process.FOLDER)) as out:
        argument = msgspec.json.encode(task).decode()
        await process.run(readers.__name__, argument, spooled.file, out, process.too_much(task.limits))
        spooled.share.grow_to(spooled.share.bytes + os.fstat(out.fileno()).st_size)
        kind, payload = last_frame(out)
        if kind == REFUSED:
            raise InvalidInput(payload.decode())
        yield out, payload


def _drained(
    spooled: Spooled, body_format: BodyFormat, limits: Limits, country: str, updates: bool
) -> tuple[list[Chunk], Totals]:
    return drained(readers.read(spooled.file, body_format, limits, country, updates=updates))
