"""The header of a file: names of columns that several kinds of files have, and the rows that it is in. Pure.

DANH SÁCH KHÁCH HÀNG                        a title
STT   Khách hàng         Liên hệ            two rows of a header: groups above names,
      Họ tên   Mã KH     Di động   Email    and a name above an empty cell
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tongdai.errors import InvalidInput
from tongdai.files.cells import clean_name
from tongdai.text import normalised

IsHeader = Callable[[Sequence[str]], bool]
"""Whether cells name the columns of such a file. InvalidInput when they name one twice."""

HEADER_WITHIN = 10
"""Rows: titles may stand above the header."""
_NUMBER = re.compile(r"[+0-9 .()/,-]*[0-9]{3}[+0-9 .()/,-]*")
_TITLE = re.compile(r"[0-9]{2}|:")
"""A part of titles, such as a date or `by: …`, that names of groups of columns do not have."""


_PHONE_NAMES = """
    phonenumber phone sodienthoai sdt dienthoai mobile mobilephone mobilenumber mobileno didong sodidong dienthoaididong
    sodienthoaididong dtdd dtdidong sodtdidong sdtdidong phoneno phonenum cellphone
    cell tel telephone telephonenumber telephoneno telno
    phone1value contactnumber msisdn sodt dt sothuebao thuebao sodienthoailienhe solienhe somay sophone
    phone2value phone3value workphone businessphone officephone companyphone homephone landline
    dienthoaicoquan dienthoaicongty dienthoainharieng dienthoainha dienthoaiban dienthoaicodinh
    sdtcoquan sdtnha sdtban dtban dtnha dtcoquan
"""
"""Names of columns of phone numbers as `text.normalised` makes them, the clearest first."""
_CLEARNESS = {name: rank for rank, name in enumerate(_PHONE_NAMES.split())}
_FIRST_OF_PLACES = _CLEARNESS["workphone"]
"""From here on names are of a place, such as home."""
_NUMBERED = {"phone2value": 2, "phone3value": 3}
_MAIN = ("chinh", "main", "primary", "khachhang", "kh", "customer", "client")
_FURTHER = ("khac", "phu", "duphong", "other", "alternative", "alternate", "alt", "secondary", "second", "backup")
_PLAIN = ("lienhe", "lienlac", "contact", "zalo", "batbuoc", "required")
"""Words before or after such a name: whose number it is, which one, or nothing that matters."""
_OTHER_PEOPLE = frozenset((
    *("nguoithan", "nguoinha", "nguoithamchieu", "nguoibaolanh", "vo", "chong", "bome", "bo", "me", "relative"),
    *("spouse", "reference", "guarantor", "emergency", "nvkd", "nhanvien", "nhanvienkinhdoanh", "sale", "sales"),
    *("salesperson", "staff", "agent"),
))  # fmt: skip
"""Names below a group of numbers for people who are not the contact."""
_REVENUE = "dt"
"""It may stand for `doanh thu`, unless it is written with `đ`."""
_DIGITS = re.compile(r"(?<=[a-z])[1-9][0-9]?\Z")


class NumberName(NamedTuple):
    """How a column of phone numbers is named; of several columns the least comes first.

    The second number of a person never comes before the first one, however clear its name is.
    """

    place: int
    """1, or the number that it has above 1; 2 for a name such as `other phone`."""
    level: int
    """0: the name on the wire, 1: it says that it is the main one or the customer's, 2: any other."""
    clearness: int
    """The place of its name among _PHONE_NAMES."""
    digit: int
    """The number in the name; 0 for none."""

    @property
    def after_first(self) -> "NumberName":
        """Its order among the columns after the first one: a phone at home comes after a second phone."""
        return self._replace(place=max(self.place, 2)) if self.clearness >= _FIRST_OF_PLACES else self


def number_name(heading: str) -> NumberName | None:
    """The meaning of a heading for phone numbers; None when it names none."""
    name, digit = normalised(heading), 0
    words: set[str] = set()
    while name not in _CLEARNESS:
        if not digit and (found := _DIGITS.search(name)):
            name, digit = name[: found.start()], int(found[0])
        elif (word := next((word for word in (*_MAIN, *_FURTHER, *_PLAIN) if _has_word(name, word)), None)) is not None:
            name = name.removesuffix(word) if name.endswith(word) else name.removeprefix(word)
            words.add(word)
        else:
            return None
    if words and name == _REVENUE and "đ" not in heading.casefold():
        return None
    place = max(digit, _NUMBERED.get(name, 1), 1 if words.isdisjoint(_FURTHER) else 2)
    clearness = _CLEARNESS[name]
    level = 1 if words.intersection(_MAIN) else 0 if not (clearness or digit or words) else 2
    return NumberName(place, level, clearness, digit if place == 1 else 0)


def no_number(found: str) -> InvalidInput:
    """The error for a header without a column of phone numbers; `found` is what it has."""
    return InvalidInput(
        f"No column is named phoneNumber, phone, số điện thoại or the like: {found}. "
        "Rename the heading of the phone numbers to phoneNumber"
    )


def _has_word(name: str, word: str) -> bool:
    return name != word and (name.startswith(word) or name.endswith(word))


@dataclass(frozen=True, slots=True)
class Header:
    last: int
    """The last row of the header, from 0 among those looked at."""
    names: list[str]
    """A name for each column, empty for none."""


def find_header(rows: Sequence[Sequence[str]], is_header: IsHeader) -> Header | None:
    """Find the header: the first row that has the name of a column that is looked for, with the row that belongs to it.

    Without such a row it is the first one that has two cells, for a message; None when all are empty.
    """
    start = [[clean_name(cell) for cell in row] for row in rows[:HEADER_WITHIN]]
    at = next((at for at in range(len(start)) if _names_columns(start, at, is_header)), None)
    if at is None:
        filled = [at for at, row in enumerate(start) if any(row)]
        several = (at for at in filled if sum(map(bool, start[at])) > 1)
        first = next(several, filled[0] if filled else None)
        return None if first is None else Header(first, start[first])
    below = start[at + 1] if at + 1 < len(start) else []
    if _has_names_below(start[at], below):
        return Header(at + 1, _combined(start[at], below, is_header))
    if _repeats(start[at], below, is_header):
        return Header(at + 1, start[at])
    above = start[at - 1] if at else []
    if _has_groups(above, start[at]):
        return Header(at, _combined(above, start[at], is_header))
    return Header(at, start[at])


def _names_columns(rows: list[list[str]], at: int, is_header: IsHeader) -> bool:
    """Whether a row has a name that is looked for, and is not a row of data below a header that has none."""
    if not any(is_header([cell]) for cell in rows[at]):
        return False
    filled = sum(map(bool, rows[at]))
    return all(sum(map(bool, row)) < filled for row in rows[:at]) or not any(map(_NUMBER.fullmatch, rows[at]))


def _repeats(header: list[str], below: list[str], is_header: IsHeader) -> bool:
    """Whether the next row says the same in another language: it has a name that is looked for where the header has."""
    return any(is_header([name]) and is_header([other]) for name, other in zip(header, below, strict=False))


def _has_groups(above: list[str], header: list[str]) -> bool:
    """Whether the row above a header is part of it, and no title: it names columns that the header does not, or tells
    apart those that it names twice."""
    if sum(map(bool, above)) < 2 or any(_TITLE.search(cell) for cell in above):
        return False
    width = max(len(above), len(header))
    names = [name.casefold() for name in header if name]
    unnamed = any(over and not name for over, name in zip(_padded(above, width), _padded(header, width), strict=True))
    return unnamed or len(set(names)) < len(names)


def _has_names_below(header: list[str], below: list[str]) -> bool:
    """Whether the row below a row of a header belongs to it: all that it has are names, in columns that have none or
    begin a group."""
    filled = [at for at, name in enumerate(below) if name]
    over = _padded(header, len(below))
    free = [at for at in filled if not over[at]]
    begin = [at for at in filled if over[at] and at + 1 < len(below) and not over[at + 1] and below[at + 1]]
    return (
        bool(free)
        and len(free) + len(begin) == len(filled) > 1
        and not any(_NUMBER.fullmatch(below[at]) for at in filled)
    )


def _combined(above: list[str], below: list[str], is_header: IsHeader) -> list[str]:
    """The names of a header of two rows. Of names that several groups have, all but the first follow their group's.

    A name that is looked for is that of its whole group: `home` below `phone` is a phone, and `2` a second one, but
    `relative` is not the contact's.
    """
    width = max(len(above), len(below))
    group, seen = "", Counter[str]()
    names: list[str] = []
    for over, name in zip(_padded(above, width), _padded(below, width), strict=True):
        group = over or group
        seen[name.casefold()] += 1
        if not name:
            names.append(over)
        elif is_header([group]) and not is_header([name]):
            both = f"{group} {name}"
            found = number_name(both)
            tells = found is not None and (found.place > 1 or found.level == 1)
            names.append(both if tells or normalised(name) in _OTHER_PEOPLE else group)
        else:
            names.append(name if seen[name.casefold()] == 1 else f"{group} {name}".strip())
    return names


def _padded(row: list[str], width: int) -> list[str]:
    return row + [""] * (width - len(row))
