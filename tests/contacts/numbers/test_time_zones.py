"""Time zones of numbers, compared with `phonenumbers` and, where that is wrong, with the tz database."""

import random
import re
import zoneinfo
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType, format_number
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import time_zones_for_geographical_number, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from tongdai.contacts.numbers.phone import COUNTRIES
from tongdai.contacts.numbers.time_zones import is_zone, zone_of, zone_of_country
from tongdai.contacts.numbers.zone_corrections import OFFICIAL, PREFIXES

CODES = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
UNKNOWN = ("Etc/Unknown",)
CORRECTED = {code for code in CODES if any(prefix.startswith(str(code)) for prefix in PREFIXES)} | {62, 262}
ALL_PREFIXES = {**TIMEZONE_DATA, **PREFIXES}
LISTED_UNDER = {"XK": "RS", "AC": "SH", "TA": "SH"}
"""Regions that the tz database has under another."""
FROM, STEP, STEPS = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=12), 2 * 731


def library(number: PhoneNumber) -> str:
    """The library's zones of a number; where it has none, those of the number's first digits."""
    zones = time_zones_for_number(number)
    if zones == UNKNOWN:
        zones = time_zones_for_geographical_number(number)
    return "" if zones == UNKNOWN else ",".join(sorted(zones))


def examples() -> Iterator[PhoneNumber]:
    """A number of each type of each region."""
    for code, regions in CODES.items():
        for region in regions:
            for kind in phonenumbers.PhoneNumberType.values():
                number = (
                    phonenumbers.example_number_for_non_geo_entity(code)
                    if region == "001"
                    else phonenumbers.example_number_for_type(region, kind)
                )
                if number is not None:
                    yield number


def made_up(code: int, each: int) -> Iterator[PhoneNumber]:
    """Valid numbers with a calling code, after each of the prefixes that have zones of their own."""
    rng = random.Random(code)
    behind = [prefix[len(str(code)) :] for prefix in TIMEZONE_DATA if prefix.startswith(str(code))]
    for region in CODES[code]:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        general = plan.general_desc if plan is not None else None
        lengths = [length for length in (general.possible_length if general is not None else ()) if length > 0]
        for start in [""] * 5 + behind:
            for length in lengths:
                for _ in range(each):
                    rest = "".join(rng.choice("0123456789") for _ in range(length - len(start)))
                    try:
                        number = phonenumbers.parse(f"+{code}{start}{rest}")
                    except phonenumbers.NumberParseException:
                        continue
                    if phonenumbers.is_valid_number(number):
                        yield number


def disagreements(numbers: Iterable[PhoneNumber]) -> tuple[list[tuple[str, str, str]], int]:
    """Numbers for which the library has other zones, and how many were compared.

    Without numbers whose zones are corrected, and without those of countries with first digits of their own.
    """
    found: list[tuple[str, str, str]] = []
    seen = 0
    for number in numbers:
        if number.country_code in CORRECTED:
            continue
        seen += 1
        e164 = format_number(number, PhoneNumberFormat.E164)
        if zone_of(e164) != library(number) and not has_own_digits(number):
            found.append((e164, zone_of(e164), library(number)))
    return found, seen


def code_of(number: PhoneNumber) -> int:
    assert number.country_code is not None
    return number.country_code


def has_own_digits(number: PhoneNumber) -> bool:
    """Whether a number has first digits that only one of the countries with its calling code has."""
    national = str(number.national_number)
    plans = [PhoneMetadata.metadata_for_region(region) for region in CODES[code_of(number)][1:]]
    return any(plan.leading_digits and re.match(plan.leading_digits, national) for plan in plans if plan is not None)


@cache
def table() -> dict[str, list[str]]:
    """The zones of each country in the tz database."""
    zones: dict[str, list[str]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, []).append(zone)
    return zones


@cache
def clock(zone: str) -> tuple[tuple[datetime, timedelta], ...]:
    """How a zone's clocks go for two years: from when on, to the hour, they have which offset."""
    info = zoneinfo.ZoneInfo(zone)
    found: list[tuple[datetime, timedelta]] = []
    for step in range(STEPS):
        start = FROM + step * STEP
        if not found or start.astimezone(info).utcoffset() != found[-1][1]:
            hours = [start - timedelta(hours=hour) for hour in range(11, -1, -1)] if found else [start]
            for hour in hours:
                offset = hour.astimezone(info).utcoffset()
                assert offset is not None
                if not found or offset != found[-1][1]:
                    found.append((hour, offset))
    return tuple(found)


def clocks(zones: Iterable[str]) -> set[tuple[tuple[datetime, timedelta], ...]]:
    return {clock(zone) for zone in zones if zone}


def zones_of_region(region: str) -> list[str]:
    return table()[LISTED_UNDER.get(region, region)]


def zones_of_code(code: int) -> list[str]:
    return [zone for region in CODES[code] for zone in zones_of_region(region)]


def may_be_anywhere(number: PhoneNumber) -> bool:
    """Whether a number is bound to no place: a mobile or service number, but where mobile numbers have area codes."""
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.MOBILE and number.country_code in {62, 86}:
        return True
    return not is_number_type_geographical(kind, code_of(number))


def test_example_numbers_of_all_regions_are_where_the_library_has_them() -> None:
    found, seen = disagreements(examples())
    assert found == []
    assert seen > 1000


def test_example_numbers_have_zones_of_their_country_alone_and_all_of_them_where_they_may_be_anywhere() -> None:
    """By the tz database; the numbers of several countries that share a calling code may be in each of them."""
    foreign: list[tuple[str, str, str]] = []
    incomplete: list[tuple[str, str, str]] = []
    seen = 0
    for number in examples():
        region = phonenumbers.region_code_for_number(number)
        if region is None or region == "001":
            continue
        seen += 1
        e164 = format_number(number, PhoneNumberFormat.E164)
        found = clocks(zone_of(e164).split(","))
        own = clocks(zones_of_region(region))
        shared = own if has_own_digits(number) else clocks(zones_of_code(code_of(number)))
        if not found or not found <= shared:
            foreign.append((e164, region, zone_of(e164)))
        if may_be_anywhere(number) and not own <= found:
            incomplete.append((e164, region, zone_of(e164)))
    assert foreign == []
    assert incomplete == []
    assert seen > 1000


def test_every_prefix_has_zones_of_its_countries_alone() -> None:
    for prefix, zones in ALL_PREFIXES.items():
        code = next(int(prefix[:length]) for length in (1, 2, 3) if int(prefix[:length]) in CODES)
        if CODES[code] != ("001",):
            assert clocks(zones) <= clocks(zones_of_code(code)), prefix


def test_every_correction_is_one() -> None:
    for prefix, zones in PREFIXES.items():
        uncorrected = ALL_PREFIXES | {prefix: TIMEZONE_DATA.get(prefix, ())}
        without = next(found for n in range(len(prefix), 0, -1) if (found := uncorrected.get(prefix[:n])))
        assert clocks(without) != clocks(zones), prefix
    for country, zone in OFFICIAL.items():
        assert zone in table()[country]


@pytest.mark.slow
def test_made_up_numbers_of_all_codes_are_where_the_library_has_them() -> None:
    found, seen = disagreements(number for code in CODES for number in made_up(code, each=1))
    assert found == []
    assert seen > 10_000


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+84901234567", "Asia/Ho_Chi_Minh"),
        ("+842431234567", "Asia/Ho_Chi_Minh"),
        ("+84241234567", "Asia/Ho_Chi_Minh"),  # that nobody has, but its country has one zone
        ("+8613112345678", "Asia/Shanghai,Asia/Urumqi"),
        ("+861012345678", "Asia/Shanghai"),
        ("+212520123456", "Africa/Casablanca"),
        ("+21312345678", "Africa/Algiers"),
        ("+218212345678", "Africa/Tripoli"),
        ("+50521234567", "America/Managua"),
        ("+211181234567", "Africa/Juba"),
        ("+970599123456", "Asia/Gaza,Asia/Hebron"),
        ("+62812345678", "Asia/Jakarta,Asia/Jayapura,Asia/Makassar"),
        ("+62218350123", "Asia/Jakarta"),
        ("+56221234567", "America/Santiago"),
        ("+56961234567", "America/Coyhaique,America/Punta_Arenas,America/Santiago,Pacific/Easter"),
        ("+380501234567", "Europe/Kyiv,Europe/Simferopol"),
        ("+380445221234", "Europe/Kyiv"),
        ("+61889221234", "Australia/Darwin"),
        ("+61730001234", "Australia/Brisbane,Australia/Sydney"),
        ("+12684641234", "America/Antigua"),
        ("+77710009998", "Asia/Almaty,Asia/Aqtobe"),
        ("+74012345678", "Europe/Kaliningrad"),
        ("+262692123456", "Indian/Reunion"),
        ("+262639012345", "Indian/Mayotte"),
        ("+971501234567", "Asia/Dubai"),
        ("+12125550123", "America/New_York"),
        ("+442079460018", "Europe/London"),
        ("+80012345678", ""),  # of no country
        ("+870773111632", ""),  # at sea
    ],
)
def test_zones(number: str, zone: str) -> None:
    assert zone_of(number) == zone


@pytest.mark.parametrize(
    ("number", "zones", "count"),
    [
        ("+18005550123", TIMEZONE_DATA["1"], 42),
        ("+79161234567", PREFIXES["7"], 14),
        ("+61412345678", PREFIXES["61"], 9),
    ],
)
def test_number_that_is_bound_to_no_place_has_every_zone_of_its_country(
    number: str, zones: tuple[str, ...], count: int
) -> None:
    assert zone_of(number).split(",") == sorted(zones)
    assert len(zones) == count


def test_every_zone_that_a_number_can_have_is_one() -> None:
    assert all(is_zone(zone) for zones in (*TIMEZONE_DATA.values(), *PREFIXES.values()) for zone in zones)


@pytest.mark.parametrize("name", ["", "Asia", "asia/ho_chi_minh", "Factory", "localtime", "../UTC", "UTC\0", "A,B"])
def test_names_that_are_no_zone(name: str) -> None:
    assert not is_zone(name)


def test_zone_of_a_country_is_its_only_one_or_none() -> None:
    assert {country: zone_of_country(country) for country in ("VN", "SG", "CN", "BB")} == {
        "VN": "Asia/Ho_Chi_Minh",
        "SG": "Asia/Singapore",
        "CN": "Asia/Shanghai",
        "BB": "America/Barbados",
    }
    assert [zone_of_country(country) for country in ("US", "RU", "AU", "KZ")] == ["", "", "", ""]
    for country in COUNTRIES:
        zone = zone_of_country(country)
        assert zone == "" or is_zone(zone), country
