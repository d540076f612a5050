"""CSV responses, safe to open in a spreadsheet, and right in it: they begin with a byte order mark."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence

_SKIPPED = "[\"'\x00 \v\f\x1c-\x1f\x85\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]*+"
"""Characters that may stand before a formula that is evaluated: quotes, an apostrophe too, so that none that was there
is lost, and whitespace, which some spreadsheets trim. Separators are not among it: after them _WITHIN looks again."""
_FORMULA = re.compile(rf"{_SKIPPED}(?:[=@\t\r＝＠＋－-]|\+(?![0-9]{{1,15}}\Z))")
"""Text that a spreadsheet would evaluate. A plus followed by digits only is a phone number and not matched."""
_BEFORE_FORMULA = rf"(?={_SKIPPED}[=@+＝＠＋－-])"
_WITHIN = re.compile(rf"(?<=[;|\t\r\n]){_BEFORE_FORMULA}")
"""Where a cell would begin with a formula for a spreadsheet with another list separator: it ignores the quotes of a
cell that it finds in the middle of its own."""
_WITHIN_ESCAPED = re.compile(rf"(?<=[;|\t\r\n])'{_BEFORE_FORMULA}")


def accepts_csv(accept: str) -> bool:
    """Whether an Accept header names CSV; `*/*` gets JSON."""
    return any(part.partition(";")[0].strip().lower() == "text/csv" for part in accept.split(","))


def csv_headers(file_name: str) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of a response that is a file; its name is ASCII without quotes."""
    return (
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", b'attachment; filename="%s"' % file_name.encode()),
    )


def escaped(cell: object) -> object:
    """Text that a spreadsheet would evaluate as a formula, whatever its list separator, gets an apostrophe before
    it."""
    if not isinstance(cell, str):
        return cell
    text = _WITHIN.sub("'", cell)
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    """The text of a cell that `escaped` has written."""
    text = cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell
    return _WITHIN_ESCAPED.sub("", text)


def csv_header(names: Sequence[str]) -> bytes:
    """The beginning of every file. Without its byte order mark a spreadsheet reads UTF-8 as another character set."""
    return codecs.BOM_UTF8 + csv_of([tuple(names)])


def csv_of(lines: Iterable[Sequence[object]]) -> bytes:
    """Encode rows, with their texts escaped."""
    text = io.StringIO()
    csv.writer(text).writerows(list(map(escaped, line)) for line in lines)
    return text.getvalue().encode()
