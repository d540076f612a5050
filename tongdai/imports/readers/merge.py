"""Rows of a chunk with the same number, where later rows update the contact of the first one. Pure.

The contact is to have what it would have if the rows were imported one by one: of each text the last one, and the
attributes of all, by key the last ones. A row that would make the attributes too long fails.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from tongdai.contacts.model import MAX_ATTRIBUTES
from tongdai.contacts.validation import ContactFault
from tongdai.imports.readers.sent_rows import SentRows

ProblemRow = tuple[int, str, str]
"""Row, code and message."""
_TOO_LONG = (
    f"attributes must have at most {MAX_ATTRIBUTES} bytes of JSON together with those of earlier rows of its number"
)


def merged(
    sent: SentRows, repeats: Sequence[tuple[int, int]], firsts: Sequence[int]
) -> tuple[SentRows, list[ProblemRow]]:
    """The rows, the first one of each number with what those that repeat it add; and the rows that fail.

    `repeats` has rows and the places of their contacts, `firsts` the first row of each place.
    """
    values = [None if column is None else list(column) for column in sent.values]
    zones = None if sent.time_zones is None else list(sent.time_zones)
    attributes: list[object] | None = None if sent.attributes is None else list(sent.attributes)
    problems: list[ProblemRow] = []
    for row, place in repeats:
        first = firsts[place]
        if attributes is not None and attributes[row] is not None:
            both = _object(attributes[first]) | _object(attributes[row])
            if len(msgspec.json.encode(both)) > MAX_ATTRIBUTES:
                problems.append((row, ContactFault.TOO_LONG, _TOO_LONG))
                continue
            attributes[first] = both
        for column in (*values, zones):
            if column is not None and column[row] not in {None, ""}:
                column[first] = column[row]
    return replace(sent, values=values, attributes=attributes, time_zones=zones), problems


def _object(attributes: object) -> dict[str, Any]:
    return msgspec.to_builtins(attributes) or {}
