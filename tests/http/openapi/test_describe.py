"""The docstrings of fields are their descriptions, and types have formats."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from tongdai.http.openapi import describe
from tongdai.http.openapi.fields import doc, one_of

# ruff: noqa: N815 - fields are named as the wire names them


class Part(msgspec.Struct):
    size: int
    """How large it is."""


class Base(msgspec.Struct, kw_only=True):
    name: str
    """Its name."""
    plain: str


class Thing(Base, kw_only=True):
    plain: str
    """Overridden,
    on two lines."""
    count: int | None
    """How many."""
    madeAt: datetime | None
    """When it was made."""
    ratio: float
    parts: list[Part]
    """The parts that it consists of."""
    sizes: dict[str, int]
    """Sizes by name."""
    state: Annotated[str, one_of(["new", "old"])] | None
    """Its state."""
    note: Annotated[str, msgspec.Meta(description="From Meta.")]
    """From the docstring."""
    left_out: int | UnsetType = msgspec.field(name="leftOut", default=UNSET)
    """May be missing."""


Made = msgspec.defstruct("Made", [("extra", doc(int | None, "Declared."))], bases=(Base,), kw_only=True)


def schema_of(struct: Any) -> dict[str, Any]:
    (ref,), schemas = msgspec.json.schema_components([struct], ref_template="{name}")
    schema = schemas[ref["$ref"]]
    describe.describe(schema, struct)
    return schema["properties"]


def test_docstrings_of_fields_are_their_descriptions() -> None:
    found = {name: field.get("description") for name, field in schema_of(Thing).items()}
    assert found == {
        "name": "Its name.",
        "plain": "Overridden, on two lines.",
        "count": "How many.",
        "madeAt": "When it was made.",
        "ratio": None,
        "parts": "The parts that it consists of.",
        "sizes": "Sizes by name.",
        "state": "Its state.",
        "note": "From Meta.",
        "leftOut": "May be missing.",
    }


def test_structs_that_are_made_from_declarations_have_their_descriptions() -> None:
    found = {name: field.get("description") for name, field in schema_of(Made).items()}
    assert found == {"name": "Its name.", "plain": None, "extra": "Declared."}


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("count", {"anyOf": [{"type": "integer", "format": "int64"}, {"type": "null"}]}),
        ("madeAt", {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
        ("ratio", {"type": "number", "format": "double"}),
        ("sizes", {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}}),
        ("state", {"anyOf": [{"type": "string", "enum": ["new", "old"]}, {"type": "null"}]}),
        ("leftOut", {"type": "integer", "format": "int64"}),
    ],
)
def test_types_have_formats(field: str, schema: dict[str, Any]) -> None:
    assert {key: value for key, value in schema_of(Thing)[field].items() if key != "description"} == schema


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "integer"}, {"format": "int64"}),
        ({"type": "integer", "maximum": 2**31 - 1}, {"format": "int32"}),
        ({"type": "integer", "maximum": 2**31}, {"format": "int64"}),
        ({"type": "number"}, {"format": "double"}),
        ({"type": "integer", "enum": [1, 2]}, {}),
        ({"type": "string"}, {}),
    ],
)
def test_numbers_have_the_format_that_they_fit(schema: dict[str, Any], found: dict[str, str]) -> None:
    assert describe.number_format(schema) == found


def test_structs_within_structs_are_found_once() -> None:
    assert describe.structs_of([Thing, Made, Thing]) == [Thing, Part, Made]
