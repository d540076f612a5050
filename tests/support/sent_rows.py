"""Rows of an import one by one, where the product has columns."""

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import msgspec

from tongdai.contacts.fields import FIELDS
from tongdai.contacts.model import Scalar
from tongdai.imports.readers.sent_rows import SentRows

Row: Any = msgspec.defstruct(
    "Row",
    [
        ("phoneNumber", Scalar, None),
        *((field.text.wire, Scalar, None) for field in FIELDS[:2]),  # those that tests name by their place
        ("attributes", dict[str, Scalar] | None, None),
        ("timeZone", Scalar, None),
        *((field.text.wire, Scalar, None) for field in FIELDS[2:]),
    ],
)
"""A row as sent."""


def rows_of(sent: SentRows) -> list[Any]:
    columns = (sent.phones, *sent.values, msgspec.to_builtins(sent.attributes), sent.time_zones)
    names = ("phoneNumber", *(field.text.wire for field in FIELDS), "attributes", "timeZone")
    rows = zip(*(repeat(None, len(sent)) if c is None else c for c in columns), strict=True)
    return [Row(**dict(zip(names, row, strict=True))) for row in rows]


def sent_of(rows: Iterable[Any]) -> SentRows:
    kept = list(rows)
    values = [[getattr(row, field.text.wire) for row in kept] for field in FIELDS]
    return SentRows(
        [row.phoneNumber for row in kept], values, [row.attributes for row in kept], [row.timeZone for row in kept]
    )
