"""Files of do-not-call numbers in requests.

Large ones, and workbooks, are read by a process of their own (`python -m tongdai.do_not_call.entries`), others in a
thread, one at a time in a process: a thread has to share the interpreter with the event loop. Tenants take turns; each
may have FILES_EACH under way. A file of more than IN_THREAD is on the disk while it arrives and waits, where it counts
in `tenant_spool_mb`; it is taken as long as there is any space, as calls must not be made to its numbers.
"""

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, cast

import msgspec

from tongdai.do_not_call import entries
from tongdai.do_not_call.entries.__main__ import DETECTED
from tongdai.do_not_call.entries.read import Task, read
from tongdai.do_not_call.entries.validation import Checked, RowContext
from tongdai.errors import InvalidInput, UnsupportedMediaType
from tongdai.files import BodyFormat, Format, media_type, process
from tongdai.files.detected import Detected
from tongdai.files.frames import REFUSED, drained, read_frames
from tongdai.files.limits import limits_of
from tongdai.files.uploads import threads
from tongdai.files.uploads.space import Share, share_of
from tongdai.http import body
from tongdai.http.endpoint import Request, principal_of, settings_of
from tongdai.ids import DncListId
from tongdai.runtime.shares import OF_UPLOADS, Shares
from tongdai.runtime.turns import Turns

PLAIN = "text/plain"
IN_THREAD = 256 * 1024
"""Bytes; a larger file is kept on the disk and read by a process of its own."""
_INLINE = 64 * 1024
"""Bytes; more than that is hashed and written in a thread."""
FILES_EACH = 4
"""Files of a tenant that may be received, or wait to be read, in a process."""
_shares = Shares(FILES_EACH * OF_UPLOADS)
_storing = Turns(at_once=sys.maxsize, each=1)


def is_file(request: Request) -> bool:
    """Whether the body is a file of rows, by its Content-Type."""
    return _format_of(request) is not None


def _format_of(request: Request) -> BodyFormat | None:
    header = request.headers.get("content-type", "")
    kind = media_type.type_of(header)
    if kind == PLAIN:
        header = header.lower().replace(PLAIN, "text/csv", 1)
    elif media_type.TYPES.get(kind) in {None, Format.JSON}:
        return None
    return media_type.body_format_of(header)


def share(request: Request) -> AbstractContextManager[None]:
    """Count a file within the block; RateLimited when its tenant has FILES_EACH under way."""
    return _shares.held(principal_of(request).tenant_id, upload=True)


def turn(request: Request) -> AbstractAsyncContextManager[None]:
    """Within it a thread may check rows: one body at a time, tenants in turn."""
    return threads.reading(principal_of(request).tenant_id)


def storing(request: Request, dnc_list_id: DncListId) -> AbstractAsyncContextManager[None]:
    """Within it numbers may be stored in a list: one body at a time.

    Those that wait would wait for the lock of the list, each with a database connection.
    """
    return _storing.of((principal_of(request).tenant_id, dnc_list_id))


class Spooled:
    """A file while it arrives, and then as a whole."""

    def __init__(self, file: IO[bytes], share: Share) -> None:
        self.file = file
        self.share = share
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """SHA-256 of what has arrived."""
        return self._digest.digest()

    def take(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > IN_THREAD:
            self.share.grow_to(self.size)
        self._digest.update(data)
        self.file.write(data)

    def end(self, rest: bytes) -> None:
        self.take(rest)
        self.file.flush()


@asynccontextmanager
async def received(request: Request) -> AsyncGenerator[Spooled]:
    """The whole body; its file is there within the block."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the file as it is")
    settings, tenant_id = settings_of(request), principal_of(request).tenant_id
    with (
        share_of(settings, tenant_id, floor=False) as share,
        tempfile.SpooledTemporaryFile(IN_THREAD, dir=str(_folder(request))) as file,
    ):
        spooled = Spooled(cast("IO[bytes]", file), share)
        pieces = body.pieces(request, settings.max_body_mb * body.MB)
        rest = await threads.received(pieces, tenant_id, spooled.take)
        if len(rest) > _INLINE:
            await threads.written(tenant_id, spooled.end, rest)
        else:
            spooled.end(rest)
        yield spooled


def _folder(request: Request) -> Path:
    return Path(settings_of(request).data_dir) / process.FOLDER


async def checked(
    request: Request, spooled: Spooled, context: RowContext, listed: int
) -> tuple[list[Checked], Detected]:
    """All rows of a file, checked, and what was read as what; it has at most MAX_ROWS, so the result fits in memory."""
    body_format = _format_of(request)
    assert body_format is not None
    limits = limits_of(settings_of(request))
    task = Task(body_format, limits, context.country, context.zone.key, context.now, listed, parent=os.getpid())
    # A workbook of a few bytes may decompress to anything.
    apart = spooled.size > IN_THREAD or body_format.format is Format.XLSX
    tenant_id = principal_of(request).tenant_id
    async with process.turns.of(tenant_id) if apart else threads.reading(tenant_id):
        request.require_client()  # it may have left while the file waited
        if apart:
            return await _apart(spooled, task, _folder(request))
        return await asyncio.to_thread(_drained, spooled.file, task)


def _drained(file: IO[bytes], task: Task) -> tuple[list[Checked], Detected]:
    file.seek(0)
    return drained(read(file, task))


async def _apart(spooled: Spooled, task: Task, folder: Path) -> tuple[list[Checked], Detected]:
    """The same, by a process of its own."""
    with tempfile.TemporaryFile(dir=folder) as out:
        argument = msgspec.json.encode(task).decode()
        await process.run(entries.__name__, argument, spooled.file, out, process.too_much(task.limits))
        spooled.share.grow_to(spooled.share.bytes + os.fstat(out.fileno()).st_size)
        return await asyncio.to_thread(_reported, out)


def _reported(out: IO[bytes]) -> tuple[list[Checked], Detected]:
    *rows, (kind, payload) = read_frames(out)
    if kind == REFUSED:
        raise InvalidInput(payload.decode())
    assert kind == DETECTED, "the last frame says what was found"
    return [_decode(data) for _, data in rows], msgspec.json.decode(payload, type=Detected)


_decode = msgspec.msgpack.Decoder(Checked).decode
