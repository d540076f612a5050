"""Sent rows → a chunk that is ready to be inserted: numbers in E.164, fields checked, repeats and failed rows apart.

All of it happens by columns: a regular expression over all numbers, one look at all names. Only rows in which something
may be wrong are checked one by one, by the function that checks a single contact. A million ordinary rows take about a
second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import msgspec

from tongdai.contacts.columns import (
    NO_ATTRIBUTES,
    NewContacts,
    attribute_lines,
    column,
    lines_of,
    optional_column,
    own_zones,
    zone_places,
)
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.model import MAX_ATTRIBUTES, Scalar
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.countries import country_of
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.contacts.numbers.time_zones import common_zone, is_zone, zone_of
from tongdai.contacts.validation import Problem, check
from tongdai.errors import InvalidInput
from tongdai.files.number_cells import (
    Unreadable,
    is_rounded,
    may_be_rounded,
    reference_text,
    why_rounded,
    why_unreadable,
)
from tongdai.imports import chunk
from tongdai.imports.chunk import Chunk, Sent
from tongdai.imports.readers.merge import ProblemRow, merged
from tongdai.imports.readers.sent_rows import SentRows
from tongdai.text import has_control

CHUNK_BYTES = 4 * 1024 * 1024
"""Rows that hold more are stored as several chunks: whoever imports one has it in memory as a whole."""
_ANY = 2 * 1024 * 1024
_ROW = 8 * 1024
"""Bytes; a contact at its limits has no more."""
_MIB = 1024 * 1024
_OBJECT, _LIST = '":{', '":['
"""The beginnings, in JSON, of an attribute that is an object or a list."""


def prepared(sent: SentRows, country: str, last: int, *, updates: bool = False) -> Iterator[Chunk]:
    """The chunks of some rows, the last of which is row `last` of the file. Numbers are read in `country`.

    `updates`: rows update the contact of an earlier row of their number (merge.py); otherwise they add nothing to it.

    Raises InvalidInput when they hold more than contacts can.
    """
    attributes = None if sent.attributes is None else attribute_lines(sent.attributes)
    weight = _weight(sent, attributes)
    if weight > max(_ANY, _ROW * len(sent)):
        raise InvalidInput(f"Rows {last - len(sent) + 1} to {last} hold {weight // _MIB} MB: are they contacts?")
    if weight > CHUNK_BYTES:
        half = len(sent) // 2
        yield from prepared(sent.part(0, half), country, last - len(sent) + half, updates=updates)
        yield from prepared(sent.part(half, len(sent)), country, last, updates=updates)
    else:
        yield _prepared(sent, attributes, country, updates)


def _weight(sent: SentRows, attributes: str | None) -> int:
    """About as many bytes as the rows have in UTF-8: other characters than ASCII count as one."""
    columns = (sent.phones, *sent.values, sent.time_zones)
    cells = sum(_length(values) for values in columns if values is not None)
    return cells + (0 if attributes is None else len(attributes))


def _length(values: Sequence[Any]) -> int:
    if _only(values, str):
        return sum(map(len, values))
    return sum(len(value) for value in values if isinstance(value, str))


def _prepared(sent: SentRows, attributes: str | None, country: str, updates: bool) -> Chunk:
    numbers: list[Any] | None
    sent, numbers = _with_numbers(_as_texts(sent), country)
    if sent.others is not None:
        attributes = None if sent.attributes is None else attribute_lines(sent.attributes)
    attribute_column = None if attributes is None else lines_of(attributes)
    problems = _problems(sent, numbers, attribute_column)
    repeats = _repeats(numbers, problems)
    if updates and repeats:
        sent, problems = _merged(sent, problems, repeats)
        failed = {row for row, _, _ in problems}
        repeats = [(row, place) for row, place in repeats if row not in failed]
        attribute_column = None if sent.attributes is None else lines_of(attribute_lines(sent.attributes))
    values: Sequence[Sequence[Any] | None] = sent.values
    zones: Sequence[Any] | None = sent.time_zones
    if problems or repeats:
        left_out = {row for row, _, _ in problems}.union(row for row, _ in repeats)
        kept = [row not in left_out for row in range(len(sent))]
        numbers, attribute_column, zones, *values = (
            None if cells is None else list(compress(cells, kept))
            for cells in (numbers, attribute_column, zones, *values)
        )
        assert numbers is not None
    different, places = _zones(numbers, zones)
    if attribute_column is not None and attribute_column.count(NO_ATTRIBUTES) == len(attribute_column):
        attribute_column = None
    contacts = NewContacts(
        len(numbers),
        column(numbers).replace("+", ""),
        [None if texts is None else optional_column(texts) for texts in values],
        None if attribute_column is None else column(attribute_column),
        different,
        places,
        None if zones is None else own_zones(zones),
    )
    said = Sent(
        _as_sent(sent.phones),
        None if sent.external_ids is None else _as_sent(sent.external_ids),
        problems,
        repeats,
        chunk.kept_originals(map(sent.original, [row for row, _, _ in problems]))
        if sent.original and problems
        else None,
        sent.table,
    )
    return chunk.encode(len(sent), contacts, said)


def _as_texts(sent: SentRows) -> SentRows:
    """The rows with texts where a field may have integers."""
    values = [
        values if values is None or not field.text.integers else _references(values)
        for field, values in zip(FIELDS, sent.values, strict=True)
    ]
    return replace(sent, values=values)


def _references(values: Sequence[Scalar]) -> Sequence[Scalar]:
    texts = values if _only(values, str) else list(map(_digits, values))
    if not may_be_rounded(_joined(texts)):
        return texts
    return [reference_text(text) if isinstance(text, str) else text for text in texts]


def _joined(values: Sequence[Any]) -> str:
    return "".join(values if _only(values, str) else [value for value in values if isinstance(value, str)])


def _digits(value: Scalar) -> Scalar:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _with_numbers(sent: SentRows, country: str) -> tuple[SentRows, list[str | NumberFault]]:
    """The rows with the text that each one's number is read from, and that number in E.164, or a NumberFault.

    It is from the first column that has a usable one. A text of the clearest column that has none, such as `ask Lan`,
    becomes an attribute; other columns of numbers are attributes already.
    """
    numbers = _numbers(sent.phones, sent.countries, country)
    if sent.others is None:
        return sent, numbers
    clearest, *_ = found_in = sent.others.detected
    clearest.numbers = (clearest.numbers or 0) + len(numbers)
    left = [row for row, number in enumerate(numbers) if isinstance(number, NumberFault)]
    if not left:
        return sent, numbers
    phones = list(sent.phones)
    unread: dict[int, Scalar] = {}
    for texts, detected in zip(sent.others.columns, found_in[1:], strict=True):
        countries = None if sent.countries is None else [sent.countries[row] for row in left]
        found = _numbers([texts[row] for row in left], countries, country)
        for row, number in zip(left, found, strict=True):
            # Without a usable number, a row says the first one that it has.
            if isinstance(number, NumberFault) and (texts[row] is None or phones[row] is not None):
                continue
            if phones[row] is not None and row not in unread:
                unread[row] = phones[row]
            phones[row], numbers[row] = texts[row], number
            detected.numbers = (detected.numbers or 0) + 1
            clearest.numbers -= 1
        left = [row for row in left if isinstance(numbers[row], NumberFault)]
    return replace(sent, phones=phones, attributes=_with_unread(sent.attributes, unread, clearest.column)), numbers


def _with_unread(
    attributes: Sequence[object] | None, unread: Mapping[int, Scalar], name: str
) -> Sequence[object] | None:
    if not unread:
        return attributes
    assert attributes is not None, "other columns of numbers are attributes"
    merged = list(attributes)
    for row, text in unread.items():
        merged[row] = {name: text} | (msgspec.to_builtins(merged[row]) or {})
    return merged


def _numbers(phones: Sequence[Scalar], countries: Sequence[Scalar] | None, country: str) -> list[str | NumberFault]:
    """In E.164, or a NumberFault. A JSON number is read as its digits, what is no text as the empty text."""
    texts: Sequence[str] = phones if _only(phones, str) else list(map(_as_text, phones))  # pyright: ignore[reportAssignmentType]
    if countries is None:
        return phone.normalise_all(texts, country)
    codes = {text: country_of(text) or country for text in set(countries) if isinstance(text, str)}
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(countries):
        rows.setdefault(codes.get(text, country) if isinstance(text, str) else country, []).append(row)
    numbers: dict[int, str | NumberFault] = {}
    for own, places in rows.items():
        numbers.update(zip(places, phone.normalise_all([texts[row] for row in places], own), strict=True))
    return [numbers[row] for row in range(len(texts))]


def _as_text(value: Scalar) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _problems(
    sent: SentRows, numbers: Sequence[str | NumberFault], attributes: Sequence[str] | None
) -> list[ProblemRow]:
    """Row, code and message of the first thing that is wrong, for the rows that fail, in their order."""
    suspects: set[int] = set()
    if not _only(numbers, str):
        suspects.update(row for row, number in enumerate(numbers) if isinstance(number, NumberFault))
    for field, values in zip(FIELDS, sent.values, strict=True):
        suspects.update(_suspect_texts(values, field.text.max_length))
    suspects.update(_suspect_attributes(attributes))
    suspects.update(_suspect_zones(sent.time_zones))
    rounded = _rounded(sent)
    suspects.update(rounded)
    if not suspects:
        return []
    found: list[ProblemRow] = []
    for row in sorted(suspects):
        number = numbers[row]
        problem = check(
            lambda _, number=number: number,
            _as_text(sent.phones[row]),
            [None if values is None else values[row] for values in sent.values],
            None if sent.attributes is None else msgspec.to_builtins(sent.attributes[row]),
            None if sent.time_zones is None else sent.time_zones[row],
        )
        if isinstance(problem, Problem):
            found.append((row, *_explained(problem, number, sent.phones[row])))
        elif row in rounded:
            found.append((row, Unreadable.ROUNDED, rounded[row]))
    return found


def _rounded(sent: SentRows) -> dict[int, str]:
    """Rows with a reference that a spreadsheet has rounded, which several people may share, and the messages."""
    found: dict[int, str] = {}
    for field, values in zip(FIELDS, sent.values, strict=True):
        if values is not None and field.text.integers and may_be_rounded(_joined(values)):
            for row, value in enumerate(values):
                if isinstance(value, str) and is_rounded(value):
                    found[row] = f"{field.text.wire} {why_rounded(value)}"
    return found


def _explained(problem: Problem, number: str | NumberFault, sent: Scalar) -> tuple[str, str]:
    """Code and message of a problem; of a text that is no number, what it is instead."""
    unread = number in {NumberFault.NOT_A_NUMBER, NumberFault.TOO_LONG}
    why = why_unreadable(sent) if unread and isinstance(sent, str) else None
    return (problem.code, str(problem)) if why is None else (why[0], f"{problem.field} {why[1]}")


def _suspect_texts(values: Sequence[Any] | None, max_length: int) -> Iterable[int]:
    """Rows whose text may be none that a contact can have."""
    if values is None:
        return ()
    texts = values if _only(values, str) else [text for text in values if text is not None]
    if not texts:
        return ()
    if _only(texts, str) and max(map(len, texts)) <= max_length and "".join(texts).isprintable():
        return ()
    return [
        row
        for row, text in enumerate(values)
        if text is not None and (not isinstance(text, str) or len(text) > max_length or has_control(text))
    ]


def _suspect_attributes(lines: Sequence[str] | None) -> Iterable[int]:
    """Rows whose attributes may be none that a contact can have: JSON writes control characters with a backslash."""
    if lines is None:
        return ()
    joined = "".join(lines)
    # A character is at most four bytes.
    flat = _OBJECT not in joined and _LIST not in joined
    if flat and max(map(len, lines)) <= MAX_ATTRIBUTES // 4 and "\\" not in joined and joined.isprintable():
        return ()
    return [
        row
        for row, line in enumerate(lines)
        if len(line) > MAX_ATTRIBUTES // 4 or "\\" in line or _OBJECT in line or _LIST in line or not line.isprintable()
    ]


def _suspect_zones(values: Sequence[Any] | None) -> Iterable[int]:
    if values is None:
        return ()
    wrong = {value for value in set(values) if value is not None and not (isinstance(value, str) and is_zone(value))}
    return [row for row, value in enumerate(values) if value in wrong] if wrong else ()


def _repeats(numbers: Sequence[str], problems: Sequence[ProblemRow]) -> list[tuple[int, int]]:
    """Row and place of its contact among those inserted, for the rows whose number an earlier row has."""
    failed = {row for row, _, _ in problems}
    if len(set(numbers)) == len(numbers):
        return []
    places: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    for row, number in enumerate(numbers):
        if row not in failed:
            new = len(places)
            place = places.setdefault(number, new)
            if place != new:
                found.append((row, place))
    return found


def _merged(
    sent: SentRows, problems: list[ProblemRow], repeats: list[tuple[int, int]]
) -> tuple[SentRows, list[ProblemRow]]:
    left_out = {row for row, _, _ in problems}.union(row for row, _ in repeats)
    firsts = [row for row in range(len(sent)) if row not in left_out]
    merged_rows, failed = merged(sent, repeats, firsts)
    return merged_rows, sorted([*problems, *failed])


def _zones(numbers: Sequence[str], given: Sequence[str | None] | None) -> tuple[list[str], str | None]:
    """The different zones, and which each contact is in; None: all are in one."""
    if given is None or given.count(None) == len(given):
        common = common_zone(numbers)
        if common is not None:
            return [common], None
        zones = list(map(zone_of, numbers))
    else:
        zones = [own or zone_of(number) for own, number in zip(given, numbers, strict=True)]
    different = sorted(set(zones)) or [""]
    return different, None if len(different) == 1 else column(list(zone_places(zones, different)))


def _as_sent(values: Sequence[Any]) -> list[str | None]:
    if _only(values, str) and max(map(len, values)) <= chunk.LONGEST:
        return list(values)
    return list(map(chunk.as_sent, values))


def _only(values: Iterable[object], kind: type) -> bool:
    """Whether all are of that very kind: a NumberFault is text of another."""
    return set(map(type, values)) <= {kind}
