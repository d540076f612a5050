"""Phone numbers: as people write them, as they are stored (E.164), as answers show them.

The numbering plans are those of `phonenumbers`. It reads some 20,000 numbers a second, so the ordinary ones, the fixed
and mobile numbers of the tenant's own country, are read by one regular expression built from its metadata.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Self

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.phonenumberutil import format_number, normalize_digits_only

MAX_TEXT = 40  # characters; no way of writing a number needs more
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)  # ISO 3166 codes of those whose numbers are known

# Every Unicode space is a separator, no control character is. Anything else but digits and a leading `+` would end up
# in a dial string (`&PJSIP/1900`, `@host`, `${…}`), so it makes the text no number.
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_SEPARATORS = str.maketrans("+0123456789", "+0123456789", _SPACES + ".-()[]/")  # twice as fast as with misses
_WRITTEN = re.compile(r"\+?[0-9]+")

# Vietnam moved its 11-digit mobile numbers to 10 digits in 2018; lists from before are still about.
_MOVED = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78", "123": "83", "124": "84", "125": "85",
    "127": "81", "129": "82", "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37",
    "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip


class Reason(StrEnum):
    """Why a text is no number to call. Numbers are `str` too: tell them apart by `isinstance(x, Reason)`."""

    message: str  # English, to follow the text: `12 is too short for a phone number`

    def __new__(cls, value: str, message: str) -> Self:
        self = str.__new__(cls, value)
        self._value_, self.message = value, message
        return self

    NOT_A_NUMBER = "not_a_number", "is not a phone number, which has digits, spaces, . - / ( ) [ ] and a leading + only"
    TOO_SHORT = "too_short", "is too short for a phone number"
    TOO_LONG = "too_long", "is too long for a phone number"
    UNKNOWN_COUNTRY = "unknown_country", "has a calling code that no country has"
    NOT_ASSIGNABLE = "not_assignable", "is not a number that its country assigns"
    PREMIUM = "premium", "is a premium-rate number, which is not called"


_REASON_OF_PARSE = {
    NumberParseException.INVALID_COUNTRY_CODE: Reason.UNKNOWN_COUNTRY,
    NumberParseException.TOO_LONG: Reason.TOO_LONG,
}  # of a sign and digits, all else that `parse` finds is that they are too few
_REASON_OF_LENGTH = {
    ValidationResult.TOO_SHORT: Reason.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Reason.TOO_SHORT,  # the area code is missing
    ValidationResult.TOO_LONG: Reason.TOO_LONG,
}


def canonical_country(code: str) -> str | None:
    """`VN` of `vn`; None when the numbers of such a country are not known."""
    upper = code.upper() if code.isascii() else ""
    return upper if upper in COUNTRIES else None


def normalise(text: str, country: str) -> str | Reason:
    """E.164 (`+84901234567`) of a number as people write it, read in `country` (one of COUNTRIES), or why not.

    Digits without `+` are read as dialled within the country: with or without its national prefix, or after its
    international prefix. Only when that gives no number that exists, and they start with the country's own calling
    code, are they read as if `+` were before them: in VN `84901234567` is `+84901234567`, but `841992000` is the
    mobile number `+84841992000`. Premium-rate numbers are refused; toll-free, shared-cost and internet numbers are
    not. Short codes (`113`) are too short. Vietnamese mobile numbers from before 2018 come out as the ones they became.
    """
    return normaliser(country)(text)


@lru_cache(maxsize=256)
def normaliser(country: str) -> Callable[[str], str | Reason]:
    """`normalise` bound to a country, for many numbers."""
    ordinary, prefix = _ordinary(country).fullmatch, f"+{_plan(country).country_code}"

    def read(text: str) -> str | Reason:
        if len(text) > MAX_TEXT:
            return Reason.TOO_LONG
        digits = text if text.lstrip("+").isdecimal() else text.translate(_SEPARATORS)
        if found := ordinary(digits):
            return prefix + found["n"]
        return _read(digits, country, prefix) if _WRITTEN.fullmatch(digits) else Reason.NOT_A_NUMBER

    return read


def shown(e164: str, country: str) -> str:
    """As answers show it: national, digits only (`0901234567`), under the country's own calling code, else E.164."""
    return shower(country)(e164)


def _plan(country: str) -> PhoneMetadata:
    if (plan := PhoneMetadata.metadata_for_region(country)) is None:
        raise ValueError(f"No numbering plan for country {country}")
    return plan


def _plans(code: int | None) -> list[PhoneMetadata]:
    """The plans of the countries with a calling code; the first one's rules are the rules of `+` and of formats."""
    return [_plan(region) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code or 0]]


def _read(digits: str, country: str, prefix: str) -> str | Reason:
    """What `phonenumbers` reads in an optional `+` and digits: nationally, then after the country's own code."""
    number = _parsed(digits, country)
    if not (isinstance(number, Reason) and digits.startswith(prefix[1:])):
        return number
    again = _parsed(f"+{digits}", country)
    return number if isinstance(again, Reason) else again


def _parsed(digits: str, country: str) -> str | Reason:
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        return _REASON_OF_PARSE.get(error.error_type, Reason.TOO_SHORT)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.PREMIUM_RATE:
        return Reason.PREMIUM
    e164 = format_number(number, PhoneNumberFormat.E164)
    if kind != PhoneNumberType.UNKNOWN:
        return e164
    if e164.startswith("+84") and len(e164) == 13 and (new := _MOVED.get(e164[3:6])):
        return f"+84{new}{e164[6:]}"
    return _REASON_OF_LENGTH.get(phonenumbers.is_possible_number_with_reason(number), Reason.NOT_ASSIGNABLE)


def _any(patterns: Iterable[str | None]) -> str:
    """A pattern of any of these; of none it never matches."""
    return f"(?:{'|'.join(p for p in patterns if p) or '(?!)'})"


def _ordinary(country: str) -> re.Pattern[str]:
    """Matches most fixed and mobile numbers that `_read` accepts, and nothing else; `n` is the national part.

    Where the library has to weigh two readings (a start that may be a prefix or part of the number, a number that may
    be another country's with the same calling code) this does not match, and the library decides.
    """
    plan, plans = _plan(country), _plans(_plan(country).country_code)
    code, trunk = plan.country_code, plan.national_prefix_for_parsing or "(?!)"
    if plan.national_prefix_for_parsing != plans[0].national_prefix_for_parsing:
        return re.compile("(?!)")
    kinds = (plan.general_desc, plan.fixed_line, plan.mobile, *(p.premium_rate for p in plans))
    general, fixed, mobile, *premium = [kind and kind.national_number_pattern for kind in kinds]
    idd = _any([plan.international_prefix])
    # The last group of a trunk prefix is set when it rewrites the number. It stands first, since groups count from 1.
    rewrites = f"(?({groups})(?!))" if (groups := re.compile(trunk).groups) else ""
    starts = (
        f"(?!{idd}|{code})(?>{trunk}){rewrites}",
        rf"(?:\+|(?>{idd})){code}(?!{trunk})",
        rf"(?!{idd}|{_any([general])}\Z){code}(?!{trunk})",
        f"(?!{idd}|{code}|{trunk})",
    )
    # A number is of the first country whose leading digits it has.
    others = _any(p.leading_digits for p in plans[: [p.id for p in plans].index(plan.id)])
    where = rf"(?!{others}|{_any(premium)}\Z)(?={plan.leading_digits or ''})(?={_any([general])}\Z)"
    return re.compile(rf"{_any(starts)}{where}(?P<n>{_any([mobile, fixed])})", re.ASCII)


@lru_cache(maxsize=256)
def shower(country: str) -> Callable[[str], str]:
    """`shown` bound to a country, for many numbers."""
    plan = _plans(_plan(country).country_code)[0]
    prefix, formats = f"+{plan.country_code}", plan.number_format
    leads = [_lead(rule) for rule in formats]
    style = re.compile("|".join(_style(rule) for rule in formats)).fullmatch  # group i + 1 is set by formats[i]

    def show(e164: str) -> str:
        if not e164.startswith(prefix):
            return e164
        found = style(digits := e164[len(prefix) :])
        lead = leads[found.lastindex - 1] if found and found.lastindex else ""
        if lead is not None:
            return lead + digits
        return normalize_digits_only(format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL))

    return show


def _style(rule: phonenumbers.NumberFormat) -> str:
    """A pattern of the numbers that a format is for, with an empty group at its end and no other."""
    leading = (rule.leading_digits_pattern or [""])[-1]
    return re.sub(r"\((?!\?)", "(?:", f"(?={leading}){rule.pattern}") + "()"


def _lead(rule: phonenumbers.NumberFormat) -> str | None:
    """The digits a format writes before the number; None when it also moves digits or writes some elsewhere."""
    template = re.sub(r"(\\\d)", rule.national_prefix_formatting_rule or r"\1", rule.format or "", count=1)
    groups = "".join(f"\\{i}" for i in range(1, re.compile(rule.pattern or "").groups + 1))
    lead, found, rest = re.sub(r"[^\d\\]", "", template).partition(groups)
    return lead if found and not rest else None
