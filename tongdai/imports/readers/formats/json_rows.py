"""Rows that are JSON objects: of a bulk body, or a line each."""

from typing import Any

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.imports.readers.sent_rows import Item
from tongdai.mismatch import UNREADABLE, explain


def has_number(items: list[Any]) -> bool:
    return any(item.phoneNumber not in (None, "") for item in items)


def check_item(raw: bytes | msgspec.Raw, path: str = "", line: int | None = None, kind: Any = Item) -> None:
    """Raise InvalidInput naming the row by its path or its line, when that is no row."""
    try:
        msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        finding = explain(kind, raw, error, path, "the row")
        raise InvalidInput(finding if line is None else f"Line {line}: {finding}") from None
    except UNREADABLE as error:
        where = path or f"Line {line}"
        raise InvalidInput(f"{where} is not valid JSON in UTF-8: {shown(error)}") from None
