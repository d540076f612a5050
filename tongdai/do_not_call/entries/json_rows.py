"""JSON and NDJSON files of do-not-call numbers as rows of cells: a column for each name that an object has.

    {"phoneNumber": "0901234567", "reason": "A"}        phoneNumber  reason
    "0907654321"                                        0901234567   A
                                                        0907654321

An array of numbers or objects, an object with `numbers`, as the API takes them, or a number or an object a line.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import IO, Any, cast

import msgspec

from tongdai.do_not_call.entries.columns import Row
from tongdai.do_not_call.entries.validation import SEVERAL
from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import Format
from tongdai.files.encodings.json_lines import BOM, lines_of
from tongdai.mismatch import UNREADABLE

NUMBER = "phoneNumber"
_ITEMS = "numbers"
"""The property of an object that has all of them, as in the API."""
_MAX_WHOLE = 4 * 1024 * 1024
"""Bytes of a file that is one value: while it is parsed, nothing else runs in the process."""
_START = re.compile(rb'\s*(?:\{\s*["}\r\n]|\[\s*[\[{"\d\]])')
_WHOLE = re.compile(rf'\s*(?:\[|\{{\s*"{_ITEMS}"\s*:\s*\[)'.encode())
_LOOKED_AT = 4096
_Value = dict[str, Any] | list[Any] | str | int | float | bool | None


def format_of(file: IO[bytes]) -> Format | None:
    """JSON or NDJSON, by the first line; None: the file is something else."""
    file.seek(0)
    start = file.read(_LOOKED_AT).removeprefix(BOM)
    file.seek(0)
    if _START.match(start) is None:
        return None
    if _WHOLE.match(start) is not None:
        return Format.JSON
    line = next(lines_of(file), b"")
    file.seek(0)
    try:
        first = msgspec.json.decode(line, type=_Value)
    except UNREADABLE:
        return Format.JSON  # an object of several lines
    return Format.NDJSON if _wrapped(first) is None else Format.JSON


def rows_of(file: IO[bytes], format_: Format) -> Iterator[Row]:
    """The names of all columns, then a row for each item. InvalidInput names the item that cannot be read."""
    names = dict[str, int]()
    for item in _items(file, format_):
        for name in item:
            names.setdefault(name, len(names))
    if not names:
        raise InvalidInput("The file has no items: expected numbers")
    header = list(names)
    return chain((header,), ([_text(item.get(name)) for name in header] for item in _items(file, format_)))


def _items(file: IO[bytes], format_: Format) -> Iterator[dict[str, Any]]:
    file.seek(0)
    values = _values_of_lines(file) if format_ is Format.NDJSON else _values(file)
    for where, value in values:
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield {NUMBER: value}
        elif isinstance(value, dict):
            yield value
        else:
            raise InvalidInput(f"{where} is no number and no object with a phoneNumber: {shown(value)[:30]}")


def _values_of_lines(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(lines_of(file), 1):
        if line.strip():
            yield f"Line {number}", _decoded(line, f"Line {number}")


def _values(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    data = file.read(_MAX_WHOLE + 1)
    if len(data) > _MAX_WHOLE:
        raise InvalidInput(f"The file is JSON of more than {_MAX_WHOLE // 1024**2} MB: send it as NDJSON, or as CSV")
    found = _decoded(data.removeprefix(BOM), "The file")
    within = _wrapped(found)
    items = within if within is not None else found if isinstance(found, list) else [found]
    return ((f"Item {number}", value) for number, value in enumerate(items, 1))


def _wrapped(found: _Value) -> list[Any] | None:
    """The items of an object that has them all."""
    items = found.get(_ITEMS) if isinstance(found, dict) else None
    return cast("list[Any]", items) if isinstance(items, list) else None


def _decoded(data: bytes, where: str) -> _Value:
    try:
        return msgspec.json.decode(data, type=_Value)
    except UNREADABLE as error:
        raise InvalidInput(f"{where} is not valid JSON in UTF-8: {shown(error)}") from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return SEVERAL.join(map(_text, cast("list[Any]", value)))
    return msgspec.json.encode(value).decode()
