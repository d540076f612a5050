"""Where numbers are, against `phonenumbers` itself."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberFormat, format_number
from phonenumbers.timezone import time_zones_for_geographical_number, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from tongdai.contacts.numbers.phone import COUNTRIES
from tongdai.contacts.numbers.time_zones import is_zone, zone_of, zone_of_country

CODES = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
UNKNOWN = ("Etc/Unknown",)


def library(number):
    """Its zones for a number; where it has none, those of the number's first digits."""
    zones = time_zones_for_number(number)
    if zones == UNKNOWN:
        zones = time_zones_for_geographical_number(number)
    return "" if zones == UNKNOWN else ",".join(sorted(zones))


def examples():
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


def made_up(code, each):
    """Valid numbers with a code, behind each of the prefixes that have zones of their own."""
    rng = random.Random(code)
    behind = [prefix[len(str(code)) :] for prefix in TIMEZONE_DATA if prefix.startswith(str(code))]
    for region in CODES[code]:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        lengths = [length for length in ((plan.general_desc and plan.general_desc.possible_length) or ()) if length > 0]
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


def disagreements(numbers):
    found, seen = [], 0
    for number in numbers:
        seen += 1
        e164 = format_number(number, PhoneNumberFormat.E164)
        if zone_of(e164) != library(number):
            found.append((e164, zone_of(e164), library(number)))
    return found, seen


def test_example_numbers_of_all_regions_are_where_the_library_has_them():
    found, seen = disagreements(examples())
    assert found == []
    assert seen > 1000


@pytest.mark.slow
def test_made_up_numbers_of_all_codes_are_where_the_library_has_them():
    found, seen = disagreements(number for code in CODES for number in made_up(code, each=1))
    assert found == []
    assert seen > 10_000


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+84901234567", "Asia/Ho_Chi_Minh"),
        ("+842431234567", "Asia/Ho_Chi_Minh"),
        ("+84241234567", "Asia/Ho_Chi_Minh"),  # that nobody has, but its country has one zone
        ("+8613112345678", "Asia/Shanghai"),
        ("+971501234567", "Asia/Dubai"),
        ("+12125550123", "America/New_York"),
        ("+442079460018", "Europe/London"),
        ("+80012345678", ""),  # of no country
        ("+870773111632", ""),  # at sea
    ],
)
def test_zones(number, zone):
    assert zone_of(number) == zone


@pytest.mark.parametrize(
    ("number", "country", "count"), [("+18005550123", "1", 42), ("+79161234567", "7", 16), ("+61412345678", "61", 8)]
)
def test_number_that_is_bound_to_no_place_has_every_zone_of_its_country(number, country, count):
    zones = zone_of(number).split(",")
    assert zones == sorted(TIMEZONE_DATA[country])
    assert len(zones) == count


def test_every_zone_that_a_number_can_have_is_one():
    assert all(is_zone(zone) for zones in TIMEZONE_DATA.values() for zone in zones)


@pytest.mark.parametrize("name", ["", "Asia", "asia/ho_chi_minh", "Factory", "localtime", "../UTC", "UTC\0", "A,B"])
def test_names_that_are_no_zone(name):
    assert not is_zone(name)


def test_zone_of_a_country_is_its_only_one_or_none():
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
