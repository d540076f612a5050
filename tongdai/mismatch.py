"""Says why JSON does not fit a type: the field, its value and what is expected, in JSON's words.

msgspec refuses a value with Python's words ("Expected `int | null`, got `str`") and names neither the value nor the
fields that there are. `explain` finds the first part of the refused value that does not fit, and describes it. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import inspect

from tongdai.errors import SHOWN_INPUT, shown

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""Exceptions of msgspec for bytes that are no JSON, or for none that Python can hold."""
INSTANT = "a date and time such as 2030-01-31T17:00:00+07:00"
_SIMILAR = 0.6
"""How similar a name must be to be the one that was meant; of difflib."""
_PATH = 60
"""Characters of a path in a message; a value gets what is left of SHOWN_INPUT."""


def _is_instant(value: Any) -> bool:
    try:
        msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return False
    return True


def _is(*classes: type) -> Callable[[Any], bool]:
    """Whether a value is of one of these classes; `true` is no number."""
    return lambda value: isinstance(value, classes) and (bool in classes or not isinstance(value, bool))


_KINDS: Mapping[type[inspect.Type], tuple[tuple[str, ...], Callable[[Any], bool]]] = {
    inspect.StrType: (("a string",), _is(str)),
    inspect.IntType: (("a whole number",), _is(int)),
    inspect.FloatType: (("a number",), _is(int, float)),
    inspect.BoolType: (("true", "false"), _is(bool)),
    inspect.NoneType: (("null",), _is(type(None))),
    inspect.DateTimeType: ((INSTANT,), _is_instant),
    inspect.ListType: (("a list",), _is(list)),
    inspect.VarTupleType: (("a list",), _is(list)),
    inspect.DictType: (("an object",), _is(dict)),
    inspect.StructType: (("an object",), _is(dict)),
}
"""Words for the values of a type, and whether a value is one."""


def explain(kind: Any, raw: bytes | msgspec.Raw, error: object, path: str = "", whole: str = "The body") -> str:
    """Describe what is wrong with JSON that is no `kind`; `error`, where only msgspec knows.

    Its parts are named by their path, such as `numbers[0].phoneNumber`, which begins with `path`; without one the
    value itself is called `whole`.
    """
    try:
        value: Any = msgspec.json.decode(raw)
    except UNREADABLE as unreadable:  # behind the part that was refused
        return f"{path or whole} is not valid JSON in UTF-8: {shown(unreadable)}"
    found = next(_mismatches(_type_of(kind), value, path), None)
    if found is None:
        return shown(error)
    at, finding = found
    return f"{shown(at, _PATH) or whole} {finding}"


def expected(kind: Any) -> str:
    """Describe the values of a type in words."""
    return _alternatives(_type_of(kind))


@cache
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _mismatches(kind: inspect.Type, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Path and finding of each part that does not fit, in their order."""
    match _branch(kind, value), value:
        case None, _:
            yield path, f"must be {_alternatives(kind)}, not {_described(value)}"
        case inspect.StructType() as struct, dict():
            yield from _of_struct(struct, cast("dict[str, Any]", value), path)
        case inspect.DictType() as mapping, dict():
            for key, part in cast("dict[str, Any]", value).items():
                yield from _mismatches(mapping.value_type, part, _joined(path, key))
        case inspect.ListType() | inspect.VarTupleType() as several, list():
            for place, part in enumerate(cast("list[Any]", value)):
                yield from _mismatches(several.item_type, part, f"{path}[{place}]")
        case _:
            return


def _of_struct(struct: inspect.StructType, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    known = {field.encode_name: field for field in struct.fields}
    for name, part in value.items():
        if name in known:
            yield from _mismatches(known[name].type, part, _joined(path, name))
        elif struct.forbid_unknown_fields:
            yield _joined(path, name), f"is an unknown field: expected {_nearest(name, list(known))}"
    for name, field in known.items():
        if field.required and name not in value:
            yield _joined(path, name), f"is missing: expected {_alternatives(field.type)}"


def _branch(kind: inspect.Type, value: Any) -> inspect.Type | None:
    """The type, or the member of a union, that takes values of this JSON type; None when there is none."""
    return next((one for one in _members(kind) if _takes(one, value)), None)


def _takes(kind: inspect.Type, value: Any) -> bool:
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    if isinstance(kind, inspect.TupleType):
        return isinstance(value, list) and len(cast("list[Any]", value)) == len(kind.item_types)
    return type(kind) not in _KINDS or _KINDS[type(kind)][1](value)


def _members(kind: inspect.Type) -> Sequence[inspect.Type]:
    """The members of a union, without what a declaration says of them besides their type."""
    bare = kind.type if isinstance(kind, inspect.Metadata) else kind
    if not isinstance(bare, inspect.UnionType):
        return (bare,)
    return [one.type if isinstance(one, inspect.Metadata) else one for one in bare.types]


def _alternatives(kind: inspect.Type) -> str:
    members = _members(kind)
    any_number = any(isinstance(one, inspect.FloatType) for one in members)
    words: list[str] = []
    for one in members:
        if isinstance(one, inspect.LiteralType):
            words += [str(value) for value in one.values]
        elif isinstance(one, inspect.TupleType):
            words.append(f"a list of {len(one.item_types)}")
        elif not (any_number and isinstance(one, inspect.IntType)):
            words += _KINDS[type(one)][0] if type(one) in _KINDS else ("a value",)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _nearest(name: str, known: Sequence[str]) -> str:
    """The known name that is meant, or all of them."""
    folded = {_folded(one): one for one in known}
    near = get_close_matches(_folded(name), folded, 1, _SIMILAR)
    return folded[near[0]] if near else f"one of {', '.join(known)}" if len(known) > 1 else known[0]


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _described(value: Any) -> str:
    """A scalar as JSON writes it; of a list or an object only what it is."""
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return shown(msgspec.json.encode(value).decode(), SHOWN_INPUT - _PATH)
