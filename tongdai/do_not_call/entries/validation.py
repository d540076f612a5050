"""Validates do-not-call entries, from JSON and from files alike. Pure.

A row is listed if a number can be read in it, whatever else is wrong with it: an expiry that cannot be read is none, a
reason is cut. What was not taken as sent becomes a warning. A row fails when no number can be read in it, or when its
entry has ended already.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import MAX_TEXT, NumberFault
from tongdai.do_not_call.entries.expiry import UNREADABLE, Expiry, read_expiry
from tongdai.do_not_call.entries.numbers_in import numbers_in
from tongdai.do_not_call.model import MAX_REASON, InvalidRow, NewEntries, NewEntry, as_columns
from tongdai.errors import shown
from tongdai.files.number_cells import Unreadable, why_unreadable
from tongdai.text import has_control, without_control

ENDED = (
    "expiresAt must be an instant to come, with its offset from UTC: 2030-01-31T17:00:00+07:00, or a day: 2030-01-31"
)
MISSING = "phoneNumber is missing"
SEVERAL = " ; "
"""Between numbers that a row has in columns of their own."""


class Sent(NamedTuple):
    """A number as sent, with its reason and expiry unless empty."""

    phone: str | None
    """May hold several numbers."""
    reason: str | None = None
    expires_at: str | None = None
    area: str | None = None
    """Digits that a file has in a column of their own before the number."""


class RowContext(NamedTuple):
    """The country, zone and time by which the rows of a tenant are read."""

    country: str
    """Numbers without a country code are numbers of it."""
    zone: ZoneInfo
    """The days of expiries end in it."""
    now: datetime


class Checked(NamedTuple):
    entries: NewEntries
    """Sorted by number. Of several rows with one number the last wins."""
    numbers: int
    """Numbers read, repeats included."""
    failed: int
    """Rows that cannot be entries."""
    warned: int
    """Warnings for rows that are listed otherwise than they say."""
    invalid: list[InvalidRow]
    """The failed rows, or the first of them; likewise below."""
    warnings: list[InvalidRow]
    in_two_countries: bool
    """Whether area code and number of a row were listed as numbers of two countries."""


def note_of_two_countries(country: str) -> str:
    read = "Area codes and numbers are read as numbers of the United States"
    return f"{read}; those that may also be numbers of {country} are listed as both"


def check_all(rows: Sequence[Sent], context: RowContext, first: int = 1) -> Checked:
    """Check rows, of which the first has the number `first`."""
    found: dict[str, NewEntry] = {}
    invalid: list[InvalidRow] = []
    warnings: list[InvalidRow] = []
    total, in_two_countries = 0, False
    for row, sent, numbers in zip(count(first), rows, _numbers(rows, context.country), strict=False):
        as_sent = None if sent.phone is None else sent.phone[:MAX_TEXT]
        if isinstance(numbers, str):
            invalid.append(InvalidRow(row, as_sent, numbers))
            continue
        expires_at = read_expiry(sent.expires_at, context.zone)
        if isinstance(expires_at, datetime) and expires_at <= context.now:
            invalid.append(InvalidRow(row, as_sent, ENDED))
            continue
        reason = _reason(sent.reason)
        total += len(numbers.found)
        in_two_countries = in_two_countries or (sent.area is not None and len(numbers.found) > 1)
        found |= {
            number: NewEntry(number, reason, expires_at if isinstance(expires_at, datetime) else None)
            for number in numbers.found
        }
        warnings += [InvalidRow(row, as_sent, text) for text in _warnings(sent, numbers, reason, expires_at)]
    entries = as_columns(sorted(found.values()))
    return Checked(entries, total, len(invalid), len(warnings), invalid, warnings, in_two_countries)


class _Numbers(NamedTuple):
    found: list[str]
    as_sent: bool
    """Whether the text is one number, and nothing else."""


def _numbers(rows: Sequence[Sent], country: str) -> Iterator[_Numbers | str]:
    """The numbers of each row, or why it has none."""
    read = phone.normaliser(country)
    whole = phone.normalise_all([row.phone or "" for row in rows], country)
    for sent, number in zip(rows, whole, strict=True):
        if not (sent.phone or "").strip():
            yield MISSING
        elif sent.area is not None and (joined := _joined(sent, number, country)):
            yield _Numbers(joined, True)
        elif not isinstance(number, NumberFault):
            yield _Numbers([number], True)
        elif several := numbers_in(sent.phone or "", read):
            each = map(read, (sent.phone or "").split(SEVERAL))
            yield _Numbers(several, not any(isinstance(one, NumberFault) for one in each))
        else:
            yield f"phoneNumber {_why(sent.phone or '', number)}"


def _why(text: str, fault: NumberFault) -> str:
    found = why_unreadable(text)
    return fault.message if found is None or found[0] is Unreadable.SEVERAL_NUMBERS else found[1]


def _joined(sent: Sent, alone: str | NumberFault, country: str) -> list[str]:
    """The numbers that a row with an area code may mean; empty when none is one.

    Three digits and seven are also read as the registry of the United States writes numbers.
    """
    area, rest = sent.area or "", sent.phone or ""
    found = [alone, phone.normalise(area + rest, country)]
    if (len(area), len(rest)) == (3, 7):
        found.append(phone.normalise(f"+1{area}{rest}", country))
    return list(dict.fromkeys(number for number in found if not isinstance(number, NumberFault)))


def _reason(text: str | None) -> str | None:
    return None if text is None else without_control(text)[:MAX_REASON] or None


def _warnings(sent: Sent, numbers: _Numbers, reason: str | None, expires_at: datetime | Expiry | None) -> Iterator[str]:
    if not numbers.as_sent:
        yield f"listed as {', '.join(numbers.found)}"
    if expires_at is UNREADABLE:
        yield f"expiresAt {shown(sent.expires_at)} cannot be read: listed without end"
    if sent.reason is not None and len(sent.reason) > MAX_REASON:
        yield f"reason must have at most {MAX_REASON} characters, not {len(sent.reason)}: cut"
    if sent.reason is not None and has_control(sent.reason):
        yield "reason must not contain control characters: they are spaces"
