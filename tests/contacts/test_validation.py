"""The fields of a contact are checked alike wherever they come from; the first problem names its field."""

import math

import pytest

from tongdai.contacts.model import MAX_ATTRIBUTES, MAX_EXTERNAL_ID, MAX_NAME, Scalar
from tongdai.contacts.phone import Reason
from tongdai.contacts.validation import Problem, check, check_fields


def normalise(text: str) -> str | Reason:
    return f"+84{text[1:]}" if text.startswith("0") else next(iter(Reason))


def test_contact_has_its_number_in_e164_and_all_of_its_fields() -> None:
    contact = check(normalise, "0901234567", "An", "CRM-1", {"tier": "gold", "visits": 3}, "Asia/Bangkok")
    assert not isinstance(contact, Problem)
    assert (contact.phone, contact.name, contact.external_id) == ("+84901234567", "An", "CRM-1")
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
    reason = next(iter(Reason))
    assert check(normalise, "x") == Problem("phoneNumber", reason.value, reason.message)


def test_number_is_checked_before_the_other_fields() -> None:
    found = check(normalise, "x", name=7)
    assert isinstance(found, Problem)
    assert found.field == "phoneNumber"


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ((7, None, None, None), "name", "not_text"),
        (("x" * (MAX_NAME + 1), None, None, None), "name", "too_long"),
        (("a\x00b", None, None, None), "name", "control_character"),
        ((None, "x" * (MAX_EXTERNAL_ID + 1), None, None), "externalId", "too_long"),
        ((None, "a\nb", None, None), "externalId", "control_character"),
        ((None, None, {"a\x07": 1}, None), "attributes", "control_character"),
        ((None, None, {"a": "\x1b"}, None), "attributes", "control_character"),
        ((None, None, {"a": math.nan}, None), "attributes", "not_finite"),
        ((None, None, {"a": -math.inf}, None), "attributes", "not_finite"),
        ((None, None, {"a": "x" * MAX_ATTRIBUTES}, None), "attributes", "too_long"),
        ((None, None, None, "Mars/Base"), "timeZone", "unknown_time_zone"),
        ((None, None, None, 7), "timeZone", "not_text"),
    ],
)
def test_problem_names_field_and_code(
    fields: tuple[object, object, dict[str, Scalar] | None, object], field: str, code: str
) -> None:
    found = check_fields(*fields)
    assert found is not None
    assert (found.field, found.code) == (field, code)
    assert str(found).startswith(f"{field} must")


@pytest.mark.parametrize(
    "fields",
    [
        (None, None, None, None),
        ("", "", {}, "UTC"),
        ("x" * MAX_NAME, "x" * MAX_EXTERNAL_ID, {"a": None, "b": True, "c": 1.5}, "America/Argentina/Ushuaia"),
        ("Nguyễn Văn Ả", None, {"a": "x" * (MAX_ATTRIBUTES - len('{"a":""}'))}, None),
    ],
)
def test_fields_within_their_limits_are_accepted(
    fields: tuple[object, object, dict[str, Scalar] | None, object],
) -> None:
    assert check_fields(*fields) is None
