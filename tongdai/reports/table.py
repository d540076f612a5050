"""Rows of a report as a file: the fields of the rows in JSON are its columns, and the zone is the last one."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, cast

import msgspec
from msgspec.structs import FieldInfo, fields

from tongdai.http.endpoint import Request, StreamingResponse
from tongdai.http.streams.csv import csv_header, csv_headers, csv_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.reports import xlsx
from tongdai.reports.request import Format

PIECE_ROWS = 500
ZONE = "timeZone"


def header(row: type[msgspec.Struct]) -> list[str]:
    """The names of the columns: the interval, who it is about, and the figures."""
    return [column.encode_name for column in _columns(row)] + [ZONE]


def _columns(row: type[msgspec.Struct]) -> list[FieldInfo]:
    return sorted(fields(row), key=lambda column: _place(column.encode_name))


def _place(name: str) -> int:
    return 0 if name in {"from", "to"} else 1 if name.endswith(("Id", "Name")) else 2


def _reader(row: type[msgspec.Struct]) -> Callable[[msgspec.Struct], tuple[object, ...]]:
    return attrgetter(*(column.name for column in _columns(row)))


def file(
    request: Request, name: str, kind: Format, row: type[msgspec.Struct], rows: Sequence[msgspec.Struct], zone: str
) -> StreamingResponse:
    """A response that is a file of rows, sent a piece at a time."""
    pieces = _csv(row, rows, zone) if kind is Format.CSV else _xlsx(name, row, rows, zone)
    headers = csv_headers(f"{name}.csv") if kind is Format.CSV else _xlsx_headers(f"{name}.xlsx")
    return StreamingResponse(_sent(request, pieces), headers=headers)


async def _sent(request: Request, pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
    async with disconnected(request) as gone:
        for piece in pieces:
            if gone.done():
                return
            yield piece


def _csv(row: type[msgspec.Struct], rows: Sequence[msgspec.Struct], zone: str) -> Iterator[bytes]:
    yield csv_header(header(row))
    read = _reader(row)
    for first in range(0, len(rows), PIECE_ROWS):
        yield csv_of([*map(_plain, read(one)), zone] for one in rows[first : first + PIECE_ROWS])


def _xlsx(name: str, row: type[msgspec.Struct], rows: Sequence[msgspec.Struct], zone: str) -> Iterator[bytes]:
    read = _reader(row)
    cells: Iterable[list[object]] = ([*map(_joined, read(one)), zone] for one in rows)
    return xlsx.workbook(name, header(row), cells)


def _xlsx_headers(file_name: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", xlsx.MEDIA_TYPE.encode()),
        (b"content-disposition", b'attachment; filename="%s"' % file_name.encode()),
    )


def _plain(cell: Any) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else _joined(cell)


def _joined(cell: Any) -> object:
    """Counts by a word in one cell, as `end=2 queue:7=1`."""
    if isinstance(cell, dict):
        counts = cast("dict[str, int]", cell)
        return " ".join(f"{word}={count}" for word, count in counts.items())
    return cell


def media(sample: Mapping[str, Any], row: type[msgspec.Struct]) -> dict[str, dict[str, Any]]:
    """The files in the OpenAPI document, with the example of a row."""
    names = header(row)
    cells = [_joined(sample.get(name)) for name in names[:-1]] + ["Asia/Ho_Chi_Minh"]
    text = f"{','.join(names)}\r\n{','.join('' if cell is None else str(cell) for cell in cells)}\r\n"
    return {
        "text/csv": {"schema": {"type": "string"}, "example": text},
        xlsx.MEDIA_TYPE: {"schema": {"type": "string", "contentMediaType": xlsx.MEDIA_TYPE}},
    }
