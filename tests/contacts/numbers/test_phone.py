"""Numbers as people write them are one number; what is no number never gets near a dial string."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault, formatted, normalise, normalise_all

COUNTRIES = sorted(phone.COUNTRIES)
OLD_TO_NEW = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


def examples(country: str) -> set[str]:
    """A number of each type that the country has."""
    found = (phonenumbers.example_number_for_type(country, kind) for kind in PhoneNumberType.values())
    return {phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in found if number}


def national_digits(e164: str) -> str:
    number = phonenumbers.parse(e164)
    return phonenumbers.normalize_digits_only(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


@pytest.mark.parametrize(
    "text",
    [
        "0901234567", "+84901234567", "84901234567", "0084901234567", "901234567", "0901 234 567", "0901.234.567",
        "0901-234-567", "(090) 1234567", "[090] 1234567", "090/1234567", " 0901234567 ", "0901\u00a0234\u00a0567",
        "0901\u202f234\u2007567", "\u30000901234567", "+84 (0) 901 234 567", "(+84) 901-234-567", "+84-0901234567",
        "84 901 234 567", "00 84 901 234 567",
    ],
)  # fmt: skip
def test_written_forms_are_one_number(text):
    assert normalise(text, "VN") == "+84901234567"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "()", "abc", "0901234567&PJSIP/1900", "0901@evil.host", "${SHELL(id)}", "０９０１２３４５６７",
        "٠٩٠١٢٣٤٥٦٧", "0901234567;ext=1", "0901234567 x12", "0901234567,1", "0901234567*", "0901234567#",
        "0901\t234567", "0901234567\r\n", "0901234567\n", "\n0901234567", "0901234567\0", "0901234567📞",
        "++84901234567", "+84+901234567", "0901+234567", "0901234567+", "＋84901234567", "tel:+84901234567",
        "0901–234–567", "0901\u200b234567", "0901~234567", "1800MICROSOFT", "0901234567'", '"0901234567"',
        "{0901234567}", "0901234567\u2028", "0901234567\x85", "090\\1234567",
    ],
)  # fmt: skip
def test_dial_strings_and_foreign_signs_are_no_number(text):
    assert normalise(text, "VN") is NumberFault.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("1", "VN", NumberFault.TOO_SHORT),
        ("+1", "VN", NumberFault.TOO_SHORT),
        ("113", "VN", NumberFault.SHORT_NUMBER),
        ("1 1-5", "VN", NumberFault.SHORT_NUMBER),
        ("+84 114", "VN", NumberFault.SHORT_NUMBER),
        ("911", "US", NumberFault.SHORT_NUMBER),
        ("911", "VN", NumberFault.TOO_SHORT),  # a short number elsewhere
        ("001", "UZ", NumberFault.SHORT_NUMBER),
        ("116 117", "DE", NumberFault.SHORT_NUMBER),
        ("5550123", "US", NumberFault.TOO_SHORT),  # without its area code
        ("1" * 40, "VN", NumberFault.TOO_LONG),
        ("9" * 13, "VN", NumberFault.TOO_LONG),
        (" " * 41, "VN", NumberFault.TOO_LONG),
        ("a" * 1_000_000, "VN", NumberFault.TOO_LONG),
        ("+999123456789", "VN", NumberFault.UNKNOWN_COUNTRY),
        ("0001234567", "VN", NumberFault.NOT_ASSIGNABLE),
        ("19001234", "VN", NumberFault.PREMIUM),
        ("8419001560", "VN", NumberFault.PREMIUM),
        ("+19002345678", "VN", NumberFault.PREMIUM),
    ],
)
def test_reasons(text, country, reason):
    assert normalise(text, country) is reason
    assert reason.message
    assert reason == reason.name.lower()


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("0901000001", "VN", "+84901000001"),
        ("0901000002", "VN", "+84901000002"),
        ("024 3825 4134", "VN", "+842438254134"),
        ("1800 1234", "VN", "+8418001234"),  # toll-free
        ("841992000", "VN", "+84841992000"),  # national wins over 84 + 1992000
        ("+1 212 555 0123", "VN", "+12125550123"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+39 06 1234 5678", "VN", "+390612345678"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("1-212-555-0123", "CA", "+12125550123"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("06 20 123 4567", "HU", "+36201234567"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("1300 123 456", "AU", "+611300123456"),  # shared cost
        ("030/123456", "DE", "+4930123456"),
    ],
)
def test_plans_of_countries(text, country, e164):
    assert normalise(text, country) == e164


@pytest.mark.parametrize("written", ["0895601690", "0553123456", "+84895601690", "84 895 601 690", "0553 123 456"])
def test_digits_that_may_be_a_new_mobile_series_are_not_somebody_elses_landline(written: str) -> None:
    assert normalise(written, "VN") is NumberFault.NOT_ASSIGNABLE


@pytest.mark.parametrize(("old", "new"), OLD_TO_NEW.items())
def test_old_vietnamese_prefixes_are_moved(old, new):
    moved = f"+84{new[1:]}1234567"
    for start in (old, old[1:], f"+84{old[1:]}", f"84{old[1:]}", f"0084{old[1:]}", f"+84 ({old[0]}) {old[1:]}"):
        assert normalise(f"{start} 123 4567", "VN") == moved
    assert normalise(f"+84{old[1:]}1234567", "US") == moved


def test_shown_agrees_with_the_library_and_reads_back():
    for country in COUNTRIES:
        for e164 in examples(country):
            assert formatted(e164, country) == national_digits(e164), country
            if not isinstance(normalise(e164, country), NumberFault):
                assert normalise(formatted(e164, country), country) == e164, country


def test_shown_is_national_at_home_and_e164_abroad():
    assert formatted("+84901234567", "VN") == "0901234567"
    assert formatted("+84901234567", "US") == "+84901234567"
    assert formatted("+8418001234", "VN") == "18001234"
    assert formatted("+390612345678", "IT") == "0612345678"
    assert formatted("+5491123456789", "AR") == "0111523456789"
    assert formatted("+12125550123", "VN") == "+12125550123"


def test_countries():
    assert phone.canonical_country("vn") == "VN"
    assert phone.canonical_country("VN") == "VN"
    for unknown in ("", "V", "ZZ", "VNM", "001", "ıt", "VN\n"):
        assert phone.canonical_country(unknown) is None
    with pytest.raises(ValueError, match="ZZ"):
        normalise("0901234567", "ZZ")


WRITTEN = st.text(max_size=45) | st.text("0123456789+ .-()/\u00a0&@x\n", max_size=45)


@given(WRITTEN, st.sampled_from(COUNTRIES))
@settings(max_examples=1_000, deadline=None)
def test_any_text_is_a_number_or_a_reason(text, country):
    got = normalise(text, country)
    if not isinstance(got, NumberFault):
        assert re.fullmatch(r"\+[1-9][0-9]{3,14}", got)
        assert normalise(got, country) == got
        assert re.fullmatch(r"\+?[0-9]+", formatted(got, country))


@given(st.lists(WRITTEN | st.from_regex(r"(0|\+84|)[35789][0-9 .]{8}", fullmatch=True)), st.sampled_from(["VN", "AR"]))
@settings(max_examples=300, deadline=None)
def test_many_texts_at_once_are_read_as_each_alone(texts, country):
    together, alone = normalise_all(texts, country), [normalise(text, country) for text in texts]
    assert together == alone
    assert [type(number) for number in together] == [type(number) for number in alone]


def test_a_text_of_many_lines_is_no_list_of_numbers():
    assert normalise_all(["0901234567\n0901234568", "\n", "", "0901 234 569", f"0901234567{' ' * 31}"], "VN") == [
        *[NumberFault.NOT_A_NUMBER] * 3, "+84901234569", NumberFault.TOO_LONG,
    ]  # fmt: skip
    assert normalise_all([], "VN") == []


@given(
    st.from_regex(r"[35789][0-9]{8}", fullmatch=True),
    st.lists(st.sampled_from(["", "", " ", ".", "-", "\u00a0", "/", "("]), min_size=9, max_size=9),
)
@settings(max_examples=300, deadline=None)
def test_separators_and_prefixes_change_nothing(national, separators):
    """But for an 08 that stands apart: that is an old area code (test_phone_agreement.py)."""
    separators[1] = "" if national[0] == "8" else separators[1]
    number = normalise(f"+84{national}", "VN")
    spaced = "".join(a + b for a, b in zip(separators, national, strict=True))
    assert normalise(f"0{national}", "VN") == number
    for start in ("0", "+84", "0084"):
        assert normalise(start + spaced, "VN") == number
    if not isinstance(number, NumberFault):
        assert normalise(f"84{national}", "VN") == number
        assert normalise(formatted(number, "VN"), "VN") == number
