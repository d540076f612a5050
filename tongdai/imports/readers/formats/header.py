"""Header rows: which columns hold a contact's number, name, reference and time zone, and how the others are named."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tongdai.contacts.fields import FIELDS
from tongdai.errors import InvalidInput, shown
from tongdai.files.header import PHONE_NAMES
from tongdai.text import normalized

SHOWN_COLUMNS = 12
"""Column names that a message lists."""

# Normalized names, in order of precedence: of several that a header has, the first is used and the others become
# attributes.
_TIME_ZONE = "timezone muigio"
_PLACES = tuple(
    {name: place for place, name in enumerate(names.split())}
    for names in (PHONE_NAMES, _TIME_ZONE, *(field.text.headers for field in FIELDS))
)

_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The places of a contact's fields in a row, from 0."""

    width: int
    phone: int
    values: tuple[int | None, ...]
    """Places of FIELDS."""
    time_zone: int | None
    attributes: tuple[tuple[int, str], ...]
    """Every other column and its name, all different."""
    phone_header: str


def columns_of(header: Sequence[str]) -> Columns | None:
    """None when no column has a name of a phone number. InvalidInput when two columns have the same such name."""
    names = [normalized(cell) for cell in header]
    phone, time_zone, *values = (_place(header, names, places) for places in _PLACES)
    if phone is None:
        return None
    taken = {phone, time_zone, *values}
    others = [(at, cell) for at, cell in enumerate(header) if at not in taken]
    return Columns(len(header), phone, tuple(values), time_zone, _named(others), shown(header[phone].strip()))


def no_phone(header: Sequence[str], where: str) -> InvalidInput:
    """The error for a header without a phone number; it lists the columns found."""
    found = ", ".join(shown(cell.strip())[:30] for cell in header[:SHOWN_COLUMNS])
    more = f" and {len(header) - SHOWN_COLUMNS} more" if len(header) > SHOWN_COLUMNS else ""
    return InvalidInput(
        f"No column is named phoneNumber, phone, số điện thoại or the like: {where} has {shown(found)}{more}"
    )


def column_name(at: int) -> str:
    """Name a column that its header leaves empty, or does not have."""
    return f"column {at + 1}"


def _place(header: Sequence[str], names: list[str], places: dict[str, int]) -> int | None:
    found = [at for at, name in enumerate(names) if name in places]
    if not found:
        return None
    best = min(found, key=lambda at: places[names[at]])
    if len(same := [at for at in found if names[at] == names[best]]) > 1:
        where = " and ".join(str(at + 1) for at in same[:2])
        raise InvalidInput(f"Columns {where} are both named {shown(header[best].strip())}: expected one of that name")
    return best


def _named(columns: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    named: dict[str, int] = {}
    again: dict[str, int] = {}
    for at, header in columns:
        plain = name = _BREAKS.sub(" ", header).strip() or column_name(at)
        while name in named:
            again[plain] = again.get(plain, 1) + 1
            name = f"{plain} ({again[plain]})"
        named[name] = at
    return tuple((at, name) for name, at in named.items())
