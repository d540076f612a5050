"""Rows as a file has them, by columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tongdai.contacts.model import Scalar


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """A row as JSON has it. A structure where text belongs fails the whole request."""

    phoneNumber: Scalar = None
    name: Scalar = None
    externalId: Scalar = None
    attributes: dict[str, Scalar] | None = None
    timeZone: Scalar = None


@dataclass(frozen=True, slots=True)
class SentRows:
    """Some rows of a file in their order, a sequence for each field. A value of the wrong kind fails its row."""

    phones: Sequence[Scalar]
    names: Sequence[Scalar] | None
    """None: no row has one; likewise below."""
    external_ids: Sequence[Scalar] | None
    attributes: Sequence[object] | None
    """An object that msgspec can write, for each row; None for none."""
    time_zones: Sequence[Scalar] | None

    def __len__(self) -> int:
        return len(self.phones)

    def part(self, start: int, stop: int) -> "SentRows":
        """The rows from `start` to before `stop`."""
        return SentRows(
            self.phones[start:stop],
            None if self.names is None else self.names[start:stop],
            None if self.external_ids is None else self.external_ids[start:stop],
            None if self.attributes is None else self.attributes[start:stop],
            None if self.time_zones is None else self.time_zones[start:stop],
        )


def sent_rows(items: Sequence[Item]) -> SentRows:
    """The columns of rows that come one by one."""
    return SentRows(
        [item.phoneNumber for item in items],
        _column([item.name for item in items]),
        _column([item.externalId for item in items]),
        _column([item.attributes for item in items]),
        _column([item.timeZone for item in items]),
    )


def _column(values: "list[Any]") -> "list[Any] | None":
    return None if values.count(None) == len(values) else values
