"""Descriptions of the fields of structs, from their docstrings, and formats that JSON Schema cannot derive.

A field of a body or a response is described where it is declared, by the docstring below it, or by `Meta` where a
struct is made from declarations. The document reads the docstrings from the source.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as types

Json = dict[str, Any]
_LARGEST_INT32 = 2**31 - 1


def structs_of(structs: Iterable[type]) -> list[type]:
    """The structs and all that are within them, each once."""
    found: dict[type, None] = {}
    for struct in structs:
        for kind in _parts(types.type_info(struct), set()):
            if isinstance(kind, types.StructType):
                found.setdefault(kind.cls)
    return list(found)


def _parts(kind: types.Type, seen: set[type]) -> Iterator[types.Type]:
    """A type and all types within it."""
    yield kind
    match kind:
        case types.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            within = [field.type for field in kind.fields]
        case types.UnionType():
            within = list(kind.types)
        case types.ListType():
            within = [kind.item_type]
        case types.DictType():
            within = [kind.value_type]
        case types.Metadata():
            within = [kind.type]
        case _:
            return
    for part in within:
        yield from _parts(part, seen)


def describe(schema: Json, struct: type) -> None:
    """Add to the schema of a struct what its declaration says of each field."""
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    docs = field_docs(struct)
    for field in info.fields:
        properties = schema["properties"][field.encode_name]
        if field.name in docs:
            properties.setdefault("description", docs[field.name])
        _add_formats(properties, field.type)


def number_format(schema: Mapping[str, Any]) -> Json:
    """The format of the schema of a number, as a schema to merge with it; empty for any other."""
    match schema:
        case {"enum": _} | {"format": _}:
            return {}
        case {"type": "integer"}:
            return {"format": "int32" if schema.get("maximum", 2**63) <= _LARGEST_INT32 else "int64"}
        case {"type": "number"}:
            return {"format": "double"}
        case _:
            return {}


def _add_formats(schema: Json, kind: types.Type) -> None:
    """Add the formats of numbers and instants to a schema, in its branches where it has some."""
    match kind:
        case types.Metadata():
            _add_formats(schema, kind.type)
        case types.UnionType():
            sent = [one for one in kind.types if not isinstance(one, types.CustomType)]
            branches = schema.get("anyOf", [schema])
            for branch, one in zip(branches, sent, strict=len(branches) > 1):
                _add_formats(branch, one)
        case types.ListType():
            _add_formats(schema["items"], kind.item_type)
        case types.DictType() if isinstance(schema.get("additionalProperties"), dict):
            _add_formats(schema["additionalProperties"], kind.value_type)
        case types.IntType() | types.FloatType():
            schema |= number_format(schema)
        case types.DateTimeType():
            schema.setdefault("format", "date-time")
        case _:
            return


def field_docs(struct: type) -> dict[str, str]:
    """The docstrings of the fields of a struct, by their names in Python; those of its bases too."""
    docs: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            docs |= _docs_of_module(base.__module__).get(base.__qualname__, {})
    return docs


@cache
def _docs_of_module(name: str) -> dict[str, dict[str, str]]:
    """For each class of a module, the docstrings of its fields."""
    module = sys.modules[name]
    return dict(_docs_in(ast.parse(inspect.getsource(module)), ""))


def _docs_in(node: ast.AST, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            name = f"{prefix}{child.name}"
            yield name, dict(_fields_of(child))
            yield from _docs_in(child, f"{name}.")


def _fields_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as doc)):
                yield name, " ".join(inspect.cleandoc(doc).split())
            case _:
                continue
