"""Numbers as carriers and people write them, and which called number a written one is. Pure.

| written         | read as                                                                     |
|-----------------|-----------------------------------------------------------------------------|
| `+842873001234` | E.164                                                                       |
| `842873001234`  | E.164 without its plus, or a national number                                |
| `00842873001234`| E.164 after the international prefix                                        |
| `02873001234`   | the national form of a number, whatever its country: each number has its own |
| `1234`          | the last digits of a number of the trunk by which the call came              |

A text that fits numbers of two tenants fits none. Last digits count only where no whole number fits, and only if they
are those of one number of that trunk: what a trunk carries is known, what is called elsewhere is not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from phonenumbers.phonenumberutil import format_number, normalize_digits_only

from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.numbers.model import CalledNumber

MAX_CALLED = 32
"""Characters of a called text; a longer one is no number."""
LEAST_LAST_DIGITS = 3
"""Fewer last digits name no number: two are as likely part of a code that the carrier adds."""
_CALLED = re.compile(r"(?P<plus>\+?)(?P<digits>[0-9]{1,20})", re.ASCII)
_E164 = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_FOREIGN = "00"


@dataclass(frozen=True, slots=True)
class Written:
    """The numbers that a called text may be."""

    number: int | None
    """E.164 without the `+`; None: it is none."""
    national: str | None
    """A national form; None: it is none."""

    @property
    def last_digits(self) -> str | None:
        """The digits, where they may be the last ones of a number."""
        return self.national if self.national is not None and len(self.national) >= LEAST_LAST_DIGITS else None


def written(called: str) -> Written | None:
    """Read a called text; None: it is no number."""
    found = _CALLED.fullmatch(called) if len(called) <= MAX_CALLED else None
    if found is None:
        return None
    digits = found["digits"]
    if found["plus"]:
        number = _e164(digits)
        return None if number is None else Written(number, None)
    return Written(_e164(digits.removeprefix(_FOREIGN)), digits)


def _e164(digits: str) -> int | None:
    return int(digits) if _E164.fullmatch(digits) else None


def forms(number: int, national: str) -> tuple[str, ...]:
    """The ways in which a queue's number may be written that is this one."""
    return (f"+{number}", str(number), f"{_FOREIGN}{number}", national)


class Undecided(Enum):
    """Why a called text is no tenant's."""

    UNKNOWN = auto()
    AMBIGUOUS = auto()


def choose(text: Written, found: Sequence[CalledNumber]) -> CalledNumber | Undecided:
    """The number that a called text is, of those that it fits as a whole."""
    if not found:
        return Undecided.UNKNOWN
    if len({one.tenant_id for one in found}) > 1:
        return Undecided.AMBIGUOUS
    # Of one tenant: the international reading comes first, as a carrier that sends it sends it for every number.
    exact = [one for one in found if one.number == text.number]
    chosen = exact or found
    return chosen[0] if len(chosen) == 1 else Undecided.AMBIGUOUS


def choose_by_last_digits(found: Sequence[CalledNumber]) -> CalledNumber | Undecided:
    """The one number of a trunk that ends in the digits called."""
    if not found:
        return Undecided.UNKNOWN
    return found[0] if len(found) == 1 else Undecided.AMBIGUOUS


def read(text: str, country: str) -> int | NumberFault:
    """A tenant's own number as people write it, read in their country; without the `+`.

    Unlike a number to call it may be a premium-rate or short one: hotlines are. With a `+` it need not be in the
    numbering plan that this release knows.
    """
    number = phone.normalise(text, country)
    if not isinstance(number, NumberFault):
        return int(number.removeprefix("+"))
    if number in {NumberFault.NOT_A_NUMBER, NumberFault.TOO_LONG, NumberFault.UNKNOWN_COUNTRY}:
        return number
    written_with_plus = text.lstrip().startswith("+")
    if not written_with_plus and number not in {NumberFault.PREMIUM, NumberFault.SHORT_NUMBER}:
        return number
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException:
        return number
    return int(format_number(parsed, PhoneNumberFormat.E164).removeprefix("+"))


def national(number: int) -> str:
    """The digits of a number as it is dialled within its country."""
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except NumberParseException:
        return str(number)
    return normalize_digits_only(format_number(parsed, PhoneNumberFormat.NATIONAL)) or str(number)


def masked(called: str) -> str:
    """A called text for logs: its last digits alone."""
    return f"…{called[-LEAST_LAST_DIGITS:]}" if len(called) > 2 * LEAST_LAST_DIGITS else "…"
