"""Phone numbers: as people write them, as they are stored (E.164), as responses show them.

The numbering plans are those of `phonenumbers`. It reads some 20,000 numbers a second, so the ordinary ones, the fixed
and mobile numbers of the tenant's own country, are read by one regular expression built from its metadata: twice as
fast again where it goes over many numbers in one text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Self

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)
from phonenumbers.phonenumberutil import format_number, normalize_digits_only

from tongdai.contacts.numbers import vietnam

MAX_TEXT = 40  # characters; no way of writing a number needs more
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)  # ISO 3166 codes of those whose numbers are known

# Every Unicode space is a separator, no control character is. Anything else but digits and a leading `+` would end up
# in a dial string (`&PJSIP/1900`, `@host`, `${…}`), so it makes the text no number.
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_SEPARATORS = str.maketrans("+0123456789", "+0123456789", _SPACES + ".-()[]/")  # twice as fast as with misses
_NO_BREAK = "\u00a0"
"""The most common space besides the plain one."""
_WRITTEN = re.compile(r"\+?[0-9]+")
_VIETNAM = "+84"
_VIETNAMESE = re.compile(r"(?:(?:\+|00)?840?|0)?(?P<n>[2-8][0-9]{8,9})")

_LONGEST_EMERGENCY = 6  # digits

_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan"),
    "voicemail",
)  # those that make a number exist


class NumberFault(StrEnum):
    """Why a text is no phone number. Numbers are `str` too: tell them apart by `isinstance(x, NumberFault)`."""

    message: str  # English, to follow the text: `12 is too short for a phone number`

    def __new__(cls, value: str, message: str) -> Self:
        self = str.__new__(cls, value)
        self._value_, self.message = value, message
        return self

    NOT_A_NUMBER = "not_a_number", "is not a phone number: it may have digits, spaces, . - / ( ) [ ] and a leading +"
    TOO_SHORT = "too_short", "is too short for a phone number"
    TOO_LONG = "too_long", "is too long for a phone number"
    UNKNOWN_COUNTRY = "unknown_country", "has a calling code of no country"
    NOT_ASSIGNABLE = "not_assignable", "is not in the numbering plan of its country"
    PREMIUM = "premium", "is a premium-rate number: these are never called"
    SHORT_NUMBER = "short_number", "is a short number, such as an emergency number: these are never called"


_REASON_OF_PARSE = {
    NumberParseException.INVALID_COUNTRY_CODE: NumberFault.UNKNOWN_COUNTRY,
    NumberParseException.TOO_LONG: NumberFault.TOO_LONG,
}  # given digits and a sign, any other error means too few digits
_REASON_OF_LENGTH = {
    ValidationResult.TOO_SHORT: NumberFault.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: NumberFault.TOO_SHORT,  # the area code is missing
    ValidationResult.TOO_LONG: NumberFault.TOO_LONG,
}


def canonical_country(code: str) -> str | None:
    """`VN` of `vn`; None when the numbers of such a country are not known."""
    upper = code.upper() if code.isascii() else ""
    return upper if upper in COUNTRIES else None


def normalise(text: str, country: str) -> str | NumberFault:
    """E.164 (`+84901234567`) of a number as people write it, read in `country` (one of COUNTRIES), or why not.

    Digits without `+` are read as dialled within the country: with or without its national prefix, or after its
    international prefix. Only when that gives no number that exists, and they start with the country's own calling
    code, are they read as if `+` were before them: in VN `84901234567` is `+84901234567`, but `841992000` is the
    mobile number `+84841992000`. Premium-rate numbers are refused; toll-free, shared-cost and internet numbers are
    not. Short numbers, of which emergency numbers (`113`) are some, are refused as such when the country has them, as
    too short when another has. Vietnamese numbers from before 2017 and 2018 come out as the ones they became.
    """
    return normaliser(country)(text)


def normalise_all(texts: Sequence[str], country: str) -> list[str | NumberFault]:
    """`normalise` of each text, in their order; of hundreds at a time up to twice as fast."""
    read, lines, prefix = normaliser(country), _lines(country), f"+{_plan(country).country_code}"
    joined = "\n".join(["", *texts, ""])
    if joined.count("\n") != len(texts) + 1 or max(map(len, texts), default=0) > MAX_TEXT:  # a line for each
        joined = "\n".join(["", *(text if len(text) <= MAX_TEXT and "\n" not in text else "" for text in texts), ""])
    if not joined.isascii():  # one such sign makes `translate` slow for all
        joined = joined.replace(_NO_BREAK, " ")
    if not joined.isascii():
        for space in _SPACES[1:]:
            joined = joined.replace(space, " ")
    if not joined.isascii():
        joined = "\n".join([line if line.isascii() else "" for line in joined.split("\n")])
    digits = joined.translate(_SEPARATORS)
    found = lines.findall(digits, 1)
    numbers = [groups[-1] for groups in found] if lines.groups > 1 else found
    if prefix == _VIETNAM and len(digits) != len(joined) and vietnam.may_have_grouped_landline(joined):
        numbers = [
            "" if number[:1] == "8" and _grouped(text) is not None else number
            for number, text in zip(numbers, texts, strict=True)
        ]
    return [prefix + number if number else read(text) for number, text in zip(numbers, texts, strict=True)]


_CALLED_AT_REQUEST = frozenset({
    PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
})  # fmt: skip


def may_be_requested(e164: str, country: str) -> bool:
    """Whether a number may be called because somebody unknown says so: a fixed, mobile or internet number of the
    country itself. Others may cost much, and whoever asks may earn by them; `+1` alone is the code of 25 countries."""
    number = phonenumbers.parse(e164)
    return (
        phonenumbers.number_type(number) in _CALLED_AT_REQUEST
        and phonenumbers.region_code_for_number(number) == country
    )


@lru_cache(maxsize=256)
def normaliser(country: str) -> Callable[[str], str | NumberFault]:
    """`normalise` bound to a country, for many numbers that come one by one."""
    plan = _plan(country)
    prefix = f"+{plan.country_code}"
    ordinary = re.compile(_ordinary(plan, r"\Z"), re.ASCII).fullmatch
    moved = re.compile(_moved(plan, r"\Z"), re.ASCII).fullmatch
    refused, vietnamese, grouped = _refusals(plan), prefix == _VIETNAM, vietnam.GROUPED.fullmatch

    def read(text: str) -> str | NumberFault:
        if len(text) > MAX_TEXT:
            return NumberFault.TOO_LONG
        digits = text if text.lstrip("+").isdecimal() else text.translate(_SEPARATORS)
        if found := ordinary(digits):
            number = found["n"]
            if digits is not text and number[0] == "8" and vietnamese and grouped(text):
                return _grouped(text) or prefix + number
            return prefix + number
        if not _WRITTEN.fullmatch(digits):
            return NumberFault.NOT_A_NUMBER
        if found := moved(digits):
            return _renumbered(prefix + found["n"])
        number = refused(digits) or _read(digits, country, prefix)
        return _as_before(number, digits, text) if vietnamese else number

    return read


def _as_before(number: str | NumberFault, digits: str, text: str) -> str | NumberFault:
    """A number read in Vietnam, or the one that the same digits became in 2017."""
    return (_old_landline(digits) if isinstance(number, NumberFault) else _grouped(text)) or number


@lru_cache(maxsize=256)
def _lines(country: str) -> re.Pattern[str]:
    """Matches a line of a text; its last group is the national part of an ordinary number, empty of all else."""
    return re.compile(_ordinary(_plan(country), "\n") + "|.*\n", re.ASCII)


def formatted(e164: str, country: str) -> str:
    """Write a number as responses show it: national digits (`0901234567`) under the country's own code, else E.164."""
    return formatter(country)(e164)


def _plan(country: str) -> PhoneMetadata:
    if (plan := PhoneMetadata.metadata_for_region(country)) is None:
        raise ValueError(f"No numbering plan for country {country}")
    return plan


def _plans(code: int | None) -> list[PhoneMetadata]:
    """The plans of the countries with a calling code; the first one's rules are the rules of `+` and of formats."""
    return [_plan(region) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code or 0]]


def _read(digits: str, country: str, prefix: str) -> str | NumberFault:
    """Read by `phonenumbers` an optional `+` and digits: nationally, then after the country's own code."""
    if len(digits) <= _LONGEST_EMERGENCY and phonenumbers.is_emergency_number(digits, country):
        return NumberFault.SHORT_NUMBER
    number = _parsed(digits, country)
    if not (isinstance(number, NumberFault) and digits.startswith(prefix[1:])):
        return number
    again = _parsed(f"+{digits}", country)
    return number if isinstance(again, NumberFault) else again


def _parsed(digits: str, country: str) -> str | NumberFault:
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        return _REASON_OF_PARSE.get(error.error_type, NumberFault.TOO_SHORT)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.PREMIUM_RATE:
        return NumberFault.PREMIUM
    e164 = format_number(number, PhoneNumberFormat.E164)
    if kind != PhoneNumberType.UNKNOWN:
        return e164
    if (new := _renumbered(e164)) != e164:
        return new
    if phonenumbers.is_valid_short_number_for_region(number, country):
        return NumberFault.SHORT_NUMBER
    return _REASON_OF_LENGTH.get(phonenumbers.is_possible_number_with_reason(number), NumberFault.NOT_ASSIGNABLE)


def _renumbered(e164: str) -> str:
    """Return what a Vietnamese number from before became, when that is a number today; any other as it is."""
    if (new := vietnam.new_mobile(e164)) is not None:
        return new
    return _landline(vietnam.new_landline(e164)) or e164


def _old_landline(digits: str) -> str | None:
    """The landline that digits, which are no number today, became in Vietnam; None: they are none of before either."""
    found = _VIETNAMESE.fullmatch(digits)
    return None if found is None else _landline(vietnam.new_landline(f"{_VIETNAM}{found['n']}"))


def _grouped(text: str) -> str | None:
    """The landline that Vietnamese digits are by how they are grouped, when it is a number today."""
    found = vietnam.GROUPED.fullmatch(text)
    return None if found is None else _landline(vietnam.grouped_landline(found))


def _landline(e164: str | None) -> str | None:
    """A Vietnamese number when it is a landline today."""
    return e164 if e164 is not None and _landlines()(e164.removeprefix(_VIETNAM)) else None


@lru_cache(maxsize=1)
def _landlines() -> Callable[[str], object]:
    return re.compile(_any(_patterns(_plan("VN"), "fixed_line")), re.ASCII).fullmatch


def _any(patterns: Iterable[str | None]) -> str:
    """A pattern of any of these; of none it never matches."""
    return f"(?:{'|'.join(p for p in patterns if p) or '(?!)'})"


def _patterns(plan: PhoneMetadata, *kinds: str) -> list[str | None]:
    """The patterns of national numbers of these kinds (`mobile`); none of kinds that the country does not have."""
    found: list[PhoneNumberDesc | None] = [getattr(plan, kind) for kind in kinds]
    return [kind and kind.national_number_pattern for kind in found]


def _ordinary(plan: PhoneMetadata, end: str) -> str:
    """Matches most fixed and mobile numbers that `_read` accepts, and nothing else."""
    premium = (pattern for p in _plans(plan.country_code) for pattern in _patterns(p, "premium_rate"))
    return _pattern(plan, _any(_patterns(plan, "mobile", "fixed_line")), _any(premium), end)


def _moved(plan: PhoneMetadata, end: str) -> str:
    """Matches most Vietnamese mobile numbers from before 2018, in Vietnam; nothing that a number has today."""
    if f"+{plan.country_code}" != _VIETNAM:
        return "(?!)"
    return _pattern(plan, vietnam.OLD_MOBILE, _any(_patterns(plan, *_KINDS)), end)


def _lengths(desc: PhoneNumberDesc | None, *, local: bool = False) -> set[int]:
    """The lengths in digits of numbers of a kind; `local`: only without area code. The library's -1 means none."""
    if desc is None:
        return set()
    return {length for length in (desc.possible_length_local_only if local else desc.possible_length) if length > 0}


def _refusals(plan: PhoneMetadata) -> Callable[[str], NumberFault | None]:
    """Why digits that are no number of the country are refused, when that is the same whichever way they are read.

    None of those that may be a number, be it a short one, and of all when the country shares its calling code.
    """
    code, trunk = plan.country_code, plan.national_prefix_for_parsing or "(?!)"
    general, idd = _any(_patterns(plan, "general_desc")), _any([plan.international_prefix])
    rewrites = f"(?({groups + 1})(?!))" if (groups := re.compile(trunk).groups) else ""
    short = PhoneMetadata.short_metadata_for_region(plan.id)
    rest = rf"(?!{general}\Z)[0-9]{{{1 + max(_lengths(short and short.general_desc), default=2)},}}"
    national = rf"(?!{idd}|{code}|{general}\Z)((?>{trunk}){rewrites}|(?!{trunk})){rest}"
    abroad = rf"(?:\+|(?>{idd})){code}(?!{trunk})(?P<n>{rest})"
    alone = len(_plans(code)) == 1
    written = re.compile(f"{national}|{abroad}" if alone else "(?!)", re.ASCII).fullmatch
    lengths, local = _lengths(plan.general_desc), _lengths(plan.general_desc, local=True)
    shortest, longest = min(lengths), max(lengths)

    def refused(digits: str) -> NumberFault | None:
        if not (found := written(digits)):
            return None
        whole = len(found["n"] or digits)
        length = whole - len(found[1] or "")
        if length not in lengths and length <= longest:
            length = whole  # then the library leaves the trunk prefix where it is
        if length > longest:
            return NumberFault.TOO_LONG
        return NumberFault.TOO_SHORT if length in local or length < shortest else NumberFault.NOT_ASSIGNABLE

    return refused


def _pattern(plan: PhoneMetadata, numbers: str, but: str, end: str) -> str:
    """Matches numbers up to `end` whose national part, the last group `n`, is one of `numbers` and not one of `but`.

    Where the library has to weigh two readings (a start that may be a prefix or part of the number, a number that may
    be another country's with the same calling code) this does not match, and the library decides.
    """
    plans = _plans(plan.country_code)
    if plan.national_prefix_for_parsing != plans[0].national_prefix_for_parsing:
        return "(?P<n>(?!))"
    code, trunk = plan.country_code, plan.national_prefix_for_parsing or "(?!)"
    general, idd = _any(_patterns(plan, "general_desc")), _any([plan.international_prefix])
    # The last group of a trunk prefix is set when it rewrites the number. It stands first, since groups count from 1.
    rewrites = f"(?({groups})(?!))" if (groups := re.compile(trunk).groups) else ""
    starts = (
        f"(?!{idd}|{code})(?>{trunk}){rewrites}",
        rf"(?:\+|(?>{idd})){code}(?!{trunk})",
        rf"(?!{idd}|{general}{end}){code}(?!{trunk})",
        f"(?!{idd}|{code}|{trunk})",
    )
    # A number is of the first country whose leading digits it has.
    others = _any(p.leading_digits for p in plans[: [p.id for p in plans].index(plan.id)])
    where = rf"(?!{others}|{but}{end})(?={plan.leading_digits or ''})(?={general}{end})"
    return rf"{_any(starts)}{where}(?P<n>{numbers}){end}"


@lru_cache(maxsize=256)
def formatter(country: str) -> Callable[[str], str]:
    """`formatted` bound to a country, for many numbers."""
    plan = _plans(_plan(country).country_code)[0]
    prefix, formats = f"+{plan.country_code}", plan.number_format
    code, leads = len(prefix), ["", *(_lead(rule) for rule in formats)]
    style = re.compile("|".join(_style(rule) for rule in formats), re.ASCII).fullmatch  # format i sets group i, from 1

    def format_one(e164: str) -> str:
        if not e164.startswith(prefix):
            return e164
        found = style(digits := e164[code:])
        lead = leads[found.lastindex or 0] if found else ""
        if lead is not None:
            return lead + digits
        return normalize_digits_only(format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL))

    return format_one


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
