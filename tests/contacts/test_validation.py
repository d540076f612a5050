"""The fields of a contact are checked alike wherever they come from; the first problem names its field."""

import math

import pytest

from tongdai.contacts.fields import FIELDS, Field
from tongdai.contacts.model import MAX_ATTRIBUTES, Scalar
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.contacts.validation import Problem, check, check_fields

NO_VALUES = dict.fromkeys(FIELDS)
each_field = pytest.mark.parametrize("field", FIELDS, ids=[field.column for field in FIELDS])


def normalise(text: str) -> str | NumberFault:
    return f"+84{text[1:]}" if text.startswith("0") else next(iter(NumberFault))


def test_contact_has_its_number_in_e164_and_all_of_its_fields() -> None:
    values = [f"value {field.index}" for field in FIELDS]
    contact = check(normalise, "0901234567", values, {"tier": "gold", "visits": 3}, "Asia/Bangkok")
    assert not isinstance(contact, Problem)
    assert contact.phone == "+84901234567"
    assert [getattr(contact, field.column) for field in FIELDS] == values
    assert (contact.attributes, contact.time_zone) == ({"tier": "gold", "visits": 3}, "Asia/Bangkok")


def test_attributes_are_copied() -> None:
    attributes: dict[str, Scalar] = {"tier": "gold"}
    contact = check(normalise, "0901234567", attributes=attributes)
    attributes["tier"] = "silver"
    assert not isinstance(contact, Problem)
    assert contact.attributes == {"tier": "gold"}


@pytest.mark.parametrize("phone", [None, "", "  ", 84901234567, ["0901234567"]])
def test_number_that_is_not_text_is_missing(phone: object) -> None:
    found = check(normalise, phone)
    assert isinstance(found, Problem)
    assert (found.field, found.code) == ("phoneNumber", "missing")


def test_reason_of_the_number_is_the_code_of_the_problem() -> None:
    reason = next(iter(NumberFault))
    assert check(normalise, "x") == Problem("phoneNumber", reason, reason.message)


def test_number_is_checked_before_the_other_fields() -> None:
    found = check(normalise, "x", [7] * len(FIELDS))
    assert isinstance(found, Problem)
    assert found.field == "phoneNumber"


@each_field
def test_text_that_is_not_one_or_too_long_or_has_control_characters_is_named(field: Field) -> None:
    wrong = {7: "not_text", "x" * (field.text.max_length + 1): "too_long", "a\x00b": "control_character"}
    for value, code in wrong.items():
        found = check_fields(NO_VALUES | {field: value}, None, None)
        assert found is not None
        assert (found.field, found.code) == (field.text.wire, code)
        assert str(found).startswith(f"{field.text.wire} must")


@each_field
@pytest.mark.parametrize("value", [None, "", "Nguyễn Văn Ả"])
def test_text_within_its_limit_is_accepted(field: Field, value: str | None) -> None:
    assert check_fields(NO_VALUES | {field: value}, None, None) is None
    assert check_fields(NO_VALUES | {field: "x" * field.text.max_length}, None, None) is None


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"a\x07": 1}, "control_character"),
        ({"a": "\x1b"}, "control_character"),
        ({"a": math.nan}, "not_finite"),
        ({"a": -math.inf}, "not_finite"),
        ({"a": "x" * MAX_ATTRIBUTES}, "too_long"),
    ],
)
def test_attributes_that_cannot_be_kept_are_refused(attributes: dict[str, Scalar], code: str) -> None:
    found = check_fields(NO_VALUES, attributes, None)
    assert found is not None
    assert (found.field, found.code) == ("attributes", code)


@pytest.mark.parametrize(
    "attributes", [None, {}, {"a": None, "b": True, "c": 1.5}, {"a": "x" * (MAX_ATTRIBUTES - len('{"a":""}'))}]
)
def test_attributes_within_their_limit_are_accepted(attributes: dict[str, Scalar] | None) -> None:
    assert check_fields(NO_VALUES, attributes, None) is None


@pytest.mark.parametrize(("zone", "code"), [("Mars/Base", "unknown_time_zone"), (7, "not_text")])
def test_zone_that_is_none_is_refused(zone: object, code: str) -> None:
    found = check_fields(NO_VALUES, None, zone)
    assert found is not None
    assert (found.field, found.code) == ("timeZone", code)


@pytest.mark.parametrize("zone", [None, "UTC", "America/Argentina/Ushuaia"])
def test_zone_of_the_database_is_accepted(zone: str | None) -> None:
    assert check_fields(NO_VALUES, None, zone) is None
