"""Time zones: where a phone number is, as far as the number shows.

By the metadata of `phonenumbers`, which reads some 20,000 numbers a second, and the corrections of it. Most countries
have one zone: theirs is a look-up. In the others, the first digits tell the zones of a fixed number, and a number that
is bound to no place has all zones of the country.
"""

import re
import zoneinfo
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from tongdai.contacts.numbers.zone_corrections import OFFICIAL, PREFIXES

UNKNOWN = ""

_NOT_OF_A_PLACE = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail"),
    "mobile",
)
_NO_PLACES = frozenset(("Factory", "localtime"))
"""Files that stand among the zones and name none."""
_MOBILES_ROAM = frozenset((62, 86))
"""Calling codes whose mobile numbers the library binds to a place, which they have left."""
_PREFIXES_NAME_COUNTRIES = frozenset(("262",))
"""Calling codes that countries share without first digits of their own, but whose prefixes have the country's zones."""


def _joined(zones: tuple[str, ...]) -> str:
    return ",".join(sorted(zones))


_BY_PREFIX = {prefix: _joined(zones) for prefix, zones in {**TIMEZONE_DATA, **PREFIXES}.items()}
_CODES = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if str(code) in _BY_PREFIX]


def _only_zones() -> dict[str, str]:
    """Calling code → zone, of those that have one."""
    found: dict[str, set[str]] = {code: set() for code in _CODES}
    for prefix, zones in _BY_PREFIX.items():
        # No calling code is the beginning of another.
        code = next(prefix[:length] for length in (1, 2, 3) if prefix[:length] in found)
        found[code].add(zones)
    return {code: zones.pop() for code, zones in found.items() if len(zones) == 1 and "," not in min(zones)}


_ONLY = _only_zones()


def zone_of(phone: str) -> str:
    """The IANA zone of a number in E.164; several, separated by commas, when it shows no more; UNKNOWN of no country's.

    However many they are, none is left out: a call must suit each, and to leave one out might call it at night.
    """
    zone = _ONLY.get(phone[1:3]) or _ONLY.get(phone[1:4])
    if zone is not None:
        return zone
    digits = phone[1:]
    code = next((digits[:length] for length in (1, 2, 3) if digits[:length] in _BY_PREFIX), None)
    if code is None:
        return UNKNOWN
    zones, all_zones = _nearest(digits), _BY_PREFIX[code]
    if zones == all_zones:
        return zones
    bound = _bound(code)(digits[len(code) :])
    return zones if (_reported(phone) if bound is None else bound) else _anywhere(code, digits, zones)


def common_zone(phones: Sequence[str]) -> str | None:
    """The zone of all these numbers, when they have one calling code and it has one zone: all looked at in one go."""
    for length in (2, 3):
        code = phones[0][1 : 1 + length] if phones else ""
        if (zone := _ONLY.get(code)) is not None:
            return zone if all(map(str.startswith, phones, repeat("+" + code))) else None
    return None


def zone_of_country(country: str) -> str:
    """The only zone of a country (one of phone.COUNTRIES); UNKNOWN of one that has several, or shares its numbers."""
    if country in OFFICIAL:
        return OFFICIAL[country]
    code = phonenumbers.country_code_for_region(country)
    plan = PhoneMetadata.metadata_for_region(country)
    leading = plan.leading_digits if plan is not None else None
    if leading is not None and leading.isdecimal():
        zones = _nearest(f"{code}{leading}")
        return UNKNOWN if "," in zones else zones
    return _ONLY.get(str(code), UNKNOWN)


def is_zone(name: str) -> bool:
    """Whether that is the name of a time zone: `Asia/Ho_Chi_Minh`, `UTC`."""
    return name in _names()


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - _NO_PLACES


def _nearest(digits: str) -> str:
    """The zones of the longest prefix that has any."""
    for length in range(TIMEZONE_LONGEST_PREFIX, 0, -1):
        if (zones := _BY_PREFIX.get(digits[:length])) is not None:
            return zones
    return UNKNOWN


def _anywhere(code: str, digits: str, nearest: str) -> str:
    """All zones of the country of a number that is bound to no place; of its code where countries share it."""
    if code in _PREFIXES_NAME_COUNTRIES:
        return nearest
    return nearest if _country_has_own_digits(code)(digits[len(code) :]) else _BY_PREFIX[code]


@lru_cache(maxsize=64)
def _country_has_own_digits(code: str) -> Callable[[str], bool]:
    """Whether a national number begins with the digits of a country that shares its calling code with a larger one.

    All zones of such a country stand in the metadata under these digits.
    """
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)][1:]
    plans = (PhoneMetadata.metadata_for_region(region) for region in regions)
    own = re.compile(_any([plan.leading_digits for plan in plans if plan is not None]), re.ASCII).match
    return lambda national: own(national) is not None


def _reported(phone: str) -> bool:
    """Whether the library takes the number for one of a place, or for none at all."""
    number = phonenumbers.parse(phone)
    if time_zones_for_number(number)[0] == UNKNOWN_TIMEZONE:
        return True
    kind, code = phonenumbers.number_type(number), number.country_code or 0
    if kind == PhoneNumberType.MOBILE and code in _MOBILES_ROAM:
        return False
    return is_number_type_geographical(kind, code)


@lru_cache(maxsize=64)
def _bound(code: str) -> Callable[[str], bool | None]:
    """Whether a national number is bound to a place; None: it may be, by one of the code's plans, and not by another's.

    A mobile number is bound where its first digits are an area's (Brazil, Mexico), and where no pattern parts it from
    the fixed.
    """
    found = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    plans = [plan for region in found if (plan := PhoneMetadata.metadata_for_region(region)) is not None]
    fixed = re.compile(_any([_pattern(plan.fixed_line) for plan in plans]), re.ASCII).fullmatch
    mobiles_roam = int(code) in _MOBILES_ROAM or not is_number_type_geographical(PhoneNumberType.MOBILE, int(code))
    roaming: list[str | None] = []
    for plan in plans:
        patterns = {kind: _pattern(getattr(plan, kind)) for kind in _NOT_OF_A_PLACE}
        if not mobiles_roam or patterns["mobile"] == _pattern(plan.fixed_line):
            del patterns["mobile"]
        roaming += patterns.values()
    roams = re.compile(_any(roaming), re.ASCII).fullmatch

    def bound(national: str) -> bool | None:
        if roams(national) is None:
            return True
        return False if fixed(national) is None else None

    return bound


def _pattern(desc: PhoneNumberDesc | None) -> str | None:
    return None if desc is None else desc.national_number_pattern


def _any(patterns: list[str | None]) -> str:
    """A pattern of any of these; of none it never matches."""
    return f"(?:{'|'.join(dict.fromkeys(p for p in patterns if p)) or '(?!)'})"
