"""Numbers in the forms that carriers send, and which called number a text is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.numbers.examples import EXAMPLES
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.ids import TenantId
from tongdai.numbers import core
from tongdai.numbers.core import Undecided, Written
from tongdai.numbers.model import CalledNumber
from tongdai.testing.factories import EPOCH

HANOI = 842873001234
HOTLINE = 8419006363


def number(e164: int, tenant: int = 1, trunk: str | None = None) -> CalledNumber:
    return CalledNumber(e164, TenantId(tenant), trunk, core.national(e164), EPOCH)


@pytest.mark.parametrize(
    ("e164", "national"),
    [
        (HANOI, "02873001234"),
        (84901234567, "0901234567"),
        (HOTLINE, "19006363"),
        (841800123456, "1800123456"),
        (12025550123, "2025550123"),
        (442079460958, "02079460958"),
        (390612345678, "0612345678"),
        (999999999999999, "999999999999999"),
    ],
)
def test_national_form_is_that_of_the_numbers_own_country(e164: int, national: str) -> None:
    assert core.national(e164) == national


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("02873001234", HANOI),
        ("028 7300 1234", HANOI),
        ("+84 28 7300 1234", HANOI),
        ("842873001234", HANOI),
        ("19006363", HOTLINE),
        ("1900 6363", HOTLINE),
        ("+8419006363", HOTLINE),
        ("1800123456", 841800123456),
        ("+12025550123", 12025550123),
        ("+841081", 841081),
    ],
)
def test_own_number_is_read_as_people_write_it_hotlines_too(text: str, expected: int) -> None:
    assert core.read(text, "VN") == expected


@pytest.mark.parametrize("text", ["", "abc", "12", "+999123456789012", "0" * 50, "PJSIP/1900", "028x73001234"])
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert isinstance(core.read(text, "VN"), NumberFault)


@given(e164=st.sampled_from(EXAMPLES), form=st.integers(0, 3))
def test_every_form_of_a_number_is_that_number(e164: int, form: int) -> None:
    owned = number(e164)
    text = core.forms(e164, owned.national)[form]
    written = core.written(text)
    assert written is not None
    assert owned.number == written.number or owned.national == written.national
    assert core.choose(written, [owned]) is owned


@given(e164=st.sampled_from(EXAMPLES), other=st.sampled_from(EXAMPLES), form=st.integers(0, 2))
def test_international_forms_of_a_number_are_no_other_countrys_unless_it_dials_the_same(
    e164: int, other: int, form: int
) -> None:
    written = core.written(core.forms(e164, "")[form])
    assert written is not None
    assert (other == written.number) == (other == e164)


@pytest.mark.parametrize(
    "text", ["", "+", "00", "0", "+0901234567", "84 901", "abc", "1" * 21, "+1234567890123456", "٣٣٣"]
)
def test_texts_that_are_no_whole_number(text: str) -> None:
    written = core.written(text)
    assert written is None or written.number is None


@given(st.text(max_size=40))
def test_any_text_is_read_without_failing(text: str) -> None:
    written = core.written(text)
    assert written is None or 0 < len(text) <= core.MAX_CALLED


@pytest.mark.parametrize(
    ("text", "digits"), [("123", "123"), ("1234", "1234"), ("12", None), ("+123", None), ("0012", "0012")]
)
def test_last_digits_are_three_or_more_without_a_plus(text: str, digits: str | None) -> None:
    written = core.written(text)
    assert written is not None
    assert written.last_digits == digits


def test_text_that_fits_two_tenants_is_nobodys() -> None:
    national = number(12025550123, tenant=1)  # dialled 2025550123 at home
    egyptian = replace(national, number=2025550123, tenant_id=TenantId(2))
    written = Written(2025550123, "2025550123")
    assert core.choose(written, [national, egyptian]) is Undecided.AMBIGUOUS
    assert core.choose(written, [national]) is national
    same = replace(egyptian, tenant_id=TenantId(1))
    assert core.choose(written, [national, same]) is same
    assert core.choose(written, []) is Undecided.UNKNOWN


def test_last_digits_of_several_numbers_are_nobodys_of_one_tenant_too() -> None:
    one, two = number(HANOI), number(842873011234)
    assert core.choose_by_last_digits([one]) is one
    assert core.choose_by_last_digits([one, two]) is Undecided.AMBIGUOUS
    assert core.choose_by_last_digits([]) is Undecided.UNKNOWN


def test_log_has_the_last_digits_alone() -> None:
    assert core.masked("+842873001234") == "…234"
    assert core.masked("1234") == "…"
