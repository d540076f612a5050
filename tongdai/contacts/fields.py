"""The texts that a contact has besides its number: each is declared here, and nowhere else.

To add one: a column in a migration, a line in `Fields`, the guide, a test (CONTRIBUTING.md, "A contact field").
From the declaration follow the checks, the columns of statements and what rows are read into, the bodies and responses
of the API and their schemas, and the columns of files that are imported. Pure.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, get_type_hints


@dataclass(frozen=True, slots=True)
class Text:
    """How a field appears outside the database."""

    wire: str
    """The name in JSON."""
    max_length: int
    """In characters; the check of the column has it too."""
    meaning: str
    """For the OpenAPI document."""
    headers: str
    """Names of columns of files that hold it, normalised (tongdai/text.py), in order of precedence."""
    sample: str | None = None
    integers: bool = False
    """Whether a row of an import may have a JSON integer, which is read as its digits."""
    documented: bool = False
    """Whether the vendor's documents have it: it comes before processStatus, the others after callStatus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A field's attribute is named like its column. Documented fields come first."""

    name: Annotated[
        str | None,
        Text(
            "name",
            255,
            "Name of the person.",
            "name fullname hoten hovaten tenkhachhang tenkh hotenkhachhang hovatenkhachhang tendaydu customername "
            "contactname displayname tenlienhe nguoilienhe khachhang ten",
            "Nguyen Van A",
            documented=True,
        ),
    ] = None
    external_id: Annotated[
        str | None,
        Text(
            "externalId",
            128,
            "The caller's own reference, returned as sent.",
            "externalid externalref externalreference extid ref reference referenceid makhachhang makh customercode "
            "customerid mathamchieu",
            integers=True,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Field:
    column: str
    text: Text
    index: int
    """In FIELDS."""


def _declared() -> Iterator[Field]:
    for index, (column, hint) in enumerate(get_type_hints(Fields, include_extras=True).items()):
        (text,) = hint.__metadata__
        yield Field(column, text, index)


FIELDS = tuple(_declared())
DOCUMENTED = sum(field.text.documented for field in FIELDS)
assert all(field.text.documented == (field.index < DOCUMENTED) for field in FIELDS), "documented fields come first"
COLUMNS = ", ".join(field.column for field in FIELDS)
"""For SQL."""
Values = tuple[str | None, ...]
"""The fields of a contact, in the order of FIELDS."""


def qualified_columns(table: str, fields: Iterable[Field]) -> str:
    """The columns of fields, each qualified by a table or its alias, and each with a comma after it."""
    return "".join(f"{table}.{field.column}, " for field in fields)


def parameters(first: int) -> str:
    """For SQL: `$6, $7`, a parameter for each field."""
    return ", ".join(f"${first + field.index}" for field in FIELDS)


def _getter(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda of: (get(of),)


values_of: Callable[[object], tuple[Any, ...]] = _getter([field.column for field in FIELDS])
"""The values of an object with an attribute for each column."""
sent_of: Callable[[object], tuple[Any, ...]] = _getter([field.text.wire for field in FIELDS])
"""The values of an object with an attribute for each name on the wire."""


def index_of(column: str) -> int:
    """Return the index of a field in FIELDS."""
    return next(field.index for field in FIELDS if field.column == column)
