"""Files of do-not-call numbers in requests.

They are read and checked one at a time in a process, tenants in turn: each takes the interpreter for seconds, and the
event loop has to share it with all that are being read. A tenant may have FILES_EACH under way, as those that wait are
in memory.
"""

import asyncio
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from tongdai.do_not_call.entries import file_reader
from tongdai.do_not_call.entries.validation import Checked, RowContext, Sent, check_all
from tongdai.do_not_call.model import MAX_ROWS
from tongdai.errors import UnsupportedMediaType
from tongdai.files import BodyFormat, Format, Limits, media_type, process
from tongdai.files.__main__ import Found
from tongdai.files.detected import Detected
from tongdai.files.workbook import as_csv
from tongdai.http import body
from tongdai.http.endpoint import Request, principal_of, settings_of
from tongdai.runtime.shares import OF_UPLOADS, Shares
from tongdai.runtime.turns import Turns
from tongdai.settings import Settings

PLAIN = "text/plain"
FILES_EACH = 4
"""Files of a tenant that may be received, or wait to be read, in a process."""
_shares = Shares(FILES_EACH * OF_UPLOADS)
_turns = Turns(at_once=1, each=1)


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


async def body_of(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the file as it is")
    return b"".join([piece async for piece in body.pieces(request, settings_of(request).max_body_mb * body.MB)])


async def checked(request: Request, raw: bytes, context: RowContext) -> tuple[list[Checked], Detected]:
    """All rows of a file, checked, and what was read as what; it has at most MAX_ROWS, so the result fits in memory."""
    settings = settings_of(request)
    body_format = _format_of(request)
    assert body_format is not None
    limits = _limits(settings)
    if body_format.format is Format.XLSX:
        # A workbook of a few bytes may decompress to anything: a process of its own does that.
        turn = process.turns.of(principal_of(request).tenant_id)
        async with turn, as_csv(raw, limits, Path(settings.data_dir)) as (file, workbook):
            checked, detected = await _in_turn(request, file, BodyFormat(Format.CSV, "utf-8"), context)
        return checked, _of_workbook(detected, workbook)
    return await _in_turn(request, io.BytesIO(raw), body_format, context)


async def _in_turn(
    request: Request, file: IO[bytes], body_format: BodyFormat, context: RowContext
) -> tuple[list[Checked], Detected]:
    async with _turns.of(principal_of(request).tenant_id):
        request.require_client()  # it may have left while the file waited
        return await asyncio.to_thread(_checked, file, body_format, _limits(settings_of(request)), context)


def _checked(
    file: IO[bytes], body_format: BodyFormat, limits: Limits, context: RowContext
) -> tuple[list[Checked], Detected]:
    today = context.now.astimezone(context.zone).date()
    with file_reader.open_numbers(file, body_format, limits, today, MAX_ROWS) as found:
        return list(_each(found.batches(), context)), found.detected


def _each(batches: Iterator[list[Sent]], context: RowContext) -> Iterator[Checked]:
    first = 1
    for batch in batches:
        yield check_all(batch, context, first)
        first += len(batch)


def _of_workbook(detected: Detected, workbook: Found) -> Detected:
    """The findings about a workbook, whose rows its process wrote as CSV below a line with the separator."""
    table = detected.tables[0]
    row = None if table.header_row is None else table.header_row - 1
    table = replace(table, sheet=workbook.sheet, header_row=row, hidden_rows=workbook.hidden_rows)
    return replace(workbook.detected, tables=[table], notes=[*workbook.detected.notes, *detected.notes])


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.import_chunk_rows,
        settings.import_columns,
        settings.import_cell_chars,
        settings.max_upload_mb,
        settings.import_reader_mb,
    )
