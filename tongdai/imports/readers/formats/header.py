"""The columns of a header: a contact's numbers, name, reference, zone and country, and the names of the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tongdai.contacts.fields import FIELDS, index_of
from tongdai.errors import InvalidInput, shown
from tongdai.files.cells import clean_name
from tongdai.files.detected import FAILED_COLUMNS, NAME_SHOWN, DetectedColumn, Use, column_name
from tongdai.files.header import no_number, number_name
from tongdai.imports.readers.formats.given_uses import GivenUses
from tongdai.text import normalised

SHOWN_COLUMNS = 12
"""Column names that a message lists."""

# Normalized names, in order of precedence: of several that a header has, the first is used and the others become
# attributes.
_COUNTRY = """
    country countrycode phonecode phonecountry phonecountrycode callingcode countrycallingcode dialcode dialingcode
    quocgia maquocgia manuoc
"""
_VIETNAMESE_FAMILY = "ho hodem holot hovadem hovalot hovatendem hovatenlot hotendem hotenlot"
"""Names of a column for the family name where that is written first."""
_NAME_PARTS = (
    f"{_VIETNAMESE_FAMILY} lastname surname familyname",
    "tendem tenlot middlename middleinitial",
    "firstname givenname forename",
)
"""The family name, the middle name, the given name."""
_GIVEN = frozenset(("ten", "name"))
"""Names of a column for the whole name, or for the given name where there is one for the family name."""


def _ranks(names: str) -> Mapping[str, int]:
    return {name: rank for rank, name in enumerate(names.split())}


_TIME_ZONE_RANKS = _ranks("timezone muigio")
_COUNTRY_RANKS = _ranks(_COUNTRY)
_FIELD_RANKS = tuple(_ranks(field.text.headers) for field in FIELDS)
_PART_RANKS = tuple(map(_ranks, _NAME_PARTS))
_FAILED = frozenset(map(str.casefold, FAILED_COLUMNS))
_NAME = index_of("name")
_NONE = GivenUses()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands, from 0."""

    names: tuple[str, ...]
    """All of them: a name for each column."""
    phones: tuple[int, ...]
    """The clearest first, which is no attribute."""
    values: tuple[tuple[int, ...], ...]
    """Places of FIELDS, empty for none; the texts of several are joined by spaces."""
    fallbacks: tuple[tuple[tuple[int, ...], ...], ...]
    """Further places of each of FIELDS, for rows that have nothing in the ones before: only in a file of failed rows,
    where sheets may have named a field otherwise. They are attributes, too."""
    time_zone: int | None
    country: int | None
    attributes: tuple[tuple[int, str], ...]
    """The other columns and their names, all different; the country's and the other numbers' are among them."""
    ignored: tuple[int, ...]
    """Columns that a file of failed rows has beside the row."""
    left_out: tuple[int, ...] = ()
    """Columns that the client has ignored by hand; a failed row keeps them."""

    @property
    def width(self) -> int:
        return len(self.names)

    def detected(self) -> list[DetectedColumn]:
        """The columns and what they are used for, in their order."""
        uses: dict[int, str] = dict.fromkeys((*self.ignored, *self.left_out), Use.IGNORED)
        uses |= {at: field.text.wire for field in FIELDS for at in self.values[field.index]}
        uses |= dict.fromkeys(self.phones, Use.PHONE)
        for at, use in ((self.time_zone, Use.TIME_ZONE), (self.country, Use.COUNTRY)):
            if at is not None:
                uses[at] = use
        counted = self.phones if len(self.phones) > 1 else ()
        return [
            DetectedColumn(name[:NAME_SHOWN], uses.get(at, Use.ATTRIBUTE), 0 if at in counted else None)
            for at, name in enumerate(self.names)
        ]

    def notes(self) -> Iterator[str]:
        """Sentences about columns that share a field."""
        if len(self.phones) > 1:
            order = ", ".join(shown(self.names[at])[:NAME_SHOWN] for at in self.phones)
            yield f"A row has the number of the first of these columns that has a usable one: {order}"


def find_columns(header: Sequence[str], given: GivenUses = _NONE, *, any_kind: bool = False) -> Columns | None:
    """Find the columns by their names, and by the uses that the client names.

    None without one for phone numbers, unless columns of `any_kind` are found.

    InvalidInput when a name stands twice.
    """
    cells = [clean_name(cell) for cell in header]
    by_hand = given.of(cells)
    names = [normalised(cell) if use is None else "" for cell, use in zip(cells, by_hand, strict=True)]
    phones = given.places(cells, Use.PHONE) if Use.PHONE in given.named else _phones(cells, by_hand)
    if not phones and not any_kind:
        return None
    ignored = tuple(at for at, name in enumerate(names) if name in _FAILED)
    place = partial(_place, cells, names, of_sheets=bool(ignored))
    values: list[tuple[int, ...]] = [() if (at := place(ranks)) is None else (at,) for ranks in _FIELD_RANKS]
    parts = tuple(map(place, _PART_RANKS))
    values[_NAME] = _name_places(names, values[_NAME], *parts)
    fallbacks = _fallbacks(names, values, parts) if ignored else ((),) * len(values)
    time_zone, country = map(place, (_TIME_ZONE_RANKS, _COUNTRY_RANKS))
    for field in FIELDS:
        if field.text.wire in given.named:
            values[field.index] = given.places(cells, field.text.wire)
    if Use.TIME_ZONE in given.named:
        time_zone = next(iter(given.places(cells, Use.TIME_ZONE)), None)
    if Use.COUNTRY in given.named:
        country = next(iter(given.places(cells, Use.COUNTRY)), None)
    left_out = given.places(cells, Use.IGNORED)
    taken = {*phones[:1], time_zone, *ignored, *left_out, *(at for places in values for at in places)}
    others = [(at, cell) for at, cell in enumerate(cells) if at not in taken]
    return Columns(
        tuple(cell or column_name(at) for at, cell in enumerate(cells)),
        phones,
        tuple(values),
        fallbacks,
        time_zone,
        country,
        _named(others),
        ignored,
        left_out,
    )


def _phones(cells: Sequence[str], by_hand: Sequence[str | None]) -> tuple[int, ...]:
    """The columns that are named as phone numbers and have no use by hand, the clearest first."""
    free = [at for at, use in enumerate(by_hand) if use is None]
    phones = sorted((named, at) for at in free if (named := number_name(cells[at])) is not None)
    phones[1:] = sorted(phones[1:], key=lambda phone: (phone[0].after_first, phone[1]))
    return tuple(at for _, at in phones)


def no_phone(header: Sequence[str], where: str) -> InvalidInput:
    """The error for a header without a phone number; it lists the columns found."""
    found = ", ".join(shown(cell.strip())[:30] for cell in header[:SHOWN_COLUMNS])
    more = f" and {len(header) - SHOWN_COLUMNS} more" if len(header) > SHOWN_COLUMNS else ""
    return no_number(f"{where} has {shown(found)}{more}")


def _name_places(
    names: list[str], whole: tuple[int, ...], family: int | None, middle: int | None, given: int | None
) -> tuple[int, ...]:
    """The columns that a person's name is in, in the order in which it is written."""
    if whole and family is not None and names[whole[0]] in _GIVEN:
        given, whole = whole[0] if given is None else given, ()
    if whole:
        return whole
    family_first = family is not None and names[family] in _VIETNAMESE_FAMILY.split()
    parts = (family, middle, given) if family_first else (given, middle, family)
    return tuple(at for at in parts if at is not None)


def _fallbacks(
    names: list[str], values: Sequence[tuple[int, ...]], parts: tuple[int | None, ...]
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    found: list[tuple[tuple[int, ...], ...]] = []
    for field, (places, ranks) in enumerate(zip(values, _FIELD_RANKS, strict=True)):
        others = [at for at, name in enumerate(names) if name in ranks and at not in places]
        groups: list[tuple[int, ...]] = []
        if field == _NAME and len(places) == 1:
            given = next((at for at in others if names[at] in _GIVEN), None)
            named = _name_places(names, () if given is None else (given,), *parts)
            groups = [named] if named and named != places else []
        taken = {at for group in groups for at in group}
        found.append((*groups, *((at,) for at in others if at not in taken)))
    return tuple(found)


def _place(header: Sequence[str], names: list[str], ranks: Mapping[str, int], *, of_sheets: bool) -> int | None:
    """The column of the clearest name; `of_sheets`: several of that name are those of different sheets."""
    found = [at for at, name in enumerate(names) if name in ranks]
    if not found:
        return None
    best = min(found, key=lambda at: ranks[names[at]])
    if not of_sheets and len(same := [at for at in found if names[at] == names[best]]) > 1:
        where = " and ".join(str(at + 1) for at in same[:2])
        raise InvalidInput(f"Columns {where} are both named {shown(header[best])}: expected one of that name")
    return best


def _named(columns: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    named: dict[str, int] = {}
    again: dict[str, int] = {}
    for at, header in columns:
        plain = name = header or column_name(at)
        while name in named:
            again[plain] = again.get(plain, 1) + 1
            name = f"{plain} ({again[plain]})"
        named[name] = at
    return tuple((at, name) for name, at in named.items())
