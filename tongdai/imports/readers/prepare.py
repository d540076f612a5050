"""Sent rows → a chunk that is ready to be inserted: numbers in E.164, fields checked, repeats and failed rows apart.

All of it happens by columns: a regular expression over all numbers, one look at all names. Only rows in which something
may be wrong are checked one by one, by the function that checks a single contact. A million ordinary rows take about a
second.
"""

from collections.abc import Iterable, Iterator, Sequence
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
    zone_places,
)
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.model import MAX_ATTRIBUTES
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import Reason
from tongdai.contacts.numbers.time_zones import common_zone, is_zone, zone_of
from tongdai.contacts.validation import Problem, check
from tongdai.errors import InvalidInput
from tongdai.imports import chunk
from tongdai.imports.chunk import Chunk, Sent
from tongdai.imports.readers.sent_rows import SentRows
from tongdai.text import has_control

CHUNK_BYTES = 4 * 1024 * 1024
"""Rows that hold more are stored as several chunks: whoever imports one has it in memory as a whole."""
_ANY = 2 * 1024 * 1024
_ROW = 8 * 1024
"""Bytes; a contact at its limits has no more."""
_MIB = 1024 * 1024


def prepared(sent: SentRows, country: str, last: int) -> Iterator[Chunk]:
    """The chunks of some rows, the last of which is row `last` of the file. Numbers are read in `country`.

    Raises InvalidInput when they hold more than contacts can.
    """
    attributes = None if sent.attributes is None else attribute_lines(sent.attributes)
    weight = _weight(sent, attributes)
    if weight > max(_ANY, _ROW * len(sent)):
        raise InvalidInput(f"Rows {last - len(sent) + 1} to {last} hold {weight // _MIB} MB: are they contacts?")
    if weight > CHUNK_BYTES:
        half = len(sent) // 2
        yield from prepared(sent.part(0, half), country, last - len(sent) + half)
        yield from prepared(sent.part(half, len(sent)), country, last)
    else:
        yield _prepared(sent, attributes, country)


def _weight(sent: SentRows, attributes: str | None) -> int:
    """About as many bytes as the rows have in UTF-8: other characters than ASCII count as one."""
    columns = (sent.phones, *sent.values, sent.time_zones)
    cells = sum(_length(values) for values in columns if values is not None)
    return cells + (0 if attributes is None else len(attributes))


def _length(values: Sequence[Any]) -> int:
    if _only(values, str):
        return sum(map(len, values))
    return sum(len(value) for value in values if isinstance(value, str))


def _prepared(sent: SentRows, attributes: str | None, country: str) -> Chunk:
    numbers: list[Any] | None = _numbers(sent.phones, country)
    attribute_column = None if attributes is None else lines_of(attributes)
    problems = _problems(sent, numbers, attribute_column, country)
    repeats = _repeats(numbers, problems)
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
    )
    said = Sent(
        _as_sent(sent.phones), None if sent.external_ids is None else _as_sent(sent.external_ids), problems, repeats
    )
    return chunk.encode(len(sent), contacts, said)


def _numbers(phones: Sequence[Any], country: str) -> list[Any]:
    """In E.164, or a Reason; what is no text becomes the empty text's."""
    texts = phones if _only(phones, str) else [text if isinstance(text, str) else "" for text in phones]
    return phone.normalise_all(texts, country)


def _problems(
    sent: SentRows, numbers: Sequence[str | Reason], attributes: Sequence[str] | None, country: str
) -> list[tuple[int, str, str]]:
    """Row, code and message of the first thing that is wrong, for the rows that fail, in their order."""
    suspects: set[int] = set()
    if not _only(numbers, str):
        suspects.update(row for row, number in enumerate(numbers) if isinstance(number, Reason))
    for field, values in zip(FIELDS, sent.values, strict=True):
        suspects.update(_suspect_texts(values, field.text.longest))
    suspects.update(_suspect_attributes(attributes))
    suspects.update(_suspect_zones(sent.time_zones))
    if not suspects:
        return []
    normalise = phone.normaliser(country)
    found: list[tuple[int, str, str]] = []
    for row in sorted(suspects):
        problem = check(
            normalise,
            sent.phones[row],
            [None if values is None else values[row] for values in sent.values],
            None if sent.attributes is None else msgspec.to_builtins(sent.attributes[row]),
            None if sent.time_zones is None else sent.time_zones[row],
        )
        if isinstance(problem, Problem):
            found.append((row, problem.code, str(problem)))
    return found


def _suspect_texts(values: Sequence[Any] | None, longest: int) -> Iterable[int]:
    """Rows whose text may be none that a contact can have."""
    if values is None:
        return ()
    texts = values if _only(values, str) else [text for text in values if text is not None]
    if not texts:
        return ()
    if _only(texts, str) and max(map(len, texts)) <= longest and "".join(texts).isprintable():
        return ()
    return [
        row
        for row, text in enumerate(values)
        if text is not None and (not isinstance(text, str) or len(text) > longest or has_control(text))
    ]


def _suspect_attributes(lines: Sequence[str] | None) -> Iterable[int]:
    """Rows whose attributes may be none that a contact can have: JSON writes control characters with a backslash."""
    if lines is None:
        return ()
    joined = "".join(lines)
    # A character is at most four bytes.
    if max(map(len, lines)) <= MAX_ATTRIBUTES // 4 and "\\" not in joined and joined.isprintable():
        return ()
    return [
        row
        for row, line in enumerate(lines)
        if len(line) > MAX_ATTRIBUTES // 4 or "\\" in line or not line.isprintable()
    ]


def _suspect_zones(values: Sequence[Any] | None) -> Iterable[int]:
    if values is None:
        return ()
    wrong = {value for value in set(values) if value is not None and not (isinstance(value, str) and is_zone(value))}
    return [row for row, value in enumerate(values) if value in wrong] if wrong else ()


def _repeats(numbers: Sequence[str], problems: Sequence[tuple[int, str, str]]) -> list[tuple[int, int]]:
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
    """Whether all are of that very kind: a Reason is text of another."""
    return set(map(type, values)) <= {kind}
