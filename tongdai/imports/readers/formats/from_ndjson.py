"""A JSON object a line, each a row as in the `contacts` of a bulk body."""

from collections.abc import Callable
from itertools import islice
from typing import IO, Any

import msgspec

from tongdai.errors import InvalidInput
from tongdai.files.body_format import Format
from tongdai.files.detected import FAILED_COLUMNS, Detected
from tongdai.files.encodings.json_lines import lines_of
from tongdai.files.limits import Limits
from tongdai.imports.readers.formats.json_rows import check_item, has_number
from tongdai.imports.readers.read import Reading, Totals
from tongdai.imports.readers.sent_rows import Item, sent_rows
from tongdai.mismatch import UNREADABLE

_BLANK = b" \t\r\n"
"""The blanks of JSON: Python has more."""
Line: Any = msgspec.defstruct(
    "Line",
    [("attributes", dict[str, Any] | None, None), *((name, Any, None) for name in FAILED_COLUMNS)],
    bases=(Item,),
    forbid_unknown_fields=True,
)
"""An item, with what a file of failed rows says beside it, which is not read. A list as an attribute fails the row."""

_items = msgspec.json.Decoder(Line)


def read_ndjson(file: IO[bytes], limits: Limits) -> Reading:
    """Blank lines are skipped."""
    total, any_number, number = 0, False, 1
    numbered = lines_of(file)
    while lines := list(islice(numbered, limits.chunk_rows)):
        items = _read_items(lines, number)
        number += len(lines)
        if items:
            total += len(items)
            any_number = any_number or has_number(items)
            yield sent_rows(items, _originals(lines))
    if total == 0:
        raise InvalidInput("The body is empty: expected a JSON object in each line")
    if not any_number:
        raise InvalidInput("No line has a phoneNumber")
    return Totals(total, detected=Detected(Format.NDJSON))


def _originals(lines: list[bytes]) -> Callable[[int], str]:
    """The lines of the items: blank ones are none."""
    written: list[bytes] = []

    def original(row: int) -> str:
        if not written:
            written.extend(line for line in lines if line.strip(_BLANK))
        return written[row].decode()

    return original


def _read_items(lines: list[bytes], number: int) -> list[Any]:
    try:
        return _items.decode_lines(b"".join(lines))
    except UNREADABLE:
        # Seldom: find which one it is.
        for at, line in enumerate(lines, number):
            if line.strip(_BLANK):
                check_item(line, line=at, kind=Line)
        raise
