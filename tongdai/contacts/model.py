"""Contact lists, contacts, and the changes and filters that apply to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from tongdai.contacts.fields import DOCUMENTED, FIELDS, Fields
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.ids import ContactId, ListId

Scalar = str | int | float | bool | None
"""A value of an attribute."""

DEFAULT_LIST = "Default List"
MAX_ATTRIBUTES = 4096
"""Bytes of JSON."""


def number_of(phone: str) -> int:
    """A number as it is stored: `84901234567` of `+84901234567`."""
    return int(phone[1:])


class ProcessStatus(IntEnum):
    PENDING = 0
    IN_CALL = 1
    PROCESSED = 2


@dataclass(frozen=True, slots=True)
class ContactList:
    list_id: ListId
    name: str
    contact_count: int


class Contact(NamedTuple):
    """A tuple, for the thousand of them that a page may have: making a frozen dataclass takes ten times as long."""

    contact_id: ContactId
    number: int
    """See number_of."""
    shown: tuple[Any, ...]
    """All that the API shows after the number, in its order, so that a page need not take rows apart: the documented
    fields, process status, call status, the other fields, attributes, and the zone as `time_zones.zone_of` gives it,
    None if it is not known."""

    @property
    def phone(self) -> str:
        return f"+{self.number}"

    @property
    def process_status(self) -> int:
        return self.shown[DOCUMENTED]

    @property
    def call_status(self) -> str | None:
        return self.shown[DOCUMENTED + 1]

    @property
    def attributes(self) -> dict[str, Any] | None:
        return self.shown[-2]

    @property
    def zone(self) -> str | None:
        return self.shown[-1]

    @property
    def fields(self) -> Fields:
        values = self.shown[:DOCUMENTED] + self.shown[DOCUMENTED + 2 : -2]
        return Fields(**{declared.column: value for declared, value in zip(FIELDS, values, strict=True)})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact(Fields):
    """A person to call, checked and with the number in E.164."""

    phone: str
    attributes: dict[str, Any] | None = None
    time_zone: str | None = None
    """An IANA name; None: that of the number."""

    @property
    def zone(self) -> str:
        return self.time_zone or zone_of(self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A checked change of a contact; UNSET leaves a field as it is, None clears it."""

    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """The fields that change, by column."""
    time_zone: str | UnsetType | None = UNSET
    """None: that of the number."""
    attributes: dict[str, Any] | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class Added:
    contact_id: ContactId
    list_id: ListId
    duplicate: bool
    """The number was in the campaign before: this is that contact."""


@dataclass(frozen=True, slots=True)
class Search:
    """The filter of a page of contacts; None does not restrict it."""

    process_status: int | None = None
    phone: str | None = None
    """E.164."""
    external_id: str | None = None
