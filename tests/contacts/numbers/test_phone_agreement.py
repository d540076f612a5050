"""Telephone numbers of every country, valid or mistyped, in any notation, are parsed as `phonenumbers` parses them.

Rules are added to those of the library: digits that are not a national number may begin with the country's calling
code, premium-rate numbers are refused, and Vietnamese numbers from before 2017 and 2018 are moved to the area codes and
prefixes that replaced theirs; of those that are numbers today, only the ones that stand apart from the area code 08.
"""

import functools
import itertools
import random
import re
from collections import Counter
from collections.abc import Collection

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult

from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault, normalise, normalise_all

COUNTRIES = sorted(phone.COUNTRIES)
ABROAD = ("VN", "US", "GB", "RU", "IT", "AR", "MX", "BR", "DE", "JP")
ROUNDS = 3
ORDINARY = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
OTHERS = tuple(sorted(set(PhoneNumberType.values()) - set(ORDINARY)))
OLD_TO_NEW = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
AREAS = {
    "Sơn La": "022 0212", "Lai Châu": "0231 0213", "Lào Cai": "020 0214", "Điện Biên": "0230 0215",
    "Yên Bái": "029 0216", "Quảng Bình": "052 0232", "Quảng Trị": "053 0233", "Thừa Thiên - Huế": "054 0234",
    "Quảng Nam": "0510 0235", "Đà Nẵng": "0511 0236", "Thanh Hóa": "037 0237", "Nghệ An": "038 0238",
    "Hà Tĩnh": "039 0239", "Quảng Ninh": "033 0203", "Bắc Giang": "0240 0204", "Lạng Sơn": "025 0205",
    "Cao Bằng": "026 0206", "Tuyên Quang": "027 0207", "Thái Nguyên": "0280 0208", "Bắc Kạn": "0281 0209",
    "Hải Dương": "0320 0220", "Hưng Yên": "0321 0221", "Bắc Ninh": "0241 0222", "Hải Phòng": "031 0225",
    "Hà Nam": "0351 0226", "Thái Bình": "036 0227", "Nam Định": "0350 0228", "Ninh Bình": "030 0229",
    "Cà Mau": "0780 0290", "Bạc Liêu": "0781 0291", "Cần Thơ": "0710 0292", "Hậu Giang": "0711 0293",
    "Trà Vinh": "074 0294", "An Giang": "076 0296", "Kiên Giang": "077 0297", "Sóc Trăng": "079 0299",
    "Hà Nội": "04 024", "TP. Hồ Chí Minh": "08 028", "Đồng Nai": "061 0251", "Bình Thuận": "062 0252",
    "Lâm Đồng": "063 0263", "Bà Rịa - Vũng Tàu": "064 0254", "Quảng Ngãi": "055 0255", "Bình Định": "056 0256",
    "Phú Yên": "057 0257", "Khánh Hòa": "058 0258", "Đắk Nông": "0501 0261", "Đắk Lắk": "0500 0262",
    "Kon Tum": "060 0260", "Gia Lai": "059 0269", "Vĩnh Long": "070 0270", "Bình Phước": "0651 0271",
    "Long An": "072 0272", "Tiền Giang": "073 0273", "Bình Dương": "0650 0274", "Bến Tre": "075 0275",
    "Tây Ninh": "066 0276", "Đồng Tháp": "067 0277", "Ninh Thuận": "068 0259",
}  # fmt: skip
"""The area codes that changed in 2017: the old and the new one."""
SEPARATORS = (" ", " ", ".", "-", "\u00a0", "/", "(", ") ", "[", "] ", "\u3000", " - ")
REASONS_OF_PARSE = {
    NumberParseException.INVALID_COUNTRY_CODE: NumberFault.UNKNOWN_COUNTRY,
    NumberParseException.NOT_A_NUMBER: NumberFault.TOO_SHORT,  # a lone digit
    NumberParseException.TOO_SHORT_AFTER_IDD: NumberFault.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: NumberFault.TOO_SHORT,
    NumberParseException.TOO_LONG: NumberFault.TOO_LONG,
}
REASONS_OF_LENGTH = {
    ValidationResult.TOO_SHORT: NumberFault.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: NumberFault.TOO_SHORT,
    ValidationResult.TOO_LONG: NumberFault.TOO_LONG,
    ValidationResult.INVALID_LENGTH: NumberFault.NOT_ASSIGNABLE,
    ValidationResult.IS_POSSIBLE: NumberFault.NOT_ASSIGNABLE,
}


def library(text: str, country: str) -> str | NumberFault:
    """The number that `phonenumbers` parses, or the reason that it refuses."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return REASONS_OF_PARSE[error.error_type]
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if (kind := phonenumbers.number_type(number)) != PhoneNumberType.UNKNOWN:  # it is valid
        return NumberFault.PREMIUM if kind == PhoneNumberType.PREMIUM_RATE else e164
    if e164.startswith("+841") and len(e164) == 13 and f"0{e164[3:6]}" in OLD_TO_NEW:
        return f"+84{OLD_TO_NEW[f'0{e164[3:6]}'][1:]}{e164[6:]}"
    if e164.startswith("+84") and (landline := new_landline(e164[3:])):
        return landline
    if phonenumbers.is_valid_short_number_for_region(number, country):
        return NumberFault.SHORT_NUMBER
    return REASONS_OF_LENGTH[phonenumbers.is_possible_number_with_reason(number)]


MOBILE_TODAY = ("052", "055", "056", "058", "059", "070", "076", "077", "078", "079", "08")
"""How numbers of mobile networks begin, also where the library knows no series of theirs yet."""


def new_landline(national: str, *, mobile: Collection[str] = MOBILE_TODAY) -> str | None:
    """The landline that national digits from before 2017 became, when it is one today and they can be no mobile."""
    for codes in AREAS.values():
        old, new = (code[1:] for code in codes.split())
        if f"0{old}" in mobile:
            continue
        rest = national.removeprefix(old)
        if (
            rest == national
            or len(rest) != (8 if len(old) == 1 else 7)
            or rest[0] not in "2345678" + "9" * (len(rest) - 7)
        ):
            continue
        moved = phonenumbers.parse(f"+84{new}{rest}")
        if phonenumbers.number_type(moved) == PhoneNumberType.FIXED_LINE:
            return f"+84{new}{rest}"
    return None


def grouped(text: str) -> str | None:
    """The landline of Ho Chi Minh City that stands apart from its area code 08 or 8."""
    groups = re.findall("[0-9]+", text)
    if groups[:1] in (["84"], ["0084"]):
        groups = groups[2 if groups[1:2] == ["0"] else 1 :]
        groups = groups if groups[:1] in (["8"], ["08"]) else []
    elif not groups or groups[0] not in {"848", "8408", "00848", "008408", *(() if "+" in text else ("8", "08"))}:
        return None
    return new_landline(f"8{''.join(groups[1:])}", mobile=()) if groups else None


def expected(text: str, country: str) -> str | NumberFault:
    """The library's reading, else its reading after the country's own calling code, else that of an old landline."""
    if country == "VN" and (landline := grouped(text)):
        return landline
    read = as_today(text, country)
    digits = re.sub(r"[^+0-9]", "", text)
    found = re.fullmatch(r"(?:(?:\+|00)?840?|0)?([2-8][0-9]{8,9})", digits)
    if country == "VN" and isinstance(read, NumberFault) and found is not None:
        return new_landline(found[1]) or read
    return read


def as_today(text: str, country: str) -> str | NumberFault:
    if len(text) < 10 and phonenumbers.is_emergency_number(text, country):
        return NumberFault.SHORT_NUMBER
    number, digits = library(text, country), re.sub(r"[^+0-9]", "", text)
    if not isinstance(number, NumberFault) or not digits.startswith(calling_code(country)):
        return number
    again = library(f"+{digits}", country)
    return number if isinstance(again, NumberFault) else again


@functools.cache
def calling_code(country: str) -> str:
    return str(phonenumbers.country_code_for_region(country))


@functools.cache
def examples(country: str, *kinds: int) -> tuple[str, ...]:
    """A national number of each of these types that the country has."""
    found = (phonenumbers.example_number_for_type(country, kind) for kind in kinds)
    return tuple(dict.fromkeys(phonenumbers.national_significant_number(number) for number in found if number))


@functools.cache
def short_examples(country: str) -> tuple[str, ...]:
    plan = PhoneMetadata.short_metadata_for_region(country)
    kinds = (plan.emergency, plan.short_code) if plan else ()
    return tuple(kind.example_number for kind in kinds if kind and kind.example_number)


def mistaken(chance: random.Random, number: str) -> str:
    """A number with none, one or two digits changed, dropped or inserted."""
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at, digit = chance.randrange(number.startswith("+"), len(number)), chance.choice("0123456789")
        before, after = number[:at], number[at + 1 :]
        changed, longer = before + digit + after, before + digit + number[at:]
        shorter = before + after if len(number) > 2 else number
        number = chance.choice((changed, changed, longer, number + digit, shorter))
    return number


def dialled(country: str, national: str) -> set[str]:
    """A national number in the forms in which people dial or store it."""
    plan, code = PhoneMetadata.metadata_for_region(country), calling_code(country)
    assert plan is not None
    trunk, idd = plan.national_prefix or "0", plan.international_prefix or ""
    idd = idd if idd.isdigit() else "00"
    return {
        national, trunk + national, f"+{code}{national}", code + national, idd + code + national,
        f"+{code}{trunk}{national}", f"0{national}",
    }  # fmt: skip


def separated(chance: random.Random, digits: str) -> str:
    """Digits with up to three separators; too few digits get none, since the library refuses those."""
    if len(digits) < 4:
        return digits
    for _ in range(chance.choice((0, 0, 0, 1, 2, 3))):
        at = chance.randrange(len(digits) + 1)
        digits = digits[:at] + chance.choice(SEPARATORS) + digits[at:]
    return digits


def texts(chance: random.Random, country: str) -> list[str]:
    """Mostly ordinary numbers: the product leaves others to the library itself."""
    tails = [chance.choice(("", str(chance.randrange(100)), str(chance.randrange(10_000, 100_000)))) for _ in range(7)]
    ordinary = [number[: len(number) - len(tail)] + tail for number in examples(country, *ORDINARY) for tail in tails]
    others = chance.sample(pool, 2) if len(pool := examples(country, *OTHERS) + short_examples(country)) > 2 else pool
    return [
        separated(chance, mistaken(chance, text) if chance.random() < 0.1 else text)
        for national in [*ordinary, *others, *(str(chance.randrange(10**length)) for length in (7, 8, 11))]
        for text in sorted(dialled(country, mistaken(chance, national)))
    ]


def test_agrees_with_the_library_in_every_country() -> None:
    chance, outcomes = random.Random(2018), Counter[str]()
    many = itertools.cycle((True, False))
    for country in COUNTRIES:
        neighbours = phonenumbers.region_codes_for_country_code(int(calling_code(country)))
        for read_in in [*[country] * ROUNDS, chance.choice(neighbours if len(neighbours) > 1 else ABROAD)]:
            written = texts(chance, country)
            read = normalise_all(written, read_in) if next(many) else map(phone.normaliser(read_in), written)
            for text, got in zip(written, read, strict=True):
                want = expected(text, read_in)
                assert got == want, (text, read_in)
                assert isinstance(got, NumberFault) == isinstance(want, NumberFault), (text, read_in)
                outcomes[want.value if isinstance(want, NumberFault) else "number"] += 1
    assert outcomes.total() >= 100_000, outcomes
    assert outcomes["number"] >= 20_000, outcomes
    assert outcomes.keys() == {"number", *NumberFault} - {NumberFault.NOT_A_NUMBER}


def test_agrees_with_the_library_in_vietnam() -> None:
    """The country of the longest lists gets more texts, with every prefix of numbers of nine to eleven digits."""
    chance = random.Random(84)
    starts = [f"{start}{i:03}" for i in range(1_000) for start in ("", "0", "+84", "84", "0084")]
    written = [start + "".join(chance.choices("0123456789", k=chance.choice((5, 6, 6, 6, 7)))) for start in starts]
    for text, got in zip(written, normalise_all(written, "VN"), strict=True):
        assert got == normalise(text, "VN") == expected(text, "VN"), text


def test_each_old_vietnamese_prefix_is_moved_to_a_number_that_exists() -> None:
    for old, new in OLD_TO_NEW.items():
        assert library(f"{new}1234567", "VN") == normalise(f"{old}1234567", "VN") == f"+84{new[1:]}1234567"


@pytest.mark.parametrize(("province", "codes"), AREAS.items())
def test_each_old_area_code_is_moved_unless_the_number_is_one_today(province: str, codes: str) -> None:
    old, new = codes.split()
    rest = "38221502" if len(old) == 2 else "3822150"
    today = library(f"{old}{rest}", "VN")
    want = f"+84{new[1:]}{rest}" if today == new_landline(f"{old[1:]}{rest}") else today
    for text in (f"{old}{rest}", f"{old} {rest}", f"({old}) {rest[:3]} {rest[3:]}", f"+84 {old[1:]} {rest}"):
        if old == "08" and text != f"{old}{rest}":
            assert normalise(text, "VN") == f"+8428{rest}"
        else:
            assert normalise(text, "VN") == want, (province, text)


@pytest.mark.parametrize(
    "text",
    [
        "08 3822 1502", "(08) 38221502", "(08)38221502", "08-3822-1502", "08.38.22.15.02", "08/38221502",
        "[08] 38221502",
        "8 3822 1502", "8 38221502", "(8) 3822 1502", "8.38.22.15.02", "8-38221502", " 8 38221502",
        "+848 38221502", "848 3822 1502", "(+848) 3822 1502", "(848) 3822 1502", "00848 3822 1502",
        "+84 (0)8 3822 1502", "+84(0)8 38221502",
        "+84 8 3822 1502", "+84-8-38221502", "84 (8) 38221502", "(84-8) 3822 1502", "(+84) 8 3822 1502",
        "+84 (08) 3822 1502", "0084 8 38221502", "08\u00a03822\u00a01502", " 08 3822 1502 ",
    ],
)  # fmt: skip
def test_number_apart_from_its_area_code_08_is_no_strangers_mobile(text: str) -> None:
    assert normalise(text, "VN") == "+842838221502"
    assert normalise_all(["0901234567", text, ""], "VN")[1] == "+842838221502"


@pytest.mark.parametrize(
    "text",
    [
        "0838221502", "0838 221 502", "(083) 8221502", "083 822 1502", "+84 83 822 1502",
        "838221502", "838 221 502", "83 822 1502",
    ],
)  # fmt: skip
def test_number_whose_digits_are_those_of_a_mobile_is_one(text: str) -> None:
    assert normalise(text, "VN") == "+84838221502"
    assert normalise_all([text], "VN") == ["+84838221502"]
    for mobile in ("08 1234 5678", "8 1234 5678"):
        assert normalise(mobile, "VN") == "+84812345678"  # there is no landline 028 1234 5678


@pytest.mark.parametrize("text", ["08\t38221502", "08 3822x1502", "08 38221502\n", "08,38221502"])
def test_grouped_digits_with_other_signs_are_no_number(text: str) -> None:
    assert normalise(text, "VN") is NumberFault.NOT_A_NUMBER
    assert normalise_all([text], "VN") == [NumberFault.NOT_A_NUMBER]


@pytest.mark.parametrize("country", ["VN", "US", "GB", "DE", "IN", "BR"])
def test_every_emergency_number_is_a_short_number(country: str) -> None:
    numbers = [f"{i:0{length}}" for length in (2, 3) for i in range(10**length)]
    emergency = [number for number in numbers if phonenumbers.is_emergency_number(number, country)]
    assert emergency
    assert {normalise(number, country) for number in emergency} == {NumberFault.SHORT_NUMBER}


def test_no_emergency_number_of_any_country_is_called() -> None:
    tried = 0
    for country in COUNTRIES:
        plan = PhoneMetadata.short_metadata_for_region(country)
        if plan is None or plan.emergency is None:
            continue
        assert plan.general_desc is not None
        is_emergency = re.compile(plan.emergency.national_number_pattern or "").fullmatch
        lengths = plan.emergency.possible_length or plan.general_desc.possible_length
        for number in (f"{i:0{length}}" for length in lengths if length < 5 for i in range(10**length)):
            if is_emergency(number):
                assert normalise(number, country) is NumberFault.SHORT_NUMBER, (number, country)
                tried += 1
    assert tried >= 400
