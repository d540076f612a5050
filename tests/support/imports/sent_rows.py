"""Rows of an import one by one, where the product has columns."""

from collections.abc import Iterable, Mapping
from itertools import repeat

import msgspec

from tongdai.contacts.fields import FIELDS
from tongdai.contacts.model import Scalar
from tongdai.imports.readers.sent_rows import SentRows

_NAMED = ("name", "externalId")
_Others = msgspec.defstruct(
    "_Others", [(field.text.wire, Scalar, None) for field in FIELDS if field.text.wire not in _NAMED], kw_only=True
)


class Row(_Others):
    """A row as sent. Fields that no test of imports names come last, by keyword only."""

    phoneNumber: Scalar = None  # noqa: N815 - as on the wire
    name: Scalar = None
    externalId: Scalar = None  # noqa: N815
    attributes: Mapping[str, Scalar] | None = None
    timeZone: Scalar = None  # noqa: N815


def rows_of(sent: SentRows) -> list[Row]:
    columns = (sent.phones, *sent.values, msgspec.to_builtins(sent.attributes), sent.time_zones)
    names = ("phoneNumber", *(field.text.wire for field in FIELDS), "attributes", "timeZone")
    rows = zip(*(repeat(None, len(sent)) if c is None else c for c in columns), strict=True)
    return [Row(**dict(zip(names, row, strict=True))) for row in rows]


def sent_of(rows: Iterable[Row]) -> SentRows:
    kept = list(rows)
    values = [[getattr(row, field.text.wire) for row in kept] for field in FIELDS]
    return SentRows(
        [row.phoneNumber for row in kept], values, [row.attributes for row in kept], [row.timeZone for row in kept]
    )
