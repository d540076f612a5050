"""Rows as a file has them, by columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tongdai.contacts.fields import FIELDS, index_of, sent_of
from tongdai.contacts.model import Scalar
from tongdai.files.detected import DetectedColumn
from tongdai.imports.chunk import Original

Item: Any = msgspec.defstruct(
    "Item",
    [
        ("phoneNumber", Scalar, None),
        *((field.text.wire, Scalar, None) for field in FIELDS),
        ("attributes", dict[str, Scalar] | None, None),
        ("timeZone", Scalar, None),
    ],
    forbid_unknown_fields=True,
)
"""A row as JSON has it. A structure where text belongs fails the whole request."""


@dataclass(frozen=True, slots=True)
class OtherNumbers:
    """Further columns of numbers: a row whose number cannot be used has that of the first of them that can."""

    columns: Sequence[Sequence[Scalar]]
    detected: Sequence[DetectedColumn]
    """The column of SentRows.phones, and these: rows are counted there by the column that their number is from."""

    def part(self, start: int, stop: int) -> "OtherNumbers":
        return OtherNumbers([column[start:stop] for column in self.columns], self.detected)


@dataclass(frozen=True, slots=True)
class SentRows:
    """Some rows of a file in their order, a sequence for each field. A value of the wrong kind fails its row."""

    phones: Sequence[Scalar]
    values: Sequence[Sequence[Scalar] | None]
    """A column for each of FIELDS; None: no row has one; likewise below."""
    attributes: Sequence[object] | None
    """An object that msgspec can write, for each row; None for none."""
    time_zones: Sequence[Scalar] | None
    countries: Sequence[Scalar] | None = None
    """The country that each number is written in, in any form; None: the tenant's."""
    others: OtherNumbers | None = None
    original: Callable[[int], Original] | None = None
    """A row as the file has it. Read only for rows that fail."""
    table: int = 0
    """The table of the file that they are from."""

    def __len__(self) -> int:
        return len(self.phones)

    def part(self, start: int, stop: int) -> "SentRows":
        """The rows from `start` to before `stop`."""
        return SentRows(
            self.phones[start:stop],
            [None if column is None else column[start:stop] for column in self.values],
            None if self.attributes is None else self.attributes[start:stop],
            None if self.time_zones is None else self.time_zones[start:stop],
            None if self.countries is None else self.countries[start:stop],
            None if self.others is None else self.others.part(start, stop),
            None if self.original is None else lambda row, whole=self.original: whole(start + row),
            self.table,
        )

    @property
    def has_number(self) -> bool:
        """Whether any row has a text where numbers are."""
        return any(self.phones) or (self.others is not None and any(map(any, self.others.columns)))

    @property
    def external_ids(self) -> Sequence[Scalar] | None:
        return self.values[index_of("external_id")]


def sent_rows(items: Sequence[Any], original: Callable[[int], Original] | None = None) -> SentRows:
    """The columns of rows that come one by one."""
    return SentRows(
        [item.phoneNumber for item in items],
        [_column(list(values)) for values in zip(*map(sent_of, items), strict=True)] or [None] * len(FIELDS),
        _column([item.attributes for item in items]),
        _column([item.timeZone for item in items]),
        original=original,
    )


def _column(values: "list[Any]") -> "list[Any] | None":
    return None if values.count(None) == len(values) else values
