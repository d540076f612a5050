"""Rows of an import one by one, where the product has columns."""

from collections.abc import Iterable
from itertools import repeat

import msgspec

from tongdai.contacts.model import Scalar
from tongdai.imports.readers.sent_rows import SentRows


class Row(msgspec.Struct):
    """A row as sent."""

    phoneNumber: Scalar = None  # noqa: N815 - as the wire has it
    name: Scalar = None
    externalId: Scalar = None  # noqa: N815
    attributes: dict[str, Scalar] | None = None
    timeZone: Scalar = None  # noqa: N815


def rows_of(sent: SentRows) -> list[Row]:
    columns = (sent.phones, sent.names, sent.external_ids, msgspec.to_builtins(sent.attributes), sent.time_zones)
    return [Row(*row) for row in zip(*(repeat(None, len(sent)) if c is None else c for c in columns), strict=True)]


def sent_of(rows: Iterable[Row]) -> SentRows:
    fields = zip(*(msgspec.structs.astuple(row) for row in rows), strict=True)
    return SentRows(*map(list, fields))
