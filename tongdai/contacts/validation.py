"""Whether what somebody sends is a person to call. Pure, and the same for a single contact and a row of an import."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from tongdai.contacts.fields import FIELDS, Field, Text
from tongdai.contacts.model import MAX_ATTRIBUTES, NewContact, Scalar
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.contacts.numbers.time_zones import is_zone
from tongdai.text import has_control

_NESTED: tuple[type, ...] = (list, dict)
"""Values that a JSON file may have where one of a Scalar belongs."""
Normalise = Callable[[str], str | NumberFault]


class ContactFault(StrEnum):
    """Faults of a contact, besides those of its number (`NumberFault`)."""

    MISSING = "missing"
    """There is no number."""
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    NOT_FINITE = "not_finite"
    """An attribute is a number that JSON cannot have."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why not, in words that follow the field's name: `phoneNumber is too short for a phone number`."""

    field: str
    code: ContactFault | NumberFault
    message: str

    def __str__(self) -> str:
        return f"{self.field} {self.message}"


def check(
    normalise: Normalise,
    phone: object,
    values: Sequence[object] = (None,) * len(FIELDS),
    attributes: Mapping[str, Scalar] | None = None,
    time_zone: object = None,
) -> NewContact | Problem:
    """The contact with its number in E.164, or the first thing that is wrong with it. `values` are those of FIELDS."""
    if not isinstance(phone, str) or not phone.strip():
        return Problem("phoneNumber", ContactFault.MISSING, "is missing: expected a phone number as text")
    number = normalise(phone)
    if isinstance(number, NumberFault):
        return Problem("phoneNumber", number, number.message)
    problem = check_fields(dict(zip(FIELDS, values, strict=True)), attributes, time_zone)
    if problem is not None:
        return problem
    texts: dict[str, Any] = {field.column: value for field, value in zip(FIELDS, values, strict=True)}
    assert time_zone is None or isinstance(time_zone, str)
    return NewContact(
        phone=number,
        **texts,
        attributes=dict(attributes) if attributes is not None else None,
        time_zone=time_zone,
    )


def check_fields(
    values: Mapping[Field, object], attributes: Mapping[str, Scalar] | None, time_zone: object
) -> Problem | None:
    """The first thing that is wrong with what a contact has besides its number. None is right for each."""
    for field, value in values.items():
        problem = _text(field.text, value)
        if problem is not None:
            return problem
    return _attributes(attributes) or _time_zone(time_zone)


def _text(text: Text, value: object) -> Problem | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return Problem(text.wire, ContactFault.NOT_TEXT, "must be text")
    if len(value) > text.max_length:
        return Problem(
            text.wire, ContactFault.TOO_LONG, f"must have at most {text.max_length} characters, not {len(value)}"
        )
    if has_control(value):
        return Problem(text.wire, ContactFault.CONTROL_CHARACTER, "must not contain control characters")
    return None


def _time_zone(value: object) -> Problem | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return Problem("timeZone", ContactFault.NOT_TEXT, "must be text")
    if not is_zone(value):
        return Problem(
            "timeZone", ContactFault.UNKNOWN_TIME_ZONE, "must be the name of a time zone, such as Asia/Ho_Chi_Minh"
        )
    return None


def _attributes(attributes: Mapping[str, Scalar] | None) -> Problem | None:
    if attributes is None:
        return None
    for key, value in attributes.items():
        if isinstance(value, _NESTED):
            return Problem(
                "attributes", ContactFault.NOT_TEXT, "must have texts, numbers, true or false, not lists or objects"
            )
        if has_control(key) or (isinstance(value, str) and has_control(value)):
            return Problem("attributes", ContactFault.CONTROL_CHARACTER, "must not contain control characters")
        if isinstance(value, float) and not math.isfinite(value):
            return Problem("attributes", ContactFault.NOT_FINITE, "must have numbers that are finite")
    size = len(msgspec.json.encode(attributes))
    if size > MAX_ATTRIBUTES:
        return Problem(
            "attributes", ContactFault.TOO_LONG, f"must have at most {MAX_ATTRIBUTES} bytes of JSON, not {size}"
        )
    return None
