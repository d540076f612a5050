"""Header rows: which columns are a contact's number, name, reference and zone, and how the others are called."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tongdai.contacts.fields import FIELDS
from tongdai.errors import InvalidInput, shown

SHOWN_COLUMNS = 12
"""Names that a message repeats."""

# As `folded` makes them, the clearest first: of several that a header has, that one is taken, and the others are
# attributes.
_NUMBER = """
    phonenumber phone sodienthoai sdt dienthoai mobile mobilephone mobilenumber mobileno didong sodidong dienthoaididong
    sodienthoaididong dtdd phoneno phonenum cellphone cell tel telephone telephonenumber telephoneno telno phone1
    phone1value primaryphone contactnumber msisdn sodt dt sothuebao sodienthoailienhe somay
"""
_TIME_ZONE = "timezone muigio"
_PLACES = tuple(
    {name: place for place, name in enumerate(names.split())}
    for names in (_NUMBER, _TIME_ZONE, *(field.text.headers for field in FIELDS))
)

_NO_WORD = re.compile(r"[\W_]+")
_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands, from 0."""

    width: int
    phone: int
    values: tuple[int | None, ...]
    """Places of FIELDS."""
    time_zone: int | None
    attributes: tuple[tuple[int, str], ...]
    """Every other column and its name, all different."""
    phone_header: str


def folded(header: str) -> str:
    """A name of a column without case, accents, spaces and signs: `sodienthoai` of `Số điện-thoại`."""
    plain = unicodedata.normalize("NFD", header.casefold().replace("đ", "d"))
    return _NO_WORD.sub("", "".join(c for c in plain if not unicodedata.combining(c)))


def columns_of(header: Sequence[str]) -> Columns | None:
    """None when no column is named for a phone number. InvalidInput when one is named twice."""
    names = [folded(cell) for cell in header]
    phone, time_zone, *values = (_place(header, names, places) for places in _PLACES)
    if phone is None:
        return None
    taken = {phone, time_zone, *values}
    others = [(at, cell) for at, cell in enumerate(header) if at not in taken]
    return Columns(len(header), phone, tuple(values), time_zone, _named(others), shown(header[phone].strip()))


def no_phone(header: Sequence[str], where: str) -> InvalidInput:
    """Names what was found instead."""
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
