"""Descriptions and values of fields, for the OpenAPI document."""

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any

from msgspec import Meta


def doc(kind: Any, meaning: str) -> Any:
    """The type of a field of a struct that is made from declarations, with its description."""
    return Annotated[kind, Meta(description=meaning)]


def one_of(values: Iterable[object]) -> Meta:
    """The values that a response may have in a field: an enum, or a list.

    Only the document says so: responses are not checked.
    """
    return Meta(extra_json_schema={"enum": [value.value if isinstance(value, Enum) else value for value in values]})
