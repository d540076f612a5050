"""Whether what somebody sends is a person to call. Pure, and the same for a single contact and a row of an import."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from tongdai.contacts.model import MAX_ATTRIBUTES, MAX_EXTERNAL_ID, MAX_NAME, NewContact, Scalar
from tongdai.contacts.phone import Reason
from tongdai.contacts.time_zones import is_zone
from tongdai.text import has_control

Normalise = Callable[[str], str | Reason]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why not, in words that follow the field's name: `phoneNumber is too short for a phone number`."""

    field: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.field} {self.message}"


def check(
    normalise: Normalise,
    phone: object,
    name: object = None,
    external_id: object = None,
    attributes: Mapping[str, Scalar] | None = None,
    time_zone: object = None,
) -> NewContact | Problem:
    """The contact with its number in E.164, or the first thing that is wrong with it."""
    if not isinstance(phone, str) or not phone.strip():
        return Problem("phoneNumber", "missing", "is missing: expected a phone number as text")
    number = normalise(phone)
    if isinstance(number, Reason):
        return Problem("phoneNumber", number.value, number.message)
    problem = check_fields(name, external_id, attributes, time_zone)
    if problem is not None:
        return problem
    assert name is None or isinstance(name, str)
    assert external_id is None or isinstance(external_id, str)
    assert time_zone is None or isinstance(time_zone, str)
    return NewContact(
        phone=number,
        name=name,
        external_id=external_id,
        attributes=dict(attributes) if attributes is not None else None,
        time_zone=time_zone,
    )


def check_fields(
    name: object, external_id: object, attributes: Mapping[str, Scalar] | None, time_zone: object
) -> Problem | None:
    """The first thing that is wrong with what a contact has besides its number. None is right for each."""
    return (
        _text("name", name, MAX_NAME)
        or _text("externalId", external_id, MAX_EXTERNAL_ID)
        or _attributes(attributes)
        or _time_zone(time_zone)
    )


def _text(field: str, value: object, longest: int) -> Problem | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return Problem(field, "not_text", "must be text")
    if len(value) > longest:
        return Problem(field, "too_long", f"must have at most {longest} characters, not {len(value)}")
    if has_control(value):
        return Problem(field, "control_character", "must not contain control characters")
    return None


def _time_zone(value: object) -> Problem | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return Problem("timeZone", "not_text", "must be text")
    if not is_zone(value):
        return Problem("timeZone", "unknown_time_zone", "must be the name of a time zone, such as Asia/Ho_Chi_Minh")
    return None


def _attributes(attributes: Mapping[str, Scalar] | None) -> Problem | None:
    if attributes is None:
        return None
    for key, value in attributes.items():
        if has_control(key) or (isinstance(value, str) and has_control(value)):
            return Problem("attributes", "control_character", "must not contain control characters")
        if isinstance(value, float) and not math.isfinite(value):
            return Problem("attributes", "not_finite", "must have numbers that are finite")
    size = len(msgspec.json.encode(attributes))
    if size > MAX_ATTRIBUTES:
        return Problem("attributes", "too_long", f"must have at most {MAX_ATTRIBUTES} bytes of JSON, not {size}")
    return None
