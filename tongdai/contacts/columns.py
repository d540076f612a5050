"""Many new contacts by columns: one text for each column, which one SQL statement takes apart. Pure.

A column has a line for each contact, and each line ends with LINE_END; no field of a contact may contain a control
character, so neither LINE_END nor ABSENT can stand in a value. `string_to_table(column, LINE_END, ABSENT)` gives the
values and one empty string after the last of them. No Python object is made for a contact.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import msgspec

from tongdai.contacts.fields import FIELDS, values_of
from tongdai.contacts.model import NewContact

LINE_END = "\n"
ABSENT = "\x1a"
"""The line of a contact without a value."""
NO_ATTRIBUTES = "null"
"""The same, among attributes: it is what JSON writes."""


class NewContacts(msgspec.Struct, array_like=True, frozen=True):
    """Checked contacts with numbers that are all different, in the order of their rows."""

    count: int
    numbers: str
    """The digits of E.164 numbers, without `+`."""
    values: list[str | None]
    """A column for each of FIELDS; None: no contact has a value; likewise below."""
    attributes: str | None
    """JSON objects."""
    zones: list[str]
    """The different zones, as NewContact.zone gives them; never empty."""
    zone_places: str | None
    """The place of each contact's zone in `zones`; None: all are in the only one."""
    own_zones: str | None = None
    """A `1` for each contact whose zone was given, a `0` for one that has its number's; None: all have."""

    def phones(self) -> list[str]:
        """The numbers in E.164."""
        return ["+" + number for number in lines_of(self.numbers)]

    def number_list(self) -> list[int]:
        return list(map(int, lines_of(self.numbers)))

    def rows(self) -> list[NewContact]:
        """One by one, for tests and small batches."""
        values = zip(*map(self._texts, self.values), strict=True)
        attributes = [None] * self.count if self.attributes is None else lines_of(self.attributes)
        zones = self.contact_zones()
        return [
            NewContact(
                phone=phone,
                **{field.column: value for field, value in zip(FIELDS, own, strict=True)},
                attributes=None if sent is None else msgspec.json.decode(sent),
                time_zone=zone,
            )
            for phone, own, sent, zone in zip(self.phones(), values, attributes, zones, strict=True)
        ]

    def places(self) -> Iterable[int]:
        """The place of each contact's zone in `zones`."""
        if self.zone_places is None:
            return repeat(0, self.count)
        return map(int, lines_of(self.zone_places))

    def contact_zones(self) -> list[str]:
        """The zone of each contact."""
        return [self.zones[place] for place in self.places()]

    def _texts(self, column: str | None) -> list[str | None]:
        if column is None:
            return [None] * self.count
        return [None if line == ABSENT else line for line in lines_of(column)]


def column(values: Sequence[str]) -> str:
    """The text of a column in which each contact has a value."""
    return LINE_END.join([*values, ""])


def optional_column(values: Sequence[str | None]) -> str | None:
    """The text of a column; None when no contact has a value."""
    missing = values.count(None)
    if missing == len(values):
        return None
    return column([ABSENT if value is None else value for value in values] if missing else values)  # pyright: ignore[reportArgumentType]


def lines_of(text: str) -> list[str]:
    """The lines of a column."""
    return text.split(LINE_END)[:-1]


def as_columns(rows: Iterable[NewContact]) -> NewContacts:
    """Transpose contacts into columns."""
    kept = list(rows)
    zones = [row.zone for row in kept]
    different = sorted(set(zones))
    attributes = [row.attributes for row in kept]
    return NewContacts(
        len(kept),
        column([row.phone.removeprefix("+") for row in kept]),
        [optional_column(values) for values in zip(*map(values_of, kept), strict=True)] or [None] * len(FIELDS),
        None if attributes.count(None) == len(kept) else attribute_lines(attributes),
        different,
        column(list(zone_places(zones, different))) if len(different) > 1 else None,
        own_zones([row.time_zone for row in kept]),
    )


def own_zones(given: Sequence[str | None]) -> str | None:
    """NewContacts.own_zones of the zones that were given."""
    return None if given.count(None) == len(given) else "".join("0" if zone is None else "1" for zone in given)


def zone_places(zones: Iterable[str], different: Sequence[str]) -> Iterator[str]:
    """The place of each zone among the `different` ones."""
    places = {zone: str(place) for place, zone in enumerate(different)}
    return (places[zone] for zone in zones)


def attribute_lines(attributes: Iterable[object]) -> str:
    """The text of a column of objects that msgspec can write, None for none."""
    return _encoder.encode_lines(attributes).decode()


_encoder = msgspec.json.Encoder()
