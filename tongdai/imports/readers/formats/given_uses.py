"""Uses of columns that a client names, instead of those that are detected. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tongdai.contacts.fields import FIELDS
from tongdai.errors import InvalidInput, shown
from tongdai.files.cells import clean_name
from tongdai.files.detected import NAME_SHOWN, Use, column_name
from tongdai.mismatch import UNREADABLE

USES: Final = (Use.PHONE.value, *(field.text.wire for field in FIELDS), *(use.value for use in list(Use)[1:]))
"""Every use that a client may name."""
SEVERAL: Final = frozenset((Use.PHONE.value, "name", Use.ATTRIBUTE.value, Use.IGNORED.value))
"""The uses that more than one column may have: the texts of several names are joined, of numbers the first is used."""


def parsed(text: str) -> tuple[tuple[str, str], ...]:
    """The headings and uses of a parameter, `{"Liên hệ": "phoneNumber"}`; InvalidInput where it is no such object."""
    try:
        found = msgspec.json.decode(text, type=dict[str, str])
    except UNREADABLE:
        raise InvalidInput(
            'columns must be a JSON object of headings and uses, such as {"Contact": "phoneNumber"}, '
            f"not {shown(text)}"
        ) from None
    headings = set[str]()
    for heading, use in found.items():
        if use not in USES:
            raise InvalidInput(f"columns: the use of {shown(heading)} must be of {', '.join(USES)}, not {shown(use)!r}")
        if not as_key(heading):
            raise InvalidInput("columns has an empty heading: name such a column by its place, as `column 4`")
        if as_key(heading) in headings:
            raise InvalidInput(f"columns names {shown(heading)} twice")
        headings.add(as_key(heading))
    return tuple(found.items())


def as_key(heading: str) -> str:
    """A heading as it is compared: as the job shows it, in small letters."""
    return clean_name(heading)[:NAME_SHOWN].casefold()


class GivenUses:
    """The uses that a client names, for the headers of a file."""

    def __init__(self, uses: Iterable[tuple[str, str]] = ()) -> None:
        self._uses = {as_key(heading): use for heading, use in uses}
        self._unseen = {as_key(heading): heading for heading, _ in uses}
        self.named = frozenset(self._uses.values())
        """The uses that some column has by hand: no other one is detected for them."""

    def of(self, header: Sequence[str]) -> list[str | None]:
        """The use of each column; None: it is detected."""
        return [self._uses.get(_key(cell, at)) for at, cell in enumerate(header)]

    def names(self, cells: Sequence[str]) -> bool:
        """Whether a cell is one of the headings."""
        return any(as_key(cell) in self._uses for cell in cells)

    def places(self, header: Sequence[str], use: str) -> tuple[int, ...]:
        """The columns of a use: those of numbers in the order in which the client names them, others in the file's.

        InvalidInput where several columns have a use that one may have.
        """
        found = [at for at, given in enumerate(self.of(header)) if given == use]
        if len(found) > 1 and use not in SEVERAL:
            where = " and ".join(shown(header[at])[:NAME_SHOWN] for at in found[:2])
            raise InvalidInput(f"columns: {where} are both {use}: expected one column of that use")
        if use == Use.PHONE:
            order = {key: rank for rank, key in enumerate(self._uses)}
            found.sort(key=lambda at: order[_key(header[at], at)])
        return tuple(found)

    def seen(self, header: Sequence[str]) -> None:
        """Note the header of a table."""
        for at, cell in enumerate(header):
            self._unseen.pop(_key(cell, at), None)

    def require_seen(self, header: Sequence[str]) -> None:
        """Raise InvalidInput when a heading stands in no header; `header` is the last one."""
        for heading in self._unseen.values():
            there = ", ".join(shown(cell)[:30] for cell in header if cell)
            raise InvalidInput(f"columns: no column is named {shown(heading)}: the header row has {shown(there)}")


def _key(cell: str, at: int) -> str:
    return as_key(cell) or column_name(at)
